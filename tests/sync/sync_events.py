"""What devices see, each thing only once: no two events have the same bytes."""

from enum import Enum
from typing import Final

from edge_agent.clock import FakeClock
from edge_agent.wire.messages import (
    ClockAnchor,
    Direction,
    Event,
    Observing,
    Passage,
    PlateRead,
    PlateReading,
    PlateVerdict,
    Sighting,
    Watching,
)
from edge_agent.wire.plate import PlateKind

PERSONS: Final = ("zhao", "qian")
PLATE: Final = "粤B12345"


class Seen(Enum):
    """Sorts of events."""

    KNOWN = "a person who is known for sure"
    LOOSE = "a person who may be known"
    STRANGER = "a stranger"
    PLATE = "a vehicle"
    OBSERVING = "what the camera watched"
    ANCHOR = "the clock became right"


def event(seen: Seen, clock: FakeClock, serial: int) -> Event:
    """An event of now; `serial` tells it from all others. An anchor of a clock that is not right is a stranger."""
    stamp = clock.stamp()
    match seen:
        case Seen.KNOWN | Seen.LOOSE:
            sighting = Sighting(
                person=PERSONS[serial % 2], score=0.97, margin=0.2, frames=9, strict=seen is Seen.KNOWN, embedder="e"
            )
            return Passage(captured=stamp, camera="east", duration_ms=serial, frames=9, sighting=sighting)
        case Seen.PLATE:
            reading = PlateReading(
                text=PLATE,
                kind=PlateKind.BLUE,
                score=0.9,
                chars=[0.9] * 7,
                verdict=PlateVerdict.KNOWN,
                listed=PLATE,
            )
            way = (Direction.IN, Direction.OUT)[serial % 2]
            return PlateRead(
                captured=stamp, camera="lane", direction=way, duration_ms=serial, frames=9, reads=3, reading=reading
            )
        case Seen.OBSERVING:
            return Observing(camera="east", began=stamp, ended=stamp, state=Watching.BLIND, cause=f"cause {serial}")
        case Seen.ANCHOR if stamp.synced:
            return ClockAnchor(at=stamp, uncertainty_us=500_000 + serial)
        case _:
            return Passage(captured=stamp, camera="east", duration_ms=serial, frames=1)
