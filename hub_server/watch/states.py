"""States, outcomes and reports by the design's names, and who may go where: the tables of section 5."""

from enum import StrEnum


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ON_THE_WAY = "on_the_way"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a closed alert ended. A human may give any but RETRACTED, which only a late sighting gives."""

    RETRACTED = "retracted"
    WELL = "well"
    HELPED = "helped"
    AWAY = "away"


class Report(StrEnum):
    """What a visit found that closes nothing: the alert climbs the ladder."""

    NOT_FOUND = "not_found"
    EMERGENCY = "emergency"


TRANSITIONS: dict[AlertState, frozenset[AlertState]] = {
    AlertState.OPEN: frozenset({AlertState.ACKNOWLEDGED, AlertState.ON_THE_WAY, AlertState.CLOSED}),
    AlertState.ACKNOWLEDGED: frozenset({AlertState.ON_THE_WAY, AlertState.CLOSED}),
    AlertState.ON_THE_WAY: frozenset({AlertState.CLOSED}),
    AlertState.CLOSED: frozenset({AlertState.OPEN}),  # reopened by a person who says why; its history stays
}

OBSERVES = frozenset({Outcome.WELL, Outcome.HELPED})
"""A visit that ends so is itself an observation of the person, at the moment of the visit."""


class WatchState(StrEnum):
    """How it stands with one watched person.

    | state | holds while |
    |---|---|
    | off | the watch is switched off |
    | alert | an alert is not closed |
    | paused | a pause is on |
    | due | the due time has passed; an alert follows within a tick, or after the drain |
    | late | the period is over, the grace is not |
    | unseen | nothing that counts was ever seen, and the watch is not due |
    | seen | there is a sign of life within the period |

    The first that holds, from above, is the state.
    """

    OFF = "off"
    ALERT = "alert"
    PAUSED = "paused"
    DUE = "due"
    LATE = "late"
    UNSEEN = "unseen"
    SEEN = "seen"


def watch_state(
    *, active: bool, alerted: bool, paused: bool, last_seen_us: int | None, due_us: int, grace_us: int, now_us: int
) -> WatchState:
    """The row of the table above that holds at `now_us`."""
    if not active:
        return WatchState.OFF
    if alerted:
        return WatchState.ALERT
    if paused:
        return WatchState.PAUSED
    if now_us >= due_us:
        return WatchState.DUE
    if now_us >= due_us - grace_us:
        return WatchState.LATE
    return WatchState.UNSEEN if last_seen_us is None else WatchState.SEEN
