import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_plates import blurred, look, plate, reading

from edge_agent.clock import FakeClock
from edge_agent.recognition.known_plates import KnownPlates
from edge_agent.recognition.plate_decision import PlateDecision
from edge_agent.recognition.plate_open import UNREADABLE_FRAMES_MIN, PlateSeen
from edge_agent.recognition.plate_passage import EAGER_READS_MAX, OPEN_MAX, PlatePassages, PlateRules
from edge_agent.vision.plate import Plate, RawReading
from edge_agent.wire.gallery import WrittenVehicle
from edge_agent.wire.messages import Direction, PlateRead, PlateVerdict, Stamp

ONE, OTHER, THIRD = "皖A12345", "苏E7X9Z0", "浙BD00001"
FRAME_S = 0.1
REJOIN_S, STAY_S = 8.0, 60.0


class Lane:
    """A gate's lane. Each frame shows one plate, read unless told otherwise."""

    def __init__(self, *, listed: tuple[str, ...] = (ONE,), direction: Direction | None = None) -> None:
        self.clock = FakeClock()
        rules = PlateRules(rejoin_s=REJOIN_S, stay_s=STAY_S, frames_min=2, direction=direction)
        self.passages = PlatePassages(rules, known(*listed), camera="gate")
        self.decided: list[PlateDecision] = []
        self.told: list[PlateRead] = []
        self.frames = 0

    def frame(
        self, made: RawReading | None, *, track: int = 1, where: Plate | None = None, whole: bool = True
    ) -> Stamp:
        self.clock.advance(FRAME_S)
        self.frames += 1
        now, found = self.clock.stamp(), where or plate()
        seen = PlateSeen(captured=now, plate=found, whole=whole)
        decision = self.passages.see(track, seen, None if made is None else look(made, now, found))
        if decision is not None:
            self.decided.append(decision)
        self.told += self.passages.due(self.clock.monotonic_s())
        return now

    def drive(self, text: str, frames: int, *, track: int = 1, sure: float = 0.999) -> list[Stamp]:
        return [self.frame(reading(text, sure=sure), track=track) for _ in range(frames)]

    def quiet(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.clock.advance(FRAME_S)
            self.told += self.passages.due(self.clock.monotonic_s())

    def ended(self) -> list[PlateRead]:
        self.told += self.passages.flush()
        return self.told


def known(*plates: str) -> KnownPlates:
    return KnownPlates([WrittenVehicle(plate=text, valid_from_us=None, valid_until_us=None) for text in plates])


def texts(events: list[PlateRead]) -> list[str | None]:
    return [event.reading.text if event.reading else None for event in events]


@pytest.fixture
def lane() -> Lane:
    return Lane()


def test_a_car_passes_and_is_told_once_when_it_is_gone(lane: Lane) -> None:
    stamps = lane.drive(ONE, 20)
    lane.quiet(REJOIN_S + 1)
    (event,) = lane.told
    assert event.reading is not None
    assert (event.reading.text, event.reading.verdict, event.reading.listed) == (ONE, PlateVerdict.KNOWN, ONE)
    assert (event.frames, event.reads, event.duration_ms, event.camera) == (20, 20, 1900, "gate")
    assert event.captured in stamps
    assert lane.ended() == [event]


def test_a_sure_plate_is_decided_on_its_first_frame_and_not_again(lane: Lane) -> None:
    stamps = lane.drive(ONE, 20)
    (decision,) = lane.decided
    assert decision.captured == decision.decided == stamps[0]
    assert decision.reading.verdict is PlateVerdict.KNOWN
    assert lane.told == [], "a barrier does not wait for the journal"


def test_a_plate_less_sure_is_decided_when_readings_agree(lane: Lane) -> None:
    stamps = lane.drive(ONE, 10, sure=0.96)
    assert [decision.decided for decision in lane.decided] == [stamps[1]]


def test_what_was_decided_is_always_told_even_after_a_single_frame(lane: Lane) -> None:
    lane.drive(ONE, 1)
    assert len(lane.decided) == 1
    assert texts(lane.ended()) == [ONE]


def test_a_plate_on_one_frame_that_is_not_sure_is_a_mistake_of_the_detector(lane: Lane) -> None:
    lane.drive(ONE, 1, sure=0.9)
    assert lane.decided == []
    assert lane.ended() == []


def test_a_misread_in_one_of_ten_frames_changes_neither_decision_nor_event(lane: Lane) -> None:
    for n in range(10):
        lane.frame(reading("皖A12845" if n == 4 else ONE))
    assert len(lane.decided) == 1
    assert texts(lane.ended()) == [ONE]


def test_a_first_reading_that_was_wrong_is_decided_anew_for_the_barrier(lane: Lane) -> None:
    lane.frame(reading("皖A1234S"))
    lane.drive(ONE, 5)
    assert [(d.reading.text, d.reading.verdict) for d in lane.decided] == [
        ("皖A1234S", PlateVerdict.UNSURE),
        (ONE, PlateVerdict.KNOWN),
    ]
    assert len({d.passage for d in lane.decided}) == 1
    assert texts(lane.ended()) == [ONE]


def test_one_reading_of_something_else_in_the_middle_makes_no_second_car(lane: Lane) -> None:
    lane.drive(ONE, 5)
    lane.frame(reading(OTHER))
    lane.frame(None)
    lane.drive(ONE, 5)
    (event,) = lane.ended()
    assert event.frames == 12
    assert event.reads == 10
    assert [d.reading.text for d in lane.decided] == [ONE]


def test_a_far_plate_whose_corners_were_off_at_first_is_one_car(lane: Lane) -> None:
    for text in (
        "粤BD23445",
        "粤BD23445",
        "粤BD12345",
        "粤BD11234",
        "粤BD12345",
        "粤BD12345",
        "粤BD12345",
        "粤BD12345",
    ):
        lane.frame(reading(text, sure=0.95))
    assert texts(lane.ended()) == ["粤BD12345"]


def test_two_cars_nose_to_tail_on_one_track_are_two_passages_each_with_its_own_evidence(lane: Lane) -> None:
    first = lane.drive(ONE, 10)
    second = lane.drive(OTHER, 10)
    one, other = lane.ended()
    assert texts([one, other]) == [ONE, OTHER]
    assert one.captured in first
    assert other.captured in second
    assert (one.frames, other.frames) == (10, 10)
    assert [(d.reading.text, d.captured in first, d.captured in second) for d in lane.decided] == [
        (ONE, True, False),
        (OTHER, False, True),
    ]
    assert lane.decided[0].passage != lane.decided[1].passage


@pytest.mark.parametrize("frames_of_first", range(1, 8))
@pytest.mark.parametrize("sure", [0.95, 0.97, 0.999])
def test_whenever_the_track_jumps_no_evidence_is_of_the_other_car(frames_of_first: int, sure: float) -> None:
    lane = Lane()
    stamps = {ONE: set[int](), OTHER: set[int](), THIRD: set[int]()}
    for text, frames in ((ONE, frames_of_first), (OTHER, 5), (THIRD, 4)):
        stamps[text] |= {stamp.mono_us for stamp in lane.drive(text, frames, sure=sure)}
    events = lane.ended()
    assert set(texts(events)) >= {OTHER, THIRD}
    for event in events:
        assert event.reading is not None
        assert event.captured.mono_us in stamps[event.reading.text]
    for decision in lane.decided:
        assert decision.captured.mono_us in stamps[decision.reading.text]
    assert {decision.reading.text for decision in lane.decided} <= set(texts(events)), "whatever was decided is told"


def test_a_second_car_read_once_before_it_is_gone_is_told_and_its_reading_is_not_in_the_first_ones_vote(
    lane: Lane,
) -> None:
    first = lane.drive(ONE, 5)
    last = lane.frame(reading(OTHER))
    lane.frame(None)
    one, other = lane.ended()
    assert texts([one, other]) == [ONE, OTHER]
    assert one.captured in first
    assert one.reads == 5
    assert other.captured == last


def test_a_car_read_once_on_anothers_track_and_then_on_its_own_is_one_passage(lane: Lane) -> None:
    lane.drive(ONE, 5, track=1)
    lane.frame(reading(OTHER), track=1)
    lane.drive(OTHER, 5, track=2)
    one, other = lane.ended()
    assert texts([one, other]) == [ONE, OTHER]
    assert (one.frames, other.frames) == (5, 6)
    assert [decision.reading.text for decision in lane.decided] == [ONE, OTHER]


def test_a_car_that_stands_for_an_hour_is_one_passage_told_early_and_never_again(lane: Lane) -> None:
    lane.drive(ONE, 10)
    for n in range(36_000):
        lane.frame(reading(ONE) if n % 10 == 0 else None)
    (event,) = lane.told
    assert STAY_S * 1000 <= event.duration_ms <= STAY_S * 1000 + 200
    lane.quiet(REJOIN_S + 1)
    assert lane.ended() == [event]
    assert len(lane.decided) == 1


def test_a_car_that_stands_unread_is_told_at_its_end_and_not_before_somebody_may_still_read_it(lane: Lane) -> None:
    for _ in range(round(STAY_S / FRAME_S) + 100):
        lane.frame(blurred())
    assert lane.told == []
    lane.drive(ONE, 20)
    assert texts(lane.ended()) == [ONE]


def test_a_car_that_follows_one_that_stood_is_told_too(lane: Lane) -> None:
    lane.drive(ONE, round(STAY_S / FRAME_S) + 20)
    lane.drive(OTHER, 10)
    assert texts(lane.ended()) == [ONE, OTHER]


def test_a_plate_hidden_by_somebody_who_walks_by_is_still_the_same_passage(lane: Lane) -> None:
    lane.drive(ONE, 10, track=1)
    lane.quiet(REJOIN_S - 2)
    lane.drive(ONE, 10, track=2)
    lane.quiet(REJOIN_S + 1)
    (event,) = lane.told
    assert (event.frames, event.reads) == (20, 20)
    assert len(lane.decided) == 1, "the barrier is not asked twice"


def test_the_same_car_after_the_window_is_another_passage(lane: Lane) -> None:
    lane.drive(ONE, 10, track=1)
    lane.quiet(REJOIN_S + 1)
    lane.drive(ONE, 10, track=2)
    assert texts(lane.ended()) == [ONE, ONE]
    assert len(lane.decided) == 2


def test_a_hidden_plate_that_is_misread_at_first_still_joins_its_passage(lane: Lane) -> None:
    lane.drive(ONE, 10, track=1, sure=0.97)
    lane.quiet(2)
    lane.frame(reading("皖A12346", sure=0.96), track=2)
    lane.drive(ONE, 10, track=2, sure=0.97)
    (event,) = lane.ended()
    assert event.frames == 21
    assert [d.reading.text for d in lane.decided] == [ONE]


def test_a_car_that_is_found_again_on_the_track_of_a_false_plate_is_still_one_passage(lane: Lane) -> None:
    for _ in range(5):
        lane.clock.advance(FRAME_S)
        now = lane.clock.stamp()
        lane.passages.see(1, PlateSeen(captured=now, plate=plate(100), whole=True), look(reading(ONE), now, plate(100)))
        lane.passages.see(2, PlateSeen(captured=now, plate=plate(500), whole=True))
    lane.drive(ONE, 5, track=2)
    assert texts(lane.ended()) == [ONE]


def test_another_car_that_comes_while_one_is_hidden_does_not_join_it(lane: Lane) -> None:
    lane.drive(ONE, 10, track=1)
    lane.quiet(2)
    lane.drive(OTHER, 10, track=2)
    assert texts(lane.ended()) == [ONE, OTHER]


def test_two_plates_on_the_same_frames_are_two_cars_even_if_alike(lane: Lane) -> None:
    for _ in range(10):
        lane.clock.advance(FRAME_S)
        now = lane.clock.stamp()
        for track, where in ((1, plate(100)), (2, plate(500))):
            lane.passages.see(track, PlateSeen(captured=now, plate=where, whole=True), look(reading(ONE), now, where))
    assert texts(lane.ended()) == [ONE, ONE]


def test_a_plate_that_is_never_readable_is_told_as_seen(lane: Lane) -> None:
    stamps = [lane.frame(blurred(), where=plate(height=8 + n)) for n in range(UNREADABLE_FRAMES_MIN)]
    (event,) = lane.ended()
    assert event.reading is None
    assert event.captured == stamps[-1], "the best look"
    assert (event.frames, event.reads) == (UNREADABLE_FRAMES_MIN, UNREADABLE_FRAMES_MIN)
    assert lane.decided == []


@pytest.mark.parametrize(
    ("frames", "score", "whole"),
    [(UNREADABLE_FRAMES_MIN - 1, 0.9, True), (50, 0.5, True), (50, 0.9, False)],
)
def test_what_is_hardly_a_plate_or_only_half_in_the_picture_is_not_told(frames: int, score: float, whole: bool) -> None:  # noqa: FBT001
    lane = Lane()
    for _ in range(frames):
        lane.frame(None, where=plate(score=score), whole=whole)
    assert lane.ended() == []


@pytest.mark.parametrize("made", [None, blurred()])
def test_an_unreadable_plate_hidden_for_a_while_at_one_place_is_one_passage(
    lane: Lane, made: RawReading | None
) -> None:
    for track in (1, 2):
        for _ in range(10):
            lane.frame(made, track=track)
        lane.quiet(3)
    (event,) = lane.ended()
    assert event.frames == 20


def test_a_listed_plate_with_one_low_character_opens_after_a_few_readings() -> None:
    lane = Lane(listed=("皖A1234B",))
    for _ in range(5):
        lane.frame(reading("皖A12348", doubts={6: ("B", 0.48)}))
    (decision,) = lane.decided
    assert decision.reading.verdict is PlateVerdict.KNOWN
    assert decision.reading.listed == "皖A1234B"
    assert decision.reading.text == "皖A12348", "as read"


def test_low_confidence_between_two_twins_on_the_list_is_for_a_person_and_soon() -> None:
    lane = Lane(listed=("皖A1234B", "皖A12348"))
    for _ in range(12):
        lane.frame(reading("皖A12348", doubts={6: ("B", 0.49)}))
    (decision,) = lane.decided
    assert decision.reading.verdict is PlateVerdict.UNSURE
    (event,) = lane.ended()
    assert event.reading is not None
    assert event.reading.verdict is PlateVerdict.UNSURE


def test_while_the_clock_is_wrong_a_visitor_is_unsure() -> None:
    lane = Lane()
    lane.clock.synced = False
    lane.passages.use(KnownPlates([WrittenVehicle(plate=ONE, valid_from_us=0, valid_until_us=2**50)]))
    lane.drive(ONE, 3)
    assert [d.reading.verdict for d in lane.decided] == [PlateVerdict.UNSURE]


def test_a_list_that_comes_meanwhile_decides_anew() -> None:
    lane = Lane(listed=())
    lane.drive(ONE, 3)
    lane.passages.use(known(ONE))
    lane.drive(ONE, 3)
    assert [d.reading.verdict for d in lane.decided] == [PlateVerdict.UNKNOWN, PlateVerdict.KNOWN]


def test_reading_settles_when_it_is_decided_or_was_tried_long_enough(lane: Lane) -> None:
    assert not lane.passages.settled(1)
    lane.frame(reading(ONE, sure=0.96))
    assert not lane.passages.settled(1)
    lane.drive(ONE, 2)
    assert lane.passages.settled(1)
    lane.frame(reading(OTHER))
    assert not lane.passages.settled(1), "another car? look at once"
    for _ in range(EAGER_READS_MAX):
        lane.frame(blurred(), track=2)
    assert lane.passages.settled(2)


@pytest.mark.parametrize(
    ("heights", "ys", "direction"),
    [
        ((12.0, 40.0), (100.0, 300.0), Direction.IN),
        ((40.0, 12.0), (300.0, 100.0), Direction.OUT),
        ((24.0, 24.0), (200.0, 200.0), Direction.UNKNOWN),
        ((24.0, 25.0), (100.0, 300.0), Direction.IN),
        ((25.0, 24.0), (300.0, 100.0), Direction.OUT),
        ((12.0, 40.0), (300.0, 100.0), Direction.UNKNOWN),
        ((20.0, 22.0), (200.0, 205.0), Direction.UNKNOWN),
    ],
)
def test_what_comes_nearer_and_lower_comes_in(
    lane: Lane, heights: tuple[float, float], ys: tuple[float, float], direction: Direction
) -> None:
    for n in range(21):
        share = n / 20
        height = heights[0] * (heights[1] / heights[0]) ** share
        lane.frame(reading(ONE), where=plate(300, ys[0] + (ys[1] - ys[0]) * share, height=height))
    (event,) = lane.ended()
    assert event.direction is direction


def test_a_car_that_turns_back_goes_neither_way(lane: Lane) -> None:
    for height in (*range(12, 40), *range(40, 12, -1)):
        lane.frame(reading(ONE), where=plate(height=float(height)))
    (event,) = lane.ended()
    assert event.direction is Direction.UNKNOWN


def test_a_configured_direction_is_told_however_the_plate_moves() -> None:
    lane = Lane(direction=Direction.OUT)
    for height in range(12, 40):
        lane.frame(reading(ONE), where=plate(height=float(height)))
    assert [d.direction for d in lane.decided] == [Direction.OUT]
    assert [event.direction for event in lane.ended()] == [Direction.OUT]


def test_more_plates_than_fit_end_the_oldest_passages_and_lose_none(lane: Lane) -> None:
    count = OPEN_MAX + 10
    for n in range(count):
        lane.drive(f"皖B{n:05d}", 2, track=n)
    assert sorted(filter(None, texts(lane.ended()))) == [f"皖B{n:05d}" for n in range(count)]


CARS = (ONE, OTHER, THIRD, "京C8Q3M7")
visits = st.lists(
    st.tuples(
        st.sampled_from(CARS),
        st.integers(2, 8),  # frames
        st.sampled_from([0.0, 0.3, 0.5]),  # seconds out of sight before it
        st.booleans(),  # on a track of its own
        st.sampled_from([0.93, 0.97, 0.999]),
        st.integers(1, 3),  # read on every so many frames
    ),
    min_size=1,
    max_size=6,  # all within REJOIN_S
)


@settings(max_examples=80, deadline=None)
@given(visits)
def test_however_cars_follow_each_other_no_evidence_is_of_another_car_and_what_is_decided_is_told_once(
    script: list[tuple[str, int, float, bool, float, int]],
) -> None:
    lane = Lane(listed=(ONE, THIRD))
    moments: dict[str, set[int]] = {car: set() for car in CARS}
    track = 1
    for car, frames, hidden_s, fresh, sure, every in script:
        lane.quiet(hidden_s)
        track += fresh
        for n in range(frames):
            made = reading(car, sure=sure) if n % every == 0 else None
            moments[car].add(lane.frame(made, track=track).mono_us)
    events = lane.ended()
    evidence = [(event.reading, event.captured) for event in events]
    evidence += [(decision.reading, decision.captured) for decision in lane.decided]
    for read, captured in evidence:
        assert read is None or captured.mono_us in moments[read.text]
    told = [event.reading.text for event in events if event.reading is not None]
    for car in {decision.reading.text for decision in lane.decided}:
        assert told.count(car) == 1, "all within the window in which a car is still the same"
    assert sum(event.frames for event in events) <= lane.frames


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([ONE] * 6 + ["皖A12346", "皖A72345", "皖B12845", OTHER, None]), min_size=12, max_size=40)
)
def test_scattered_misreadings_of_one_car_make_neither_a_second_one_nor_another_text(made: list[str | None]) -> None:
    steady: list[str | None] = [ONE, ONE, ONE]
    for text in made:  # no two misreadings of the same kind in a row: that would be another car
        steady += [text] if text != steady[-1] or text == ONE else [ONE]
    lane = Lane()
    for text in steady:
        lane.frame(None if text is None else reading(text))
    right = steady.count(ONE)
    if right >= 0.6 * len(steady):
        assert [text for text in texts(lane.ended()) if text != OTHER] == [ONE]
