"""What a broken or hostile device may send: the hub lives, counts it all, stays small, and serves the others."""

import gc
import resource
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from device_model import batch, passage
from hostile import HOSTILE, HUGE_BYTES, NOW_US, Hostility, Shot, huge
from mqtt_device import Running, topic
from sqlite_utils import Database

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import Ack, Conflict, DownMessage, Hello, Welcome, wire_bytes
from edge_agent.wire.topics import Channel
from hub_server.ingest.inbox import Arrival, Inbox, Listening, Opened
from hub_server.ingest.worker import Worker
from hub_server.store import devices, people, verify, watches
from hub_server.store.store import Store

pytestmark = pytest.mark.slow
SEED = 20261128
ONE_BY_ONE = 12_000
TOGETHER = 8_000
WARM_UP = 4_000
GROWTH_BYTES_MAX = 32 * 1024 * 1024
HONEST = "honest"
HONEST_EPOCH = "ff" * 16


@pytest.fixture
def quick_store() -> Iterator[Store]:
    """In memory where there is a file system for that: 12,000 commits are not what is tested here."""
    memory = Path("/dev/shm")  # noqa: S108 the kernel's, and a fresh folder in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="shouwang-hostile-") as folder:
        store = Store.open(Path(folder) / "data", clock=lambda: NOW_US)
        yield store
        store.close()


class CountingLane:
    """Where words about blobs go."""

    def __init__(self) -> None:
        self.words = 0

    def heard(self, device: str, payload: bytes) -> None:  # noqa: ARG002 the port's shape
        self.words += 1

    def came(self, device: str) -> None: ...

    def went(self, device: str | None) -> None: ...


class Range:
    """The hub's ingest without a broker, an honest device, and a ledger of what became of each message."""

    def __init__(self, store: Store, hostility: Hostility) -> None:
        self.store = store
        self._hostility = hostility
        self.inbox = Inbox()
        self.lane = CountingLane()
        self.said: list[tuple[str, DownMessage]] = []
        self.worker = Worker(store=store, inbox=self.inbox, publish=self._publish, site="demo", blobs=self.lane)
        self.honest_high = 0
        self.over: set[tuple[str, str]] = set()  # journals that ended in a conflict
        self.ledger: Counter[str] = Counter()

        def furnish(db: Database) -> None:
            for name in (*HOSTILE, HONEST):
                devices.create(db, id=name, place="", now_us=NOW_US)
            people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)
            watches.create(db, person="zhao", period_s=86400, last_seen_us=None, now_us=NOW_US)

        store.write(furnish)

    def _publish(self, device: str, message: DownMessage) -> None:
        self.said.append((device, message))
        self._hostility.heard(device, message)

    def offer(self, shot: Shot) -> None:
        arrival = Arrival(topic=shot.topic, payload=shot.payload, retained=shot.retained, received_us=NOW_US)
        assert self.inbox.offer(arrival)

    def work(self) -> None:
        self.said.clear()
        entries = self.inbox.take()
        assert entries is not None
        self.worker.handle(entries)

    def one(self, shot: Shot) -> None:
        """One message, and its line in the ledger."""
        before = self.worker.ignored, self.lane.words, self.worker.messages
        self.offer(shot)
        self.work()
        after = self.worker.ignored, self.lane.words, self.worker.messages
        moved = [new - old for new, old in zip(after, before, strict=True)]
        assert sum(moved) == 1, f"counted {moved}: {shot.topic[:80]} {shot.payload[:80]!r}"
        self.ledger[self._outcome(moved)] += 1

    def _outcome(self, moved: list[int]) -> str:
        if moved[0] or moved[1]:
            return "ignored" if moved[0] else "blob"
        if not self.said:
            return "status"
        device, message = self.said[-1]
        if isinstance(message, Conflict):
            journal = (device, message.epoch)
            outcome = "over" if journal in self.over else "conflict"
            self.over.add(journal)
            return outcome
        return type(message).__name__.lower()

    def honest(self) -> None:
        """The honest device's next event, and its ack."""
        self.honest_high += 1
        raw = passage(wall_us=NOW_US, mono_us=self.honest_high)
        message = batch(raw, first_seq=self.honest_high, device=HONEST, epoch=HONEST_EPOCH)
        self.offer(Shot(topic=topic(HONEST, Channel.UP), payload=wire_bytes(message)))
        self.work()
        acks = [said.high for device, said in self.said if device == HONEST and isinstance(said, Ack)]
        assert acks == [self.honest_high]

    def is_well(self) -> None:
        with self.store.read() as db:
            assert [check for check in verify.checks(db) if not check.ok] == []

    def count(self, sql: str) -> int:
        with self.store.read() as db:
            return int(db.execute(sql).fetchone()[0])


