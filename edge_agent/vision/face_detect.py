"""Finds the faces in a picture: far detector on windows, then the mesh on each candidate."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from edge_agent.vision.blazeface import BlazeFace, Candidates, join
from edge_agent.vision.face import Box, Face, Point
from edge_agent.vision.face_merge import drop_duplicates, merge_candidates, overlap
from edge_agent.vision.face_mesh import FaceMesh, MeshFit, face_from_mesh
from edge_agent.vision.face_windows import Region, Window, plan_windows, zoomed_out
from edge_agent.vision.frame import Pixels
from edge_agent.vision.tflite import Model

FAR_GRIDS: Final = ((48, 1),)
NEAR_GRIDS: Final = ((16, 2), (8, 6))

FACES_MAX: Final = 64
"""Candidates past this many, weakest first, are not looked at: a poster of a crowd must not stop a gate."""

CANDIDATE_MIN: Final = 0.3  # weak on purpose: the mesh has the last word
NEAR_MIN: Final = 0.5
PRESENCE_MIN: Final = 0.5
SAME_FACE: Final = 0.3  # IoU above which two candidates are one face
SAME_FACE_AFTER_MESH: Final = 0.25
INSIDE_ANOTHER: Final = 0.6  # share of its area within a better face: an eye or a mouth taken for a face
SURE: Final = 0.75
NEAR_MARGIN: Final = 2.0  # the near detector knows faces about half as wide as its picture
REGION_MARGIN: Final = 1.25  # a region drawn tightly around a face leaves the far detector no surroundings
WINDOW_SIDE_MIN_PX: Final = 64.0

FAR_FACE_PX: Final = 16
"""Width in the far network's own 192 pixels from which it finds faces: measured on 200 LFW pictures scaled down and
seen through ever larger windows, candidates of 0.3 for 100 % at 16 pixels, 99 % at 12, 97.5 % at 10."""


class FaceDetector:
    """Faces of a picture. Keeps nothing between two pictures: threads may share it, and wait for one another."""

    def __init__(self, *, far: Model, near: Model, mesh: Model, face_px_min: float = 60) -> None:
        """`face_px_min`: the width from which faces must be found; halving it costs up to four times the time."""
        self._models = far, near, mesh
        self._far = BlazeFace(far, FAR_GRIDS)
        self._near = BlazeFace(near, NEAR_GRIDS)
        self._mesh = FaceMesh(mesh)
        self._tile_side_px = face_px_min * far.input_shape[1] / FAR_FACE_PX

    def down_to(self, face_px_min: float) -> "FaceDetector":
        """Another one with the very same networks, for faces from this width on."""
        far, near, mesh = self._models
        return FaceDetector(far=far, near=near, mesh=mesh, face_px_min=face_px_min)

    def detect(self, pixels: Pixels, regions_px: Sequence[Box] | None = None) -> list[Face]:
        """The faces, best first, at most FACES_MAX. With `regions_px` only those whose centre is in one of these boxes.

        Boxes may reach past the picture's edge where the face does.
        """
        if regions_px is None:
            return self._search(pixels, _whole(pixels))
        found = [
            face
            for box in regions_px
            for face in self._search(pixels, _grown(box, pixels))
            if _contains(box, face.centre_px)
        ]
        return _distinct(found)[:FACES_MAX]

    def warm_up(self, pixels: Pixels) -> None:
        """Run each network once, whatever the picture holds: the first inference allocates."""
        window = zoomed_out(_whole(pixels))
        self._far.find(pixels, window, CANDIDATE_MIN)
        self._near.find(pixels, window, NEAR_MIN)
        self._mesh.fit(pixels, (0, 0, window.side, window.side), (0, 0), (1, 0))

    def _search(self, pixels: Pixels, region: Region) -> list[Face]:
        faces = self._faces_in(pixels, plan_windows(region, self._tile_side_px))
        if (faces and faces[0].score >= SURE) or region != _whole(pixels):
            return faces
        # Nothing, or only something doubtful: perhaps one face that fills the picture, or a part of it taken for one.
        return _distinct(faces + self._faces_in(pixels, [zoomed_out(region)]))[:FACES_MAX]

    def _faces_in(self, pixels: Pixels, windows: list[Window]) -> list[Face]:
        parts = [self._far.find(pixels, window, CANDIDATE_MIN) for window in windows]
        candidates = merge_candidates(join(parts), SAME_FACE)
        faces = [self._look_closer(pixels, candidates, i) for i in range(min(len(candidates), FACES_MAX))]
        return _distinct([face for face in faces if face])

    def _look_closer(self, pixels: Pixels, candidates: Candidates, index: int) -> Face | None:
        """The mesh decides whether it is a face; where it doubts, it gets a second, finer box from the near network."""
        fit = self._fit(pixels, candidates, index)
        if fit.presence < PRESENCE_MIN:
            again = self._near_candidates(pixels, candidates.boxes[index])
            if not len(again):
                return None
            fit = self._fit(pixels, again, 0)
        if fit.presence < PRESENCE_MIN or not np.ptp(fit.points_px, axis=0).all():
            return None
        # Both networks are saturated on good faces; their geometric mean still tells a doubtful one.
        return face_from_mesh(fit.points_px, math.sqrt(float(candidates.scores[index]) * fit.presence))

    def _fit(self, pixels: Pixels, candidates: Candidates, index: int) -> MeshFit:
        x0, y0, x1, y1 = (float(v) for v in candidates.boxes[index])
        right_eye, left_eye = ((float(x), float(y)) for x, y in candidates.points[index, :2])
        return self._mesh.fit(pixels, (x0, y0, x1, y1), right_eye, left_eye)

    def _near_candidates(self, pixels: Pixels, box: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Candidates:
        """What the near network finds on the same spot, best first; often nothing."""
        side = float((box[2:] - box[:2]).max()) * NEAR_MARGIN
        x, y = (box[:2] + box[2:]) / 2
        window = Window(x0=float(x) - side / 2, y0=float(y) - side / 2, side=side)
        found = merge_candidates(self._near.find(pixels, window, NEAR_MIN), SAME_FACE)
        return found.take(np.flatnonzero(overlap(box, found.boxes) > SAME_FACE))


def _distinct(faces: list[Face]) -> list[Face]:
    return drop_duplicates(faces, overlap_max=SAME_FACE_AFTER_MESH, inside_max=INSIDE_ANOTHER)


def _whole(pixels: Pixels) -> Region:
    return Region(x0=0, y0=0, width=pixels.shape[1], height=pixels.shape[0])


def _contains(box: Box, point: Point) -> bool:
    x0, y0, x1, y1 = box
    return x0 <= point[0] < x1 and y0 <= point[1] < y1


def _grown(box: Box, pixels: Pixels) -> Region:
    """The box with a margin, at least WINDOW_SIDE_MIN_PX wide, but no larger than the picture."""
    x0, y0, x1, y1 = box
    width = min(max((x1 - x0) * REGION_MARGIN, WINDOW_SIDE_MIN_PX), pixels.shape[1])
    height = min(max((y1 - y0) * REGION_MARGIN, WINDOW_SIDE_MIN_PX), pixels.shape[0])
    return Region(x0=(x0 + x1 - width) / 2, y0=(y0 + y1 - height) / 2, width=width, height=height)
