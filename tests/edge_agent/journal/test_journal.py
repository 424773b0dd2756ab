import logging
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from edge_agent.clock import FakeClock
from edge_agent.errors import JournalError
from edge_agent.journal import Journal, UnfitError, Verdict, read_position, space
from edge_agent.journal.journal import TIDY_EVERY_S
from edge_agent.wire.codec import decode_event, encode_event, event_hash
from edge_agent.wire.messages import Item, LossReason, Lost, Observing, Passage, Watching

DAY_S = 86400.0
Open = Callable[..., Journal]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def open_journal(tmp_path: Path, clock: FakeClock) -> Iterator[Open]:
    """Opens the test's journal; what is still open at the end is closed."""
    opened: list[Journal] = []

    def open_one(*, keep_s: float = 7 * DAY_S, bytes_max: int = 64 << 20, file: str = "journal.sqlite3") -> Journal:
        journal = Journal(tmp_path / file, clock=clock, keep_s=keep_s, bytes_max=bytes_max)
        opened.append(journal)
        return journal

    yield open_one
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_journal: Open) -> Journal:
    return open_journal()


def passage(clock: FakeClock, frames: int = 3) -> Passage:
    clock.advance(0.1)
    return Passage(captured=clock.stamp(), camera="east", duration_ms=1000, frames=frames)


def fill(journal: Journal, clock: FakeClock, count: int) -> list[int]:
    return [journal.append(passage(clock)) for _ in range(count)]


def ack(journal: Journal, high: int) -> Verdict:
    (item,) = journal.unsent(high - 1, limit=1)
    return journal.apply_ack(journal.position().epoch, high, item.hash)


def lost_of(item: Item) -> Lost:
    event = decode_event(bytes(item.event))
    assert isinstance(event, Lost)
    return event


def test_places_count_from_one_without_a_gap_also_over_a_restart(open_journal: Open, clock: FakeClock) -> None:
    first = open_journal()
    assert fill(first, clock, 3) == [1, 2, 3]
    epoch = first.position().epoch
    first.close()
    second = open_journal()
    assert fill(second, clock, 2) == [4, 5]
    assert second.position().epoch == epoch
    assert [item.seq for item in second.unsent(0)] == [1, 2, 3, 4, 5]


def test_what_comes_out_is_byte_for_byte_what_went_in(journal: Journal, clock: FakeClock) -> None:
    event = passage(clock, frames=7)
    journal.append(event)
    (item,) = journal.unsent(0)
    assert decode_event(bytes(item.event)) == event
    assert item.hash == event_hash(bytes(item.event))
    assert journal.unsent(0) == [item]


def test_a_new_journal_has_nothing_and_knows_it(journal: Journal) -> None:
    position = journal.position()
    assert (position.oldest, position.last, position.acked) == (1, 0, 0)
    assert journal.unsent(0) == []


