import queue
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mosquitto import PASSWORD, PROGRAM, TIMEOUT_S, USER, Mosquitto, Observer
from paho.mqtt.client import MQTTMessage
from scripted_hub import ScriptedHub
from sealing_hub import SPEC, parcel, template, written

from edge_agent.blobs.device_key import device_key
from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.gallery_keeper import GalleryKeeper
from edge_agent.blobs.lane import BlobLane
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.clock import FakeClock
from edge_agent.config import HubConfig
from edge_agent.errors import ConfigError
from edge_agent.journal import Journal
from edge_agent.recognition.gallery import Gallery
from edge_agent.uplink.mqtt import BLOBS_WAITING_MAX, Closed, Heard, Inbox, LinkEvent, MqttLink, MqttVersion, Opened
from edge_agent.uplink.uplink import ANSWER_WAIT_S, Uplink
from edge_agent.wire.blobs import Have, Want, decode_blob_up
from edge_agent.wire.codec import decode_status
from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import Passage, Presence, wire_bytes
from edge_agent.wire.topics import Address, Channel

ADDRESS = Address(site="test", device=USER)
STATUS, UP, ACK = (ADDRESS.topic(channel) for channel in (Channel.STATUS, Channel.UP, Channel.ACK))
BLOB_UP, BLOB_DOWN = ADDRESS.topic(Channel.BLOB_UP), ADDRESS.topic(Channel.BLOB_DOWN)
needs_mosquitto = pytest.mark.skipif(
    PROGRAM is None or shutil.which("mosquitto_passwd") is None, reason="no mosquitto here: apt install mosquitto"
)
MakeLink = Callable[[MqttVersion, Inbox], MqttLink]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def hub_config(broker: Mosquitto, tmp_path: Path) -> HubConfig:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return HubConfig(host="127.0.0.1", port=broker.port, password_file=secret, keepalive_s=5)


@pytest.fixture
def make_link(hub_config: HubConfig) -> Iterator[MakeLink]:
    made: list[MqttLink] = []

    def make(version: MqttVersion, inbox: Inbox) -> MqttLink:
        made.append(MqttLink(hub_config, address=ADDRESS, agent="test/1", version=version, inbox=inbox, blobs=True))
        return made[-1]

    yield make
    for link in made:
        link.close()


@pytest.fixture
def observe(broker: Mosquitto) -> Iterator[Callable[..., Observer]]:
    observers: list[Observer] = []

    def make(topic: str, hub: ScriptedHub | None = None) -> Observer:
        observers.append(Observer(broker.port, topic, hub))
        return observers[-1]

    yield make
    for observer in observers:
        observer.close()


def await_event(inbox: Inbox) -> LinkEvent:
    event = inbox.get(timeout=TIMEOUT_S)
    assert event is not None
    return event


@needs_mosquitto
@pytest.mark.parametrize("version", list(MqttVersion))
def test_a_link_says_online_carries_both_ways_and_says_offline(
    make_link: MakeLink, observe: Callable[..., Observer], version: MqttVersion
) -> None:
    status, up = observe(STATUS), observe(UP)
    inbox: Inbox = queue.Queue()
    link = make_link(version, inbox)
    link.open()
    assert await_event(inbox) == Opened()
    assert status.next_status().state is Presence.ONLINE
    assert link.publish(b"hello hub")
    message = up.next()
    assert (message.payload, message.qos, message.retain) == (b"hello hub", 1, False)
    up.client.publish(ACK, b"hello door", qos=1)
    assert await_event(inbox) == Heard(payload=b"hello door")
    link.close()
    assert status.next_status().state is Presence.OFFLINE


@needs_mosquitto
def test_the_status_stays_for_whoever_comes_later(make_link: MakeLink, observe: Callable[..., Observer]) -> None:
    inbox: Inbox = queue.Queue()
    first = observe(STATUS)
    link = make_link(MqttVersion.V5, inbox)
    link.open()
    await_event(inbox)
    first.next()
    late = observe(STATUS).next()
    assert late.retain
    assert decode_status(bytes(late.payload)).agent == "test/1"


@needs_mosquitto
def test_a_device_that_dies_is_said_offline_by_its_will(make_link: MakeLink, observe: Callable[..., Observer]) -> None:
    status = observe(STATUS)
    inbox: Inbox = queue.Queue()
    link = make_link(MqttVersion.V5, inbox)
    link.open()
    await_event(inbox)
    assert status.next_status().state is Presence.ONLINE
    connection = link._client.socket()
    assert isinstance(connection, socket.socket)
    connection.shutdown(socket.SHUT_RDWR)
    assert status.next_status().state is Presence.OFFLINE
    closed = await_event(inbox)
    assert isinstance(closed, Closed)
    assert closed.answered


