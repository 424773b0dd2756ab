"""Epochs that a fork has left: what the hub acknowledged in them comes again, should the hub lose it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sightings import folder_in_memory, stranger, watched

from edge_agent.clock import FakeClock
from edge_agent.errors import JournalError
from edge_agent.journal import Journal, Verdict, space, tombstone, trail
from edge_agent.journal.status import read_status
from edge_agent.wire.codec import decode_event
from edge_agent.wire.messages import HeldEpoch, Item, LeftEpoch, LossReason, Lost

DAY_S = 86400.0
WRONG = "f" * 64


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def file() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder / "journal.sqlite3"


@pytest.fixture
def journal(file: Path, clock: FakeClock) -> Iterator[Journal]:
    with closing(Journal(file, clock=clock)) as journal:
        yield journal


def leave(journal: Journal, clock: FakeClock, *, acked: int, more: int = 0) -> tuple[LeftEpoch, list[Item]]:
    """So many events that the hub acknowledges, some more, and the fork; the epoch, and its acknowledged items."""
    for _ in range(acked + more):
        clock.advance(0.1)
        journal.append(stranger(clock))
    items = journal.unsent(0, limit=acked)
    epoch = journal.position().epoch
    if acked:
        assert journal.apply_ack(epoch, acked, items[-1].hash).settled
    assert journal.leave_epoch(epoch) is Verdict.FORKED
    return LeftEpoch(epoch=epoch, acked=acked), items


def bodies(items: list[Item]) -> list[bytes]:
    return [bytes(item.event) for item in items]


def losses(items: list[Item]) -> list[Lost]:
    events = [decode_event(bytes(item.event)) for item in items]
    return [event for event in events if isinstance(event, Lost)]


def holds(left: LeftEpoch, items: list[Item], high: int) -> HeldEpoch:
    """What an honest hub says that has all up to `high`."""
    return HeldEpoch(epoch=left.epoch, high=high, hash=items[high - 1].hash if high else None)


def test_an_epoch_in_which_the_hub_acknowledged_something_is_spoken_of_the_oldest_first(
    journal: Journal, clock: FakeClock
) -> None:
    assert journal.left() == []
    first, _ = leave(journal, clock, acked=3, more=2)
    journal.leave_epoch(journal.position().epoch)  # nothing was acknowledged in it: all of it has gone on
    items = journal.unsent(0)
    assert len(items) == 2
    journal.apply_ack(journal.position().epoch, 2, items[1].hash)
    second = LeftEpoch(epoch=journal.position().epoch, acked=2)
    journal.leave_epoch(second.epoch)
    assert journal.left() == [first, second]


def test_while_the_hub_has_it_all_nothing_changes_and_nothing_is_written(journal: Journal, clock: FakeClock) -> None:
    left, items = leave(journal, clock, acked=5, more=1)
    before = journal.position(), journal._db.total_changes
    assert journal.take_back([holds(left, items, 5)]) == 0
    assert (journal.position(), journal._db.total_changes) == before


def test_what_the_hub_lost_of_it_follows_behind_the_newest_with_its_bytes_once(
    journal: Journal, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    left, items = leave(journal, clock, acked=5, more=2)
    waiting = bodies(journal.unsent(0))
    answer = holds(left, items, 2)
    assert journal.take_back([answer]) == 3
    assert "less than it once acknowledged (2, not 5)" in caplog.text
    assert bodies(journal.unsent(0)) == waiting + bodies(items[2:])
    assert journal.left() == [LeftEpoch(epoch=left.epoch, acked=2)]
    assert journal.take_back([answer]) == 0, "the same answer, come twice"
    assert journal.take_back([holds(left, items, 5)]) == 0, "an answer of before"
    assert len(journal.unsent(0)) == 5
    assert journal.append(stranger(clock)) == 6
    assert journal.take_back([holds(left, items, 0)]) == 2, "restored once more, from an older one"
    assert bodies(journal.unsent(6)) == bodies(items[:2])
    assert journal.left() == []


@pytest.mark.parametrize("high", [3, 4])
def test_a_hub_with_another_history_gets_all_that_is_kept(journal: Journal, clock: FakeClock, high: int) -> None:
    """Which of the places below agree nobody knows: twice is better than never."""
    left, items = leave(journal, clock, acked=4)
    assert journal.take_back([HeldEpoch(epoch=left.epoch, high=high, hash=WRONG)]) == 4
    assert bodies(journal.unsent(0)) == bodies(items)


def test_what_is_no_more_is_told_as_lost_when_the_hub_lost_it_too(journal: Journal, clock: FakeClock) -> None:
    left, items = leave(journal, clock, acked=4)
    clock.advance(8 * DAY_S)
    journal.append(stranger(clock))
    assert journal.left() == [left], "that they are gone is still known"
    assert journal.take_back([holds(left, items, 4)]) == 0
    assert journal.take_back([holds(left, items, 1)]) == 3
    assert losses(journal.unsent(0)) == [
        Lost(first_seq=2, last_seq=4, counts={"passage": 3}, reason=LossReason.EXPIRED)
    ]


def test_of_what_is_no_more_the_hash_is_still_compared(journal: Journal, clock: FakeClock) -> None:
    left, items = leave(journal, clock, acked=4)
    clock.advance(8 * DAY_S)
    journal.append(stranger(clock))
    assert journal.take_back([holds(left, items, 4)]) == 0
    assert journal.take_back([HeldEpoch(epoch=left.epoch, high=3, hash=WRONG)]) == 4, "another history: all of it"
    assert losses(journal.unsent(0)) == [
        Lost(first_seq=2, last_seq=5, counts={"passage": 4}, reason=LossReason.EXPIRED)
    ]


def test_in_the_newest_epoch_too(journal: Journal, clock: FakeClock) -> None:
    for _ in range(4):
        clock.advance(0.1)
        journal.append(stranger(clock))
    items = journal.unsent(0)
    epoch = journal.position().epoch
    journal.apply_ack(epoch, 4, items[3].hash)
    clock.advance(8 * DAY_S)
    journal.append(stranger(clock))
    assert journal.apply_welcome(epoch, 2, items[1].hash) is Verdict.SETTLED
    lost = journal.unsent(2)[0]
    assert journal.apply_ack(epoch, 4, lost.hash) is Verdict.SETTLED
    assert journal.apply_welcome(epoch, 4, items[3].hash) is Verdict.SETTLED, "restored to before the loss was told"
    assert journal.apply_welcome(epoch, 2, WRONG) is Verdict.FORKED


def test_only_so_many_hashes_are_remembered_and_always_that_of_the_acked_mark(
    file: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "HASHES_MIN", 10)
    with closing(Journal(file, clock=clock, bytes_max=20 * trail.BYTES_PER_HASH)) as journal:
        left, items = leave(journal, clock, acked=3)
        more, _ = leave(journal, clock, acked=60)
        clock.advance(8 * DAY_S)
        journal.append(stranger(clock))
        rows = journal._db.execute("SELECT epoch, last_seq FROM trail ORDER BY epoch, last_seq").fetchall()
        assert rows == [(1, 3), *((2, seq) for seq in range(42, 61))]
        assert journal.take_back([holds(left, items, 3)]) == 0
        assert journal.take_back([holds(left, items, 2)]) == 3, "whose event that is nobody knows any more"
        assert journal.take_back([HeldEpoch(epoch=more.epoch, high=50, hash=WRONG)]) == 60


def test_a_tombstone_that_the_hub_lost_is_made_anew_in_its_new_place(journal: Journal, clock: FakeClock) -> None:
    journal.append_loss({"passage": 5}, LossReason.SPACE)
    (told,) = journal.unsent(0)
    epoch = journal.position().epoch
    journal.apply_ack(epoch, 5, told.hash)
    journal.leave_epoch(epoch)
    journal.append(stranger(clock))
    assert journal.take_back([HeldEpoch(epoch=epoch, high=5, hash=told.hash)]) == 0
    assert journal.take_back([HeldEpoch(epoch=epoch, high=0, hash=None)]) == 5
    (again,) = losses(journal.unsent(0))
    assert again == Lost(first_seq=2, last_seq=6, counts={"passage": 5}, reason=LossReason.SPACE)


def test_several_epochs_come_back_in_the_order_in_which_they_were_left(journal: Journal, clock: FakeClock) -> None:
    first, one = leave(journal, clock, acked=2)
    second, two = leave(journal, clock, acked=3)
    assert journal.take_back([holds(second, two, 0), holds(first, one, 0)]) == 5
    assert bodies(journal.unsent(0)) == bodies(one) + bodies(two)


def test_all_of_them_come_back_or_none(journal: Journal, clock: FakeClock) -> None:
    first, one = leave(journal, clock, acked=2)
    second, two = leave(journal, clock, acked=3)
    journal._db.execute(
        "CREATE TRIGGER no BEFORE UPDATE OF acked ON epoch WHEN old.id = 2 BEGIN SELECT RAISE(ABORT, 'disk'); END"
    )
    with pytest.raises(JournalError):
        journal.take_back([holds(first, one, 0), holds(second, two, 0)])
    assert journal.left() == [first, second]
    assert journal.unsent(0) == []


def test_the_word_about_the_newest_epoch_or_a_strange_one_changes_nothing(journal: Journal, clock: FakeClock) -> None:
    leave(journal, clock, acked=2, more=3)
    newest = journal.position()
    strange = [HeldEpoch(epoch=name, high=0, hash=None) for name in (newest.epoch, "0" * 32)]
    assert journal.take_back(strange) == 0
    assert journal.position() == newest


def test_what_came_back_expires_only_when_the_hub_has_acknowledged_it_again(journal: Journal, clock: FakeClock) -> None:
    left, items = leave(journal, clock, acked=3)
    clock.advance(6 * DAY_S)
    journal.take_back([holds(left, items, 1)])
    clock.advance(6 * DAY_S)
    journal.append(stranger(clock))
    assert losses(journal.unsent(0)) == []
    assert journal.left() == [LeftEpoch(epoch=left.epoch, acked=1)], "the hub was restored: its backups are old"


def test_an_epoch_of_which_nothing_is_known_any_more_is_forgotten(journal: Journal, clock: FakeClock) -> None:
    left, items = leave(journal, clock, acked=2)
    journal.take_back([holds(left, items, 0)])
    clock.advance(2 * 3600)
    journal.append(stranger(clock))
    assert journal._db.execute("SELECT count(*) FROM epoch").fetchone() == (1,)


def test_of_very_many_epochs_without_events_the_oldest_are_forgotten(
    journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(space, "LEFT_GONE_MAX", 3)
    left = [leave(journal, clock, acked=1)[0] for _ in range(5)]
    clock.advance(8 * DAY_S)
    journal.append(stranger(clock))
    assert journal.left() == left[2:]
    assert "forgot 2 old epochs" in caplog.text
    assert journal._db.execute("SELECT count(*) FROM gone").fetchone() == (3,)


def test_of_an_epoch_that_was_left_not_every_run_is_remembered_by_itself(
    journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tombstone, "LEFT_GONE_MAX", 10)
    for _ in range(20):
        clock.advance(0.1)
        journal.append_all([stranger(clock), watched(clock)])
    left, items = leave(journal, clock, acked=40)
    clock.advance(8 * DAY_S)
    journal.append(stranger(clock))
    assert journal._db.execute("SELECT count(*) FROM gone").fetchone()[0] <= 10
    assert journal.take_back([holds(left, items, 0)]) == 40
    told = losses(journal.unsent(0))
    assert sum(sum(lost.counts.values()) for lost in told) == 40


def test_the_status_counts_the_epochs_of_which_events_are_kept(journal: Journal, clock: FakeClock, file: Path) -> None:
    leave(journal, clock, acked=1)
    assert read_status(file).epochs_left == 1
    clock.advance(8 * DAY_S)
    journal.append(stranger(clock))
    assert read_status(file).epochs_left == 0