def test_the_file_is_private_and_so_is_its_wal(journal: Journal, clock: FakeClock, tmp_path: Path) -> None:
    fill(journal, clock, 1)
    for name in ("journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3.lock"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600, name


def test_every_commit_reaches_the_disk(journal: Journal) -> None:
    assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert journal._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_second_process_is_refused_in_plain_words(journal: Journal, tmp_path: Path) -> None:
    assert journal.position().last == 0
    code = (
        "import sys; from pathlib import Path\n"
        "from edge_agent.journal import Journal; from edge_agent.clock import FakeClock\n"
        "Journal(Path(sys.argv[1]), clock=FakeClock())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "journal.sqlite3")], capture_output=True, text=True, check=False
    )
    assert other.returncode == 1
    assert "another edge-agent is using this journal" in other.stderr


def test_the_lock_is_free_again_after_closing(open_journal: Open) -> None:
    open_journal().close()
    open_journal()


def test_an_ack_with_our_own_hash_moves_the_mark_and_deletes_nothing(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 5)
    assert ack(journal, 3) is Verdict.SETTLED
    assert journal.position().acked == 3
    assert len(journal.unsent(0)) == 5


def test_an_older_ack_changes_nothing(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 5)
    ack(journal, 4)
    assert ack(journal, 2) is Verdict.STALE
    assert journal.position().acked == 4


def test_the_word_about_another_epoch_changes_nothing(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 2)
    before = journal.position()
    assert journal.apply_ack("0" * 32, 2, "0" * 64) is Verdict.STALE
    assert journal.apply_welcome("0" * 32, 9, "0" * 64) is Verdict.STALE
    assert journal.position() == before


@pytest.mark.parametrize("high", [2, 4, 9])
def test_another_hash_or_an_unknown_place_begins_a_new_epoch_and_journals_the_rest_again(
    journal: Journal, clock: FakeClock, high: int, caplog: pytest.LogCaptureFixture
) -> None:
    fill(journal, clock, 5)
    ack(journal, 3)
    before = journal.unsent(3)
    old = journal.position().epoch
    assert journal.apply_ack(old, high, "0" * 64) is Verdict.FORKED
    position = journal.position()
    assert position.epoch != old
    assert (position.oldest, position.last, position.acked) == (1, 2, 0)
    after = journal.unsent(0)
    assert [item.seq for item in after] == [1, 2]
    assert [bytes(item.event) for item in after] == [bytes(item.event) for item in before]
    assert "copied or restored card" in caplog.text
    assert journal.append(passage(clock)) == 3


def test_a_cloned_card_ends_with_every_event_of_both_somewhere(
    open_journal: Open, clock: FakeClock, tmp_path: Path
) -> None:
    original = open_journal()
    fill(original, clock, 2)
    ack(original, 2)
    original._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (tmp_path / "clone.sqlite3").write_bytes((tmp_path / "journal.sqlite3").read_bytes())
    clone = open_journal(file="clone.sqlite3")
    fill(original, clock, 2)
    fill(clone, clock, 3)
    ack(original, 4)  # the hub takes the original's 3 and 4; the clone hears of it
    (theirs,) = original.unsent(3)
    verdict = clone.apply_welcome(clone.position().epoch, 4, theirs.hash)
    assert verdict is Verdict.FORKED
    assert clone.position().last == 3
    assert len(clone.unsent(0)) == 3


def test_a_hub_that_knows_more_than_we_do_begins_a_new_epoch(journal: Journal) -> None:
    assert journal.apply_welcome(journal.position().epoch, 7, "0" * 64) is Verdict.FORKED
    assert journal.position().last == 0


def test_a_hub_restored_from_a_backup_gets_everything_again(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 5)
    ack(journal, 5)
    (second,) = journal.unsent(1, limit=1)
    assert journal.apply_welcome(journal.position().epoch, 2, second.hash) is Verdict.SETTLED
    assert journal.position().acked == 2
    assert [item.seq for item in journal.unsent(2)] == [3, 4, 5]
    assert journal.apply_welcome(journal.position().epoch, 0, None) is Verdict.SETTLED
    assert journal.position().acked == 0


def test_acknowledged_events_go_after_seven_days_and_a_tombstone_answers_for_them(
    open_journal: Open, clock: FakeClock
) -> None:
    journal = open_journal()
    fill(journal, clock, 6)
    ack(journal, 4)
    clock.advance(7 * DAY_S + 1)
    journal.append(passage(clock))
    position = journal.position()
    assert (position.oldest, position.last, position.acked) == (5, 7, 4)
    items = journal.unsent(0)
    assert [item.seq for item in items] == [1, 5, 6, 7]
    assert lost_of(items[0]) == Lost(first_seq=1, last_seq=4, counts={"passage": 4}, reason=LossReason.EXPIRED)


def test_just_before_seven_days_everything_is_there(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 3)
    ack(journal, 3)
    clock.advance(7 * DAY_S - 1)
    journal.append(passage(clock))
    assert journal.position().oldest == 1


def test_what_is_not_acknowledged_never_expires(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 3)
    clock.advance(100 * DAY_S)
    journal.append(passage(clock))
    assert [item.seq for item in journal.unsent(0)] == [1, 2, 3, 4]


def test_an_ack_by_a_wrong_clock_does_not_count_as_old(open_journal: Open, clock: FakeClock) -> None:
    journal = open_journal()
    clock.synced = False
    clock.wall_us = 1_000_000  # 1970
    fill(journal, clock, 3)
    ack(journal, 3)
    clock.wall_us, clock.synced = 1_800_000_000_000_000, True
    clock.advance(3601)
    journal.append(passage(clock))
    assert journal.position().oldest == 1
    clock.advance(7 * DAY_S + 1)
    journal.append(passage(clock))
    assert journal.position().oldest == 4


def test_an_unsynchronised_clock_removes_nothing(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 3)
    ack(journal, 3)
    clock.synced = False
    clock.advance(30 * DAY_S)
    journal.append(passage(clock))
    assert journal.position().oldest == 1


def test_a_replay_request_below_the_oldest_begins_exactly_where_it_was_asked(
    open_journal: Open, clock: FakeClock
) -> None:
    journal = open_journal()
    fill(journal, clock, 10)
    ack(journal, 8)
    clock.advance(8 * DAY_S)
    journal.append(passage(clock))
    item = journal.unsent(5, limit=1)[0]
    assert (item.seq, lost_of(item).last_seq, lost_of(item).counts) == (6, 8, {"passage": 3})
    assert [i.seq for i in journal.unsent(5)] == [6, 9, 10, 11]


def test_a_tombstone_once_told_stays_the_same_while_more_expires(open_journal: Open, clock: FakeClock) -> None:
    journal = open_journal()
    fill(journal, clock, 4)
    ack(journal, 4)
    clock.advance(8 * DAY_S)
    fill(journal, clock, 4)
    told = journal.unsent(0)[0]
    (eighth,) = journal.unsent(7, limit=1)
    journal.apply_ack(journal.position().epoch, 8, eighth.hash)
    clock.advance(4 * DAY_S)
    assert journal.unsent(0)[0] == told
    journal.append(passage(clock))
    assert journal.unsent(0)[0] == told


def test_an_acked_tombstone_that_grew_old_is_merged_with_what_expired_later(
    open_journal: Open, clock: FakeClock
) -> None:
    journal = open_journal()
    fill(journal, clock, 4)
    ack(journal, 4)
    clock.advance(8 * DAY_S)
    fill(journal, clock, 4)
    assert lost_of(journal.unsent(0)[0]).last_seq == 4
    ack(journal, 8)
    clock.advance(8 * DAY_S)
    journal.append(passage(clock))
    (merged, last) = journal.unsent(0)
    assert (lost_of(merged).first_seq, lost_of(merged).last_seq, last.seq) == (1, 8, 9)


def test_a_full_journal_drops_the_oldest_acknowledged_first_and_says_so(
    open_journal: Open, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    journal = open_journal(bytes_max=100_000)
    fill(journal, clock, 200)
    ack(journal, 150)
    with caplog.at_level(logging.WARNING):
        while journal.position().oldest == 1:
            fill(journal, clock, 10)
    assert re.search(r"removed (\d+) acknowledged events \(1 to \1\)", caplog.text)
    assert "LOST" not in caplog.text
    assert lost_of(journal.unsent(0)[0]).reason is LossReason.EXPIRED


def test_when_only_unacknowledged_ones_are_left_the_oldest_go_and_a_loss_record_stands_there(
    open_journal: Open, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    journal = open_journal(bytes_max=100_000)
    fill(journal, clock, 500)
    assert "LOST" in caplog.text
    items = journal.unsent(0, limit=5000)
    first = lost_of(items[0])
    assert first.reason is LossReason.SPACE
    assert first.counts == {"passage": first.last_seq}
    assert [item.seq for item in items[1:]] == list(range(first.last_seq + 1, 501)), "no place is missing"
    assert journal._db.execute("PRAGMA page_count").fetchone()[0] * 4096 < 200_000


def test_an_ack_of_a_place_whose_event_is_gone_is_believed_by_its_hash(open_journal: Open, clock: FakeClock) -> None:
    journal = open_journal(bytes_max=100_000)
    events = [passage(clock) for _ in range(500)]
    for event in events:
        journal.append(event)
    epoch = journal.position().epoch
    tombstone = journal.unsent(0, limit=1)[0]
    last = lost_of(tombstone).last_seq
    taken = event_hash(encode_event(events[last - 2]))  # before it was dropped; its ack came late
    assert journal.apply_ack(epoch, last - 1, taken) is Verdict.SETTLED
    assert journal.apply_ack(epoch, last, tombstone.hash) is Verdict.SETTLED
    assert journal.position().acked == last
    assert journal.apply_welcome(epoch, last - 1, taken) is Verdict.SETTLED
    assert journal.apply_welcome(epoch, last - 1, "0" * 64) is Verdict.FORKED


def test_a_fork_takes_tombstones_along(open_journal: Open, clock: FakeClock) -> None:
    journal = open_journal(bytes_max=100_000)
    fill(journal, clock, 500)
    before = journal.unsent(0, limit=5000)
    lost = lost_of(before[0])
    assert journal.apply_welcome(journal.position().epoch, 5000, "0" * 64) is Verdict.FORKED
    after = journal.unsent(0, limit=5000)
    assert lost_of(after[0]) == lost
    assert [bytes(i.event) for i in after] == [bytes(i.event) for i in before]


def test_a_damaged_event_becomes_a_loss_record_and_the_rest_goes_on(
    journal: Journal, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    fill(journal, clock, 3)
    journal._db.execute("UPDATE event SET raw = x'7b7d' WHERE seq = 2")
    items = journal.unsent(0)
    assert [item.seq for item in items] == [1, 2, 3]
    assert lost_of(items[1]) == Lost(first_seq=2, last_seq=2, counts={"passage": 1}, reason=LossReason.DAMAGED)
    assert "event 2 are damaged" in caplog.text


def test_a_hole_that_nobody_remembers_is_told_as_damage(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 5)
    journal._db.execute("DELETE FROM event WHERE seq IN (2, 3, 5)")
    items = journal.unsent(0)
    assert [item.seq for item in items] == [1, 2, 4, 5]
    assert lost_of(items[1]) == Lost(first_seq=2, last_seq=3, counts={"unknown": 2}, reason=LossReason.DAMAGED)


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_with_a_new_epoch_and_said_so(
    open_journal: Open, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(content)
    journal = open_journal()
    assert journal.append(passage(clock)) == 2, "the first event tells of it"
    (aside,) = tmp_path.glob("journal.sqlite3.damaged-*")
    assert aside.read_bytes() == content
    assert "set aside" in caplog.text


def test_a_page_damaged_in_the_middle_is_noticed(open_journal: Open, clock: FakeClock, tmp_path: Path) -> None:
    journal = open_journal()
    fill(journal, clock, 300)
    epoch = journal.position().epoch
    journal.close()
    file = tmp_path / "journal.sqlite3"
    content = bytearray(file.read_bytes())
    content[5 * 4096 : 12 * 4096] = b"\xa5" * 7 * 4096
    file.write_bytes(content)
    assert open_journal().position().epoch != epoch
    assert list(tmp_path.glob("journal.sqlite3.damaged-*"))


def test_a_journal_of_a_newer_version_is_left_alone(open_journal: Open, tmp_path: Path) -> None:
    journal = open_journal()
    journal._db.execute("PRAGMA user_version = 99")
    journal.close()
    with pytest.raises(JournalError, match="newer edge-agent"):
        open_journal()
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_place_that_cannot_be_written_is_said_in_words(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "journal.sqlite3").mkdir()
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "journal.sqlite3", clock=clock)


def test_a_full_disk_raises_stores_nothing_and_burns_no_place(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 1)
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says on a full disk
    with pytest.raises(JournalError, match="full"):
        fill(journal, clock, 1000)
    stored = len(journal.unsent(0, limit=5000))
    assert journal.position().last == stored
    journal._db.execute("PRAGMA max_page_count = 100000")
    assert journal.append(passage(clock)) == stored + 1


def test_tidying_that_fails_never_makes_a_stored_event_look_refused(
    journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(journal, clock, 1)
    clock.advance(2 * TIDY_EVERY_S)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as spoilt:
        spoilt.setattr(space, "expire", full)
        with pytest.raises(JournalError, match="disk is full"):
            journal.append(passage(clock))
        assert journal.position().last == 1, "so whoever tries again makes no double"
    assert fill(journal, clock, 1) == [2]


def test_the_newest_event_of_a_kind_is_found_in_whatever_epoch(journal: Journal, clock: FakeClock) -> None:
    assert journal.newest("passage") is None
    fill(journal, clock, 2)
    last = passage(clock)
    journal.append(last)
    assert journal.newest("passage") == last
    assert journal.leave_epoch(journal.position().epoch).forked
    assert journal.newest("passage") == last
    assert journal.newest("clock_anchor") is None


def test_many_events_are_one_write_to_the_disk_and_stand_in_order(journal: Journal, clock: FakeClock) -> None:
    statements: list[str] = []
    journal._db.set_trace_callback(statements.append)
    events = [passage(clock, frames) for frames in range(1, 51)]
    assert journal.append_all(events) == list(range(1, 51))
    assert journal.append_all([]) == []
    assert statements.count("COMMIT") == 1
    assert [decode_event(bytes(item.event)) for item in journal.unsent(0)] == events


def test_one_event_that_cannot_be_stored_keeps_all_out_and_is_named(journal: Journal, clock: FakeClock) -> None:
    good = [passage(clock) for _ in range(3)]
    now = clock.stamp()
    huge = Observing(camera="east", began=now, ended=now, state=Watching.BLIND, cause="x" * 20_000)
    unwritable = msgspec.structs.replace(good[0], camera="\ud800")
    with pytest.raises(UnfitError) as caught:
        journal.append_all([good[0], huge, good[1], unwritable, good[2]])
    assert set(caught.value.why) == {1, 3}
    assert "too_large" in caught.value.why[1]
    assert journal.position().last == 0
    assert journal.append_all(good) == [1, 2, 3], "without them the others go in"


def test_a_disk_that_refuses_in_the_middle_of_many_takes_none(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 1)
    journal._db.execute(
        "CREATE TRIGGER no BEFORE INSERT ON event WHEN new.seq = 4 BEGIN SELECT RAISE(ABORT, 'disk trouble'); END"
    )
    with pytest.raises(JournalError, match="disk trouble"):
        journal.append_all([passage(clock) for _ in range(5)])
    assert journal.position().last == 1
    journal._db.execute("DROP TRIGGER no")
    assert fill(journal, clock, 1) == [2]


def test_the_oldest_event_that_the_hub_does_not_have_is_known(journal: Journal, clock: FakeClock) -> None:
    assert journal.oldest_unsent() is None
    events = [passage(clock, frames) for frames in (1, 2, 3)]
    journal.append_all(events)
    assert journal.oldest_unsent() == events[0]
    ack(journal, 2)
    assert journal.oldest_unsent() == events[2]
    ack(journal, 3)
    assert journal.oldest_unsent() is None


def test_many_holes_are_closed_with_one_write_to_the_disk(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 90)
    journal._db.execute("DELETE FROM event WHERE seq % 2 = 0")
    statements: list[str] = []
    journal._db.set_trace_callback(statements.append)
    assert [item.seq for item in journal.unsent(0)] == list(range(1, 91))
    assert statements.count("COMMIT") == 1
    statements.clear()
    assert len(journal.unsent(0)) == 90
    assert "COMMIT" not in statements


def test_nothing_is_written_while_nothing_happens(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 5)
    ack(journal, 5)
    before = journal._db.total_changes
    (fifth,) = journal.unsent(4)
    for _ in range(100):
        journal.position()
        journal.unsent(0)
        journal.apply_welcome(journal.position().epoch, 5, fifth.hash)
        journal.apply_ack(journal.position().epoch, 5, fifth.hash)
        clock.advance(60)
    assert journal._db.total_changes == before


def test_a_failed_fork_leaves_the_old_epoch_in_use(journal: Journal, clock: FakeClock) -> None:
    fill(journal, clock, 3)
    before = journal.position()
    journal._db.execute("CREATE TRIGGER no BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'disk trouble'); END")
    with pytest.raises(JournalError, match="disk trouble"):
        journal.apply_ack(before.epoch, 3, "0" * 64)
    assert journal.position() == before


def test_threads_may_append_and_read_at_once(journal: Journal, clock: FakeClock) -> None:
    event = passage(clock)
    seqs: list[int] = []

    def append() -> None:
        seqs.extend(journal.append(event) for _ in range(25))

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        items = journal.unsent(0, limit=1000)
        assert [item.seq for item in items] == list(range(1, len(items) + 1))
    assert sorted(seqs) == list(range(1, 101))


def test_where_it_stands_can_be_read_beside_the_process_that_has_it(
    journal: Journal, clock: FakeClock, tmp_path: Path
) -> None:
    fill(journal, clock, 3)
    ack(journal, 2)
    assert read_position(tmp_path / "journal.sqlite3") == journal.position()


def test_where_nothing_is_no_position_is_read_and_nothing_made(tmp_path: Path) -> None:
    assert read_position(tmp_path / "none.sqlite3") is None
    (tmp_path / "junk.sqlite3").write_bytes(b"junk" * 2000)
    assert read_position(tmp_path / "junk.sqlite3") is None
    assert [path.name for path in tmp_path.iterdir()] == ["junk.sqlite3"]


def test_a_closed_journal_raises_journal_error(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError):
        journal.position()
