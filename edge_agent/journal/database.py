"""The journal's file: opened, checked, locked. A damaged one is set aside, never written to again."""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.errors import JournalError
from edge_agent.journal import schema
from edge_agent.journal.reading import open_to_read
from edge_agent.journal.set_aside import SetAside, finish_moves, set_aside, unreported

BLANK_BYTES_MAX: Final = 64 << 10  # as much as a journal without events takes, and some more

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A connection, and the damaged journals of which no event tells yet; `set_aside.reported` once one does."""

    db: sqlite3.Connection
    untold: list[SetAside]


def open_database(file: Path) -> Opened:
    """The file with its tables; a damaged one is set aside first. The caller holds `locked`. Raises JournalError."""
    try:
        finish_moves(file)
        return Opened(db=_open_checked(file), untold=unreported(file))
    except OSError as error:
        raise _not_set_aside(file, error) from error
    except _DamagedError as error:
        aside = _give_up(file, str(error))
    try:
        db = _open_checked(file)
    except _DamagedError as error:
        raise JournalError(f"{file}: a new journal cannot be made here: {error}") from error
    return Opened(db=db, untold=[*(other for other in unreported(file) if other.file != aside.file), aside])


def _give_up(file: Path, why: str) -> SetAside:
    try:
        aside = set_aside(file, why)
    except OSError as error:
        raise _not_set_aside(file, error) from error
    log.error("the journal is damaged (%s): set aside as %s, a new one is begun", why, aside.file)
    return aside


def _not_set_aside(file: Path, error: OSError) -> JournalError:
    return JournalError(f"{file}: a damaged journal cannot be set aside: {error.strerror}")


def _open_checked(file: Path) -> sqlite3.Connection:
    _create_private(file)
    _begin_blank(file)
    _check(file)
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


def _check(file: Path) -> None:
    """Raises _DamagedError. Read only: whoever opens a damaged file to write, writes its log away when it closes."""
    try:
        with closing(open_to_read(file)) as db:
            verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:  # the disk or the rights, not the content
        raise JournalError(f"{file}: the journal cannot be opened: {error}") from error
    except sqlite3.DatabaseError as error:
        raise _DamagedError(str(error)) from error
    if verdict != "ok":
        raise _DamagedError(verdict)


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


def _begin_blank(file: Path) -> None:
    """Empty a file of zeros: the power failed while it was made, when there was no event yet.

    Where there is a log it is judged with the file: what was taken may be in it. A large one is a card that forgets.
    """
    log_file = file.with_name(f"{file.name}-wal")
    try:
        if not 0 < file.stat().st_size <= BLANK_BYTES_MAX or any(file.read_bytes()):
            return
        if log_file.exists() and any(log_file.read_bytes()):
            return
        log.info("the journal was never finished (%s is all zeros): it is begun anew", file)
        descriptor = os.open(file, os.O_RDWR | os.O_TRUNC | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
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
    if version > schema.SCHEMA_VERSION:
        raise JournalError(
            f"{file}: made by a newer edge-agent (schema {version}, this one knows {schema.SCHEMA_VERSION})"
        )
    if version == 0:
        schema.create(connection)
    elif version < schema.SCHEMA_VERSION:
        log.info("the journal is of version %d: it is brought to %d", version, schema.SCHEMA_VERSION)
        schema.migrate(connection, version)
