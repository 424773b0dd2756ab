"""The table of `WatchState`: the first row that holds, from above, is the state."""

import itertools
import re

import pytest

from hub_server.watch import states
from hub_server.watch.states import TRANSITIONS, AlertState, WatchState, watch_state

DUE_US = 1_795_471_200_000_000
GRACE_US = 60_000_000


def state(
    now_us: int,
    *,
    active: bool = True,
    alerted: bool = False,
    paused: bool = False,
    last_seen_us: int | None = 1,
) -> WatchState:
    return watch_state(
        active=active,
        alerted=alerted,
        paused=paused,
        last_seen_us=last_seen_us,
        due_us=DUE_US,
        grace_us=GRACE_US,
        now_us=now_us,
    )


@pytest.mark.parametrize(
    ("now_us", "expected"),
    [
        (DUE_US - GRACE_US - 1, WatchState.SEEN),
        (DUE_US - GRACE_US, WatchState.LATE),
        (DUE_US - 1, WatchState.LATE),
        (DUE_US, WatchState.DUE),
    ],
)
def test_seen_then_late_then_due_to_the_microsecond(now_us: int, expected: WatchState) -> None:
    assert state(now_us) is expected


def test_without_a_sign_of_life_nobody_is_called_seen() -> None:
    assert state(DUE_US - GRACE_US - 1, last_seen_us=None) is WatchState.UNSEEN
    assert state(DUE_US, last_seen_us=None) is WatchState.DUE


def test_off_goes_before_an_alert_an_alert_before_a_pause_and_a_pause_before_the_clock() -> None:
    for active, alerted, paused in itertools.product((True, False), repeat=3):
        expected = (
            WatchState.OFF
            if not active
            else WatchState.ALERT
            if alerted
            else WatchState.PAUSED
            if paused
            else WatchState.DUE
        )
        assert state(DUE_US, active=active, alerted=alerted, paused=paused) is expected


def test_the_table_in_the_words_names_every_state_in_its_order() -> None:
    rows = re.findall(r"^    \| (\w+) \| ", WatchState.__doc__ or "", re.MULTILINE)
    assert rows[1:] == [state.value for state in WatchState]


def test_every_alert_state_has_its_row_and_only_reopening_leads_out_of_closed() -> None:
    assert TRANSITIONS.keys() == set(AlertState)
    assert TRANSITIONS[AlertState.CLOSED] == {AlertState.OPEN}
    assert not states.OBSERVES & {states.Outcome.RETRACTED, states.Outcome.AWAY}
