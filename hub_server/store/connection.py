"""SQLite connections the way the store needs them: WAL, FULL, foreign keys, no transaction that we did not begin."""

import os
import sqlite3
from pathlib import Path

from sqlite_utils import Database

_BUSY_TIMEOUT_MS = 5000
_FULL = 2  # what PRAGMA synchronous answers for FULL
_READER_CACHE_KIB = 512


def open_writer(path: Path) -> Database:
    """The one connection that writes and checkpoints; creates the file, readable by its owner only."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)  # SQLite gives its -wal and -shm files the same mode
    db = _database(f"{path.absolute().as_uri()}?mode=rw")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA secure_delete = ON")  # who is erased must not lie about in free pages
    _settle(db)
    return db


def open_reader(path: Path) -> Database:
    """A connection that cannot write and never checkpoints. It may move between threads, one at a time."""
    db = _database(f"{path.absolute().as_uri()}?mode=ro")
    db.execute("PRAGMA query_only = ON")
    db.execute(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")
    _settle(db)
    return db


def open_copy(path: Path) -> Database:
    """A file that nobody writes, such as a backup. Nothing is made beside it."""
    return _database(f"{path.absolute().as_uri()}?mode=ro&immutable=1")


def _database(uri: str) -> Database:
    # isolation_level=None: the sqlite3 module begins nothing by itself, so that a transaction is what we say it is.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    return Database(connection, execute_plugins=False)


def _settle(db: Database) -> None:
    db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")
    _demand(db, "journal_mode", "wal")
    _demand(db, "synchronous", _FULL)
    _demand(db, "foreign_keys", 1)


def _demand(db: Database, pragma: str, wanted: str | int) -> None:
    (value,) = db.execute(f"PRAGMA {pragma}").fetchone()
    if value != wanted:
        raise sqlite3.OperationalError(f"PRAGMA {pragma} is {value!r}; the store needs {wanted!r}")
