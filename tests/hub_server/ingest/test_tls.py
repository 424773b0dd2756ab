"""The whole path over TLS: a real journal and uplink, Mosquitto as we configure it, the real ingest and store."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from device_model import EPOCH, batch, hello, passage
from mqtt_device import Ingest, Running
from tls_site import EAST, HUB, NO_MOSQUITTO, PROGRAM, SITE, TIMEOUT_S, WEST, Caller, Papers, TlsSite

from edge_agent.clock import FakeClock
from edge_agent.config import HubConfig
from edge_agent.journal import Journal
from edge_agent.uplink.mqtt import Inbox as LinkInbox
from edge_agent.uplink.mqtt import MqttLink, MqttVersion
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire.codec import decode_down
from edge_agent.wire.messages import Passage, Presence, RefusalReason, Refused, Status, Welcome, wire_bytes
from edge_agent.wire.topics import Address, Channel
from hub_server.ingest.inbox import Arrival
from hub_server.ingest.subscriber import Broker
from hub_server.store import devices
from hub_server.store.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason=NO_MOSQUITTO),
    # paho leaves the socket of a handshake that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]
VERSIONS = pytest.mark.parametrize("version", list(MqttVersion))
MakeSite = Callable[..., TlsSite]


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    made: list[TlsSite] = []

    def make(**settings: str) -> TlsSite:
        folder = tmp_path / "site"
        folder.mkdir()
        made.append(TlsSite(folder, **settings))
        made[-1].start()
        return made[-1]

    yield make
    for site in made:
        site.stop()


@pytest.fixture
def site(make_site: MakeSite) -> TlsSite:
    return make_site()


def broker_of(site: TlsSite, papers: Papers | None = None) -> Broker:
    shown = site.papers(HUB) if papers is None else papers
    return Broker(host="localhost", port=site.port, ca=shown.ca, cert=shown.certificate, key=shown.key)


@pytest.fixture
def serve(store: Store) -> Iterator[Callable[[Broker], Running]]:
    """A hub's ingest that knows both doors; not started."""
    for name in (EAST, WEST):
        store.write(lambda db, name=name: devices.create(db, id=name, place="", now_us=1))  # type: ignore[misc]
    made: list[Running] = []

    def serve(broker: Broker) -> Running:
        made.append(Running(store=store, broker=broker, ingest=Ingest(store, broker), secrets={}))
        return made[-1]

    yield serve
    for running in made:
        running.ingest.stop()


def listening(running: Running) -> Running:
    running.ingest.start()
    running.wait_until(lambda: running.ingest.subscriber.listening_since_s is not None)
    return running


class Agent:
    """A journal and its uplink, as on a device."""

    def __init__(self, site: TlsSite, file: Path, device: str, version: MqttVersion | None = None) -> None:
        papers = site.papers(device)
        hub = HubConfig(
            host="localhost",
            port=site.port,
            tls_ca=papers.ca,
            tls_cert=papers.certificate,
            tls_key=papers.key,
            keepalive_s=5,
        )
        address = Address(site=SITE, device=device)

        def make_link(wanted: MqttVersion, inbox: LinkInbox) -> MqttLink:
            return MqttLink(hub, address=address, agent="test/1", version=version or wanted, inbox=inbox)

        self._clock = FakeClock()
        self.journal = Journal(file, clock=self._clock)
        self.uplink = Uplink(self.journal, device=device, agent="test/1", make_link=make_link, jitter=lambda: 0.0)

    def capture(self, count: int) -> None:
        for _ in range(count):
            self._clock.advance(1)
            self.journal.append(Passage(captured=self._clock.stamp(), camera="east", duration_ms=1, frames=1))
        self.uplink.wake()

    def close(self) -> None:
        self.uplink.stop(5)
        self.journal.close()


@pytest.fixture
def agents() -> Iterator[list[Agent]]:
    agents: list[Agent] = []
    yield agents
    for agent in agents:
        agent.close()


@VERSIONS
def test_what_a_journal_holds_reaches_the_store_and_is_acknowledged(
    site: TlsSite, serve: Callable[[Broker], Running], agents: list[Agent], tmp_path: Path, version: MqttVersion
) -> None:
    hub = listening(serve(replace(broker_of(site), speaks_v5=version is MqttVersion.V5)))
    agents += [Agent(site, tmp_path / f"{name}.sqlite3", name, version) for name in (EAST, WEST)]
    for agent in agents:
        agent.uplink.start()
        agent.capture(450)
    for agent in agents:
        assert agent.uplink.wait_drained(TIMEOUT_S)
    assert [hub.row(name).high for name in (EAST, WEST)] == [450, 450]
    hub.wait_until(lambda: hub.row(EAST).online)


def test_what_was_captured_while_the_broker_was_killed_is_not_lost(
    site: TlsSite, serve: Callable[[Broker], Running], agents: list[Agent], tmp_path: Path
) -> None:
    hub = listening(serve(broker_of(site)))
    agents.append(Agent(site, tmp_path / "journal.sqlite3", EAST))
    agents[0].uplink.start()
    agents[0].capture(150)
    assert agents[0].uplink.wait_drained(TIMEOUT_S)
    site.kill()
    agents[0].capture(20)
    site.start()
    assert agents[0].uplink.wait_drained(2 * TIMEOUT_S)
    assert hub.row(EAST).high == 170


