"""The journal's tables, and how an older file comes to have them."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from edge_agent.journal.importance import Importance, importance_of

SCHEMA_VERSION: Final = 3

_EVENT: Final = """
CREATE TABLE event (
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,       -- differs from seq for a tombstone only
    rank INTEGER NOT NULL,           -- an Importance. Those of one rank lie together: what goes first frees whole pages
    kind TEXT NOT NULL,              -- 'lost' is a tombstone as it was sent; what it stands for is in `gone`
    hash TEXT NOT NULL,
    raw BLOB NOT NULL,               -- encoded once, never again
    PRIMARY KEY (rank, epoch, seq)
) STRICT, WITHOUT ROWID
"""

_EVENT_PLACE: Final = "CREATE UNIQUE INDEX event_place ON event (epoch, seq)"

_TRAIL: Final = """
CREATE TABLE trail (                 -- hashes of items that are no more: see trail.py
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    last_seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (epoch, last_seq, hash)
) STRICT, WITHOUT ROWID
"""

_TABLES: Final = f"""
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY,          -- the highest is the one in use
    name TEXT NOT NULL UNIQUE,       -- 128 random bits, hex
    last INTEGER NOT NULL DEFAULT 0, -- the highest place given
    acked INTEGER NOT NULL DEFAULT 0 -- the hub has it, and all below, on its disk; checked against our own hash
) STRICT;
{_EVENT};
{_EVENT_PLACE};
CREATE TABLE gone (                  -- runs of places whose bytes are no more
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (epoch, first_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE ack (                   -- when the acked mark stood where; wall_us is NULL while the clock is not trusted
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    high INTEGER NOT NULL,
    wall_us INTEGER,
    PRIMARY KEY (epoch, high)
) STRICT, WITHOUT ROWID;
{_TRAIL};
"""


def create(db: sqlite3.Connection) -> None:
    db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring the tables of an older version to this one, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    try:
        if version < 2:
            _give_ranks(db)
        if version < 3:
            db.execute(_TRAIL)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _give_ranks(db: sqlite3.Connection) -> None:
    """Version 1 knew no importance: each event is read for it."""
    db.execute("ALTER TABLE event RENAME TO event_1")
    db.execute(_EVENT)
    db.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", _ranked(db))
    db.execute(_EVENT_PLACE)
    db.execute("DROP TABLE event_1")


def _ranked(db: sqlite3.Connection) -> Iterator[tuple[int, int, int, int, str, str, bytes]]:
    rows = db.execute("SELECT epoch, seq, last_seq, kind, hash, raw FROM event_1 ORDER BY epoch, seq")
    for epoch, seq, last_seq, kind, digest, raw in rows:
        rank = Importance.TOMBSTONE if kind == "lost" else importance_of(raw)
        yield epoch, seq, last_seq, rank, kind, digest, raw
