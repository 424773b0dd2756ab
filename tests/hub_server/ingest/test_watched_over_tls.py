"""The watchdog over TLS, with a certificate that may read the heartbeat and nothing else."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mqtt_device import Ingest
from tls_site import EAST, HUB, NO_MOSQUITTO, PROGRAM, SITE, TIMEOUT_S, WATCHDOG, Papers, TlsSite

from edge_agent.wire.hub_status import HubHealth, HubStatus
from edge_agent.wire.messages import Presence, wire_bytes
from edge_agent.wire.topics import HubChannel
from hub_server.ingest.subscriber import Broker
from hub_server.store.store import Store
from hub_server.watchdog import over_mqtt
from hub_server.watchdog.look import Look
from hub_server.watchdog.over_mqtt import MqttPlace
from hub_server.watchdog.troubles import Kind

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason=NO_MOSQUITTO),
    # paho leaves the socket of a handshake that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]
HEALTH = HubHealth(
    status="ok",
    store="ok",
    broker="connected",
    watch="judging",
    tick_age_s=0.4,
    write_age_s=3.0,
    unsent_age_s=None,
    failing=0,
)
ONLINE = wire_bytes(HubStatus(state=Presence.ONLINE, hub="hub-server/test", health=HEALTH))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TlsSite]:
    site = TlsSite(tmp_path)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def hub(site: TlsSite, store: Store) -> Iterator[Ingest]:
    papers = site.papers(HUB)
    ingest = Ingest(
        store, Broker(host="localhost", port=site.port, ca=papers.ca, cert=papers.certificate, key=papers.key)
    )
    ingest.start()
    yield ingest
    ingest.stop()


def place(site: TlsSite, papers: Papers) -> MqttPlace:
    return MqttPlace(
        host="localhost",
        port=site.port,
        site=SITE,
        ca=papers.ca,
        cert=papers.certificate,
        key=papers.key,
        wait_s=TIMEOUT_S,
    )


def look_at_a_beating_hub(hub: Ingest, where: MqttPlace) -> Look:
    found: list[Look] = []
    watching = threading.Thread(target=lambda: found.append(over_mqtt.look(where)))
    watching.start()
    while watching.is_alive():  # it beats until it is heard: when the watchdog listens nobody can know
        hub.subscriber.publish_own(HubChannel.STATUS, ONLINE)
        watching.join(0.1)
    return found[0]


def test_its_certificate_lets_it_hear_a_beating_hub(hub: Ingest, site: TlsSite) -> None:
    found = look_at_a_beating_hub(hub, place(site, site.papers(WATCHDOG)))
    assert (found.troubles, found.health) == ((), HEALTH)


def test_a_devices_certificate_does_not(hub: Ingest, site: TlsSite) -> None:
    found = look_at_a_beating_hub(hub, replace(place(site, site.papers(EAST)), wait_s=1.0))
    assert [trouble.kind for trouble in found.troubles] == [Kind.SILENT]


def test_a_certificate_of_another_authority_is_turned_away(site: TlsSite) -> None:
    found = over_mqtt.look(place(site, site.foreign_papers(WATCHDOG)))
    assert [trouble.kind for trouble in found.troubles] == [Kind.NO_BROKER]


def test_a_broker_of_another_authority_is_not_believed(site: TlsSite) -> None:
    foreign = site.foreign_papers(WATCHDOG)
    assert foreign.certificate is not None
    other_ca = foreign.certificate.parent.parent / "root.pem"
    found = over_mqtt.look(replace(place(site, site.papers(WATCHDOG)), ca=other_ca))
    assert [trouble.kind for trouble in found.troubles] == [Kind.NO_BROKER]
    assert "certificate" in found.troubles[0].en