def test_what_a_full_queue_of_the_broker_drops_is_sent_again(
    make_site: MakeSite, serve: Callable[[Broker], Running], agents: list[Agent], tmp_path: Path
) -> None:
    site = make_site(max_inflight_messages="1", max_queued_messages="1")
    hub = serve(broker_of(site))
    gate, offer = threading.Event(), hub.ingest.inbox.offer

    def slowly(arrival: Arrival) -> bool | None:
        gate.wait(TIMEOUT_S)
        return offer(arrival)

    hub.ingest.inbox.offer = slowly  # type: ignore[method-assign, assignment]
    listening(hub)
    office = Caller(site, site.papers(WEST), client_id="filler")
    assert office.come() == "Success"
    for _ in range(5):  # an agent alone waits for its welcome before it sends more
        office.publish(Address(site=SITE, device=WEST).topic(Channel.UP), wire_bytes(hello(last=0, device=WEST)))
    agents.append(Agent(site, tmp_path / "journal.sqlite3", EAST))
    agents[0].capture(1000)
    agents[0].uplink.start()
    site.await_line("Outgoing messages are being dropped")
    gate.set()
    assert agents[0].uplink.wait_drained(2 * TIMEOUT_S)
    assert hub.row(EAST).high == 1000
    assert hub.row(EAST).conflicts == 0
    office.close()


@pytest.fixture
def door(site: TlsSite, serve: Callable[[Broker], Running]) -> Iterator[tuple[Running, Caller]]:
    """A hub that listens, and a caller with the papers of the door east that hears its own ack."""
    hub = listening(serve(broker_of(site)))
    door = Caller(site, site.papers(EAST), client_id=EAST)
    assert door.come() == "Success"
    door.subscribe(Address(site=SITE, device=EAST).topic(Channel.ACK))
    yield hub, door
    door.close()


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (Channel.UP, hello(last=1, device=WEST)),
        (Channel.UP, batch(passage(wall_us=1), device=WEST)),
        (Channel.STATUS, Status(device=WEST, state=Presence.ONLINE, agent="liar")),
    ],
    ids=["hello", "batch", "status"],
)
def test_a_device_that_names_another_in_its_own_topic_is_refused_and_counted(
    door: tuple[Running, Caller], channel: Channel, message: object
) -> None:
    hub, caller = door
    caller.publish(Address(site=SITE, device=EAST).topic(channel), wire_bytes(message))  # type: ignore[arg-type]
    answer = decode_down(bytes(caller.next().payload))
    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.WRONG_DEVICE
    assert hub.row(EAST).refused == 1
    west = hub.row(WEST)
    assert (west.heard_us, west.high, west.online, west.refused) == (None, 0, False, 0)


def test_what_is_said_of_blobs_is_the_word_of_whose_topic_it_came_on(door: tuple[Running, Caller]) -> None:
    hub, caller = door
    for device in (WEST, EAST):  # blob messages name no device: the topic alone says whose they are
        caller.publish(Address(site=SITE, device=device).topic(Channel.BLOB_UP), device.encode())
    caller.publish(Address(site=SITE, device=EAST).topic(Channel.UP), wire_bytes(hello(last=0, device=EAST)))
    assert isinstance(decode_down(bytes(caller.next().payload)), Welcome)
    assert hub.ingest.lane.said.get(timeout=TIMEOUT_S) == (EAST, EAST.encode())
    assert hub.ingest.lane.said.empty()


class _Told(logging.Handler):
    """What the subscriber says in the log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[str] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.endswith(".paho"):  # which has words of its own
            self.lines.put(record.getMessage())


@pytest.fixture
def told() -> Iterator[queue.Queue[str]]:
    told, log = _Told(), logging.getLogger("hub_server.ingest.subscriber")
    log.addHandler(told)
    yield told.lines
    log.removeHandler(told)


def no_tls(site: TlsSite) -> Broker:
    return Broker(host="localhost", port=site.port)


def no_certificate(site: TlsSite) -> Broker:
    return replace(broker_of(site), cert=None, key=None)


def another_ca(site: TlsSite) -> Broker:
    site.foreign_papers(EAST)
    return replace(broker_of(site), ca=site.folder / "other" / "root.pem")


def no_file(site: TlsSite) -> Broker:
    return replace(broker_of(site), ca=site.folder / "nothing")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (no_tls, "does this port want TLS (--mqtt-ca)?"),
        (no_certificate, "does it take our certificate (--mqtt-cert)?"),
        (another_ca, "issued by another CA"),
        (no_file, "cannot use its certificates"),
    ],
)
def test_a_hub_that_is_not_let_in_says_why_and_goes_on_trying(
    site: TlsSite,
    serve: Callable[[Broker], Running],
    told: "queue.Queue[str]",
    wrong: Callable[[TlsSite], Broker],
    words: str,
) -> None:
    serve(wrong(site)).ingest.start()
    for _ in range(2):
        assert words in told.get(timeout=TIMEOUT_S)


def test_a_device_with_the_hubs_name_for_itself_hears_no_more_than_a_device(
    site: TlsSite, serve: Callable[[Broker], Running]
) -> None:
    hub = listening(serve(broker_of(site)))
    liar = Caller(site, site.papers(EAST), client_id=hub.ingest.subscriber._client_id, username=HUB)
    assert liar.come() == "Success"
    liar.subscribe(f"shouwang/v1/{SITE}/+/up")
    west = Caller(site, site.papers(WEST), client_id=WEST)
    assert west.come() == "Success"
    west.subscribe(Address(site=SITE, device=WEST).topic(Channel.ACK))
    hub.wait_until(lambda: hub.ingest.subscriber.listening_since_s is not None)
    west.publish(Address(site=SITE, device=WEST).topic(Channel.UP), wire_bytes(hello(last=0, epoch=EPOCH, device=WEST)))
    assert liar.heard.empty()
    for caller in (liar, west):
        caller.close()
