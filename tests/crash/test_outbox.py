"""Due, alert row, notice, message, sent, recorded: the hub is killed at every call on files on the way."""

import shutil
from pathlib import Path

import pytest
from nursery import Nursery
from outbox_scenes import PEOPLE, PROGRAM, SCENES, OutboxScene
from scene import performing, prepared, until_ready
from strace_log import count
from sweep import Death
from tracing import CHANGES, calls_in, needs_strace, traced

pytestmark = [pytest.mark.slow, needs_strace]


def test_whatever_call_kills_the_hub_everybody_is_told_under_one_key(forks: Nursery, fast_folder: Path) -> None:
    tally = _sweep(SCENES["the way to a worker"], forks, fast_folder)
    print(f"{sum(tally.values())} deaths: {tally}")  # noqa: T201 - for whoever looks with -s
    assert tally["told after"], "some death came before anything was sent"
    assert tally["told before and after"], "some death came between sending and recording"


def test_the_sweep_finds_a_message_that_is_recorded_before_it_is_sent(forks: Nursery, fast_folder: Path) -> None:
    with pytest.raises(AssertionError, match="was told nothing"):
        _sweep(SCENES["a careless way"], forks, fast_folder)


def _sweep(scene: OutboxScene, forks: Nursery, folder: Path) -> dict[str, int]:
    """How many deaths were of which kind. Raises AssertionError naming the call at which one did harm."""
    template = prepared(forks, PROGRAM, scene, folder / "template")
    log, life = folder / "log", folder / "life"
    _live(scene, forks, template, life, log, None)
    whole = scene.letters(life)
    counts = count(calls_in(log))
    shutil.rmtree(life)
    assert len(whole) == 2, "without a death each of the two workers gets one letter about all three"
    deaths = [Death(call=call, nth=nth) for call, most in counts.items() for nth in range(1, most + 1)]
    tally = {"told before and after": 0, "told after": 0, "told before": 0}
    for death in deaths:
        assert _live(scene, forks, template, life, log, death), f"{death} did not kill it"
        before = scene.letters(life)
        with scene.open(life) as side:
            side.do(0)
        letters = scene.letters(life)
        try:
            _everybody_is_told_once(letters)
            _alerts_are_one_each(scene, life)
        except AssertionError as error:
            raise AssertionError(f"killed at {death.call} number {death.nth}: {error}") from error
        said = "told before and after" if len(letters) > 2 else "told after" if not before else "told before"
        tally[said] += 1
        shutil.rmtree(life)
    return tally


def _live(scene: OutboxScene, forks: Nursery, template: Path, life: Path, log: Path, death: Death | None) -> bool:
    """Whether it was killed."""
    shutil.copytree(template, life)
    inject = () if death is None else (death.fault,)
    with (
        performing(forks, PROGRAM, scene, life) as child,
        traced(child.pid, calls=CHANGES, log=log, inject=inject),
    ):
        child.stdin.write("go\n")
        said = list(until_ready(child))
    return "ready" not in said


def _everybody_is_told_once(letters: list[dict[str, str]]) -> None:
    for to in ("box://1", "box://2"):
        mine = [letter for letter in letters if letter["to"] == to]
        assert mine, f"{to} was told nothing"
        assert len({letter["key"] for letter in mine}) == 1, f"{to} got one letter under two keys"
        for person in PEOPLE:
            assert all(person in letter["body"] for letter in mine), f"{to} was not told of {person}"


def _alerts_are_one_each(scene: OutboxScene, life: Path) -> None:
    found = scene.read(life)
    assert len(found["alerts"]) == len(PEOPLE)
    assert all(row[-2] is not None for row in found["messages"]), "a message is not recorded as sent"
