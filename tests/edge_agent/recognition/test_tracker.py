import itertools

import pytest

from edge_agent.recognition.tracker import TRACKS_MAX, Tracker, iou
from edge_agent.vision.face import Box

STEP_S = 1 / 12
SIZE_PX = 80.0


def box(x: float, y: float = 200.0, size: float = SIZE_PX) -> Box:
    return (x, y, x + size, y + size)


def test_one_walker_keeps_one_id() -> None:
    tracker = Tracker(gap_s=2.0)
    ids = [tracker.update([box(100 + 12 * n)], n * STEP_S) for n in range(60)]
    assert set(itertools.chain.from_iterable(ids)) == {1}


def test_a_walker_who_comes_nearer_keeps_one_id() -> None:
    tracker = Tracker(gap_s=2.0)
    ids = {tracker.update([box(300 + 2 * n, size=60 * 1.03**n)], n * STEP_S)[0] for n in range(40)}
    assert len(ids) == 1


def test_two_side_by_side_have_two_ids_in_the_order_of_the_boxes() -> None:
    tracker = Tracker(gap_s=2.0)
    first = tracker.update([box(100), box(300)], 0.0)
    second = tracker.update([box(305), box(105)], STEP_S)
    assert first == list(reversed(second))
    assert len(set(first)) == 2


@pytest.mark.parametrize("missing", [1, 4, 12, 20])
def test_a_gap_of_missing_frames_does_not_end_a_track(missing: int) -> None:
    tracker = Tracker(gap_s=2.0)
    for n in range(10):
        before = tracker.update([box(100 + 6 * n)], n * STEP_S)
    for n in range(10, 10 + missing):
        tracker.update([], n * STEP_S)
    after = tracker.update([box(100 + 6 * (10 + missing))], (10 + missing) * STEP_S)
    assert after == before


def test_a_longer_gap_ends_it() -> None:
    tracker = Tracker(gap_s=2.0)
    first = tracker.update([box(100)], 0.0)
    assert tracker.update([box(100)], 2.0) != first
    assert len(tracker.tracks) == 1


def test_people_who_cross_at_a_distance_keep_their_ids_by_their_motion() -> None:
    tracker = Tracker(gap_s=2.0)
    pairs: list[list[int | None]] = []
    for n in range(40):
        right, left = box(100 + 15 * n, y=200), box(700 - 15 * n, y=250)
        pairs.append(tracker.update([right, left], n * STEP_S))
    assert all(pair == pairs[0] for pair in pairs)


def test_a_face_far_away_is_somebody_else() -> None:
    tracker = Tracker(gap_s=2.0)
    (first,) = tracker.update([box(100)], 0.0)
    (second,) = tracker.update([box(900)], STEP_S)
    assert first != second


def test_a_face_of_quite_another_size_is_somebody_else() -> None:
    tracker = Tracker(gap_s=2.0)
    (first,) = tracker.update([box(100, size=60)], 0.0)
    (second,) = tracker.update([box(100, size=140)], STEP_S)
    assert first != second


def test_no_id_is_given_twice_in_a_frame() -> None:
    tracker = Tracker(gap_s=2.0)
    tracker.update([box(100)], 0.0)
    ids = tracker.update([box(100), box(104), box(98)], STEP_S)
    assert len(set(ids)) == 3


def test_a_crowd_is_followed_up_to_the_limit_and_the_largest_first() -> None:
    tracker = Tracker(gap_s=2.0)
    crowd = [box(200.0 * n, size=20.0 + n) for n in range(TRACKS_MAX + 10)]
    ids = tracker.update(crowd, 0.0)
    assert ids[:10] == [None] * 10
    assert None not in ids[10:]
    assert len(tracker.tracks) == TRACKS_MAX


def test_the_same_moment_twice_does_not_break_the_velocity() -> None:
    tracker = Tracker(gap_s=2.0)
    tracker.update([box(100)], 1.0)
    tracker.update([box(110)], 1.0)
    assert tracker.tracks[0].velocity_px_s == (0.0, 0.0)


def test_iou_is_one_for_the_same_box_zero_apart_and_a_third_for_half_a_shift() -> None:
    assert iou(box(0), box(0)) == 1.0
    assert iou(box(0), box(500)) == 0.0
    assert iou(box(0), box(SIZE_PX / 2)) == pytest.approx(1 / 3)
