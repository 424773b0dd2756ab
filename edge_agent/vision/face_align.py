"""Brings a face upright and to size for the embedder and for judging its quality."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.vision.face import Face
from edge_agent.vision.frame import Pixels
from edge_agent.vision.warp import Points, cut_out, fit_similarity

UNIT_LANDMARKS: Final = (
    (0.1206, 0.2137),
    (0.3341, 0.2291),
    (0.6461, 0.2290),
    (0.8596, 0.2135),
    (0.4901, 0.6278),
)
"""Mean places of face.LANDMARK_NAMES in a unit square around brows and chin: the mean face to which the pictures that
trained the first network were aligned (dlib's five-point shape)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChipFrame:
    """What a chip shows: a square of the plane in which the mean face fills the unit square."""

    left: float
    top: float
    side: float
    size_px: int

    def landmarks_px(self) -> Points:
        """Where the five landmarks come to lie in the chip; shape (5, 2)."""
        return (np.array(UNIT_LANDMARKS) - (self.left, self.top)) / self.side * self.size_px


CLOSE: Final = ChipFrame(left=-0.25, top=-0.25, side=1.5, size_px=150)
"""The face alone, as the dlib network was trained."""

WIDE: Final = ChipFrame(left=-0.35, top=-0.45, side=1.7, size_px=224)
"""With hair and chin, which the MobileNet wants: of nine frames on half of the training pairs this and its neighbours
found about 15 % more true matches at a false-match rate of 1e-3 than the face alone."""


def face_chip(pixels: Pixels, face: Face, frame: ChipFrame = CLOSE) -> Pixels:
    """The upright face, shape (size_px, size_px, 3). Raises ValueError for a face without landmarks."""
    if not face.landmarks_px:
        raise ValueError("this face has no landmarks: it did not come from FaceDetector")
    affine = fit_similarity(np.array(face.landmarks_px, np.float64), frame.landmarks_px())
    return cut_out(pixels, affine, frame.size_px)
