import pytest

from hub_server.watch.hub_clock import DRAIN_STEP_S_MIN, STEP_S_MIN, HubClock, behind

S = 1_000_000
NOW_US = 1_795_471_200_000_000
DAY_S = 24 * 3600
KNOWN = HubClock(wall_us=NOW_US, mono_s=100.0)


@pytest.mark.parametrize("by_s", [0, STEP_S_MIN, -STEP_S_MIN])
def test_a_clock_that_is_nearly_right_has_not_stepped(by_s: int) -> None:
    assert KNOWN.step(wall_us=NOW_US + (7 + by_s) * S, mono_s=107.0) is None


@pytest.mark.parametrize("by_s", [STEP_S_MIN + 1, -STEP_S_MIN - 1, DAY_S, -DAY_S])
def test_a_step_is_what_the_wall_moved_beyond_the_time_that_passed(by_s: int) -> None:
    step = KNOWN.step(wall_us=NOW_US + (3600 + by_s) * S, mono_s=3700.0)
    assert step is not None
    assert step.by_us == by_s * S
    assert step.is_back is (by_s < 0)


def test_small_steps_add_up() -> None:
    assert KNOWN.step(wall_us=NOW_US + 41 * S, mono_s=101.0) is None
    assert KNOWN.step(wall_us=NOW_US + 82 * S, mono_s=102.0) is not None


@pytest.mark.parametrize(("by_s", "drains"), [(DRAIN_STEP_S_MIN, False), (DRAIN_STEP_S_MIN + 1, True), (-DAY_S, False)])
def test_only_a_long_step_forward_asks_for_a_drain(by_s: int, drains: bool) -> None:  # noqa: FBT001 a parameter
    step = KNOWN.step(wall_us=NOW_US + by_s * S, mono_s=100.0)
    assert step is not None
    assert step.drains is drains


def test_a_hub_that_starts_before_what_it_has_written_knows_that_its_clock_is_behind() -> None:
    assert behind(newest_known_us=None, now_us=0) is None
    assert behind(newest_known_us=NOW_US, now_us=NOW_US) is None
    little = behind(newest_known_us=NOW_US + STEP_S_MIN * S, now_us=NOW_US)
    assert little is not None
    assert not little.is_large
    step = behind(newest_known_us=NOW_US, now_us=0)
    assert step is not None
    assert step.by_us == -NOW_US
