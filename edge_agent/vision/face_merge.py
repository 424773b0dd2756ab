"""Many candidates for one face become one: pure geometry on boxes."""

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.blazeface import Candidates
from edge_agent.vision.face import Face

Boxes = NDArray[np.float64]
Scores = NDArray[np.float64]


def overlap(box: Boxes, boxes: Boxes) -> Scores:
    """Intersection over union of one box (4,) with each of `boxes` (n, 4)."""
    shared, area, areas = _areas(box, boxes)
    return _share(shared, area + areas - shared)


def merge_candidates(found: Candidates, overlap_min: float) -> Candidates:
    """Weighted non-maximum suppression (BlazeFace, section 3.4): a group becomes its mean, weighted by score.

    The best score of the group is its score; the result is in falling order of it.
    """
    boxes, points, scores = [], [], []
    left = np.argsort(-found.scores, kind="stable")
    while len(left):
        same = overlap(found.boxes[left[0]], found.boxes[left]) > overlap_min
        same[0] = True
        group = left[same]
        weights = found.scores[group] / found.scores[group].sum()
        boxes.append(weights @ found.boxes[group])
        points.append(np.tensordot(weights, found.points[group], axes=1))
        scores.append(found.scores[left[0]])
        left = left[~same]
    return Candidates(
        boxes=np.array(boxes).reshape(-1, 4),
        points=np.array(points).reshape(-1, 6, 2),
        scores=np.array(scores, np.float64),
    )


def drop_duplicates(faces: list[Face], *, overlap_max: float, inside_max: float) -> list[Face]:
    """The better-scored of two faces stays when they overlap by more than `overlap_max`, or when the smaller lies
    within the larger by more than `inside_max` of its own area. Best first.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        box, others = np.array(face.box_px), np.array([f.box_px for f in kept], np.float64).reshape(-1, 4)
        if not ((overlap(box, others) > overlap_max) | (_inside(box, others) > inside_max)).any():
            kept.append(face)
    return kept


def _inside(box: Boxes, boxes: Boxes) -> Scores:
    """Intersection over the smaller of the two areas."""
    shared, area, areas = _areas(box, boxes)
    return _share(shared, np.minimum(area, areas))


def _areas(box: Boxes, boxes: Boxes) -> tuple[Scores, float, Scores]:
    """Areas of the intersections, of the box, and of the boxes."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None)
    size, sizes = box[2:] - box[:2], boxes[:, 2:] - boxes[:, :2]
    return shared[:, 0] * shared[:, 1], float(size[0] * size[1]), sizes[:, 0] * sizes[:, 1]


def _share(part: Scores, whole: Scores) -> Scores:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
