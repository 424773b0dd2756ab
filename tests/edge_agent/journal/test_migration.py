"""A journal as version 1 wrote it, opened by this version: nothing of it is lost, and all has its importance."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sightings import anchor, folder_in_memory, known, stranger, vehicle, watched

from edge_agent.clock import FakeClock
from edge_agent.errors import JournalError
from edge_agent.journal import Journal, Verdict, read_position, schema
from edge_agent.journal.importance import Importance
from edge_agent.wire.codec import encode_event, event_hash
from edge_agent.wire.messages import Event, LossReason, Lost, PlateVerdict

EPOCH = "0123456789abcdef" * 2
VERSION_1 = """
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    last INTEGER NOT NULL DEFAULT 0,
    acked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE event (
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE gone (
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (epoch, first_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE ack (
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    high INTEGER NOT NULL,
    wall_us INTEGER,
    PRIMARY KEY (epoch, high)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def events_of_all_sorts(clock: FakeClock) -> list[Event]:
    reads = [
        vehicle(clock, verdict) for verdict in (PlateVerdict.KNOWN, PlateVerdict.UNKNOWN, PlateVerdict.UNSURE, None)
    ]
    return [stranger(clock), known(clock), *reads, watched(clock), anchor(clock), known(clock)]


def write_version_1(file: Path, events: list[Event], *, acked: int) -> list[bytes]:
    """With a tombstone for places 1 to 3 before the events, and one event of an epoch that was left; the bytes."""
    tombstone = encode_event(Lost(first_seq=1, last_seq=3, counts={"passage": 3}, reason=LossReason.EXPIRED))
    raws = [tombstone, *map(encode_event, events)]
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(VERSION_1)
        db.execute("INSERT INTO epoch VALUES (1, ?, 1, 1)", ("f" * 32,))
        db.execute("INSERT INTO epoch VALUES (2, ?, ?, ?)", (EPOCH, 3 + len(events), acked))
        db.execute("INSERT INTO gone VALUES (2, 1, 3, 'passage', 'expired')")
        db.execute("INSERT INTO ack VALUES (2, ?, NULL)", (acked,))
        rows = [(2, 1, 3, "lost", event_hash(tombstone), tombstone)]
        rows += [
            (2, 4 + at, 4 + at, str(event.__struct_config__.tag), event_hash(raw), raw)
            for at, (event, raw) in enumerate(zip(events, raws[1:], strict=True))
        ]
        rows.append((1, 1, 1, "passage", event_hash(b"{}"), b"{}"))
        db.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
        db.commit()
    return raws


def test_every_event_of_version_1_is_there_byte_for_byte_and_in_its_place(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    raws = write_version_1(file, events_of_all_sorts(clock), acked=5)
    before = read_position(file)
    with closing(Journal(file, clock=clock)) as journal:
        assert journal.position() == before
        assert [bytes(item.event) for item in journal.unsent(0)] == raws
        assert [item.seq for item in journal.unsent(3)] == list(range(4, 13))
        (ninth,) = journal.unsent(8, limit=1)
        assert journal.apply_ack(EPOCH, 9, ninth.hash) is Verdict.SETTLED
        assert journal.append(stranger(clock)) == 13
        assert journal._db.execute("PRAGMA user_version").fetchone()[0] == schema.SCHEMA_VERSION
    with closing(Journal(file, clock=clock)) as journal:
        assert journal.position().last == 13


def test_every_event_of_version_1_gets_the_importance_that_it_has_today(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    write_version_1(file, events_of_all_sorts(clock), acked=0)
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE event SET raw = x'7b7d' WHERE seq = 12")  # what cannot be read cannot be judged
        db.commit()
    with closing(Journal(file, clock=clock)) as journal:
        ranks = journal._db.execute("SELECT rank FROM event WHERE epoch = 2 ORDER BY seq").fetchall()
    counts, ordinary, safety, tombstone = Importance
    reads = [ordinary, counts, ordinary, counts]
    assert [rank for (rank,) in ranks] == [tombstone, counts, safety, *reads, safety, safety, safety]


def test_a_migrated_journal_has_the_tables_of_a_new_one(folder: Path, clock: FakeClock) -> None:
    write_version_1(folder / "old.sqlite3", [], acked=0)
    tables = []
    for name in ("old.sqlite3", "new.sqlite3"):
        with closing(Journal(folder / name, clock=clock)) as journal:
            rows = journal._db.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name")
            tables.append([(kind, name, " ".join(sql.replace('"', "").split())) for kind, name, sql in rows])
    without_comments = [[(kind, name) for kind, name, _ in found] for found in tables]
    assert without_comments[0] == without_comments[1]
    assert [row for row in tables[0] if row[1].startswith("event")] == [
        row for row in tables[1] if row[1].startswith("event")
    ]


def test_a_journal_of_version_2_goes_on_and_remembers_hashes_from_now_on(folder: Path, clock: FakeClock) -> None:
    file = folder / "journal.sqlite3"
    with closing(Journal(file, clock=clock)) as journal:
        seq = journal.append(stranger(clock))
        journal._db.executescript("DROP TABLE trail; PRAGMA user_version = 2")
    with closing(Journal(file, clock=clock)) as journal:
        (item,) = journal.unsent(0)
        assert item.seq == seq
        assert journal.apply_ack(journal.position().epoch, seq, item.hash) is Verdict.SETTLED
        clock.advance(8 * 86400)
        journal.append(stranger(clock))
        assert journal._db.execute("SELECT * FROM trail").fetchall() == [(1, seq, item.hash)]


def test_a_migration_that_fails_leaves_the_old_file_as_it_was(
    folder: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "journal.sqlite3"
    raws = write_version_1(file, events_of_all_sorts(clock), acked=5)

    def full(_raw: bytes) -> Importance:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as spoilt:
        spoilt.setattr(schema, "importance_of", full)
        with pytest.raises(JournalError, match="disk is full"):
            Journal(file, clock=clock)
    assert [path.name for path in folder.glob("*.damaged-*")] == []
    with closing(Journal(file, clock=clock)) as journal:
        assert [bytes(item.event) for item in journal.unsent(0)] == raws
