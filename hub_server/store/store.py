"""One process's hold on a data directory."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from hub_server.store.changes import Changes
from hub_server.store.connection import open_writer
from hub_server.store.lock import DirectoryLock
from hub_server.store.migrations import migrate
from hub_server.store.readers import Readers
from hub_server.store.writer import Writer

T = TypeVar("T")


def now_us() -> int:
    """This machine's wall clock, integer microseconds UTC."""
    return time.time_ns() // 1000


class Store:
    """The hub's memory. Make it with `Store.open`; one for a process."""

    def __init__(self, *, lock: DirectoryLock, db: Database, path: Path, clock: Callable[[], int]) -> None:
        self.changes = Changes()
        self._lock = lock
        self._clock = clock
        self._writer = Writer(db, self.changes)
        self._readers = Readers(path)

    @classmethod
    def open(cls, data_dir: Path, *, clock: Callable[[], int] = now_us) -> "Store":
        """Takes the lock, opens or creates the database, brings it up to date.

        Raises StoreBusyError when another process holds it, StoreTooNewError when a newer version has changed it.
        """
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir.chmod(0o700)
        path = data_dir / "hub.sqlite3"
        lock = DirectoryLock(data_dir)
        try:
            db = open_writer(path)
            migrate(db)
        except BaseException:
            lock.release()
            raise
        return cls(lock=lock, db=db, path=path, clock=clock)

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
