"""One capture and one ingest, killed at each of their calls on files: all of it is there or nothing, and it goes on."""

from pathlib import Path

import hub_scenes
import journal_scenes
import pytest
from nursery import Nursery
from sweep import Sweep
from tracing import needs_strace

pytestmark = [pytest.mark.slow, needs_strace]

JOURNAL = [scene for scene in journal_scenes.SCENES.values() if scene.steps == 1 and not scene.careless]
HUB = [scene for scene in hub_scenes.SCENES.values() if scene.steps == 1]


@pytest.mark.parametrize("scene", JOURNAL, ids=lambda scene: scene.name)
def test_an_agent_killed_at_any_call_has_what_it_said_it_has_and_nothing_half(
    scene: journal_scenes.JournalScene, forks: Nursery, fast_folder: Path
) -> None:
    totals = Sweep(forks, journal_scenes.PROGRAM, scene, fast_folder).run()
    print(f"{scene.name}: {totals}")  # noqa: T201 - for whoever looks with -s
    assert totals.nothing_stored
    assert totals.stored_unsaid, "some death came between the commit and the word"


@pytest.mark.parametrize("scene", HUB, ids=lambda scene: scene.name)
def test_a_hub_killed_at_any_call_has_what_it_acknowledged_and_nothing_half(
    scene: hub_scenes.HubScene, forks: Nursery, fast_folder: Path
) -> None:
    totals = Sweep(forks, hub_scenes.PROGRAM, scene, fast_folder).run()
    print(f"{scene.name}: {totals}")  # noqa: T201 - for whoever looks with -s
    assert totals.nothing_stored
    assert totals.stored_unsaid, "some death came between the commit and the word"


def test_the_sweep_finds_a_place_that_is_taken_before_its_event_is_stored(forks: Nursery, fast_folder: Path) -> None:
    careless = journal_scenes.SCENES["a careless capture"]
    with pytest.raises(AssertionError, match="do not cover"):
        Sweep(forks, journal_scenes.PROGRAM, careless, fast_folder).run()
