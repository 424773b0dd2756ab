"""The net has no hole where we looked: each mistake, put into the real code, is found within a bounded time."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from watch_bugs import BUGS, SeededBug, seeded
from watch_machine import RUNS, STEPS, WatchMachine, run_settings
from watch_verdict import Violation

pytestmark = pytest.mark.slow
BUG_RUNS = 4 * RUNS
"""A run that finds the mistake is the last. What is drawn depends on which modules are loaded, so some need longer."""


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_the_machine_catches(bug: SeededBug) -> None:
    quick = settings(
        run_settings(runs=BUG_RUNS, steps=STEPS, derandomize=True), phases=[Phase.generate], report_multiple_bugs=False
    )
    with seeded(bug), pytest.raises(Violation) as caught:
        run_state_machine_as_test(WatchMachine, settings=quick)
    assert caught.value.law in bug.caught_by
