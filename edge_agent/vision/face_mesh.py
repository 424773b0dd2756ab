"""The face mesh (Kartynnik et al. 2019, arXiv:1907.06724): 468 points on one face, and whether it is one at all."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge_agent.errors import ModelError
from edge_agent.vision.face import Box, Face, Point
from edge_agent.vision.frame import Pixels
from edge_agent.vision.tflite import Model
from edge_agent.vision.warp import Points, cut_out, to_picture, upright_square

POINTS: Final = 468
SIZE: Final = 192
MARGIN: Final = 1.5  # side of the square over the detector's box, as the network was trained

FOREHEAD: Final = 0.14
"""The mesh ends below the hairline. Raising it by this share of its height gives the box people draw: the median IoU
with YuNet's boxes on every tenth LFW view 1 picture rose from 0.83 to 0.93."""

# Indices into the mesh; "right" is the person's own.
_RIGHT_EYE, _LEFT_EYE = (33, 133), (362, 263)  # outer, inner; inner, outer
_NOSE_TIP, _NOSE_BASE = 1, 2
_LIPS = (13, 14)
_RIGHT_EAR, _LEFT_EAR = 234, 454
_TOP, _CHIN = 10, 152


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MeshFit:
    """The mesh laid on a picture."""

    points_px: Points  # (468, 2), in pixels of the picture
    presence: float  # 0 to 1: that there is a face under it


class FaceMesh:
    """Lays the mesh on what a detector took for a face."""

    def __init__(self, model: Model) -> None:
        """Raise ModelError when the network is not a face mesh."""
        if model.input_shape != (1, SIZE, SIZE, 3):
            raise ModelError(f"a face mesh takes {SIZE} x {SIZE} pixels, this takes {model.input_shape}")
        if sorted(model.output_shapes) != [(1, 1, 1, 1), (1, 1, 1, POINTS * 3)]:
            raise ModelError(f"not a face mesh: it gives {model.output_shapes}")
        self._model = model

    def fit(self, pixels: Pixels, box_px: Box, right_eye_px: Point, left_eye_px: Point) -> MeshFit:
        """Look at the square around the box, turned so that the eyes are level."""
        x0, y0, x1, y1 = box_px
        roll = float(np.arctan2(left_eye_px[1] - right_eye_px[1], left_eye_px[0] - right_eye_px[0]))
        side = max(x1 - x0, y1 - y0) * MARGIN
        affine = upright_square(((x0 + x1) / 2, (y0 + y1) / 2), side, roll, SIZE)
        crop = cv2.cvtColor(cut_out(pixels, affine, SIZE), cv2.COLOR_BGR2RGB)
        first, second = self._model.run(crop[None].astype(np.float32) / np.float32(255))
        mesh, logit = (first, second) if first.size > 1 else (second, first)
        points = mesh.reshape(POINTS, 3)[:, :2].astype(np.float64)
        presence = 1 / (1 + np.exp(-np.clip(float(logit.item()), -80, 80)))
        return MeshFit(points_px=to_picture(affine, points), presence=float(presence))


def face_from_mesh(points_px: Points, score: float) -> Face:
    """The box, six key points and five landmarks of a mesh of shape (468, 2)."""

    def middle(*indices: int) -> Point:
        x, y = points_px[list(indices)].mean(axis=0)
        return float(x), float(y)

    forehead = points_px[_TOP] + FOREHEAD * (points_px[_TOP] - points_px[_CHIN])
    outline = np.vstack([points_px, forehead])
    (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
    return Face(
        box_px=(float(x0), float(y0), float(x1), float(y1)),
        score=score,
        keypoints_px=(
            middle(*_RIGHT_EYE),
            middle(*_LEFT_EYE),
            middle(_NOSE_TIP),
            middle(*_LIPS),
            middle(_RIGHT_EAR),
            middle(_LEFT_EAR),
        ),
        landmarks_px=tuple(middle(i) for i in (*_RIGHT_EYE, *_LEFT_EYE, _NOSE_BASE)),
    )
