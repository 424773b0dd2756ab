"""A damaged journal: set aside, begun anew, and told to the hub once, with all that could still be read of it."""

import random
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sightings import folder_in_memory, known, stranger

from edge_agent.clock import FakeClock
from edge_agent.errors import JournalError
from edge_agent.journal import Journal, Position, set_aside
from edge_agent.journal.database import BLANK_BYTES_MAX
from edge_agent.journal.importance import Importance
from edge_agent.journal.salvage import salvage, tell
from edge_agent.journal.set_aside import SetAside, beside
from edge_agent.wire.codec import decode_event, encode_event
from edge_agent.wire.messages import JournalSetAside

PAGE = 4096
HEADER = 100


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(mono_us=5_000_000)


def spoil(file: Path, start: int, end: int, *, byte: int = 0xA5) -> None:
    content = bytearray(file.read_bytes())
    content[start:end] = bytes([byte]) * (end - start)
    file.write_bytes(content)


def filled(file: Path, clock: FakeClock, *, count: int = 300, acked: int = 0) -> Position:
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([stranger(clock) for _ in range(count)])
        if acked:
            (item,) = journal.unsent(acked - 1, limit=1)
            journal.apply_ack(journal.position().epoch, acked, item.hash)
        return journal.position()


def told(journal: Journal) -> list[JournalSetAside]:
    events = [decode_event(bytes(item.event)) for item in journal.unsent(0, limit=5000)]
    return [event for event in events if isinstance(event, JournalSetAside)]


