"""The power fails at any moment, and any of what was not synced is gone: what was acknowledged is there, whole."""

import random
from pathlib import Path

import hub_scenes
import journal_scenes
import pytest
from nursery import Nursery
from outage import Effort, LostError, Outage
from scene import Scene
from tracing import needs_strace

pytestmark = [pytest.mark.slow, needs_strace]

SEED = 5
QUICK = Effort(between=25, singles=1, mixtures=2)
SIDES: dict[str, tuple[str, Scene]] = {
    "agent": (journal_scenes.PROGRAM, journal_scenes.SCENES["a long day"]),
    "agent, new": (journal_scenes.PROGRAM, journal_scenes.SCENES["a first day"]),
    "hub": (hub_scenes.PROGRAM, hub_scenes.SCENES["a long day"]),
}


@pytest.fixture(params=list(SIDES))
def side(request: pytest.FixtureRequest) -> tuple[str, Scene]:
    return SIDES[request.param]


def test_a_power_cut_at_any_moment_takes_nothing_that_was_acknowledged(
    side: tuple[str, Scene], forks: Nursery, fast_folder: Path
) -> None:
    totals = Outage(forks, *side, fast_folder).fail_power(random.Random(SEED), QUICK)
    print(f"{side[1].name}: {totals}")  # noqa: T201 - for whoever looks with -s
    assert totals.syncs >= side[1].steps, "each step is synced before it is acknowledged"
    assert totals.files >= 2, "the log was moved into the file, too"


@pytest.mark.parametrize("mode", ["NORMAL", "OFF"])
@pytest.mark.parametrize("name", ["agent", "hub"])
def test_the_model_finds_out_a_store_that_does_not_wait_for_the_disk(
    name: str, mode: str, forks: Nursery, fast_folder: Path
) -> None:
    outage = Outage(forks, *SIDES[name], fast_folder, synchronous=mode)
    with pytest.raises(LostError, match="were acknowledged"):
        outage.fail_power(random.Random(SEED), QUICK)