@needs_mosquitto
def test_a_visitor_leaves_the_status_alone(
    make_link: MakeLink, hub_config: HubConfig, observe: Callable[..., Observer]
) -> None:
    inbox: Inbox = queue.Queue()
    status = observe(STATUS)
    make_link(MqttVersion.V5, inbox).open()
    await_event(inbox)
    status.next()
    visits: Inbox = queue.Queue()
    visitor = MqttLink(
        hub_config, address=ADDRESS, agent="doctor", version=MqttVersion.V311, inbox=visits, visitor="door-east-doctor"
    )
    visitor.open()
    assert await_event(visits) == Opened()
    visitor.close()
    status.client.publish(STATUS, b"the end", qos=1)
    assert status.next().payload == b"the end"
    assert inbox.empty(), "the agent's own connection was not disturbed"


@needs_mosquitto
@pytest.mark.parametrize("version", list(MqttVersion))
def test_a_wrong_password_is_said_and_not_blamed_on_the_version(
    make_link: MakeLink, hub_config: HubConfig, version: MqttVersion
) -> None:
    assert hub_config.password_file is not None
    hub_config.password_file.write_text("wrong", encoding="utf-8")
    inbox: Inbox = queue.Queue()
    make_link(version, inbox).open()
    event = await_event(inbox)
    assert isinstance(event, Closed)
    assert event.answered
    assert "refuses" in event.why


@needs_mosquitto
def test_an_oversize_payload_never_reaches_the_broker(make_link: MakeLink) -> None:
    inbox: Inbox = queue.Queue()
    link = make_link(MqttVersion.V5, inbox)
    link.open()
    await_event(inbox)
    assert not link.publish(b"x" * (PAYLOAD_BYTES_MAX + 1))


@needs_mosquitto
def test_events_reach_the_hub_through_a_broker_that_is_killed_meanwhile(
    broker: Mosquitto, make_link: MakeLink, observe: Callable[..., Observer], tmp_path: Path
) -> None:
    clock = FakeClock()
    journal = Journal(tmp_path / "journal.sqlite3", clock=clock)
    hub = ScriptedHub()
    voice = observe(UP, hub)
    uplink = Uplink(journal, device=USER, agent="test/1", make_link=make_link, jitter=lambda: 0.0)
    uplink.start()

    def append(count: int) -> None:
        for _ in range(count):
            clock.advance(1)
            journal.append(Passage(captured=clock.stamp(), camera="east", duration_ms=1, frames=1))
        uplink.wake()

    try:
        append(150)
        assert uplink.wait_drained(TIMEOUT_S)
        broker.kill()
        append(20)
        broker.start()
        voice.await_subscribed()
        assert uplink.wait_drained(TIMEOUT_S)
    finally:
        uplink.stop(5)
        journal.close()
    (epoch,) = hub.histories
    assert hub.places(epoch) == list(range(1, 171))


@needs_mosquitto
@pytest.mark.parametrize("version", list(MqttVersion))
def test_blobs_go_both_ways_on_topics_of_their_own(
    make_link: MakeLink, observe: Callable[..., Observer], version: MqttVersion
) -> None:
    up = observe(BLOB_UP)
    inbox: Inbox = queue.Queue()
    link = make_link(version, inbox)
    link.open()
    assert await_event(inbox) == Opened()
    assert link.publish_blob(b"want")
    message = up.next()
    assert (message.payload, message.qos, message.retain) == (b"want", 1, False)
    up.client.publish(BLOB_DOWN, b"offer", qos=1)
    assert await_event(inbox) == Heard(payload=b"offer", blob=True)


def test_pieces_of_a_blob_that_nobody_looks_at_do_not_fill_the_memory_and_acks_still_come() -> None:
    inbox: Inbox = queue.Queue()
    hub = HubConfig(host="127.0.0.1")
    link = MqttLink(hub, address=ADDRESS, agent="test/1", version=MqttVersion.V5, inbox=inbox, blobs=True)
    piece, ack = MQTTMessage(topic=BLOB_DOWN.encode()), MQTTMessage(topic=ACK.encode())
    for _ in range(3 * BLOBS_WAITING_MAX):
        link._on_message(link._client, None, piece)
    link._on_message(link._client, None, ack)
    waiting = [inbox.get_nowait() for _ in range(inbox.qsize())]
    assert waiting == [*[Heard(payload=b"", blob=True)] * BLOBS_WAITING_MAX, Heard(payload=b"")]


class TellingSlot(MatcherSlot):
    """Says when something is put."""

    def __init__(self) -> None:
        super().__init__()
        self.filled = threading.Event()

    def put(self, gallery: Gallery) -> None:
        super().put(gallery)
        self.filled.set()


