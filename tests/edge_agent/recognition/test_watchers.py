from typing import Any, cast

import numpy as np
import pytest
from scripted_plates import plate

from edge_agent.clock import FakeClock
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.known import Known
from edge_agent.recognition.plate_decision import PlateDecision
from edge_agent.recognition.plate_watcher import PlatesWatched, PlateWatcher
from edge_agent.recognition.watcher import Watched, Watcher
from edge_agent.recognition.watchers import Watchers
from edge_agent.vision.frame import Frame
from edge_agent.wire.gallery import WrittenVehicle
from edge_agent.wire.messages import Direction, Passage, PlateRead, PlateReading, PlateVerdict
from edge_agent.wire.plate import PlateKind

NOW = FakeClock().stamp()
PASSAGE = Passage(captured=NOW, camera="gate", duration_ms=1, frames=2)
PLATE_READ = PlateRead(captured=NOW, camera="gate", direction=Direction.IN, duration_ms=1, frames=2, reads=0)
READING = PlateReading(text="皖A12345", kind=PlateKind.BLUE, score=1.0, chars=[1.0] * 7, verdict=PlateVerdict.UNKNOWN)
DECISION = PlateDecision(
    passage=1, camera="gate", captured=NOW, decided=NOW, direction=Direction.IN, reading=READING, plate=plate()
)


class Told:
    """Either watcher, which says what it is told to."""

    def __init__(self, watched: Watched | PlatesWatched, event: object) -> None:
        self.watched = watched
        self.event = event
        self.used: list[object] = []

    def use(self, known: object) -> None:
        self.used.append(known)

    def watch(self, frame: Frame) -> object:
        assert frame.number == 1
        return self.watched

    def due(self, now_s: float) -> list[Any]:
        assert now_s == 5.0
        return [self.event]

    def flush(self) -> list[Any]:
        return [self.event]


@pytest.fixture
def faces() -> Told:
    return Told(Watched(passages=[PASSAGE], faces=1, inferred=True), PASSAGE)


@pytest.fixture
def plates() -> Told:
    return Told(PlatesWatched(passages=[PLATE_READ], decided=[DECISION], plates=1, inferred=False), PLATE_READ)


def joined(faces: Told | None, plates: Told | None) -> Watchers:
    return Watchers(faces=cast("Watcher | None", faces), plates=cast("PlateWatcher | None", plates))


def frame() -> Frame:
    return Frame(pixels=np.zeros((4, 4, 3), np.uint8), captured=NOW, number=1)


def test_a_frame_goes_to_both_and_everything_comes_out(faces: Told, plates: Told) -> None:
    both = joined(faces, plates)
    watched = both.watch(frame())
    assert set(map(type, watched.events)) == {Passage, PlateRead}
    assert watched.decided == [DECISION]
    assert watched.inferred
    assert set(map(type, both.due(5.0))) == set(map(type, both.flush())) == {Passage, PlateRead}


def test_each_may_be_alone_or_none_at_all(faces: Told, plates: Told) -> None:
    assert joined(faces, None).watch(frame()).events == [PASSAGE]
    alone = joined(None, plates)
    assert alone.watch(frame()).events == [PLATE_READ]
    assert not alone.watch(frame()).inferred
    assert alone.due(5.0) == alone.flush() == [PLATE_READ]
    assert joined(None, None).watch(frame()).events == []


def test_of_a_gallery_each_takes_its_part(faces: Told, plates: Told) -> None:
    vehicle = WrittenVehicle(plate="皖A12345", valid_from_us=None, valid_until_us=None)
    known = Known.of(Gallery(embedder_id="test", template_length=4, vehicles=(vehicle,)))
    joined(faces, plates).use(known)
    assert (faces.used, plates.used) == ([known.matcher], [known.plates])
    assert len(known.plates) == 1
