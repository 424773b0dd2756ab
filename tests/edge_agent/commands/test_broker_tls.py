"""What the doctor says of certificates, with a real Mosquitto and with files alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tls_site import EAST, HUB, NO_MOSQUITTO, PROGRAM, SITE, WEST, Caller, Papers, TlsSite

from edge_agent.commands import checkup
from edge_agent.commands.broker_tls import check_own_certificate, why_not
from edge_agent.commands.doctor import UnwellError
from edge_agent.config import AgentConfig, HubConfig, parse
from edge_agent.wire.codec import decode_up
from edge_agent.wire.messages import Hello, Welcome, wire_bytes
from edge_agent.wire.topics import Address, Channel, all_devices

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason=NO_MOSQUITTO),
    # paho leaves the socket of a handshake that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TlsSite]:
    site = TlsSite(tmp_path)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def hub(site: TlsSite) -> Iterator[Caller]:
    """Answers every hello with a welcome."""
    hub = Caller(site, site.papers(HUB), client_id="hub")

    def answer(client: object, _data: object, message: object) -> None:
        said = decode_up(bytes(message.payload))  # type: ignore[attr-defined]
        assert isinstance(said, Hello)
        topic = Address(site=SITE, device=said.device).topic(Channel.ACK)
        client.publish(topic, wire_bytes(Welcome(epoch=said.epoch, high=0, hash=None)), qos=1)  # type: ignore[attr-defined]

    hub.client.on_message = answer
    assert hub.come() == "Success"
    hub.subscribe(all_devices(SITE, Channel.UP))
    yield hub
    hub.close()


def config_of(site: TlsSite, papers: Papers, device: str = EAST) -> AgentConfig:
    table = {
        "site": SITE,
        "device": device,
        "hub": {"host": "localhost", "port": site.port, "tls_ca": str(papers.ca)},
        "camera": {"name": "east", "source": "/dev/video0"},
        "journal": {"file": "journal.sqlite3"},
    }
    if papers.certificate is not None:
        table["hub"] |= {"tls_cert": str(papers.certificate), "tls_key": str(papers.key)}  # type: ignore[operator]
    return parse(table, folder=site.folder, source="test")


def unwell(check: Callable[[], str]) -> str:
    with pytest.raises(UnwellError) as caught:
        check()
    return f"{caught.value.found} -> {caught.value.advice}"


@pytest.mark.usefixtures("hub")
def test_a_device_with_its_certificate_is_well_and_is_told_how_long(site: TlsSite) -> None:
    found = checkup.check_broker(config_of(site, site.papers(EAST)))
    assert "the hub answered. our certificate is good until 20" in found


def test_each_certificate_that_a_broker_does_not_take_is_told_by_its_cause(site: TlsSite) -> None:
    stolen = site.copied(site.papers(WEST))
    site.ca.revoke(WEST, now=site.now)
    site.read_again()
    for papers, device, words in (
        (stolen, WEST, "was revoked"),
        (site.foreign_papers(EAST), EAST, "another CA than its own"),
        (Papers(ca=site.papers(EAST).ca), EAST, "it may want a certificate, and we have none"),
    ):
        assert words in unwell(partial(checkup.check_broker, config_of(site, papers, device)))


def test_a_broker_of_another_authority_or_name_and_a_port_without_tls_are_told_by_their_cause(site: TlsSite) -> None:
    site.foreign_papers(EAST)
    good = config_of(site, site.papers(EAST))
    hub = good.hub
    wrong_ca = replace(good, hub=replace(hub, tls_ca=site.folder / "other" / "root.pem"))
    assert "another CA" in unwell(lambda: checkup.check_broker(wrong_ca))
    no_tls = replace(good, hub=HubConfig(host="localhost", port=site.port))
    assert "this port speaks TLS, and [hub] names no tls_ca" in unwell(lambda: checkup.check_broker(no_tls))
    site.stop()
    assert "refused" in unwell(lambda: checkup.check_broker(good)).lower()
    assert why_not(HubConfig(host="localhost", port=site.port)) is None


def test_a_certificate_of_another_device_or_out_of_its_time_is_seen_without_the_broker(site: TlsSite) -> None:
    config = config_of(site, site.papers(EAST))
    now = datetime.now(UTC)
    assert "is the certificate of door-west; this device is door-east" in unwell(
        lambda: check_own_certificate(config_of(site, site.papers(WEST)), now)
    )
    for clock, words in (
        (datetime(1970, 1, 1, 0, 3, tzinfo=UTC), "this device's clock says 1970-01-01 00:03 UTC -> set the clock"),
        (now + timedelta(days=3640), "expires on"),
        (now + timedelta(days=3660), "has expired on"),
    ):
        assert words in unwell(partial(check_own_certificate, config, clock))
    assert check_own_certificate(config_of(site, Papers(ca=site.papers(EAST).ca)), now) == ""


def test_a_key_that_others_may_read_is_a_finding(site: TlsSite) -> None:
    config = config_of(site, site.papers(EAST))
    assert config.hub.tls_key is not None
    config.hub.tls_key.chmod(0o640)
    assert "chmod 600" in unwell(lambda: check_own_certificate(config, datetime.now(UTC)))
