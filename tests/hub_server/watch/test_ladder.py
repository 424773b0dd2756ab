import pytest

from hub_server.watch.ladder import ACKNOWLEDGED_TIMES, Rung, newly_told, next_rung, placed, rung_after
from hub_server.watch.states import AlertState, Report

S = 1_000_000
WORKER, COMMUNITY, OFFICE, FAMILY = Rung


def test_an_open_alert_waits_once_one_in_hand_longer_and_a_closed_one_not_at_all() -> None:
    climbs = {state: placed(state=state, rung=COMMUNITY, since_us=7, wait_s=60).climb_us for state in AlertState}
    assert climbs == {
        AlertState.OPEN: 7 + 60 * S,
        AlertState.ACKNOWLEDGED: 7 + ACKNOWLEDGED_TIMES * 60 * S,
        AlertState.ON_THE_WAY: 7 + ACKNOWLEDGED_TIMES * 60 * S,
        AlertState.CLOSED: None,
    }


def test_the_ladder_ends_at_the_family_and_does_not_end_the_waiting() -> None:
    assert [next_rung(rung) for rung in Rung] == [COMMUNITY, OFFICE, FAMILY, FAMILY]
    assert placed(state=AlertState.OPEN, rung=FAMILY, since_us=0, wait_s=60).climb_us == 60 * S


@pytest.mark.parametrize("rung", Rung)
def test_not_found_climbs_one_rung_and_an_emergency_to_the_top(rung: Rung) -> None:
    assert rung_after(Report.NOT_FOUND, rung) is next_rung(rung)
    assert rung_after(Report.EMERGENCY, rung) is FAMILY


def test_a_climb_tells_each_rung_that_it_passes_and_on_the_last_one_everybody() -> None:
    assert newly_told(WORKER, COMMUNITY) == (COMMUNITY,)
    assert newly_told(WORKER, FAMILY) == (COMMUNITY, OFFICE, FAMILY)
    assert newly_told(FAMILY, FAMILY) == (WORKER, COMMUNITY, OFFICE, FAMILY)
