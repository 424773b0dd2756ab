from itertools import product

import pytest

from hub_server.watch.errors import IllegalTransitionError, InvalidValueError
from hub_server.watch.life import Step, human_step, retraction
from hub_server.watch.states import TRANSITIONS, AlertState, Outcome

NOW_US = 1_795_471_200_000_000


def step(before: AlertState, after: AlertState, outcome: Outcome | None = None, until_us: int | None = None) -> Step:
    return human_step(before, after, outcome=outcome, until_us=until_us, now_us=NOW_US)


@pytest.mark.parametrize(("before", "after"), list(product(AlertState, AlertState)))
def test_a_step_is_allowed_exactly_when_the_table_says_so(before: AlertState, after: AlertState) -> None:
    outcome = Outcome.WELL if after is AlertState.CLOSED else None
    if after in TRANSITIONS[before]:
        assert step(before, after, outcome).after is after
    else:
        with pytest.raises(IllegalTransitionError):
            step(before, after, outcome)


def test_well_and_helped_are_observations_at_the_visit_and_away_is_not() -> None:
    assert step(AlertState.OPEN, AlertState.CLOSED, Outcome.WELL).observed_at_us == NOW_US
    assert step(AlertState.ON_THE_WAY, AlertState.CLOSED, Outcome.HELPED).observed_at_us == NOW_US
    away = step(AlertState.OPEN, AlertState.CLOSED, Outcome.AWAY, NOW_US + 1)
    assert (away.observed_at_us, away.paused_until_us) == (None, NOW_US + 1)


@pytest.mark.parametrize(
    ("after", "outcome", "until_us", "field"),
    [
        (AlertState.CLOSED, None, None, "outcome"),
        (AlertState.CLOSED, Outcome.RETRACTED, None, "outcome"),
        (AlertState.ACKNOWLEDGED, Outcome.WELL, None, "outcome"),
        (AlertState.CLOSED, Outcome.AWAY, None, "until"),
        (AlertState.CLOSED, Outcome.AWAY, NOW_US, "until"),
        (AlertState.CLOSED, Outcome.WELL, NOW_US + 1, "until"),
    ],
)
def test_an_outcome_that_does_not_fit_is_refused_by_its_field(
    after: AlertState, outcome: Outcome | None, until_us: int | None, field: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        step(AlertState.OPEN, after, outcome, until_us)
    assert caught.value.field == field


def test_a_late_sighting_retracts_whatever_is_not_closed_and_nothing_that_is() -> None:
    for before in set(AlertState) - {AlertState.CLOSED}:
        assert retraction(before).outcome is Outcome.RETRACTED
    with pytest.raises(IllegalTransitionError):
        retraction(AlertState.CLOSED)
