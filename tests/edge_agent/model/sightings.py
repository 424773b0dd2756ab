"""Events of every importance, as a device sees them, and a journal in memory to put them in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.clock import FakeClock
from edge_agent.wire.messages import (
    ClockAnchor,
    Direction,
    JournalSetAside,
    Observing,
    Passage,
    PlateRead,
    PlateReading,
    PlateVerdict,
    Sighting,
    Watching,
)
from edge_agent.wire.plate import PlateKind

MEMORY = Path("/dev/shm")  # noqa: S108 - only private folders are made in it


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """For thousands of commits, whose syncing is not the question."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def stranger(clock: FakeClock) -> Passage:
    clock.advance(0.1)
    return Passage(captured=clock.stamp(), camera="east", duration_ms=1000, frames=3)


def known(clock: FakeClock, person: str = "resident-01") -> Passage:
    clock.advance(0.1)
    sighting = Sighting(person=person, score=0.968, margin=0.112, frames=12, strict=True, embedder="dlib-resnet-v1")
    return Passage(captured=clock.stamp(), camera="east", duration_ms=4250, frames=31, sighting=sighting)


def vehicle(clock: FakeClock, verdict: PlateVerdict | None) -> PlateRead:
    """`None`: seen, not readable."""
    clock.advance(0.1)
    reading = None
    if verdict is not None:
        listed = "粤B12345" if verdict is PlateVerdict.KNOWN else None
        reading = PlateReading(
            text="粤B12345", kind=PlateKind.BLUE, score=0.987, chars=[0.99] * 7, verdict=verdict, listed=listed
        )
    return PlateRead(
        captured=clock.stamp(),
        camera="lane",
        direction=Direction.IN,
        duration_ms=2600,
        frames=24,
        reads=9,
        reading=reading,
    )


def watched(clock: FakeClock) -> Observing:
    began = clock.stamp()
    clock.advance(0.1)
    return Observing(camera="east", began=began, ended=clock.stamp(), state=Watching.WATCHING)


def anchor(clock: FakeClock) -> ClockAnchor:
    return ClockAnchor(at=clock.stamp(), uncertainty_us=500_000)


def told_of_damage(clock: FakeClock) -> JournalSetAside:
    return JournalSetAside(at=clock.stamp(), epoch=None, acked=None, last=None, file="j.damaged-1", detail="torn")
