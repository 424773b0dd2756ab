"""kill -9 of agent, hub and Mosquitto, again and again under load: nothing is lost, and nothing is there twice."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from killer import kill_and_count
from nursery import Nursery, nursery
from street import MODULES, needs_mosquitto, street

pytestmark = [pytest.mark.slow, needs_mosquitto]

SEED = 5
KILLS = 200


@pytest.fixture(scope="module")
def forks() -> Iterator[Nursery]:
    with nursery(*MODULES) as made:
        yield made


def test_two_hundred_kills_lose_nothing_and_double_nothing(forks: Nursery, tmp_path: Path) -> None:
    with street(forks, tmp_path) as busy:
        killer, totals = kill_and_count(busy, random.Random(SEED), KILLS)
    print(f"kills {killer.kills}: {totals}")  # noqa: T201 - for whoever looks with -s
    assert sum(killer.kills.values()) == KILLS
    assert min(killer.kills.values()) > KILLS // 10
    assert totals.captured > KILLS
