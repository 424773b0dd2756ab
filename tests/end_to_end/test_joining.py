"""A device's own way in, against a real hub with a real site's papers: agent and hub have one idea of a join."""

import json
import ssl
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from edge_agent.cli import main
from edge_agent.config import load
from edge_agent.errors import JoinError
from edge_agent.joining.join import Joining, join_again, join_with_card
from edge_agent.uplink.tls import tls_context
from edge_agent.wire.sign import key_of_text
from firmware_config.ca.folder import CaFolder, Names
from hub_server.app.hub import Hub
from hub_server.config import EmbeddedBrokerConfig, IssuingConfig, ServeConfig

EAST = "east-gate"


class Office:
    """A hub that issues certificates, and its administrator."""

    def __init__(self, folder: Path) -> None:
        self.papers, self.data = folder / "papers", folder / "data"
        self.papers.mkdir()
        names = Names(site="demo", broker=["localhost"], page=["localhost"])
        CaFolder(self.papers).begin(names, passphrase="four words of a test", now=datetime.now(UTC))
        issuing = IssuingConfig(
            certificate=self.papers / "issuing.pem",
            key=self.papers / "issuing.key",
            root=self.papers / "root.pem",
            broker=("broker.riverside.lan", 8883),
        )
        self.hub = Hub(
            ServeConfig(
                data_dir=self.data,
                host="127.0.0.1",
                port=0,
                site="demo",
                broker=EmbeddedBrokerConfig(port=0),
                public_url="https://localhost:8443",
                tls_cert=self.papers / "page.pem",
                tls_key=self.papers / "page.key",
                issuing=issuing,
            )
        )
        self.hub.start()
        self.page = f"https://localhost:{urlsplit(self.hub.url).port}"

    def ask(self, path: str, body: object) -> Any:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {(self.data / 'api-token').read_text().strip()}",
        }
        sent = urllib.request.Request(f"{self.page}{path}", json.dumps(body).encode(), headers)  # noqa: S310 our own
        context = ssl.create_default_context(cafile=str(self.papers / "root.pem"))
        with urllib.request.urlopen(sent, context=context, timeout=30) as answer:  # noqa: S310 our own
            return json.load(answer)

    def card(self) -> str:
        return str(self.ask(f"/api/v1/devices/{EAST}/join-tokens", {})["token"])


class Gate:
    """A device before its first boot."""

    def __init__(self, folder: Path, office: Office, token: str) -> None:
        self.data, self.token_file = folder / "data", folder / "join.json"
        self.data.mkdir(parents=True)
        self.agent_toml = self.data / "agent.toml"
        (self.data / "ca.pem").write_bytes((office.papers / "root.pem").read_bytes())
        keys = 'tls_ca = "ca.pem"\ntls_cert = "device.pem"\ntls_key = "device.key"\nsign_key = "hub-sign.pub"\n'
        self.agent_toml.write_text(
            f'site = "demo"\ndevice = "{EAST}"\n[hub]\nhost = "not-yet"\nport = 8883\npage = "{office.page}"\n{keys}'
            '[camera]\nname = "east"\nsource = "picamera2"\n[journal]\nfile = "journal.sqlite3"\n'
        )
        card = {"token": token, "device": EAST, "site": "demo", "page": office.page}
        self.token_file.write_text(json.dumps(card))

    def boot(self) -> str:
        joining = Joining(load(self.agent_toml), patience_s=0)
        return join_with_card(joining, config_file=self.agent_toml, token_file=self.token_file, again=False)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("office"))
    office.ask("/api/v1/devices", {"id": EAST})
    yield office
    office.hub.stop()


@pytest.mark.slow
def test_a_gate_joins_a_real_hub_renews_and_another_with_its_card_is_refused(
    tmp_path: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    token = office.card()
    gate, thief = Gate(tmp_path / "gate", office, token), Gate(tmp_path / "thief", office, token)
    words = ["join", "--config", str(gate.agent_toml), "--token-file", str(gate.token_file), "--wait-s", "0"]
    assert main(words) == 0
    assert "has joined demo" in capsys.readouterr().out
    config = load(gate.agent_toml)
    assert (config.hub.host, config.hub.port) == ("broker.riverside.lan", 8883)
    tls_context(config.hub)
    assert config.hub.sign_key is not None
    key_of_text(config.hub.sign_key.read_text())
    assert not gate.token_file.exists()

    with pytest.raises(JoinError, match=r"refuses this card \(409"):
        thief.boot()
    assert not (thief.data / "device.pem").exists()

    before = (gate.data / "device.pem").read_bytes()
    join_again(config, office.card())
    assert (gate.data / "device.pem").read_bytes() != before
    tls_context(config.hub)


@pytest.mark.slow
def test_a_card_that_nobody_gave_out_is_refused_by_a_real_hub(tmp_path: Path, office: Office) -> None:
    gate = Gate(tmp_path / "gate", office, "A" * 43)
    with pytest.raises(JoinError, match=r"refuses this card \(403"):
        gate.boot()
    assert gate.token_file.exists()
