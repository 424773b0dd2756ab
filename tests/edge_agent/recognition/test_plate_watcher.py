import math
from collections.abc import Sequence

import numpy as np
import pytest
from scripted_plates import ASPECT, blurred, no_plate, plate, reading

from edge_agent.clock import FakeClock
from edge_agent.recognition.known_plates import KnownPlates
from edge_agent.recognition.plate_decision import PlateDecision
from edge_agent.recognition.plate_passage import PlatePassages, PlateRules
from edge_agent.recognition.plate_watcher import (
    READS_PER_FRAME_MAX,
    STANDING_EVERY_S,
    STILL_EVERY_S,
    PlatesWatched,
    PlateWatcher,
)
from edge_agent.recognition.tracker import Tracker
from edge_agent.vision.face import Box
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.vision.motion import LOOK_ANYWAY_S, MotionGate
from edge_agent.vision.plate import Plate, RawReading
from edge_agent.wire.gallery import WrittenVehicle
from edge_agent.wire.messages import Direction, PlateRead, PlateVerdict

FRAME_S = 1 / 12
WIDTH, HEIGHT = 960, 540
ONE, OTHER = "皖A12345", "苏E7X9Z0"


class PaintedStreet:
    """Eyes that know the scene: cars are painted squares around their plates; while hidden, none is found."""

    def __init__(self) -> None:
        self.cars: dict[str, Plate] = {}
        self.hidden = False
        self.strange: list[Plate] = []
        self.says: dict[str, RawReading] = {}
        self.looked_at: list[Sequence[Box] | None] = []
        self.read_texts: list[str] = []

    def paint(self) -> Pixels:
        picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        for found in self.cars.values():
            x0, y0, x1, y1 = (int(v) for v in found.box_px)
            picture[max(0, y0 - 60) : max(0, y1 + 20), max(0, x0 - 40) : max(0, x1 + 40)] = 180
            picture[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = 30
        if self.hidden:
            picture[:, 350:600] = 230
        return picture

    def detect(self, pixels: Pixels, where: Sequence[Box] | None) -> list[Plate]:
        assert pixels.shape == (HEIGHT, WIDTH, 3)
        self.looked_at.append(where)
        visible = [] if self.hidden else [*self.cars.values(), *self.strange]
        return [found for found in visible if where is None or any(_inside(_centre(found), box) for box in where)]

    def read(self, pixels: Pixels, plate: Plate) -> RawReading:
        assert pixels is not None
        text = next(text for text, found in self.cars.items() if found is plate)
        self.read_texts.append(text)
        return self.says.get(text) or reading(text, sure=0.97)


def _centre(found: Plate) -> tuple[float, float]:
    x0, y0, x1, y1 = found.box_px
    return (x0 + x1) / 2, (y0 + y1) / 2


def _inside(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] < box[2] and box[1] <= point[1] < box[3]


class Gate:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.street = PaintedStreet()
        rules = PlateRules(rejoin_s=8.0, stay_s=60.0, frames_min=2, direction=None)
        listed = KnownPlates([WrittenVehicle(plate=ONE, valid_from_us=None, valid_until_us=None)])
        self.watcher = PlateWatcher(
            gate=MotionGate(),
            eyes=self.street,
            tracker=Tracker(gap_s=1.5),
            passages=PlatePassages(rules, listed, camera="gate"),
            reads_per_s=15.0,
            height_min_px=9.0,
        )
        self.number = 0
        self.told: list[PlateRead] = []
        self.decided: list[tuple[int, PlateDecision]] = []

    def frame(self) -> PlatesWatched:
        self.clock.advance(FRAME_S)
        self.number += 1
        picture = Frame(pixels=self.street.paint(), captured=self.clock.stamp(), number=self.number)
        watched = self.watcher.watch(picture)
        self.told += watched.passages
        self.decided += [(self.number, decision) for decision in watched.decided]
        return watched

    def quiet(self, seconds: float) -> list[PlatesWatched]:
        return [self.frame() for _ in range(round(seconds / FRAME_S))]

    def come(self, text: str, frames: int = 24, *, step_px: float = 8.0) -> list[PlatesWatched]:
        """Nearer and lower, as what comes in."""
        watched = []
        for n in range(frames):
            self.street.cars[text] = plate(480, 120 + step_px * n, height=14 + step_px * n / 10)
            watched.append(self.frame())
        return watched

    def gone(self, text: str) -> None:
        del self.street.cars[text]


@pytest.fixture
def gate() -> Gate:
    gate = Gate()
    gate.frame()  # the first picture is looked at whole
    return gate


def test_a_car_comes_in_is_decided_at_once_and_told_once(gate: Gate) -> None:
    first = gate.number + 1
    gate.come(ONE)
    gate.gone(ONE)
    gate.quiet(10)
    (event,) = gate.told
    assert event.reading is not None
    assert (event.reading.text, event.reading.verdict, event.direction) == (ONE, PlateVerdict.KNOWN, Direction.IN)
    assert event.frames == 24
    ((number, decision),) = gate.decided
    assert number - first <= 1
    assert decision.reading.listed == ONE


@pytest.mark.parametrize("step_px", [20.0, 40.0, 60.0])
def test_a_fast_car_is_one_passage_too(gate: Gate, step_px: float) -> None:
    gate.come(ONE, frames=6, step_px=step_px)
    gate.gone(ONE)
    gate.quiet(10)
    assert [event.frames for event in gate.told] == [6]
    assert len(gate.decided) == 1


def test_a_fast_car_that_cannot_be_read_is_followed_by_its_place_alone(gate: Gate) -> None:
    gate.street.says[ONE] = blurred()
    gate.come(ONE, frames=10, step_px=40.0)
    gate.gone(ONE)
    gate.quiet(10)
    (event,) = gate.told
    assert (event.reading, event.frames) == (None, 10)


def test_nothing_moves_and_no_network_runs_but_for_the_look_anyway(gate: Gate) -> None:
    inferred = sum(watched.inferred for watched in gate.quiet(20))
    assert 20 / LOOK_ANYWAY_S - 1 <= inferred <= 20 / LOOK_ANYWAY_S + 1
    assert gate.street.read_texts == []


def test_a_standing_car_is_read_and_looked_for_rarely_and_stays_one_passage(gate: Gate) -> None:
    gate.come(ONE)
    gate.quiet(5)
    gate.street.read_texts.clear()
    gate.street.looked_at.clear()
    gate.quiet(120)
    assert 120 / STANDING_EVERY_S * 0.6 <= len(gate.street.read_texts) <= 120 / STANDING_EVERY_S + 1
    assert len(gate.street.looked_at) <= 120 / STILL_EVERY_S + 120 / LOOK_ANYWAY_S
    gate.gone(ONE)
    gate.quiet(10)
    assert len(gate.told) == len(gate.decided) == 1


def test_a_walker_who_hides_the_plate_for_seconds_makes_no_second_passage(gate: Gate) -> None:
    gate.come(ONE)
    gate.street.hidden = True
    gate.quiet(5)
    gate.street.hidden = False
    gate.quiet(5)
    gate.gone(ONE)
    gate.quiet(10)
    assert len(gate.told) == len(gate.decided) == 1
    assert gate.told[0].duration_ms > 10_000


def test_two_cars_nose_to_tail_are_told_apart(gate: Gate) -> None:
    gate.come(ONE, frames=20)
    last_of_first = gate.clock.mono_us
    gate.gone(ONE)
    gate.street.cars[OTHER] = plate(480, 290, height=28)  # on the next frame, where the first one was
    gate.quiet(2)
    gate.gone(OTHER)
    gate.quiet(10)
    one, other = sorted(gate.told, key=lambda event: event.captured.mono_us)
    assert one.reading is not None
    assert other.reading is not None
    assert (one.reading.text, other.reading.text) == (ONE, OTHER)
    assert one.captured.mono_us <= last_of_first < other.captured.mono_us
    assert other.reading.verdict is PlateVerdict.UNKNOWN


def test_a_settled_plate_that_jumps_is_read_on_that_very_frame(gate: Gate) -> None:
    gate.come(ONE, frames=20)
    gate.quiet(3)
    gate.street.read_texts.clear()
    gate.gone(ONE)
    gate.street.cars[OTHER] = plate(480, 290, height=14)  # farther back
    gate.frame()
    assert gate.street.read_texts == [OTHER]


def test_half_a_plate_at_the_pictures_edge_is_seen_and_not_read(gate: Gate) -> None:
    for _ in range(20):
        gate.street.cars[ONE] = plate(WIDTH - 20, 300, height=24)
        assert gate.frame().plates == 1
    assert gate.street.read_texts == []
    gate.gone(ONE)
    gate.quiet(10)
    assert not gate.told
    assert not gate.decided


def test_a_car_that_drives_in_from_the_edge_is_read_once_it_is_whole(gate: Gate) -> None:
    half_px = ASPECT * 24 / 2
    for n in range(30):
        gate.street.cars[ONE] = plate(WIDTH + 20 - 8 * n, 300, height=24)
        gate.frame()
        x1 = WIDTH + 20 - 8 * n + half_px
        assert bool(gate.street.read_texts) is (x1 <= WIDTH - 1)


def test_a_plate_too_small_to_be_read_is_told_as_seen(gate: Gate) -> None:
    for n in range(20):
        gate.street.cars[ONE] = plate(300 + 4 * n, 300, height=8)
        gate.frame()
    gate.gone(ONE)
    gate.quiet(10)
    (event,) = gate.told
    assert event.reading is None
    assert (event.reads, gate.decided) == (0, [])


def test_a_poster_that_the_reader_calls_no_plate_is_never_decided(gate: Gate) -> None:
    gate.street.says[ONE] = no_plate()
    gate.come(ONE)
    assert gate.decided == []
    assert gate.watcher.flush()[0].reading is None


def test_readings_of_one_plate_are_bounded_until_it_is_sure_and_rare_once_it_was_tried_enough(gate: Gate) -> None:
    gate.street.says[ONE] = blurred()
    gate.come(ONE, frames=12)
    assert 6 <= len(gate.street.read_texts) <= 12
    gate.quiet(10)
    gate.street.read_texts.clear()
    gate.quiet(10)
    assert len(gate.street.read_texts) <= 10 / STANDING_EVERY_S + 1


def test_many_cars_take_turns_and_no_frame_waits_for_all(gate: Gate) -> None:
    for n in range(7):
        gate.street.cars[f"皖B0000{n}"] = plate(80 + 130 * n, 200 + 40 * (n % 2), height=20)
    before = 0
    for _ in range(3):
        gate.frame()
        assert len(gate.street.read_texts) - before <= READS_PER_FRAME_MAX
        before = len(gate.street.read_texts)
    assert len(set(gate.street.read_texts)) == 7, "whoever waited came first on the next frame"


@pytest.mark.parametrize("odd", [plate(400, 300, height=0.2), plate(math.nan, 300), plate(400, 300, height=math.inf)])
def test_a_box_that_is_none_is_left_out(gate: Gate, odd: Plate) -> None:
    gate.street.strange = [odd]
    gate.come(ONE)
    gate.street.strange = []
    gate.gone(ONE)
    gate.quiet(10)
    assert len(gate.told) == 1


def test_a_reading_that_is_no_number_is_left_out(gate: Gate) -> None:
    broken = reading(ONE)
    broken.chars[2, 5] = np.nan
    gate.street.says[ONE] = broken
    gate.come(ONE)
    assert gate.decided == []


def test_a_passage_ends_by_time_alone_when_the_camera_is_lost(gate: Gate) -> None:
    gate.come(ONE)
    gate.clock.advance(9)
    assert len(gate.watcher.due(gate.clock.monotonic_s())) == 1
    assert gate.watcher.flush() == []


def test_another_list_counts_from_the_next_frame_on(gate: Gate) -> None:
    gate.come(ONE)
    gate.watcher.use(KnownPlates())
    gate.quiet(2)
    assert [decision.reading.verdict for _, decision in gate.decided] == [PlateVerdict.KNOWN, PlateVerdict.UNKNOWN]