def rss_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_twenty_thousand_hostile_messages_harm_nothing(quick_store: Store) -> None:
    hostility = Hostility(SEED)
    hub = Range(quick_store, hostility)
    for n in range(ONE_BY_ONE):
        hub.one(hostility.shot() if n % 3000 else huge())
        if n % 100 == 0:
            hub.honest()
        if n == WARM_UP:
            warm_bytes = rss_bytes()
    assert sum(hub.ledger.values()) == ONE_BY_ONE
    settle_accounts(hub)
    together(hub, hostility)
    assert rss_bytes() - warm_bytes < GROWTH_BYTES_MAX
    hub.is_well()


def settle_accounts(hub: Range) -> None:
    """What the store counts is what the ledger has: nothing is missing, nothing is there twice."""
    theirs = f"device <> '{HONEST}'"
    stored = hub.count(f"SELECT count(*) FROM events WHERE {theirs}")  # noqa: S608 our own words
    duplicates = hub.count("SELECT sum(duplicates) FROM devices")
    assert stored + duplicates == hub.ledger["ack"], "each event that was acknowledged is stored, or was before"
    assert hub.count("SELECT count(*) FROM conflicts") == hub.ledger["conflict"] == len(hub.over)
    assert hub.count("SELECT sum(quarantined) FROM devices") == hub.count(
        "SELECT count(*) FROM events WHERE type = 'quarantined'"
    )
    assert hub.count("SELECT sum(replays) FROM devices") == hub.ledger["replay"]
    assert hub.worker.refused == hub.ledger["refused"]
    assert hub.worker.failed == 0
    wanted = {"ack", "conflict", "over", "replay", "refused", "welcome", "status", "blob", "ignored"}
    assert set(hub.ledger) == wanted, "the fuzz reaches every outcome"
    assert hub.count("SELECT sum(quarantined) FROM devices") > 100


def together(hub: Range, hostility: Hostility) -> None:
    """As they come in reality: many to a transaction, between connections that break."""
    before = hub.worker.messages + hub.worker.ignored + hub.lane.words
    sent = moments = 0
    while sent < TOGETHER:
        if sent % 1000 < 40:
            hub.inbox.mark(Opened())
            hub.inbox.mark(Listening())
            moments += 2
        for _ in range(40):
            hub.offer(hostility.shot())
            sent += 1
        while hub.inbox.messages:
            hub.work()
        hub.honest()
    assert hub.worker.messages + hub.worker.ignored + hub.lane.words - before == sent + moments + sent // 40
    assert hub.worker.failed == 0
    said = Hello(device=HONEST, epoch=HONEST_EPOCH, oldest=1, last=hub.honest_high, agent="x")
    hub.offer(Shot(topic=topic(HONEST, Channel.UP), payload=wire_bytes(said)))
    hub.work()
    (answer,) = [message for device, message in hub.said if device == HONEST]
    assert isinstance(answer, Welcome)
    assert answer.high == hub.honest_high


@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
def test_five_hundred_over_a_real_broker_and_ten_megabytes(running: Running) -> None:
    device, honest = running.connect(HOSTILE[0]), running.connect(HOSTILE[1])
    hostility, ingest = Hostility(SEED + 1), running.ingest
    mine = topic(device.device, Channel.UP)
    # What passes the limit by a byte ends the connection, as 10 MB do.
    shots = [shot for shot in (hostility.shot() for _ in range(4000)) if shot.topic == mine]
    shots = [shot for shot in shots if len(shot.payload) < PAYLOAD_BYTES_MAX - len(mine)][:500]
    assert len(shots) == 500
    for n, shot in enumerate(shots):
        device.send(shot.payload, to=mine)
        if n % 50 == 0:
            raw = passage(wall_us=NOW_US, mono_us=n)
            answer = honest.say(batch(raw, first_seq=n // 50 + 1, device=honest.device, epoch=HONEST_EPOCH))
            assert isinstance(answer, Ack)
    device.send(wire_bytes(Hello(device=device.device, epoch=HONEST_EPOCH, oldest=1, last=0, agent="x")))
    while getattr(device.answer(), "epoch", None) != HONEST_EPOCH:  # in order: the hub has worked through all
        pass
    assert ingest.worker.messages > len(shots)
    over_the_limit(running)
    answer = honest.say(Hello(device=honest.device, epoch=HONEST_EPOCH, oldest=1, last=10, agent="x"))
    assert isinstance(answer, Welcome)
    assert answer.high == 10
    assert ingest.worker.failed == 0
    with running.store.read() as db:
        assert [check for check in verify.checks(db) if not check.ok] == []


def over_the_limit(running: Running) -> None:
    """10 MB: the broker ends the connection of whoever sends that, and of nobody else."""
    liar = running.connect(HOSTILE[0])
    liar.client.publish(topic(liar.device, Channel.UP), bytes(HUGE_BYTES), qos=1)
    liar.gone.get(timeout=10)
    assert liar.heard.empty()
