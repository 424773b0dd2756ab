"""What is made before a run: a furnished hub in memory, made once a process."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from hub_server.store import devices, people, watches
from hub_server.store.backup import DATABASE_NAME
from hub_server.store.store import Store

START_US: Final = 1_795_471_200_000_000
DAY_S: Final = 86400
PERSONS: Final = ("li", "zhao")
NAMES: Final = ("east", "west")
AREA: Final = "桂花村"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 mkdtemp makes a private folder in it; a disk would only be slow


def make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="shouwang-watch-", dir=MEMORY if MEMORY.is_dir() else None))


@functools.cache
def furnished() -> Path:
    """A hub's database with all devices and watched people in it."""
    folder = make_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store.open(folder / "hub", clock=lambda: START_US)
    store.write(_furnish)
    store.close()
    return folder / "hub" / DATABASE_NAME


def _furnish(db: Database) -> None:
    for name in NAMES:
        devices.create(db, id=name, place="", area=AREA, now_us=START_US)
    for person in PERSONS:
        people.create(db, id=person, name=person, area=AREA, address="", phone="", note="", now_us=START_US)
        watches.create(db, person=person, period_s=DAY_S, last_seen_us=None, now_us=START_US)