def test_the_first_event_of_the_new_epoch_tells_what_is_lost(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    before = filled(file, clock, acked=120)
    spoil(file, 9 * PAGE, 14 * PAGE)
    with closing(Journal(file, clock=clock)) as journal:
        (item,) = journal.unsent(0)
        (event,) = told(journal)
        assert item.seq == 1
        assert (event.epoch, event.acked, event.last) == (before.epoch, 120, 300)
        assert event.at == clock.stamp()
        assert event.detail
        assert [event.file] == [path.name for path in beside(file)]
        (rank,) = journal._db.execute("SELECT rank FROM event").fetchone()
        assert rank == Importance.SAFETY
        assert journal.position().epoch != before.epoch
    with closing(Journal(file, clock=clock)) as journal:
        assert told(journal) == [event], "it is told once"


WOUNDS: dict[str, Callable[[Path], object]] = {
    "the header": lambda file: spoil(file, 0, HEADER),
    "the table of tables": lambda file: spoil(file, HEADER, PAGE),
    "everything behind the first pages": lambda file: spoil(file, 8 * PAGE, file.stat().st_size),
    "the end torn off": lambda file: file.write_bytes(file.read_bytes()[: 6 * PAGE + 100]),
}


@pytest.mark.parametrize("wound", WOUNDS)
def test_wherever_it_is_damaged_the_epoch_and_the_marks_are_read_if_they_are_there(
    folder: Path, clock: FakeClock, wound: str
) -> None:
    file = folder / "journal.sqlite3"
    before = filled(file, clock, acked=120)
    WOUNDS[wound](file)
    with closing(Journal(file, clock=clock)) as journal:
        (event,) = told(journal)
    assert (event.epoch, event.acked, event.last) == (before.epoch, 120, 300)


def test_of_several_epochs_the_newest_is_told_also_of_bare_bytes(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    filled(file, clock, count=40, acked=10)
    with closing(Journal(file, clock=clock)) as journal:
        assert journal.apply_welcome(journal.position().epoch, 99, "0" * 64).forked
        newest = journal.position()
    spoil(file, 0, PAGE)
    found = salvage(file)
    assert found is not None
    assert (found.epoch, found.acked, found.last) == (newest.epoch, 0, 30)


def test_marks_that_are_in_the_log_only_are_read_from_there(folder: Path, clock: FakeClock) -> None:
    file, dead = folder / "journal.sqlite3", folder / "dead.sqlite3"
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([stranger(clock) for _ in range(7)])
        for suffix in ("", "-wal"):  # as after a power cut: nothing was moved from the log into the file
            shutil.copy(folder / f"{file.name}{suffix}", folder / f"{dead.name}{suffix}")
    spoil(dead, 0, dead.stat().st_size)
    log = folder / f"{dead.name}-wal"
    spoil(log, 0, 32)  # its header: SQLite takes nothing from it
    content = log.read_bytes()
    with closing(Journal(dead, clock=clock)) as journal:
        (event,) = told(journal)
    assert (event.acked, event.last) == (0, 7)
    (aside,) = beside(dead)
    assert (folder / f"{aside.name}-wal").read_bytes() == content, "it is kept, too"


def test_what_cannot_be_read_is_null(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    file.write_bytes(b"this is no journal" * 1000)
    with closing(Journal(file, clock=clock)) as journal:
        (event,) = told(journal)
    assert (event.epoch, event.acked, event.last) == (None, None, None)


def test_reading_what_is_left_never_raises_writes_nothing_and_leaves_nothing(folder: Path, clock: FakeClock) -> None:
    whole = folder / "whole.sqlite3"
    filled(whole, clock, count=120, acked=50)
    rng = random.Random(11)
    for number in range(150):
        file = folder / f"wounded-{number}.sqlite3"
        content = bytearray(whole.read_bytes())
        for _ in range(rng.randint(1, 4)):
            start = rng.randrange(len(content))
            content[start : start + rng.randint(1, 3 * PAGE)] = rng.randbytes(rng.randint(1, 3 * PAGE))
        file.write_bytes(content)
        event = tell(SetAside(file=file, why="\x00 torn\n" * 100), clock.stamp())
        assert decode_event(encode_event(event)) == event
        assert file.read_bytes() == content
        file.unlink()
    assert {path.name for path in folder.iterdir()} == {"whole.sqlite3", "whole.sqlite3.lock"}


def test_a_long_name_and_a_long_reason_are_cut(clock: FakeClock, folder: Path) -> None:
    event = tell(SetAside(file=folder / ("x" * 220), why="y" * 900), clock.stamp())
    assert (event.file, event.detail) == ("x" * 200, "y" * 200)


class Crashed(BaseException):
    """The power is gone."""


CRASHES = ["set_aside._sync", "set_aside._move", "salvage.tell", "journal.reported"]


@pytest.mark.parametrize("step", CRASHES)
def test_a_crash_at_any_step_of_setting_aside_loses_neither_the_file_nor_its_report(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = folder / "journal.sqlite3"
    before = filled(file, clock, acked=120)
    spoil(file, 9 * PAGE, 14 * PAGE)
    wounded = file.read_bytes()

    def crash(*_: object) -> None:
        raise Crashed

    with monkeypatch.context() as spoilt:
        spoilt.setattr(f"edge_agent.journal.{step}", crash)
        with pytest.raises(Crashed):
            Journal(file, clock=clock)
    for _ in range(2):
        with closing(Journal(file, clock=clock)) as journal:
            (event,) = told(journal)
            assert (event.epoch, event.last) == (before.epoch, 300)
    assert [path.read_bytes() for path in beside(file)] == [wounded]
    assert not list(folder.glob("*.unreported"))


def test_a_crash_between_the_moves_of_the_parts_is_completed(folder: Path, clock: FakeClock) -> None:
    """The log was moved, the file not: opened without its log it would be an older journal, and use places twice."""
    file = folder / "journal.sqlite3"
    with closing(Journal(file, clock=clock)) as journal:
        journal.append_all([stranger(clock) for _ in range(7)])
        content = {suffix: (folder / f"{file.name}{suffix}").read_bytes() for suffix in ("", "-wal")}
    file.write_bytes(content[""])
    (folder / f"{file.name}.damaged-77-wal").write_bytes(content["-wal"])
    (folder / f"{file.name}.damaged-77.unreported").write_text("torn", encoding="utf-8")
    with closing(Journal(file, clock=clock)) as journal:
        (event,) = told(journal)
    assert (event.last, event.detail, event.file) == (7, "torn", "journal.sqlite3.damaged-77")


def test_two_damaged_journals_are_told_of_one_after_the_other(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    for _ in range(2):
        filled(file, clock)
        spoil(file, 9 * PAGE, 14 * PAGE)
    with closing(Journal(file, clock=clock)) as journal:
        assert len(told(journal)) == 1, "the other one was told of in the journal that is now aside"
        assert told(journal)[0].last == 301
    assert len(beside(file)) == 2


def test_nothing_of_another_journal_in_the_same_folder_is_touched(folder: Path, clock: FakeClock) -> None:
    (folder / "j[1].sqlite3.damaged-1.unreported").write_text("torn", encoding="utf-8")
    (folder / "j1.sqlite3.damaged-1").write_bytes(b"of another one")
    with closing(Journal(folder / "j1.sqlite3", clock=clock)) as journal:
        assert told(journal) == []
    assert [path.name for path in beside(folder / "j1.sqlite3")] == ["j1.sqlite3.damaged-1"]
    assert beside(folder / "j[1].sqlite3") == []


def test_where_the_move_is_refused_it_is_said_in_words(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "journal.sqlite3"
    file.write_bytes(b"this is no journal" * 1000)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(set_aside, "_move", refused)
    with pytest.raises(JournalError, match="cannot be set aside: Operation not permitted"):
        Journal(file, clock=clock)


def test_what_is_set_aside_stays_private(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    filled(file, clock)
    spoil(file, 9 * PAGE, 14 * PAGE)
    Journal(file, clock=clock).close()
    assert [stat.S_IMODE(path.stat().st_mode) for path in beside(file)] == [0o600]


def test_a_page_that_is_damaged_while_it_is_in_use_is_noticed_so_that_the_process_can_end(
    folder: Path, clock: FakeClock
) -> None:
    file = folder / "journal.sqlite3"
    before = filled(file, clock)
    with closing(Journal(file, clock=clock)) as journal:
        journal.check()
        spoil(file, 9 * PAGE, 40 * PAGE)
        journal._db.execute("PRAGMA shrink_memory")
        with pytest.raises(JournalError, match="malformed"):
            journal.unsent(0, limit=5000)
        with pytest.raises(JournalError, match="set aside at the next start"):
            journal.check()
    with closing(Journal(file, clock=clock)) as journal:
        assert told(journal)[0].epoch == before.epoch
        assert journal.append(known(clock)) == 2
        journal.check()


@pytest.mark.parametrize("size", [0, 1, PAGE, BLANK_BYTES_MAX])
@pytest.mark.parametrize("log", [None, b"", bytes(32)])
def test_a_file_that_the_power_cut_left_empty_or_all_zeros_is_new_and_nothing_is_told(
    folder: Path, clock: FakeClock, size: int, log: bytes | None
) -> None:
    """As it is when it was just being made: nothing was ever captured into it."""
    file = folder / "journal.sqlite3"
    file.write_bytes(bytes(size))
    if log is not None:
        (folder / "journal.sqlite3-wal").write_bytes(log)
    with closing(Journal(file, clock=clock)) as journal:
        assert journal.position().last == 0
        assert journal.append(stranger(clock)) == 1
    assert beside(file) == []


def test_zeros_beside_a_log_that_holds_something_or_too_many_of_them_are_damage(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    file.write_bytes(bytes(PAGE))
    (folder / "journal.sqlite3-wal").write_bytes(bytes(PAGE) + b"an event?")
    with closing(Journal(file, clock=clock)) as journal:
        assert len(told(journal)) == 1
    file.write_bytes(bytes(BLANK_BYTES_MAX + 1))
    with closing(Journal(file, clock=clock)) as journal:
        assert len(told(journal)) == 1
    assert len(beside(file)) == 2
