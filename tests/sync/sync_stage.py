"""What is made before a run: folders in memory, a furnished hub, the size of an empty journal."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Final

from sync_card import FILE
from sync_events import PERSONS
from sync_hub import furnish

from edge_agent.clock import FakeClock
from edge_agent.journal import Journal
from hub_server.store.backup import DATABASE_NAME

NAMES: Final = ("east", "north", "west")
START_US: Final = 1_795_471_200_000_000
MEMORY: Final = Path("/dev/shm")  # noqa: S108 mkdtemp makes a private folder in it; a disk would only be slow


@functools.cache
def furnished() -> Path:
    """A hub's database with all devices and people in it, made once a process."""
    folder = make_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    furnish(folder / "hub", names=NAMES, persons=PERSONS, now_us=START_US)
    return folder / "hub" / DATABASE_NAME


@functools.cache
def empty_journal_bytes() -> int:
    """What an empty journal takes."""
    with tempfile.TemporaryDirectory() as folder:
        Journal(Path(folder) / FILE, clock=FakeClock()).close()
        return (Path(folder) / FILE).stat().st_size


def make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="shouwang-sync-", dir=MEMORY if MEMORY.is_dir() else None))
