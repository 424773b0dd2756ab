import pytest

from hub_server.watch.coverage import Verdict
from hub_server.watch.storm import STORM_HOLD_S, ready_us

S = 1_000_000
NOW_US = 1_795_471_200_000_000


@pytest.mark.parametrize("together", [1, 2, 10_000])
def test_an_alert_whose_observers_watched_waits_for_nobody(together: int) -> None:
    assert ready_us(Verdict.WATCHED, together=together, now_us=NOW_US) == NOW_US


def test_one_alert_alone_waits_for_nobody_whatever_it_can_say() -> None:
    assert ready_us(Verdict.CANNOT_TELL, together=1, now_us=NOW_US) == NOW_US


@pytest.mark.parametrize("after_us", [0, 1, 3 * S, STORM_HOLD_S * S - 1])
def test_judgements_of_the_same_ten_seconds_are_ready_in_one_moment_that_comes(after_us: int) -> None:
    ready = ready_us(Verdict.CANNOT_TELL, together=2, now_us=NOW_US + after_us)
    assert ready == NOW_US + STORM_HOLD_S * S
    assert 0 < ready - (NOW_US + after_us) <= STORM_HOLD_S * S
