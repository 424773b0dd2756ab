"""What of an event may be given up when space is short: one table, from the least dear to the dearest."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

from edge_agent.wire.codec import WireError, decode_event
from edge_agent.wire.messages import (
    ClockAnchor,
    CommandResult,
    Event,
    JournalSetAside,
    Lost,
    Observing,
    Passage,
    PassSheet,
    PlateRead,
    PlateVerdict,
)


class Importance(IntEnum):
    """Stored with every row of the journal, and part of its key: never give a number another meaning."""

    COUNTS = 0  # it only makes a number bigger
    ORDINARY = 1
    SAFETY = 2  # somebody's safety may hang on it
    TOMBSTONE = 3  # never given up: it keeps the place of what was


DROPPABLE: Final = (Importance.COUNTS, Importance.ORDINARY, Importance.SAFETY)
"""In the order in which events go that the hub does not have."""


def _of_passage(event: Passage) -> Importance:
    return Importance.COUNTS if event.sighting is None else Importance.SAFETY


def _of_plate(event: PlateRead) -> Importance:
    if event.reading is None or event.reading.verdict is PlateVerdict.UNKNOWN:
        return Importance.COUNTS
    return Importance.ORDINARY


TABLE: Final[dict[type, Importance | Callable[[Any], Importance]]] = {
    Passage: _of_passage,
    PlateRead: _of_plate,
    Observing: Importance.SAFETY,  # without it nobody can say who was watching
    ClockAnchor: Importance.SAFETY,  # without it a whole boot's sightings do not count
    JournalSetAside: Importance.SAFETY,
    CommandResult: Importance.SAFETY,  # what was done here at somebody's word
    PassSheet: Importance.ORDINARY,  # a large one: it tells of no person, and can be made again
    Lost: Importance.TOMBSTONE,
}
"""Every type of event there is. A new one (a watchlist candidate, what a gate did: both SAFETY) takes its line here."""


def importance(event: Event) -> Importance:
    entry = TABLE[type(event)]
    return entry if isinstance(entry, Importance) else entry(event)


def importance_of(raw: bytes) -> Importance:
    """Of an event's stored bytes. What cannot be judged is kept longest."""
    try:
        return importance(decode_event(raw))
    except WireError:
        return Importance.SAFETY
