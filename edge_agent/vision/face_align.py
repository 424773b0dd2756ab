"""Brings a face upright and to size for the embedder."""

from typing import Final

import numpy as np

from edge_agent.vision.face import Face
from edge_agent.vision.frame import Pixels
from edge_agent.vision.warp import Points, cut_out, fit_similarity

CHIP_SIZE_PX: Final = 150
CHIP_MARGIN: Final = 0.25  # on each side, as a share of the unit square below

UNIT_LANDMARKS: Final = (
    (0.1206, 0.2137),
    (0.3341, 0.2291),
    (0.6461, 0.2290),
    (0.8596, 0.2135),
    (0.4901, 0.6278),
)
"""Mean places of face.LANDMARK_NAMES in a unit square around brows and chin: the mean face to which the pictures that
trained the embedder were aligned (dlib's five-point shape)."""


def chip_landmarks() -> Points:
    """Where the five landmarks come to lie in the chip; shape (5, 2)."""
    return (np.array(UNIT_LANDMARKS) + CHIP_MARGIN) / (1 + 2 * CHIP_MARGIN) * CHIP_SIZE_PX


def face_chip(pixels: Pixels, face: Face) -> Pixels:
    """The upright face, shape (150, 150, 3). Raises ValueError for a face without landmarks."""
    if not face.landmarks_px:
        raise ValueError("this face has no landmarks: it did not come from FaceDetector")
    affine = fit_similarity(np.array(face.landmarks_px, np.float64), chip_landmarks())
    return cut_out(pixels, affine, CHIP_SIZE_PX)
