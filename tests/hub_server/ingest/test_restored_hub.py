"""A hub restored from an older backup, and the real journal of an agent: acks go back, what is kept comes again, the
rest comes as a tombstone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from device_model import DEVICE
from sightings import known

from edge_agent.clock import FakeClock
from edge_agent.journal import Journal
from edge_agent.wire.messages import Ack, Batch, DownMessage, Hello, Replay, UpMessage, Welcome
from hub_server.ingest.apply import apply_up
from hub_server.store import backup, devices, events, people, verify, watches
from hub_server.store.expiring import Expiry
from hub_server.store.restore import restore
from hub_server.store.retention import DataClass
from hub_server.store.rows import Device
from hub_server.store.store import Store

DAY_S = 86400.0
KEEP_S = 7 * DAY_S
PERSON = "resident-01"


class Pair:
    """An agent's journal and a hub, and the network between them that loses nothing."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.journal = Journal(folder / "journal.sqlite3", clock=self.clock, keep_s=KEEP_S)
        self.data = folder / "data"
        self.backups = folder / "backups"
        self.backups.mkdir()
        self.store = Store.open(self.data, clock=self.now_us)

        self.store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=self.now_us()))
        self.store.write(
            lambda db: people.create(db, id=PERSON, name="李", address="", phone="", note="", now_us=self.now_us())
        )
        self.store.write(
            lambda db: watches.create(db, person=PERSON, period_s=86400, last_seen_us=None, now_us=self.now_us())
        )

    def close(self) -> None:
        self.journal.close()
        self.store.close()

    def now_us(self) -> int:
        return self.clock.stamp().wall_us

    def see(self, count: int) -> None:
        for _ in range(count):
            self.journal.append(known(self.clock, PERSON))

    def drain(self) -> list[DownMessage]:
        """Hello, then batches until the hub has acknowledged all; every answer of the hub."""
        position = self.journal.position()
        said = self._say(
            Hello(
                device=DEVICE,
                epoch=position.epoch,
                oldest=position.oldest,
                last=position.last,
                agent="x",
                left=tuple(self.journal.left()),
            )
        )
        for _ in range(100):
            self._hear(said[-1])
            position = self.journal.position()
            items = self.journal.unsent(position.acked, 100)
            if not items:
                return said
            said += self._say(Batch(device=DEVICE, epoch=position.epoch, items=items))
        raise AssertionError(f"it does not drain: {said[-3:]}")

    def back_up(self) -> Path:
        return backup.take(self.data, self.backups, now_us=self.now_us()).path

    def restore(self, path: Path) -> None:
        self.store.close()
        restore(self.data, path, force=True, now_us=self.now_us())
        self.store = Store.open(self.data, clock=self.now_us)

    def told(self) -> bool:
        """Whether the watch need not wait for the device any longer."""
        with self.store.read() as db:
            return DEVICE in devices.told_all(db, hello_from_us=0)

    def row(self) -> Device:
        with self.store.read() as db:
            found = devices.get(db, DEVICE)
        assert found is not None
        return found

    def places(self) -> list[tuple[str, int]]:
        """Type and first place of every stored event, in the order of places."""
        with self.store.read() as db:
            rows = [*events.page(db, after=0, before=None, limit=500)]
            assert [check for check in verify.checks(db) if not check.ok] == []
        return sorted(((row.type, row.seq) for row in rows), key=lambda row: row[1])

    def last_seen_us(self) -> int | None:
        with self.store.read() as db:
            watch = watches.get_by_person(db, PERSON)
        assert watch is not None
        return watch.last_seen_us

    def _say(self, message: UpMessage) -> list[DownMessage]:
        return self.store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=self.now_us()))

    def _hear(self, answer: DownMessage) -> None:
        if isinstance(answer, Welcome):
            assert self.journal.apply_welcome(answer.epoch, answer.high, answer.hash).settled
            assert not (self.journal.take_back(answer.left) and self.told()), "the watch must wait for what comes"
        elif isinstance(answer, Ack):
            assert self.journal.apply_ack(answer.epoch, answer.high, answer.hash).settled
        else:
            assert not isinstance(answer, Replay), "nothing is missing on this network"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = Pair(tmp_path)
    yield pair
    pair.close()


def test_what_the_agent_keeps_comes_again_once_and_the_ack_goes_back_for_it(pair: Pair) -> None:
    pair.see(100)
    pair.drain()
    path = pair.back_up()
    pair.see(150)
    pair.drain()
    before = pair.places(), pair.last_seen_us()
    assert pair.journal.position().acked == 250
    pair.restore(path)
    assert pair.row().high == 100
    said = pair.drain()
    assert isinstance(said[0], Welcome)
    assert said[0].high == 100, "the hub says what it has, not what it had"
    assert (pair.places(), pair.last_seen_us()) == before
    assert (pair.row().high, pair.row().duplicates, pair.row().lost) == (250, 0, 0)
    assert pair.journal.position().acked == 250


