"""Disks that fail as told, under the product's own SQLite connections: full, or the process dies around a COMMIT."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast
from unittest import mock

_connect: Final = sqlite3.connect
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")


class KillPoint(Enum):
    """Where a process dies."""

    IN_TRANSACTION = "in a transaction"
    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit"


class Killed(BaseException):
    """The process is no more. What its files hold at this moment is all that is left of it."""


class Disk:
    """A folder with one database, and what happens to it next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kill: KillPoint | None = None
        self.kill_after = 0  # so many chances pass before
        self.full_for = 0  # so many writes are refused
        self.full_at_commit = False
        self.dead = False
        self.died: Callable[[KillPoint], None] = lambda _: None
        self.refused: Callable[[], None] = lambda: None
        self.after: Callable[[sqlite3.Connection, str], None] = lambda _db, _sql: None  # for seeded bugs
        self._lives = 0

    def arm(self, kill: KillPoint, after: int) -> None:
        self.kill, self.kill_after = kill, after

    def heal(self) -> None:
        self.kill, self.full_for = None, 0

    def live_again(self) -> None:
        """The next process finds the files as the last one left them."""
        self._lives += 1
        self.dead = False
        self.kill = None
        image = self._image()
        self.folder = image

    def copy_to(self, folder: Path) -> None:
        """The database as it is on the disk now, with its log."""
        folder.mkdir(parents=True)
        for file in self.folder.iterdir():
            if file.name.endswith((".sqlite3", ".sqlite3-wal")):
                shutil.copyfile(file, folder / file.name)

    def may_kill(self, point: KillPoint) -> None:
        """Raise Killed if it is time. The files are copied first: what happens to the old ones is nobody's business."""
        if self.kill is not point:
            return
        if self.kill_after:
            self.kill_after -= 1
            return
        self.copy_to(self.folder.with_name(f"{_stem(self.folder)}~{self._lives + 1}"))
        self.dead = True
        self.died(point)
        raise Killed(point.value)

    def may_refuse(self, *, commit: bool) -> None:
        if self.full_for and self.full_at_commit == commit:
            self.full_for -= 1
            self.refused()
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    def _image(self) -> Path:
        return self.folder.with_name(f"{_stem(self.folder)}~{self._lives}")


def _stem(folder: Path) -> str:
    return folder.name.partition("~")[0]


class Connection(sqlite3.Connection):
    """What the product holds in its hand."""

    disk: Disk

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT":
            return cast("sqlite3.Cursor", self._around_commit(lambda: super(Connection, self).execute(sql)))
        self._before(sql)
        cursor = super().execute(sql, parameters)
        self.disk.after(self, sql)
        return cursor

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        self._before(sql)
        return super().executemany(sql, parameters)

    def commit(self) -> None:
        self._around_commit(lambda: super(Connection, self).commit())

    def _before(self, sql: str) -> None:
        if self.disk.dead and sql != "ROLLBACK":
            raise Killed
        if sql.lstrip().startswith(_WRITES):
            self.disk.may_refuse(commit=False)
            self.disk.may_kill(KillPoint.IN_TRANSACTION)

    def _around_commit(self, commit: Callable[[], Any]) -> Any:
        if self.disk.dead:
            raise Killed
        self.disk.may_refuse(commit=True)
        self.disk.may_kill(KillPoint.BEFORE_COMMIT)
        done = commit()
        self.disk.may_kill(KillPoint.AFTER_COMMIT)
        return done


class Disks:
    """Puts itself between the product and SQLite, for the folders that it knows."""

    def __init__(self) -> None:
        self._disks: list[Disk] = []
        self._patch = mock.patch.object(sqlite3, "connect", self._open)
        self._patch.start()

    def add(self, folder: Path) -> Disk:
        disk = Disk(folder)
        self._disks.append(disk)
        return disk

    def close(self) -> None:
        self._patch.stop()

    def _open(self, database: Any, **options: Any) -> sqlite3.Connection:
        path, _, query = str(database).removeprefix("file://").partition("?")
        disk = next((disk for disk in self._disks if Path(path).parent == disk.folder), None)
        if disk is None or "mode=ro" in query:
            return cast("sqlite3.Connection", _connect(database, **options))
        connection: Connection = _connect(database, factory=Connection, **options)
        connection.disk = disk
        return connection


def peek(connection: sqlite3.Connection, sql: str) -> list[Any]:
    """Rows, read past the faults."""
    return sqlite3.Connection.execute(connection, sql).fetchall()
