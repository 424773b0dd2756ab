"""How well a face can be recognised from this picture, before anything is compared."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge_agent.vision.face import Face
from edge_agent.vision.face_align import face_chip
from edge_agent.vision.frame import Pixels

# Each factor rises in a straight line from 0 at the first number to 1 at the second.
WIDTH_PX: Final = (20.0, 90.0)
DETAIL: Final = (0.05, 0.20)
ASYMMETRY: Final = (0.90, 0.35)
NOD: Final = (0.43, 0.15)
DARK: Final = (20.0, 60.0)
BRIGHT: Final = (250.0, 215.0)
CONTRAST: Final = (6.0, 22.0)

NOSE_HEIGHT: Final = 0.58
"""Nose tip between eyes (0) and mouth (1) of a face that looks straight ahead: median of the LFW training pictures."""

BLUR_SIGMA_PX: Final = 2.0
_CORE: Final = (slice(25, 140), slice(25, 125))  # rows and columns of the chip that are face for everybody


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """Four factors, each 0 to 1."""

    size: float
    sharpness: float
    pose: float
    exposure: float

    @property
    def total(self) -> float:
        """Their product: one bad factor spoils a picture, whatever the others are."""
        return self.size * self.sharpness * self.pose * self.exposure


def assess(pixels: Pixels, face: Face) -> Quality:
    """Judge one face of a picture. Raises ValueError for a face without landmarks."""
    grey = cv2.cvtColor(face_chip(pixels, face), cv2.COLOR_BGR2GRAY)[_CORE].astype(np.float32)
    mean, deviation = float(grey.mean()), float(grey.std())
    return Quality(
        size=_ramp(face.width_px, WIDTH_PX),
        sharpness=_ramp(_detail(grey), DETAIL),
        pose=_ramp(_asymmetry(face), ASYMMETRY) * _ramp(abs(_nose_height(face) - NOSE_HEIGHT), NOD),
        exposure=_ramp(mean, DARK) * _ramp(mean, BRIGHT) * _ramp(deviation, CONTRAST),
    )


def _detail(grey: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    """Share of the fine gradients that a blur takes away (Crete et al. 2007): a picture already blurred loses little.

    On upright chips of LFW: median 0.33; after a blur of 2 % of the face's width 0.16, of 3 % 0.12, of 4 % 0.10.
    """
    blurred = cv2.GaussianBlur(grey, (0, 0), BLUR_SIGMA_PX)
    before = float(np.abs(np.diff(grey, axis=1)).mean())
    after = float(np.abs(np.diff(blurred, axis=1)).mean())
    return 1 - after / before if before > 0 else 0.0


def _asymmetry(face: Face) -> float:
    """0: the nose is half way between the ears, along the line of the eyes; 1: in profile."""
    right_eye, left_eye, nose, _, right_ear, left_ear = (np.array(p) for p in face.keypoints_px)
    axis = left_eye - right_eye
    to_right, to_left = float((nose - right_ear) @ axis), float((left_ear - nose) @ axis)
    span = abs(to_right) + abs(to_left)
    return abs(to_right - to_left) / span if span > 0 else 1.0


def _nose_height(face: Face) -> float:
    """Where the nose tip lies between eyes (0) and mouth (1), across the line of the eyes: nodding moves it."""
    right_eye, left_eye, nose, mouth, _, _ = (np.array(p) for p in face.keypoints_px)
    axis = left_eye - right_eye
    down = np.array([-axis[1], axis[0]])
    middle = (right_eye + left_eye) / 2
    height = float((mouth - middle) @ down)
    return float((nose - middle) @ down) / height if height > 0 else 0.0


def _ramp(value: float, ends: tuple[float, float]) -> float:
    worst, best = ends
    return min(1.0, max(0.0, (value - worst) / (best - worst)))
