"""Which errors of SQLite are the disk's and not ours."""

import sqlite3
from typing import Final

_TROUBLES: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the data folder is read-only",
    sqlite3.SQLITE_IOERR: "the disk does not write",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged",
    sqlite3.SQLITE_NOTADB: "the database file is none",
}
_PRIMARY: Final = 0xFF  # the upper bytes say more than a person needs


def disk_trouble(error: BaseException) -> str | None:
    """The trouble in words, or None when the error is another one."""
    if not isinstance(error, sqlite3.Error):
        return None
    return _TROUBLES.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
