"""Alert states and outcomes by the design's names, and who may go where: the one table of section 5."""

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


TRANSITIONS: dict[AlertState, frozenset[AlertState]] = {
    AlertState.OPEN: frozenset({AlertState.ACKNOWLEDGED, AlertState.ON_THE_WAY, AlertState.CLOSED}),
    AlertState.ACKNOWLEDGED: frozenset({AlertState.ON_THE_WAY, AlertState.CLOSED}),
    AlertState.ON_THE_WAY: frozenset({AlertState.CLOSED}),
    AlertState.CLOSED: frozenset(),
}

OBSERVES = frozenset({Outcome.WELL, Outcome.HELPED})
"""A visit that ends so is itself an observation of the person, at the moment of the visit."""