def test_what_the_agent_no_longer_keeps_comes_as_one_tombstone_and_the_rest_behind_it(pair: Pair) -> None:
    pair.see(100)
    pair.drain()
    path = pair.back_up()
    pair.see(50)
    pair.drain()
    pair.clock.advance(KEEP_S + 86400)
    pair.see(150)  # an hour has passed: the journal tidies up, and 1 to 150 are older than it keeps
    pair.drain()
    pair.restore(path)
    pair.drain()
    assert pair.places() == [
        *(("passage", seq) for seq in range(1, 101)),
        ("lost", 101),
        *(("passage", seq) for seq in range(151, 301)),
    ]
    assert (pair.row().high, pair.row().lost) == (300, 50)
    assert pair.journal.position().acked == 300


def test_a_hub_that_is_restored_again_and_again_ends_with_all_of_it(pair: Pair) -> None:
    pair.see(10)
    pair.drain()
    first = pair.back_up()
    pair.clock.advance(1)
    for _ in range(3):
        pair.see(20)
        pair.drain()
        pair.restore(first)
    pair.see(5)
    pair.drain()
    assert pair.places() == [("passage", seq) for seq in range(1, 76)]
    assert pair.row().duplicates == 0


def test_a_hub_without_any_backup_gets_everything_that_is_kept(pair: Pair) -> None:
    empty = pair.back_up()
    pair.see(120)
    pair.drain()
    pair.restore(empty)
    pair.drain()
    assert pair.places() == [("passage", seq) for seq in range(1, 121)]


def test_what_was_acknowledged_before_a_fork_comes_again_too_and_the_watch_waits_for_it(pair: Pair) -> None:
    pair.see(30)
    pair.drain()
    path = pair.back_up()
    pair.see(20)
    pair.drain()
    before = pair.last_seen_us()
    left = pair.journal.position().epoch
    pair.journal.leave_epoch(left)
    pair.drain()
    pair.restore(path)
    (welcome, *_) = pair.drain()
    assert isinstance(welcome, Welcome)
    assert [(held.epoch, held.high) for held in welcome.left] == [(left, 30)]
    assert pair.told()
    assert pair.places() == sorted(
        [("passage", seq) for seq in range(1, 31)] + [("passage", seq) for seq in range(1, 21)], key=lambda row: row[1]
    )
    assert pair.last_seen_us() == before
    assert (pair.row().duplicates, pair.row().lost) == (0, 0)
    pair.drain()
    assert pair.row().high == 20, "once"


def test_what_was_told_lost_before_a_fork_is_told_again(pair: Pair) -> None:
    empty = pair.back_up()
    pair.see(10)
    pair.drain()
    pair.journal.leave_epoch(pair.journal.position().epoch)
    pair.clock.advance(KEEP_S + 86400)
    pair.see(1)
    pair.drain()
    pair.restore(empty)
    pair.drain()
    assert pair.places() == [("passage", 1), ("lost", 2)]
    assert pair.row().lost == 10


def let_go(pair: Pair) -> int:
    """Retention runs; how many passages of people it deleted."""
    ran = Expiry(pair.store, erase=lambda _person: pytest.fail("nobody was removed"), within_s=30).run()
    return ran.rows.get(DataClass.PEOPLE, 0)


def test_what_retention_deleted_comes_back_with_an_older_backup_and_goes_again(pair: Pair) -> None:
    pair.see(20)
    pair.drain()
    path = pair.back_up()
    pair.clock.advance(100 * DAY_S)
    pair.see(5)
    pair.drain()
    assert let_go(pair) == 20
    newest = [("passage", place) for place in range(21, 26)]
    assert pair.places() == newest
    pair.restore(path)
    pair.drain()
    assert pair.places() == [("passage", place) for place in range(1, 26)]  # nothing is told as lost
    assert let_go(pair) == 20
    assert pair.places() == newest


def test_a_backup_from_after_retention_is_restored_and_the_device_tells_the_rest(pair: Pair) -> None:
    pair.see(20)
    pair.drain()
    pair.clock.advance(100 * DAY_S)
    pair.see(5)
    pair.drain()
    let_go(pair)
    path = pair.back_up()
    pair.see(5)
    pair.drain()
    pair.restore(path)
    pair.drain()
    assert pair.places() == [("passage", place) for place in range(21, 31)]


def test_a_device_that_left_an_epoch_whose_events_are_all_gone_tells_nothing_of_it_again(pair: Pair) -> None:
    pair.see(20)
    pair.drain()
    pair.journal.leave_epoch(pair.journal.position().epoch)
    pair.see(1)
    pair.clock.advance(100 * DAY_S)
    pair.see(5)
    pair.drain()
    assert let_go(pair) == 20
    before = pair.places()
    for _ in range(3):
        pair.drain()
    assert pair.places() == before
    assert [kind for kind, _ in before] == ["passage"] * 6
