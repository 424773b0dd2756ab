import numpy as np
import pytest

from edge_agent.vision.blazeface import Candidates
from edge_agent.vision.face import Face
from edge_agent.vision.face_merge import drop_duplicates, merge_candidates, overlap


def candidates(*rows: tuple[float, float, float, float, float]) -> Candidates:
    """Each row: x0, y0, x1, y1, score; all points lie on the top left corner."""
    table = np.array(rows, np.float64).reshape(-1, 5)
    points = np.repeat(table[:, None, :2], 6, axis=1)
    return Candidates(boxes=table[:, :4], points=points, scores=table[:, 4])


def face(x0: float, y0: float, side: float, score: float) -> Face:
    return Face(box_px=(x0, y0, x0 + side, y0 + side), score=score, keypoints_px=((x0, y0),) * 6)


def test_overlap_is_intersection_over_union() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [5, 5, 5, 5]], np.float64)
    np.testing.assert_allclose(overlap(boxes[0], boxes), [1, 1 / 3, 0, 0])


def test_a_group_becomes_its_mean_weighted_by_score() -> None:
    merged = merge_candidates(candidates((0, 0, 10, 10, 0.9), (2, 2, 12, 12, 0.3)), 0.3)
    assert len(merged) == 1
    np.testing.assert_allclose(merged.boxes[0], [0.5, 0.5, 10.5, 10.5])
    np.testing.assert_allclose(merged.points[0], np.full((6, 2), 0.5))
    assert merged.scores[0] == 0.9


def test_two_neighbours_stay_two_best_first() -> None:
    merged = merge_candidates(candidates((0, 0, 10, 10, 0.4), (50, 0, 60, 10, 0.8)), 0.3)
    np.testing.assert_allclose(merged.scores, [0.8, 0.4])


def test_nothing_stays_nothing() -> None:
    merged = merge_candidates(candidates(), 0.3)
    assert len(merged) == 0
    assert merged.boxes.shape == (0, 4)
    assert merged.points.shape == (0, 6, 2)


def test_of_two_looks_at_one_face_the_better_stays() -> None:
    good, worse = face(0, 0, 100, 0.9), face(5, 5, 100, 0.7)
    assert drop_duplicates([worse, good], overlap_max=0.4, inside_max=0.75) == [good]


def test_a_mouth_taken_for_a_face_goes_with_the_face_around_it() -> None:
    whole, part = face(0, 0, 100, 0.9), face(30, 60, 30, 0.8)
    assert drop_duplicates([part, whole], overlap_max=0.4, inside_max=0.75) == [whole]


def test_a_child_in_front_of_a_parent_stays() -> None:
    parent, child = face(0, 0, 100, 0.9), face(70, 60, 60, 0.8)
    assert drop_duplicates([parent, child], overlap_max=0.4, inside_max=0.75) == [parent, child]


def test_a_face_has_a_box_a_score_and_six_points() -> None:
    points = ((1.0, 1.0),) * 6
    with pytest.raises(ValueError, match="empty box"):
        Face(box_px=(5, 5, 5, 9), score=0.5, keypoints_px=points)
    with pytest.raises(ValueError, match="empty box"):
        Face(box_px=(0, 0, float("nan"), 9), score=0.5, keypoints_px=points)
    with pytest.raises(ValueError, match="score"):
        Face(box_px=(0, 0, 9, 9), score=1.01, keypoints_px=points)
    with pytest.raises(ValueError, match="5 key points"):
        Face(box_px=(0, 0, 9, 9), score=0.5, keypoints_px=points[:5])
    with pytest.raises(ValueError, match="landmarks"):
        Face(box_px=(0, 0, 9, 9), score=0.5, keypoints_px=points, landmarks_px=points)
