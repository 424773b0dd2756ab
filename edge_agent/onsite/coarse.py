"""A picture that shows what a camera looks at, and nobody: faces and plates are made coarse before it goes anywhere."""

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np

from edge_agent.vision.face import Box
from edge_agent.vision.frame import Pixels

WIDTH_PX: Final = 960  # of what leaves
BLOCKS: Final = 6  # across a face or a plate: fewer than anybody can be known by
MARGIN: Final = 0.35  # around what was found, share of its size: hair, ears, a hat
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
    hidden = _hidden(small, boxes)
    left = [box for detect in detectors for box in detect(hidden)]
    return _hidden(hidden, left)


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


def _hidden(pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    result = pixels.copy()
    height, width = pixels.shape[:2]
    for x0, y0, x1, y1 in boxes:
        dx, dy = (x1 - x0) * MARGIN, (y1 - y0) * MARGIN
        left, right = max(0, int(x0 - dx)), min(width, int(x1 + dx) + 1)
        top, bottom = max(0, int(y0 - dy)), min(height, int(y1 + dy) + 1)
        if right <= left or bottom <= top:
            continue
        part = result[top:bottom, left:right]
        across, down = _blocks(right - left, bottom - top)
        few = cv2.resize(part, (across, down), interpolation=cv2.INTER_AREA)
        result[top:bottom, left:right] = cv2.resize(few, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    return result


def _blocks(width: int, height: int) -> tuple[int, int]:
    """How many across and down: square ones, BLOCKS along the shorter side at most."""
    side = max(1.0, min(width, height) / BLOCKS)
    return max(1, int(width / side)), max(1, int(height / side))
