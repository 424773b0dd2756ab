"""The page over TLS: a real hub, a real certificate, and clients that speak badly or not at all."""

import http.client
import json
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from firmware_config.ca.folder import CaFolder, Names
from hub_server.app.hub import Hub
from hub_server.cli.running_hub import RunningHub
from hub_server.config import ConfigError, EmbeddedBrokerConfig, ServeConfig

NAME = "hub.riverside.lan"
PASSWORD = "桂花开了 又见炊烟 2026"


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certs")
    hosts = ["localhost", NAME, "127.0.0.1"]
    names = Names(site="demo", broker=hosts, page=hosts)
    CaFolder(folder).begin(names, passphrase="four words of a test", now=datetime.now(UTC))
    return folder


def config(data_dir: Path, certs: Path | None, *, host: str = "127.0.0.1", **given: object) -> ServeConfig:
    tls = {} if certs is None else {"tls_cert": certs / "page.pem", "tls_key": certs / "page.key"}
    broker = EmbeddedBrokerConfig(port=0)
    return ServeConfig(data_dir=data_dir, host=host, port=0, site="demo", broker=broker, **{**tls, **given})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub") / "data"


@pytest.fixture(scope="module")
def hub(data_dir: Path, certs: Path) -> Iterator[Hub]:
    hub = Hub(config(data_dir, certs, host="0.0.0.0"))  # noqa: S104 what is tested
    hub.start()
    yield hub
    hub.stop()


def port(hub: Hub) -> int:
    found = urlsplit(hub.url).port
    assert found is not None
    return found


def trusting(certs: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certs / "root.pem"))


def browser(hub: Hub, certs: Path) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("localhost", port(hub), timeout=10, context=trusting(certs))


def ask(
    hub: Hub, certs: Path, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    connection = browser(hub, certs)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def test_its_address_is_a_name_of_its_certificate_and_its_links_say_https(hub: Hub, data_dir: Path) -> None:
    assert urlsplit(hub.url).scheme == "https"
    assert urlsplit(hub.url).hostname in {"127.0.0.1", NAME, "localhost"}
    assert hub.login_link().startswith(hub.url)
    assert RunningHub.of(data_dir).post("/api/v1/login-links")["url"].startswith(hub.url)


def test_one_logs_in_over_tls_and_the_cookie_is_for_tls_alone(hub: Hub, certs: Path, data_dir: Path) -> None:
    made = RunningHub.of(data_dir).post(
        "/api/v1/accounts", {"name": "wanghong", "display": "王红", "role": "administrator"}
    )
    code = made["url"].partition("code=")[2]
    form = urlencode({"code": code, "password": PASSWORD, "again": PASSWORD})
    kind = "application/x-www-form-urlencoded"
    answer, _ = ask(hub, certs, "POST", "/login", form, Content_Type=kind, Sec_Fetch_Site="same-origin")
    assert answer.status == 303
    cookies = answer.headers.get_all("Set-Cookie") or []
    session = next(one for one in cookies if one.startswith("__Host-shouwang_session="))
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(session.split("; "))
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    me, text = ask(hub, certs, "GET", "/api/v1/me", Cookie=session.partition(";")[0])
    assert (me.status, json.loads(text)["name"]) == (200, "wanghong")
    without, _ = ask(hub, certs, "GET", "/api/v1/me", Cookie=session.partition(";")[0].replace("__Host-", ""))
    assert without.status == 401


@pytest.mark.parametrize(("host", "status"), [(NAME, 200), (f"{NAME}:8443", 200), ("localhost", 200), ("evil.cn", 421)])
def test_it_answers_to_the_names_of_its_certificate(hub: Hub, certs: Path, host: str, status: int) -> None:
    assert ask(hub, certs, "GET", "/openapi.json", Host=host)[0].status == status


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(hub: Hub, certs: Path, version: ssl.TLSVersion) -> None:
    context = trusting(certs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", port(hub)), timeout=10) as raw, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(raw, server_hostname="localhost")


def test_who_trusts_another_authority_does_not_trust_it(hub: Hub) -> None:
    with (
        socket.create_connection(("127.0.0.1", port(hub)), timeout=10) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(raw, server_hostname="localhost")


def test_plain_http_is_told_what_to_do_and_shown_nothing(hub: Hub) -> None:
    with socket.create_connection(("127.0.0.1", port(hub)), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = b""
        while chunk := raw.recv(4096):
            said += chunk
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"https://" in said


def test_clients_that_say_nothing_keep_nobody_at_the_door(hub: Hub, certs: Path) -> None:
    silent = [socket.create_connection(("127.0.0.1", port(hub)), timeout=10) for _ in range(20)]
    try:
        for one in silent[10:]:
            one.sendall(b"\x16\x03\x01")  # the beginning of a hello, and no more
        began_s = time.monotonic()
        assert ask(hub, certs, "GET", "/healthz")[0].status == 200
        assert time.monotonic() - began_s < 3
    finally:
        for one in silent:
            one.close()


@pytest.mark.slow
def test_a_client_that_says_nothing_is_hung_up_on(hub: Hub) -> None:
    with socket.create_connection(("127.0.0.1", port(hub)), timeout=15) as raw:
        assert raw.recv(1) == b""


def test_a_live_stream_comes_over_tls(hub: Hub, certs: Path, data_dir: Path) -> None:
    token = (data_dir / "api-token").read_text().strip()
    connection = browser(hub, certs)
    connection.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    assert response.status == 200
    seen = b""
    while b"event: office" not in seen:
        seen += response.read1(1024)
    connection.close()


def mistakes(data_dir: Path, certs: Path | None, **given: object) -> list[str]:
    try:
        config(data_dir, certs, **given)  # type: ignore[arg-type]
    except ConfigError as error:
        return error.mistakes
    return []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.3.2", "::", "hub.riverside.lan"])  # noqa: S104 what is tested
def test_beyond_this_machine_it_speaks_tls_or_not_at_all(tmp_path: Path, certs: Path, host: str) -> None:
    (said,) = mistakes(tmp_path, None, host=host)
    assert "--tls-cert" in said
    assert mistakes(tmp_path, certs, host=host) == []


def test_a_certificate_without_its_key_or_with_anothers_is_refused_before_anything_starts(
    tmp_path: Path, certs: Path
) -> None:
    for given, words in (
        ({"tls_key": None}, "go together"),
        ({"tls_cert": None}, "go together"),
        ({"tls_key": certs / "hub.key"}, "cannot be used together"),
        ({"tls_cert": certs / "nothing.pem"}, "there is no file"),
        ({"tls_cert": certs / "broker.key"}, "cannot be used together"),
    ):
        (said,) = mistakes(tmp_path, certs, **given)
        assert words in said


def test_the_names_it_answers_to_are_those_it_was_given_and_those_of_the_certificate(
    tmp_path: Path, certs: Path
) -> None:
    found = config(
        tmp_path, certs, host="::", names=("Door.Riverside.CN", "fd00::5"), public_url="https://watch.riverside.cn/x"
    )
    assert found.hosts == {
        "door.riverside.cn",
        "[fd00::5]",
        "watch.riverside.cn",
        "localhost",
        NAME,
        "127.0.0.1",
    }
    assert found.shown_host == "Door.Riverside.CN"
    for wrong in ("https://hub", "a b", "hub/x", ""):
        assert any("--name" in one for one in mistakes(tmp_path, certs, names=(wrong,)))