@needs_mosquitto
def test_a_sealed_gallery_gets_through_a_real_broker_while_events_do(
    make_link: MakeLink, observe: Callable[..., Observer], tmp_path: Path
) -> None:
    key, slot, clock = device_key(tmp_path / "device.key"), TellingSlot(), FakeClock()
    store = FileBlobStore(tmp_path / "blobs")
    keeper = GalleryKeeper(tmp_path / "blobs", key=key, address=ADDRESS, face=SPEC, slot=slot)
    lane = BlobLane(store=store, keeper=keeper, seal_key=key.public.hex(), now_s=time.monotonic())
    journal = Journal(tmp_path / "journal.sqlite3", clock=clock)
    hub, asks = ScriptedHub(), observe(BLOB_UP)
    observe(UP, hub)
    uplink = Uplink(journal, device=USER, agent="test/1", make_link=make_link, jitter=lambda: 0.0, lane=lane)
    uplink.start()
    try:
        for _ in range(20):
            clock.advance(1)
            journal.append(Passage(captured=clock.stamp(), camera="east", duration_ms=1, frames=1))
        uplink.wake()
        assert uplink.wait_drained(TIMEOUT_S)
        assert hub.hellos[-1].seal_key == key.public.hex()
        sent = parcel(written(*range(1200), version=1), public_key=key.public, version=1, address=ADDRESS)
        asks.client.publish(BLOB_DOWN, wire_bytes(sent.offer), qos=1)
        assert decode_blob_up(bytes(asks.next().payload)) == Want(kind="gallery", version=1, from_i=0)
        for payload in sent.payloads()[1:]:
            asks.client.publish(BLOB_DOWN, payload, qos=1)
        assert decode_blob_up(bytes(asks.next().payload)) == Want(kind="gallery", version=1, from_i=2)
        assert slot.filled.wait(TIMEOUT_S)
        known = slot.take()  # as the loop does before the next frame
        assert known is not None
        assert known.matcher.match(template(1199)) is not None
        uplink.wake()
        assert decode_blob_up(bytes(asks.next().payload)) == Have(kind="gallery", version=1, sha256=sent.offer.sha256)
    finally:
        uplink.stop(5)
        journal.close()


def silent_server() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(TIMEOUT_S)
    return server


def protocol_level(server: socket.socket) -> int:
    """The MQTT version in the CONNECT packet of the next connection (fixed header, length, "MQTT", level)."""
    connection, _ = server.accept()
    connection.settimeout(TIMEOUT_S)
    packet = b""
    while b"MQTT" not in packet or len(packet) <= packet.index(b"MQTT") + 4:
        packet += connection.recv(256)
    connection.close()
    return packet[packet.index(b"MQTT") + 4]


def test_a_broker_that_never_answers_is_tried_with_5_and_then_with_3_1_1(tmp_path: Path) -> None:
    server = silent_server()
    hub = HubConfig(host="127.0.0.1", port=server.getsockname()[1])
    clock = FakeClock()
    journal = Journal(tmp_path / "journal.sqlite3", clock=clock)
    uplink = Uplink(
        journal,
        device=USER,
        agent="test/1",
        make_link=lambda version, inbox: MqttLink(hub, address=ADDRESS, agent="test/1", version=version, inbox=inbox),
        now_s=clock.monotonic_s,
    )
    uplink.step(None)
    assert protocol_level(server) == 5
    clock.advance(ANSWER_WAIT_S)
    uplink.step(None)
    uplink.step(None)
    assert protocol_level(server) == 4
    assert uplink._link is not None
    uplink._link.close()
    journal.close()
    server.close()


def test_a_port_where_nobody_listens_is_said_in_words() -> None:
    server = silent_server()
    port = server.getsockname()[1]
    server.close()
    inbox: Inbox = queue.Queue()
    link = MqttLink(
        HubConfig(host="127.0.0.1", port=port), address=ADDRESS, agent="x", version=MqttVersion.V5, inbox=inbox
    )
    link.open()
    event = await_event(inbox)
    assert isinstance(event, Closed)
    assert "refused" in event.why.lower()
    link.close()
    link.close()


def test_a_host_name_that_is_none_is_said_and_not_raised() -> None:
    inbox: Inbox = queue.Queue()
    link = MqttLink(HubConfig(host="no host"), address=ADDRESS, agent="x", version=MqttVersion.V5, inbox=inbox)
    link.open()
    assert isinstance(await_event(inbox), Closed)


def test_a_missing_password_file_is_named_by_its_field(tmp_path: Path) -> None:
    hub = HubConfig(host="127.0.0.1", password_file=tmp_path / "nothing")
    with pytest.raises(ConfigError) as caught:
        MqttLink(hub, address=ADDRESS, agent="x", version=MqttVersion.V5, inbox=queue.Queue())
    assert list(caught.value.problems) == ["hub.password_file"]


def test_a_certificate_that_is_none_is_named_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    hub = HubConfig(host="127.0.0.1", tls_ca=tmp_path / "ca.pem")
    with pytest.raises(ConfigError) as caught:
        MqttLink(hub, address=ADDRESS, agent="x", version=MqttVersion.V5, inbox=queue.Queue())
    assert list(caught.value.problems) == ["hub.tls_ca"]
