"""A piece of a picture brought to a network's size, and the way back for what the network found in it."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.face import Box
from edge_agent.vision.frame import Pixels
from edge_agent.vision.warp import halve

GREY: Final = 114
"""Where the piece ends before the network's input does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The upright box of the picture that is looked at, whole pixels; may reach past the picture."""

    left: int
    top: int
    width: int
    height: int


def window_around(box_px: Box, margin: float, aspect: float, size_min: tuple[float, float]) -> Window:
    """A window about the box's middle with `margin` times its size to each side, widened to `aspect` and `size_min`."""
    x0, y0, x1, y1 = box_px
    width, height = (x1 - x0) * (1 + 2 * margin), (y1 - y0) * (1 + 2 * margin)
    width = max(width, height * aspect, size_min[0], size_min[1] * aspect)
    height = width / aspect
    left, top = round((x0 + x1 - width) / 2), round((y0 + y1 - height) / 2)
    return Window(left=left, top=top, width=max(1, round(width)), height=max(1, round(height)))


def look_at(pixels: Pixels, window: Window, height: int, width: int) -> tuple[Pixels, float]:
    """The window's part as (height, width, 3), top left aligned, grey beyond; and network pixels per picture pixel."""
    scale = min(width / window.width, height / window.height)
    x0, y0 = max(0, window.left), max(0, window.top)
    x1 = min(pixels.shape[1], window.left + window.width)
    y1 = min(pixels.shape[0], window.top + window.height)
    out = np.full((height, width, 3), GREY, np.uint8)
    if x1 <= x0 or y1 <= y0:
        return out, scale
    left, top = round((x0 - window.left) * scale), round((y0 - window.top) * scale)
    right = min(width, max(left + 1, round((x1 - window.left) * scale)))
    bottom = min(height, max(top + 1, round((y1 - window.top) * scale)))
    if left >= right or top >= bottom:
        return out, scale
    part, _ = halve(pixels[y0:y1, x0:x1], scale)
    smaller = part.shape[0] > bottom - top
    method = cv2.INTER_AREA if smaller and scale < 1 else cv2.INTER_LINEAR
    out[top:bottom, left:right] = cv2.resize(part, (right - left, bottom - top), interpolation=method)
    return out, scale


def back(points: NDArray[np.float64], window: Window, scale: float) -> NDArray[np.float64]:
    """Points (..., 2) of the network's input as points of the picture."""
    back_px: NDArray[np.float64] = points / scale + np.array([window.left, window.top])
    return back_px
