"""A store in a temporary folder, and a clock that stands still until it is told otherwise."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000


class StandingClock:
    """Shows `now_us` until a test sets it."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW_US)


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an empty store looks like on the disk: made once, because each step of its shape waits for the disk."""
    folder = tmp_path_factory.mktemp("new")
    Store.open(folder).close()
    return folder / "hub.sqlite3"


@pytest.fixture
def store(tmp_path: Path, clock: StandingClock, new_database: Path) -> Iterator[Store]:
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copy(new_database, tmp_path / "data")
    store = Store.open(tmp_path / "data", clock=clock)
    yield store
    store.close()
