"""The agent's link over TLS to a real Mosquitto, and what it says when that does not come about."""

import os
import queue
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tls_site import EAST, HUB, NO_MOSQUITTO, PROGRAM, SITE, TIMEOUT_S, WEST, Caller, Papers, TlsSite

from edge_agent.config import HubConfig, parse
from edge_agent.errors import ConfigError
from edge_agent.uplink.mqtt import Closed, Heard, Inbox, LinkEvent, MqttLink, MqttVersion, Opened
from edge_agent.uplink.tls import client_id, tls_context
from edge_agent.wire.codec import decode_status
from edge_agent.wire.messages import Presence
from edge_agent.wire.tls_words import tls_words
from edge_agent.wire.topics import Address, Channel, all_devices
from firmware_config.ca.authority import issue_broker, issue_device, load_authority, make_root

# paho leaves the socket of a handshake that failed to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
needs_mosquitto = pytest.mark.skipif(PROGRAM is None, reason=NO_MOSQUITTO)
VERSIONS = pytest.mark.parametrize("version", list(MqttVersion))
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TlsSite]:
    site = TlsSite(tmp_path)
    site.start()
    yield site
    site.stop()


def hub_config(site: TlsSite, papers: Papers) -> HubConfig:
    return HubConfig(
        host="localhost", port=site.port, tls_ca=papers.ca, tls_cert=papers.certificate, tls_key=papers.key
    )


class Agent:
    """A link and its inbox."""

    def __init__(self, hub: HubConfig, device: str = EAST, version: MqttVersion = MqttVersion.V5) -> None:
        self.inbox: Inbox = queue.Queue()
        address = Address(site=SITE, device=device)
        self.link = MqttLink(hub, address=address, agent="test/1", version=version, inbox=self.inbox)
        self.link.open()

    def next(self) -> LinkEvent:
        event = self.inbox.get(timeout=TIMEOUT_S)
        assert event is not None
        return event


@pytest.fixture
def come() -> Iterator[Callable[..., Agent]]:
    agents: list[Agent] = []

    def come(*args: object, **options: object) -> Agent:
        agents.append(Agent(*args, **options))  # type: ignore[arg-type]
        return agents[-1]

    yield come
    for agent in agents:
        agent.link.close()


@pytest.fixture
def office(site: TlsSite) -> Iterator[Caller]:
    office = Caller(site, site.papers(HUB), client_id="hub")
    assert office.come() == "Success"
    for channel in (Channel.STATUS, Channel.UP):
        office.subscribe(all_devices(SITE, channel))
    yield office
    office.close()


@needs_mosquitto
@VERSIONS
def test_a_certificate_carries_both_ways_without_any_password(
    site: TlsSite, office: Caller, come: Callable[..., Agent], version: MqttVersion
) -> None:
    agent = come(hub_config(site, site.papers(EAST)), version=version)
    assert agent.next() == Opened()
    assert decode_status(bytes(office.next().payload)).state is Presence.ONLINE
    assert agent.link.publish(b"hello hub")
    assert office.next().payload == b"hello hub"
    office.publish(Address(site=SITE, device=EAST).topic(Channel.ACK), b"hello door")
    assert agent.next() == Heard(payload=b"hello door")
    agent.link.close()
    assert decode_status(bytes(office.next().payload)).state is Presence.OFFLINE


@needs_mosquitto
def test_no_other_device_can_end_a_connection_or_make_its_last_will_be_said(
    site: TlsSite, office: Caller, come: Callable[..., Agent]
) -> None:
    agent = come(hub_config(site, site.papers(EAST)))
    assert agent.next() == Opened()
    office.next()
    liar = Caller(site, site.papers(WEST), client_id=EAST)
    assert liar.come() == "Success"
    agent.link.publish(b"still here")
    assert office.next().payload == b"still here"
    assert agent.inbox.empty()
    liar.close()


@needs_mosquitto
def test_of_one_device_a_new_connection_ends_the_old_and_the_last_word_is_online(
    site: TlsSite, office: Caller, come: Callable[..., Agent]
) -> None:
    config = hub_config(site, site.papers(EAST))
    first = come(config)
    assert first.next() == Opened()
    assert come(config).next() == Opened()
    assert isinstance(first.next(), Closed)
    said = [decode_status(bytes(office.next().payload)).state for _ in range(3)]
    assert said == [Presence.ONLINE, Presence.OFFLINE, Presence.ONLINE]


