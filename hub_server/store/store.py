"""One process's hold on a data directory."""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from hub_server.store.changes import Changes
from hub_server.store.connection import open_writer
from hub_server.store.disk import disk_trouble
from hub_server.store.errors import DataFolderError
from hub_server.store.lock import DirectoryLock
from hub_server.store.migrations import migrate
from hub_server.store.readers import Readers
from hub_server.store.writer import Writer

T = TypeVar("T")


def now_us() -> int:
    """This machine's wall clock, integer microseconds UTC."""
    return time.time_ns() // 1000


def _lock(data_dir: Path) -> DirectoryLock:
    """Makes the folder ours alone, and takes its lock."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = data_dir.stat().st_uid
        if owner != os.geteuid():
            raise DataFolderError(f"{data_dir} belongs to another user (uid {owner}): run this as that user")
        data_dir.chmod(0o700)
        return DirectoryLock(data_dir)
    except OSError as error:
        raise DataFolderError(f"the data folder {data_dir} cannot be used: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


class Store:
    """The hub's memory. Make it with `Store.open`; one for a process."""

    def __init__(self, *, lock: DirectoryLock, db: Database, path: Path, clock: Callable[[], int]) -> None:
        self.data_dir = path.parent
        self.changes = Changes()
        self._path = path
        self._lock = lock
        self._clock = clock
        self._writer = Writer(db, self.changes)
        self._readers = Readers(path)

    @classmethod
    def open(cls, data_dir: Path, *, clock: Callable[[], int] = now_us) -> "Store":
        """Takes the lock, opens or creates the database, brings it up to date.

        Raises StoreBusyError when another process holds it, StoreTooNewError when a newer version has changed it,
        DataFolderError when the folder or what lies in it cannot be used.
        """
        path = data_dir / "hub.sqlite3"
        lock = _lock(data_dir)
        try:
            db = open_writer(path)
            migrate(db)
        except BaseException as error:
            lock.release()
            if isinstance(error, OSError) or disk_trouble(error) is not None:
                raise DataFolderError(f"{path}: {disk_trouble(error) or _reason(error)}") from error
            raise
        return cls(lock=lock, db=db, path=path, clock=clock)

    @property
    def trouble(self) -> str | None:
        """What keeps the disk from taking writes, in words; None: the last write was taken."""
        return self._writer.trouble

    @property
    def write_age_s(self) -> float:
        """Since the disk last took a write, whoever's."""
        return time.monotonic() - self._writer.wrote_s

    @property
    def writes_waiting(self) -> int:
        """Jobs that wait for their turn, of both kinds."""
        return self._writer.waiting

    @property
    def size_bytes(self) -> int:
        """Of the database and its log on the disk."""
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(path.stat().st_size for path in files if path.exists())

    def probe(self) -> None:
        """Writes a page of nothing: raises StoreFailingError while the disk takes no writes."""
        self.write(lambda db: db.execute("PRAGMA user_version = 0"))

    def now_us(self) -> int:
        return self._clock()

    def write(self, job: Callable[[Database], T], *, urgent: bool = True) -> T:
        """Runs `job` in one transaction on the writer thread; durable on return, rolled back when it raises.

        `urgent` is a person's write and goes ahead of ingest. Raises StoreBusyError, StoreClosedError.
        """
        return self._writer.write(job, urgent=urgent)

    def read(self) -> AbstractContextManager[Database]:
        """A read-only connection of this thread that sees one moment. Raises StoreBusyError, StoreClosedError."""
        return self._readers.read()

    def close(self) -> None:
        """Ends the feed, the readers and the writer, then lets go of the directory."""
        self.changes.close()
        self._readers.close()
        self._writer.close()
        self._lock.release()
