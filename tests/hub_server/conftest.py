"""A store in a temporary folder, and a clock that stands still until it is told otherwise."""

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


@pytest.fixture
def store(tmp_path: Path, clock: StandingClock) -> Iterator[Store]:
    store = Store.open(tmp_path / "data", clock=clock)
    yield store
    store.close()
