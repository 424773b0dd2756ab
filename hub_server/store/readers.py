"""Read-only connections, lent to one thread at a time: few enough that a hundred web threads stay small."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from hub_server.store.connection import open_reader
from hub_server.store.errors import StoreBusyError, StoreClosedError
from hub_server.store.limits import READ_WAIT_S, READERS_MAX


class Readers:
    """A pool of at most READERS_MAX connections; they are opened when first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: list[Database] = []
        self._opened = 0
        self._closed = False
        self._condition = threading.Condition()
        self._mine = threading.local()

    @contextmanager
    def read(self) -> Iterator[Database]:
        """A connection that sees one moment of the store. Keep it short: the log cannot be folded in meanwhile.

        Inside another `read` of the same thread it is the same connection and the same moment.
        Raises StoreBusyError when none comes free within the limit, StoreClosedError after close.
        """
        held: Database | None = getattr(self._mine, "db", None)
        if held is not None:
            yield held
            return
        db = self._take()
        self._mine.db = db
        try:
            db.conn.execute("BEGIN")
            yield db
        finally:
            self._mine.db = None
            if db.conn.in_transaction:
                db.conn.execute("ROLLBACK")  # nothing was written; this ends the moment
            self._give(db)

    def close(self) -> None:
        """Closes what is free now, and what is lent as soon as it comes back."""
        with self._condition:
            self._closed = True
            for db in self._free:
                db.close()
            self._free.clear()
            self._condition.notify_all()

    def _take(self) -> Database:
        with self._condition:
            ready = self._condition.wait_for(
                lambda: self._closed or self._free or self._opened < READERS_MAX, READ_WAIT_S
            )
            if self._closed:
                raise StoreClosedError("the store is closed")
            if not ready:
                raise StoreBusyError(f"{READERS_MAX} readers are busy")
            if self._free:
                return self._free.pop()
            db = open_reader(self._path)
            self._opened += 1
            return db

    def _give(self, db: Database) -> None:
        with self._condition:
            if self._closed:
                db.close()
            else:
                self._free.append(db)
                self._condition.notify()
