"""The net has no hole where we looked: each mistake, put into the real code, is found within a bounded time."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from seeded_bugs import BUGS, SeededBug, seeded
from sync_machine import SyncMachine, run_settings
from sync_verdict import Violation

RUNS_MAX = 500  # as many as CI makes of the honest code

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_the_machine_catches(bug: SeededBug) -> None:
    quick = settings(
        run_settings(runs=RUNS_MAX, steps=50, derandomize=True), phases=[Phase.generate], report_multiple_bugs=False
    )
    with seeded(bug), pytest.raises(Violation) as caught:
        run_state_machine_as_test(SyncMachine, settings=quick)
    assert caught.value.invariant in bug.caught_by
