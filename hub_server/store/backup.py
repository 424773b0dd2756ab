"""Backups of a store that goes on working: one database file and a manifest beside it, which is written last.

The keyring, the site key and the API's token are not in it: keys have their mirror, and an old copy of them would bring
back what was erased. The file of erasures is kept beside the backups, never older than any of them.
"""

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from sqlite_utils import Database

from hub_server.store.connection import open_copy, open_reader
from hub_server.store.erasures import ErasureLog, Head
from hub_server.store.errors import ExistsError, NotFoundError, StoreError
from hub_server.store.files import ERASURES_NAME, copy_durably, sync_folder, write_durably
from hub_server.store.migrations import applied_steps

FORMAT: Final = 1
DATABASE_NAME: Final = "hub.sqlite3"
MANIFEST_SUFFIX: Final = ".manifest.json"
_MANIFEST_BYTES_MAX: Final = 64 * 1024
_STEP_PAGES: Final = 1024


class BackupError(StoreError):
    """The backup is not whole, or cannot be made or used. The message says why."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup holds. `counts`: rows by table. `erasures` and `erasures_digest`: how far that file went then."""

    format: int
    file: str
    taken_at: str  # RFC 3339, UTC
    schema: list[str]  # the steps of the store's shape
    counts: dict[str, int]
    bytes: int
    sha256: str
    erasures: int
    erasures_digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """A backup that is there."""

    path: Path
    manifest: Manifest


def take(data_dir: Path, to: Path, *, now_us: int) -> Backup:
    """One moment of the store in `data_dir`, whether a hub runs there or not; durable on return.

    `to` is a folder, which gets a file named by the time, or a new file. Raises BackupError, ExistsError,
    NotFoundError, OSError, sqlite3.Error; then no backup is there that was not before.
    """
    source = data_dir / DATABASE_NAME
    if not source.is_file():
        raise NotFoundError(f"there is no store in {data_dir}")
    taken = datetime.fromtimestamp(now_us / 1e6, UTC)
    path = to / f"hub-{taken:%Y%m%dT%H%M%S}Z.sqlite3" if to.is_dir() else to
    if path.exists() or manifest_path(path).exists():
        raise ExistsError(f"{path} is there already; a backup replaces nothing")
    erasures = _keep_erasures(data_dir, path.parent)
    part = path.with_name(f".{path.name}.part")
    try:
        _copy(source, part)
        manifest = _describe(part, path.name, taken, erasures)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)
    write_durably(manifest_path(path), msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    return Backup(path=path, manifest=manifest)


def read(path: Path) -> Backup:
    """The backup at `path`, after its bytes were compared with its manifest. Raises BackupError, OSError."""
    try:
        raw = manifest_path(path).read_bytes()[:_MANIFEST_BYTES_MAX]
        manifest = msgspec.json.decode(raw, type=Manifest)
    except FileNotFoundError as error:
        raise BackupError(
            f"{path} has no manifest beside it ({manifest_path(path).name}): it is no whole backup"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupError(f"{manifest_path(path)} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise BackupError(f"{path} is a backup of format {manifest.format}; this program reads {FORMAT}")
    if not path.is_file():
        raise BackupError(f"there is no file {path}")
    if path.stat().st_size != manifest.bytes or _sha256(path) != manifest.sha256:
        raise BackupError(f"{path} is damaged: it has another SHA-256 than its manifest says")
    return Backup(path=path, manifest=manifest)


def manifest_path(path: Path) -> Path:
    return path.with_name(path.name + MANIFEST_SUFFIX)


def counts(db: Database) -> dict[str, int]:
    """Rows by table."""
    return {table.name: table.count for table in db.tables if not table.name.startswith(("_", "sqlite_"))}


def _copy(source: Path, part: Path) -> None:
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(open_reader(source)) as live, closing(sqlite3.connect(part, isolation_level=None)) as copy:
        live.conn.execute("BEGIN")
        live.execute("SELECT 1 FROM people LIMIT 1").fetchone()  # from here on it sees this one moment
        live.conn.backup(copy, pages=_STEP_PAGES)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _describe(part: Path, name: str, taken: datetime, erasures: Head) -> Manifest:
    with closing(open_copy(part)) as db:
        return Manifest(
            format=FORMAT,
            file=name,
            taken_at=taken.isoformat(),
            schema=applied_steps(db),
            counts=counts(db),
            bytes=part.stat().st_size,
            sha256=_sha256(part),
            erasures=erasures.n,
            erasures_digest=erasures.digest,
        )


def _keep_erasures(data_dir: Path, folder: Path) -> Head:
    """Brings the file of erasures beside the backups up to date; how far it goes."""
    ours, kept = data_dir / ERASURES_NAME, folder / ERASURES_NAME
    head = ErasureLog(ours).head
    if kept.exists():
        ErasureLog(ours, at_least=ErasureLog(kept).head)  # raises when it is no continuation of what is kept
    if ours.exists():
        copy_durably(ours, kept)
    return head


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
