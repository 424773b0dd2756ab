"""A picture that shows what a camera looks at, and nobody: faces and plates are made coarse before it goes anywhere."""

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np

from edge_agent.vision.face import Box
from edge_agent.vision.face_hide import hidden
from edge_agent.vision.frame import Pixels

WIDTH_PX: Final = 960  # of what leaves
BYTES_MAX: Final = 96 * 1024
_QUALITIES: Final = (80, 65, 50, 35, 20)
_TILE: Final = 0.6  # of the picture's sides: a second look, twice as close, finds faces half as large

Detect = Callable[[Pixels], Sequence[Box]]
"""Boxes of whatever must not be recognised, in pixels of the picture it is given."""


def coarse(pixels: Pixels, detectors: Sequence[Detect]) -> Pixels:
    """A new picture, at most WIDTH_PX wide, in which nothing that any detector finds can be recognised.

    It is searched as it is, again from closer (what is too small for that is a few pixels wide in what leaves), and the
    result once more: what is still found is made coarse again.
    """
    small = _fit(pixels)
    share = small.shape[1] / pixels.shape[1]
    boxes = [_scaled(box, share) for detect in detectors for box in _everywhere(pixels, detect)]
    covered = hidden(small, boxes)
    left = [box for detect in detectors for box in detect(covered)]
    return hidden(covered, left)


def jpeg(pixels: Pixels, *, bytes_max: int = BYTES_MAX) -> bytes:
    """As good as fits. Raises ValueError when even the worst does not, which no picture of WIDTH_PX has done."""
    for quality in _QUALITIES:
        done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and len(encoded) <= bytes_max:
            return encoded.tobytes()
    raise ValueError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} does not fit into {bytes_max} bytes")


def _everywhere(pixels: Pixels, detect: Detect) -> list[Box]:
    found = list(detect(pixels))
    height, width = pixels.shape[:2]
    tall, wide = round(height * _TILE), round(width * _TILE)
    for top in (0, height - tall):
        for left in (0, width - wide):
            part = pixels[top : top + tall, left : left + wide]
            close = cv2.resize(part, None, fx=2, fy=2).astype(np.uint8, copy=False)
            found += [(left + x0 / 2, top + y0 / 2, left + x1 / 2, top + y1 / 2) for x0, y0, x1, y1 in detect(close)]
    return found


def _fit(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if width <= WIDTH_PX:
        return pixels.copy()
    size = (WIDTH_PX, round(height * WIDTH_PX / width))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _scaled(box: Box, share: float) -> Box:
    x0, y0, x1, y1 = box
    return x0 * share, y0 * share, x1 * share, y1 * share
