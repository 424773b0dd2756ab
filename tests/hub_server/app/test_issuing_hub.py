"""A real hub with the site's issuing authority: a device joins over TLS with the root pinned; what serve refuses."""

import base64
import http.client
import json
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from issuing_site import Joiner

from edge_agent.wire.sign import key_text, public_key_of
from firmware_config.ca.folder import CaFolder, Names
from hub_server.app.hub import Hub
from hub_server.cli.main import main
from hub_server.config import ConfigError, EmbeddedBrokerConfig, ExternalBrokerConfig, IssuingConfig, ServeConfig
from hub_server.store.derived_keys import signing_key

PAGE = "https://localhost:8443"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ca")
    names = Names(site="demo", broker=["localhost"], page=["localhost"])
    CaFolder(folder).begin(names, passphrase="four words of a test", now=datetime.now(UTC))
    return folder


def issuing(papers: Path, **given: Any) -> IssuingConfig:
    told = {"certificate": papers / "issuing.pem", "key": papers / "issuing.key", "root": papers / "root.pem"}
    return IssuingConfig(**{**told, **given})


def config(data: Path, papers: Path, **given: Any) -> ServeConfig:
    told = {
        "data_dir": data,
        "host": "127.0.0.1",
        "port": 0,
        "site": "demo",
        "broker": EmbeddedBrokerConfig(port=0),
        "public_url": PAGE,
        "tls_cert": papers / "page.pem",
        "tls_key": papers / "page.key",
        "issuing": issuing(papers),
    }
    return ServeConfig(**{**told, **given})


def ask(hub: Hub, papers: Path, path: str, body: object, token: str | None = None) -> tuple[int, Any]:
    """As a device does, with the site's root and no other."""
    context = ssl.create_default_context(cafile=str(papers / "root.pem"))
    connection = http.client.HTTPSConnection("localhost", urlsplit(hub.url).port, timeout=30, context=context)
    headers = {"Content-Type": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def test_a_device_joins_over_tls_and_the_brokers_files_are_there_before_it_speaks(tmp_path: Path, papers: Path) -> None:
    files = tmp_path / "broker-files"
    files.mkdir()
    told = issuing(papers, broker_files=files, broker=("broker.riverside.lan", 8883), watchdogs=("watchdog",))
    hub = Hub(config(tmp_path / "data", papers, issuing=told))
    hub.start()
    try:
        token = (tmp_path / "data" / "api-token").read_text().strip()
        assert ask(hub, papers, "/api/v1/devices", {"id": "east-gate"}, token)[0] == 201
        status, card = ask(hub, papers, "/api/v1/devices/east-gate/join-tokens", {}, token)
        assert (status, card["page"]) == (201, PAGE)
        acl = (files / "acl").read_text()
        assert "user east-gate\n" in acl
        assert "user watchdog\n" in acl
        status, joined = ask(hub, papers, "/api/v1/join", Joiner(device="east-gate").body(card["token"]))
        assert (status, joined["broker"]) == (201, {"host": "broker.riverside.lan", "port": 8883})
        assert joined["sign_key"] == key_text(public_key_of(signing_key(tmp_path / "data")))
        assert len(base64.b64decode(joined["picture_key"])) == 32
    finally:
        hub.stop()


def test_devices_find_the_broker_by_the_pages_name_when_it_stands_beside_the_hub(tmp_path: Path, papers: Path) -> None:
    beside = ExternalBrokerConfig(host="localhost", port=8883, ca=None, username=None, password_file=None)
    elsewhere = ExternalBrokerConfig(host="mqtt.riverside.lan", port=8884, ca=None, username=None, password_file=None)
    page = {"public_url": "https://hub.riverside.lan:8443"}
    assert config(tmp_path, papers, broker=beside, **page).device_broker == ("hub.riverside.lan", 8883)
    assert config(tmp_path, papers, broker=elsewhere, **page).device_broker == ("mqtt.riverside.lan", 8884)
    told = issuing(papers, broker=("10.0.0.5", 1))
    assert config(tmp_path, papers, broker=beside, issuing=told, **page).device_broker == ("10.0.0.5", 1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"key": "page.key"}, "--issuing-cert, --issuing-key, --root: .* key is not that"),
        ({"key": "root.key"}, "--issuing-cert, --issuing-key, --root: .*passphrase"),
        ({"root": "issuing.pem"}, "was not issued by"),
        ({"certificate": "absent.pem"}, "No such file"),
        ({"broker_files": "absent"}, "--broker-files: .* no folder"),
        ({"watchdogs": ("Watch Dog",)}, "--watchdog: 'Watch Dog'"),
        ({"listeners": ("hub",)}, "--listener: 'hub'"),
    ],
)
def test_what_cannot_issue_is_said_before_anything_starts(
    tmp_path: Path, papers: Path, given: dict[str, Any], words: str
) -> None:
    told = {name: papers / value if isinstance(value, str) else value for name, value in given.items()}
    with pytest.raises(ConfigError, match=words) as refused:
        config(tmp_path, papers, issuing=issuing(papers, **told))
    assert len(refused.value.mistakes) == 1


@pytest.mark.parametrize("url", [None, "http://hub.riverside.lan"])
def test_devices_join_over_tls_and_no_other_way(tmp_path: Path, papers: Path, url: str | None) -> None:
    with pytest.raises(ConfigError, match="--issuing-cert: needs --public-url https"):
        config(tmp_path, papers, public_url=url)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--issuing-cert", "x"], "--issuing-key, --root is missing"),
        (["--broker-files", "x"], "need --issuing-cert"),
        (["--watchdog", "x"], "need --issuing-cert"),
        (["--device-broker", "host", "--issuing-cert", "a", "--issuing-key", "b", "--root", "c"], "a host and a port"),
        (
            ["--device-broker", "h:99999", "--issuing-cert", "a", "--issuing-key", "b", "--root", "c"],
            "a host and a port",
        ),
    ],
)
def test_options_that_do_not_go_together_are_named(
    tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--data", str(tmp_path / "data"), "--embedded-broker", *options]) == 2
    assert words in capsys.readouterr().err