def test_only_the_holder_of_a_key_knows_its_client_id_and_it_stays(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"one")
    (tmp_path / "two").write_bytes(b"two")
    one, two = (HubConfig(host="h", tls_key=tmp_path / name) for name in ("one", "two"))
    assert client_id(one, EAST) == client_id(one, EAST)
    assert len({client_id(one, EAST), client_id(two, EAST), client_id(one, f"{EAST}-doctor"), EAST}) == 4
    assert client_id(HubConfig(host="h"), EAST) == EAST


@needs_mosquitto
@VERSIONS
def test_a_broker_of_another_authority_is_not_spoken_to(
    site: TlsSite, come: Callable[..., Agent], version: MqttVersion
) -> None:
    good = hub_config(site, site.papers(EAST))
    site.foreign_papers(EAST)
    event = come(replace(good, tls_ca=site.folder / "other" / "root.pem"), version=version).next()
    assert isinstance(event, Closed)
    assert "issued by another CA" in event.why
    assert event.answered, "the version is not to blame"


@needs_mosquitto
@VERSIONS
def test_a_certificate_that_is_not_taken_points_to_the_doctor(
    site: TlsSite, come: Callable[..., Agent], version: MqttVersion
) -> None:
    event = come(hub_config(site, site.foreign_papers(EAST)), version=version).next()
    assert isinstance(event, Closed)
    assert "doctor" in event.why or "certificate" in event.why, event.why


@needs_mosquitto
@VERSIONS
def test_an_agent_without_tls_at_a_port_with_it_is_told_what_is_missing(
    site: TlsSite, come: Callable[..., Agent], version: MqttVersion
) -> None:
    event = come(HubConfig(host="localhost", port=site.port), version=version).next()
    assert isinstance(event, Closed)
    assert "does this port want TLS (tls_ca)?" in event.why


# --- files ---


@pytest.fixture
def files(tmp_path: Path) -> HubConfig:
    made = make_root(SITE, now=NOW)
    pair = issue_device(load_authority(made), EAST, now=NOW)
    for name, content in (("ca.pem", made.certificate), ("door.pem", pair.certificate), ("door.key", pair.key)):
        (tmp_path / name).write_bytes(content)
    return HubConfig(
        host="h", tls_ca=tmp_path / "ca.pem", tls_cert=tmp_path / "door.pem", tls_key=tmp_path / "door.key"
    )


def test_tls_is_1_2_at_least_and_certificate_and_name_of_the_broker_are_checked(files: HubConfig) -> None:
    context = tls_context(files)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert [dict(part[0] for part in ca["subject"]) for ca in context.get_ca_certs()] == [  # type: ignore[misc]
        {"commonName": f"{SITE} site CA"}
    ], "no other authority is trusted"


def locked(files: HubConfig) -> None:
    words = ["openssl", "ec", "-in", str(files.tls_key), "-aes256", "-passout", "pass:x", "-out", str(files.tls_key)]
    subprocess.run(words, check=True, capture_output=True)


def another_key(files: HubConfig) -> None:
    assert files.tls_key is not None
    files.tls_key.write_bytes(issue_device(load_authority(make_root(SITE, now=NOW)), EAST, now=NOW).key)


def gone(field: str) -> Callable[[HubConfig], None]:
    return lambda files: getattr(files, field).unlink()


def garbage(field: str) -> Callable[[HubConfig], None]:
    return lambda files: getattr(files, field).write_text("garbage")


def swapped(files: HubConfig) -> None:
    assert files.tls_cert is not None
    assert files.tls_key is not None
    certificate, key = files.tls_cert.read_bytes(), files.tls_key.read_bytes()
    files.tls_cert.write_bytes(key)
    files.tls_key.write_bytes(certificate)


@pytest.mark.parametrize(
    ("spoil", "field", "words"),
    [
        (locked, "tls_key", "passphrase"),
        (another_key, "tls_key", "is not the key of"),
        (swapped, "tls_cert", "no certificate"),
        (gone("tls_ca"), "tls_ca", "No such file"),
        (gone("tls_cert"), "tls_cert", "No such file"),
        (gone("tls_key"), "tls_key", "No such file"),
        (garbage("tls_ca"), "tls_ca", "cannot be used"),
        (garbage("tls_cert"), "tls_cert", "no certificate"),
        (garbage("tls_key"), "tls_key", "no private key"),
    ],
)
def test_a_file_that_is_not_right_is_named_by_its_field(
    files: HubConfig, spoil: Callable[[HubConfig], None], field: str, words: str
) -> None:
    spoil(files)
    with pytest.raises(ConfigError) as caught:
        tls_context(files)
    assert list(caught.value.problems) == [f"hub.{field}"]
    assert words in caught.value.problems[f"hub.{field}"]


