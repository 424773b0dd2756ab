"""The one writer thread: it takes functions, runs each in one transaction, and a person's go first."""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlite_utils import Database

from hub_server.store.changes import Changes
from hub_server.store.disk import disk_trouble
from hub_server.store.errors import StoreBusyError, StoreClosedError, StoreFailingError
from hub_server.store.limits import QUEUED_WRITES_MAX, WRITE_WAIT_S

T = TypeVar("T")
_log = logging.getLogger(__name__)
_SLOW_S = 0.25


class _Task:
    """A job and the promise of its value."""

    def __init__(self, job: Callable[[Database], Any]) -> None:
        self.job = job
        self.done: Future[Any] = Future()


class Writer:
    """Owns the writing connection from birth to close."""

    def __init__(self, db: Database, changes: Changes) -> None:
        self._db = db
        self._changes = changes
        self._urgent: deque[_Task] = deque()
        self._patient: deque[_Task] = deque()
        self._closing = False
        self._job_runs = False
        self.trouble: str | None = None
        """What kept the disk from taking the last write; None: it took it."""
        self.wrote_s = time.monotonic()
        """When the disk last took a write; from the start on, since opening has written."""
        db.conn.set_authorizer(self._authorize)
        self._condition = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def write(self, job: Callable[[Database], T], *, urgent: bool) -> T:
        """The job's value, once its transaction is durable; its error, once it is rolled back.

        Raises StoreBusyError when its turn does not come within the limit, StoreClosedError after close.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a job may not wait for another job: call the function with the db you were given")
        task = _Task(job)
        self._queue(task, self._urgent if urgent else self._patient)
        try:
            value: T = task.done.result(WRITE_WAIT_S)
        except TimeoutError as error:
            # The job's own TimeoutError looks the same, but then the future is done and cannot be cancelled.
            if task.done.cancel():
                raise StoreBusyError(f"no turn to write within {WRITE_WAIT_S:g} s") from error
            value = task.done.result()
        return value

    @property
    def waiting(self) -> int:
        """Jobs that wait for their turn, of both kinds."""
        return len(self._urgent) + len(self._patient)

    def close(self) -> None:
        """Finishes the job in hand, refuses the rest, closes the connection."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()

    def _queue(self, task: _Task, queue: deque[_Task]) -> None:
        with self._condition:
            room = self._condition.wait_for(lambda: self._closing or len(queue) < QUEUED_WRITES_MAX, WRITE_WAIT_S)
            if self._closing:
                raise StoreClosedError("the store is closing")
            if not room:
                raise StoreBusyError(f"{QUEUED_WRITES_MAX} writes are waiting")
            queue.append(task)
            self._condition.notify_all()

    def _next(self) -> _Task | None:
        with self._condition:
            self._condition.wait_for(lambda: self._closing or self._urgent or self._patient)
            if self._closing:
                return None
            task = (self._urgent or self._patient).popleft()
            self._condition.notify_all()
            return task

    def _run(self) -> None:
        while (task := self._next()) is not None:
            if task.done.set_running_or_notify_cancel():
                self._perform(task)
        for queue in (self._urgent, self._patient):
            for task in queue:
                task.done.set_exception(StoreClosedError("the store is closing"))
        self._db.close()

    def _perform(self, task: _Task) -> None:
        started_s = time.monotonic()
        try:
            value = self._transact(task.job)
        except BaseException as error:  # noqa: BLE001 the caller's error is the caller's: it is raised there
            task.done.set_exception(self._told(error))
            return
        self._note_trouble(None)
        self.wrote_s = time.monotonic()
        held_s = self.wrote_s - started_s
        if held_s > _SLOW_S:
            _log.warning("a write held the store for %.0f ms", held_s * 1000)
        self._changes.announce()
        task.done.set_result(value)

    def _told(self, error: BaseException) -> BaseException:
        trouble = disk_trouble(error)
        if trouble is None:
            return error
        self._note_trouble(trouble)
        failing = StoreFailingError(f"{trouble}; nothing was stored")
        failing.__cause__ = error
        return failing

    def _note_trouble(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            if trouble is None:
                _log.warning("the store takes writes again")
            else:
                _log.error("the store takes no writes: %s; it goes on by itself when that ends", trouble)
        self.trouble = trouble

    def _transact(self, job: Callable[[Database], T]) -> T:
        connection = self._db.conn
        connection.execute("BEGIN IMMEDIATE")
        try:
            value = self._run_job(job)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        return value

    def _run_job(self, job: Callable[[Database], T]) -> T:
        self._job_runs = True
        try:
            return job(self._db)
        finally:
            self._job_runs = False

    def _authorize(self, action: int, *_about: str | None) -> int:
        """A job, or a library that it uses, may not end the transaction it stands in: SQLite says "not authorized".

        SQLite asks when a statement is prepared. Our own COMMIT and ROLLBACK are prepared anew each time, by the
        connection's methods, so a job never finds them in the connection's cache of statements.
        """
        ends = action == sqlite3.SQLITE_TRANSACTION and self._job_runs
        return sqlite3.SQLITE_DENY if ends else sqlite3.SQLITE_OK
