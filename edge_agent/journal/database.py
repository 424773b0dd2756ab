"""The journal's file: opened, checked, locked. A damaged one is set aside, never written to again."""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.errors import JournalError

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY,          -- the highest is the one in use
    name TEXT NOT NULL UNIQUE,       -- 128 random bits, hex
    last INTEGER NOT NULL DEFAULT 0, -- the highest place given
    acked INTEGER NOT NULL DEFAULT 0 -- the hub has it, and all below, on its disk; checked against our own hash
) STRICT;
CREATE TABLE event (
    epoch INTEGER NOT NULL REFERENCES epoch(id),
    seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,       -- differs from seq for a tombstone only
    kind TEXT NOT NULL,              -- 'lost' is a tombstone as it was sent; what it stands for is in `gone`
    hash TEXT NOT NULL,
    raw BLOB NOT NULL,               -- encoded once, never again
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;
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
"""

log = logging.getLogger(__name__)


class _DamagedError(Exception):
    """The file is no journal, or no longer a whole one."""


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the journal for this process alone. Raises JournalError when another one has it, or none can be here."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file.with_name(file.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(f"{file}: no journal can be kept here: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise JournalError(f"{file}: another edge-agent is using this journal") from error
    try:
        yield
    finally:
        os.close(descriptor)  # which unlocks; the lock file stays, for removing it would race with the next holder


def open_database(file: Path) -> sqlite3.Connection:
    """A connection with the journal's tables. The caller holds `locked`. Raises JournalError."""
    try:
        return _open_checked(file)
    except _DamagedError as error:
        aside = _set_aside(file)
        log.error("the journal is damaged (%s): set aside as %s, a new one is begun", error, aside)  # noqa: TRY400
    try:
        return _open_checked(file)
    except _DamagedError as error:
        raise JournalError(f"{file}: a new journal cannot be made here: {error}") from error


def _open_checked(file: Path) -> sqlite3.Connection:
    _create_private(file)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        _configure(connection, file)
        _migrate(connection, file)
    except sqlite3.OperationalError as error:  # the disk or the rights, not the content
        connection.close()
        raise JournalError(f"{file}: the journal cannot be opened: {error}") from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _DamagedError(str(error)) from error
    except (JournalError, _DamagedError):
        connection.close()
        raise
    return connection


def _create_private(file: Path) -> None:
    """Make the file with 0600, which SQLite then gives to its WAL too, and make its name survive a power cut."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise JournalError(f"{file}: the journal cannot be opened: {error.strerror}") from error


def _configure(connection: sqlite3.Connection, file: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise JournalError(f"{file}: this file system cannot hold a journal (mode {mode}, not wal): use a local disk")
    connection.execute("PRAGMA synchronous = FULL")  # NORMAL made 2 fsyncs for 100 commits: a power cut loses the rest
    connection.execute("PRAGMA foreign_keys = ON")
    if connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise JournalError(f"{file}: SQLite does not do synchronous = FULL here")


def _migrate(connection: sqlite3.Connection, file: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalError(f"{file}: made by a newer edge-agent (schema {version}, this one knows {SCHEMA_VERSION})")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _DamagedError(verdict)
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def _set_aside(file: Path) -> Path:
    """Rename the file and its companions, so that a person can look at them; gives the new name of the first."""
    stamp = f"damaged-{time.time_ns()}"
    for suffix in ("-wal", "-shm", ""):
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(file.with_name(f"{file.name}.{stamp}{suffix}"))
    return file.with_name(f"{file.name}.{stamp}")