def test_a_renewed_certificate_is_taken_up_by_the_next_connection(files: HubConfig) -> None:
    assert files.tls_cert is not None
    assert files.tls_key is not None
    pair = issue_device(load_authority(make_root(SITE, now=NOW)), EAST, now=NOW)
    tls_context(files)
    files.tls_cert.write_bytes(pair.certificate)
    files.tls_key.write_bytes(pair.key)
    tls_context(files)


# --- agent.toml ---


def hub_table(**tls: str) -> dict[str, Any]:
    return {
        "site": SITE,
        "device": EAST,
        "hub": {"host": "hub.lan", **tls},
        "camera": {"name": "east", "source": "/dev/video0"},
        "journal": {"file": "journal.sqlite3"},
    }


def test_certificate_and_key_and_ca_stand_beside_the_configuration(tmp_path: Path) -> None:
    table = hub_table(tls_ca="ca.pem", tls_cert="door.pem", tls_key="door.key")
    hub = parse(table, folder=tmp_path, source="test").hub
    assert (hub.tls_ca, hub.tls_cert, hub.tls_key) == (
        tmp_path / "ca.pem",
        tmp_path / "door.pem",
        tmp_path / "door.key",
    )
    assert parse(hub_table(tls_ca="ca.pem"), folder=tmp_path, source="test").hub.tls_cert is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"tls_ca", "tls_cert"}, {"tls_key"}),
        ({"tls_ca", "tls_key"}, {"tls_cert"}),
        ({"tls_cert", "tls_key"}, {"tls_ca"}),
        ({"tls_key"}, {"tls_ca", "tls_cert"}),
    ],
)
def test_what_goes_together_is_missed_by_its_field(tmp_path: Path, given: set[str], missing: set[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(hub_table(**dict.fromkeys(given, "file")), folder=tmp_path, source="test")
    assert set(caught.value.problems) == {f"hub.{name}" for name in missing}


# --- words ---


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> OSError | None:
    """In memory; the client's error."""
    ways = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(ways[0], ways[1], server_hostname=name)
    far = server.wrap_bio(ways[1], ways[0], server_side=True)
    for _ in range(10):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                if side is near:
                    return error
    return None


@pytest.mark.parametrize(
    ("name", "days_ago", "days", "words"),
    [
        ("hub.lan", 0, 100, None),
        ("other.lan", 0, 100, "for another name"),
        ("10.0.0.1", 0, 100, "for another address"),
        ("hub.lan", 400, 10, "has expired"),
    ],
)
def test_what_is_wrong_with_the_brokers_certificate_is_said_in_words(
    tmp_path: Path, name: str, days_ago: int, days: int, words: str | None
) -> None:
    made = make_root(SITE, now=datetime.now(UTC))
    then = datetime.fromtimestamp(datetime.now(UTC).timestamp() - days_ago * 86400, UTC)
    pair = issue_broker(load_authority(made), ["hub.lan"], now=then, days=days)
    for file, content in (("ca", made.certificate), ("pem", pair.certificate), ("key", pair.key)):
        (tmp_path / file).write_bytes(content)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    error = handshake(server, tls_context(HubConfig(host=name, tls_ca=tmp_path / "ca")), name)
    assert (error is None) == (words is None)
    if error is not None and words is not None:
        assert words in tls_words(error)


def test_a_clock_that_is_behind_is_suspected_when_a_certificate_is_not_valid_yet() -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_code, error.verify_message = 9, "certificate is not yet valid"
    assert "is the clock right?" in tls_words(error)


def test_what_is_not_known_is_said_as_it_came() -> None:
    assert tls_words(OSError(os.strerror(111))) == os.strerror(111)
    unknown = ssl.SSLCertVerificationError(1, "x")
    unknown.verify_code, unknown.verify_message = 999, "new in OpenSSL 9"
    assert tls_words(unknown) == "new in OpenSSL 9"
    assert "NEW" in tls_words(ssl.SSLError(1, "[SSL: NEW] something"))
