"""A backup becomes a data folder. What was there is set aside whole; keys and erasures go on with the new one."""

import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hub_server.store import backup, verify
from hub_server.store.backup import DATABASE_NAME, Backup, BackupError
from hub_server.store.connection import open_copy
from hub_server.store.erasures import ErasureLog, Head
from hub_server.store.errors import ExistsError
from hub_server.store.files import ERASURES_NAME, copy_durably, sync_folder
from hub_server.store.keyring import FOLDER_NAME as KEYS_NAME
from hub_server.store.lock import LOCK_NAME, DirectoryLock
from hub_server.store.site_key import FILE_NAME as SITE_KEY_NAME

GOES_ON: Final = (SITE_KEY_NAME, KEYS_NAME)
"""Moved, not copied, from the folder that is set aside: an older keyring must not lie about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What was done. `set_aside`: where the folder is that was in the place before."""

    backup: Backup
    set_aside: Path | None


def restore(data_dir: Path, source: Path, *, force: bool, now_us: int) -> Restored:
    """Makes `data_dir` of the backup at `source`, once that is verified.

    Raises BackupError (not whole, or a check fails), StoreBusyError (a hub runs there), ExistsError (not empty, and not
    forced), ErasuresError, OSError. The folder is then as it was, or it is set aside and the new one in its place.
    """
    whole = backup.read(source)
    with closing(open_copy(source)) as db:
        failed = [check for check in verify.checks(db) if not check.ok]
    if failed:
        raise BackupError("; ".join(f"{check.name}: {check.detail}" for check in failed))
    lock = DirectoryLock(data_dir) if (data_dir / LOCK_NAME).exists() else None
    try:
        used = data_dir.is_dir() and any(data_dir.iterdir())
        if used and not force:
            raise ExistsError(f"{data_dir} is not empty; with --force it is set aside")
        erasures = _erasures(data_dir, whole)
        fresh = _fresh(data_dir, whole, erasures)
        return _exchange(data_dir, fresh, whole, aside=_aside(data_dir, now_us) if used else None)
    finally:
        if lock is not None:
            lock.release()


def _fresh(data_dir: Path, whole: Backup, erasures: Path) -> Path:
    """The new folder, beside the place where it will stand."""
    fresh = data_dir.with_name(f".{data_dir.name}.restoring-{os.getpid()}")
    fresh.mkdir(mode=0o700, parents=True)
    try:
        copy_durably(whole.path, fresh / DATABASE_NAME)
        if erasures.exists():
            copy_durably(erasures, fresh / ERASURES_NAME)
    except BaseException:
        shutil.rmtree(fresh)
        raise
    return fresh


def _exchange(data_dir: Path, fresh: Path, whole: Backup, *, aside: Path | None) -> Restored:
    if aside is not None:
        data_dir.rename(aside)
        for name in GOES_ON:
            if (aside / name).exists():
                (aside / name).rename(fresh / name)
    fresh.rename(data_dir)  # an empty folder is replaced
    for folder in (data_dir, data_dir.parent):
        sync_folder(folder)
    return Restored(backup=whole, set_aside=aside)


def _erasures(data_dir: Path, whole: Backup) -> Path:
    """Of the file beside the backup and that of the folder the longer one, which must know all that the other knows.

    It must reach at least as far as when the backup was taken: without it the backup would bring somebody back.
    """
    shorter, longer = sorted(
        (data_dir / ERASURES_NAME, whole.path.parent / ERASURES_NAME), key=lambda path: ErasureLog(path).head.n
    )
    ErasureLog(longer, at_least=ErasureLog(shorter).head)
    ErasureLog(longer, at_least=Head(n=whole.manifest.erasures, digest=whole.manifest.erasures_digest))
    return longer


def _aside(data_dir: Path, now_us: int) -> Path:
    moment = datetime.fromtimestamp(now_us / 1e6, UTC)
    return data_dir.with_name(f"{data_dir.name}.before-restore-{moment:%Y%m%dT%H%M%S}Z")
