"""The life of an alert: who may go where, and what a step does to the watch. Pure."""

from dataclasses import dataclass

from hub_server.watch.errors import IllegalTransitionError, InvalidValueError
from hub_server.watch.states import OBSERVES, TRANSITIONS, AlertState, Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One allowed change of an alert and its effects on the watch."""

    before: AlertState
    after: AlertState
    outcome: Outcome | None
    observed_at_us: int | None  # the visit is itself an observation
    paused_until_us: int | None  # the watch sleeps until then


def human_step(
    before: AlertState, after: AlertState, *, outcome: Outcome | None, until_us: int | None, now_us: int
) -> Step:
    """The step that a person asks for. Raises IllegalTransitionError or InvalidValueError; nothing has changed then."""
    _check_transition(before, after)
    _check_outcome(after, outcome)
    _check_pause(outcome, until_us, now_us)
    return Step(
        before=before,
        after=after,
        outcome=outcome,
        observed_at_us=now_us if outcome in OBSERVES else None,
        paused_until_us=until_us,
    )


def retraction(before: AlertState) -> Step:
    """The step that a late sighting makes. Raises IllegalTransitionError when the alert is closed already."""
    _check_transition(before, AlertState.CLOSED)
    return Step(
        before=before,
        after=AlertState.CLOSED,
        outcome=Outcome.RETRACTED,
        observed_at_us=None,  # the sighting moved the watch itself
        paused_until_us=None,
    )


def _check_transition(before: AlertState, after: AlertState) -> None:
    if after not in TRANSITIONS[before]:
        raise IllegalTransitionError(before, after)


def _check_outcome(after: AlertState, outcome: Outcome | None) -> None:
    if after is not AlertState.CLOSED:
        if outcome is not None:
            raise InvalidValueError("outcome", "only a closed alert has an outcome")
        return
    if outcome is None:
        raise InvalidValueError("outcome", "say how it ended: well, helped or away")
    if outcome is Outcome.RETRACTED:
        raise InvalidValueError("outcome", "only a late sighting retracts an alert")


def _check_pause(outcome: Outcome | None, until_us: int | None, now_us: int) -> None:
    if outcome is not Outcome.AWAY:
        if until_us is not None:
            raise InvalidValueError("until", "only the outcome away has an end")
        return
    if until_us is None:
        raise InvalidValueError("until", "who is away comes back: say when")
    if until_us <= now_us:
        raise InvalidValueError("until", "must be in the future")
