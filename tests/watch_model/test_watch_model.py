"""CI's share of the machine, always the same runs so that a red one is red again; and what it found once."""

import pytest
from hypothesis.stateful import run_state_machine_as_test
from watch_machine import RUNS, STEPS, WatchMachine, run_settings


@pytest.mark.slow
def test_whoever_is_overdue_has_one_alert_and_nobody_else_whatever_happens() -> None:
    run_state_machine_as_test(WatchMachine, settings=run_settings(runs=RUNS, steps=STEPS, derandomize=True))
