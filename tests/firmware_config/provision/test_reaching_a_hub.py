"""Whom `provision` speaks to and whom not: the site's root alone is trusted, and every failure is one sentence."""

import http.server
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from technician import PASSPHRASE, Desk

from firmware_config.ca.folder import CaFolder, Names
from firmware_config.site.profile import SiteProfile, render

LIST = ("device", "list")


def test_it_is_reached_by_its_address_the_root_and_a_token(desk: Desk) -> None:
    assert desk.must(*LIST)["ok"] is True


def test_on_its_own_machine_the_data_is_enough(desk: Desk) -> None:
    assert desk.type(*LIST, "--data", str(desk.data), hub=False).status == 0


def test_a_site_folder_says_where_it_is_and_whom_to_trust(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = desk.url.removeprefix("https://").split(":")
    site = SiteProfile(
        name="demo",
        broker_hosts=(host,),
        hub_hosts=(host,),
        page_port=int(port),
        made=datetime(2026, 11, 1, tzinfo=UTC),
    )
    (tmp_path / "site.toml").write_text(render(site))
    shutil.copy(desk.site / "root.pem", tmp_path / "root.pem")
    words = ("--site", str(tmp_path), "--token-file", str(desk.token_file))
    assert desk.type(*LIST, *words, hub=False).status == 0
    monkeypatch.setenv("SHOUWANG_SITE", str(tmp_path))
    monkeypatch.setenv("SHOUWANG_TOKEN", desk.token_file.read_text())
    assert desk.type(*LIST, hub=False).status == 0


def test_another_sites_root_is_refused_before_the_token_is_sent(desk: Desk, tmp_path: Path) -> None:
    names = Names(site="demo", broker=["localhost"], page=["localhost"])
    CaFolder(tmp_path).begin(names, passphrase=PASSPHRASE, now=datetime.now(UTC))
    words = ("--hub", desk.url, "--ca", str(tmp_path / "root.pem"), "--token-file", str(desk.token_file))
    told = desk.type(*LIST, *words, "--json", hub=False)
    assert (told.status, told.value["error"]["code"]) == (69, "wrong_root")
    assert "nothing was sent" in told.err


def test_a_name_that_the_certificate_does_not_have_is_refused(desk: Desk) -> None:
    url = desk.url.replace("localhost", "127.0.0.1")
    words = ("--hub", url, "--ca", str(desk.site / "root.pem"), "--token-file", str(desk.token_file))
    assert desk.type(*LIST, *words, "--json", hub=False).value["error"]["code"] == "wrong_root"


def test_what_the_system_trusts_is_not_trusted(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "other"
    names = Names(site="demo", broker=["localhost"], page=["localhost"])
    CaFolder(other).begin(names, passphrase=PASSPHRASE, now=datetime.now(UTC))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(desk.site / "root.pem"))
    words = ("--hub", desk.url, "--ca", str(other / "root.pem"), "--token-file", str(desk.token_file))
    assert desk.type(*LIST, *words, "--json", hub=False).value["error"]["code"] == "wrong_root"


def test_no_proxy_of_the_environment_gets_to_see_anything(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert desk.type(*LIST).status == 0
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_wrong_token_is_said_to_be_one(desk: Desk, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("x" * 43)
    words = ("--hub", desk.url, "--ca", str(desk.site / "root.pem"), "--token-file", str(token))
    told = desk.type(*LIST, *words, "--json", hub=False)
    assert (told.status, told.value["error"]["code"], told.value["error"]["status"]) == (77, "unauthorized", 401)
    assert "does not know this token" in told.err


def test_a_token_that_others_may_read_is_not_used(desk: Desk, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("x" * 43)
    token.chmod(0o644)
    words = ("--hub", desk.url, "--ca", str(desk.site / "root.pem"), "--token-file", str(token))
    told = desk.type(*LIST, *words, hub=False)
    assert told.status == 2
    assert "chmod 600" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which hub?"),
        (("--hub", "https://hub.example:8443"), "a token is missing"),
        (("--hub", "http://hub.example:8443"), "plain http"),
        (("--hub", "ftp://hub.example"), "no hub's address"),
        (("--hub", "https://hub.example/x"), "no hub's address"),
        (("--hub", "https://hub.example", "--data", "."), "not both"),
        (("--site", "/nowhere"), "no site folder"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(desk: Desk, words: tuple[str, ...], said: str) -> None:
    told = desk.type(*LIST, *words, hub=False)
    assert told.status in {1, 2}
    assert said in told.err
    assert len(told.err.splitlines()) == 1


def test_without_a_root_https_is_not_spoken(desk: Desk) -> None:
    told = desk.type(*LIST, "--hub", desk.url, "--token-file", str(desk.token_file), hub=False)
    assert (told.status, "root.pem by --ca" in told.err) == (2, True)


def test_a_hub_that_is_down_is_said_to_be(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    monkeypatch.setenv("SHOUWANG_TOKEN", "x")
    told = desk.type(*LIST, "--hub", f"http://127.0.0.1:{port}", "--json", hub=False)
    assert (told.status, told.value["error"]["code"]) == (69, "unreachable")
    assert len(told.err.splitlines()) == 1
    told = desk.type(*LIST, "--data", str(tmp_path), hub=False)
    assert (told.status, "no hub runs on" in told.err) == (69, True)
    (tmp_path / "hub.sock").touch()
    assert desk.type(*LIST, "--data", str(tmp_path), hub=False).status == 69


ANSWERS = {
    "/garbage": (200, "text/html", b"<html>hello</html>"),
    "/list": (200, "application/json", b"[1, 2]"),
    "/away": (302, "text/html", b""),
    "/teapot": (418, "text/html", b"<html>"),
    "/problem": (409, "application/problem+json", json.dumps({"detail": "no", "errors": {"a": "b"}}).encode()),
    "/named": (403, "application/problem+json", json.dumps({"type": "urn:x:token_used", "detail": "no"}).encode()),
    "/nonsense": (500, "application/json", b"[]"),
}


@pytest.fixture
def stranger() -> Iterator[str]:
    """Somebody who speaks HTTP and is no hub."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = ANSWERS[self.path]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Location", "http://elsewhere.example/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/garbage", "no_hub", 69),
        ("/list", "no_hub", 69),
        ("/away", "unreachable", 69),
        ("/teapot", "im_a_teapot", 1),
        ("/problem", "conflict", 1),
        ("/named", "token_used", 77),
        ("/nonsense", "internal_server_error", 1),
    ],
)
def test_an_answer_that_is_no_hubs_is_one_error_with_a_code(stranger: str, path: str, code: str, status: int) -> None:
    from firmware_config.provision.client import HubClient, RemoteDoor  # noqa: PLC0415 only here without the program
    from firmware_config.provision.errors import ProvisionError  # noqa: PLC0415

    with pytest.raises(ProvisionError) as error:
        HubClient(RemoteDoor(url=stranger, token="x", root=None)).get(path)
    assert (error.value.code, error.value.exit_status) == (code, status)


def test_the_socket_of_another_user_is_said_to_be_one(desk: Desk, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "hub.sock"))
        listening.listen()
        (tmp_path / "hub.sock").chmod(0)
        told = desk.type(*LIST, "--data", str(tmp_path), hub=False)
    assert (told.status, "another user" in told.err) == (69, True)
