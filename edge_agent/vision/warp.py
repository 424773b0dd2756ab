"""Similarity transforms (turn, scale, shift) between a picture and a small upright square cut out of it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frame import Pixels

Affine = NDArray[np.float64]
"""Shape (2, 3): crop_xy = A[:, :2] @ picture_xy + A[:, 2]."""

HALVE_BELOW = 0.5
"""Bilinear sampling looks at two pixels a side: below this scale it would skip some, and alias."""

Points = NDArray[np.float64]
"""Shape (n, 2): x, y."""


def fit_similarity(source: Points, target: Points) -> Affine:
    """The similarity that takes `source` nearest to `target` in least squares (Umeyama 1991, without reflection).

    Points are read as complex numbers: turning and scaling is then one complex factor. Raises ValueError when all
    source points coincide.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a = (source - source_mean) @ np.array([1, 1j])
    b = (target - target_mean) @ np.array([1, 1j])
    spread = float(np.vdot(a, a).real)
    if not spread > 0:
        raise ValueError("all points coincide: no similarity is defined")
    factor = np.vdot(a, b) / spread
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([turn, target_mean - turn @ source_mean])


def upright_square(centre_px: tuple[float, float], side_px: float, roll_rad: float, size: int) -> Affine:
    """Take a square of the picture, turned by `roll_rad` (clockwise on the screen), to a crop of `size` pixels."""
    scale = size / side_px
    cos, sin = np.cos(roll_rad) * scale, np.sin(roll_rad) * scale
    turn = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([turn, size / 2 - turn @ np.asarray(centre_px)])


def cut_out(pixels: Pixels, affine: Affine, size: int) -> Pixels:
    """The crop (size, size, 3) that `affine` describes; black where it leaves the picture."""
    scale = float(np.hypot(affine[0, 0], affine[1, 0]))
    if scale < HALVE_BELOW:
        left, top, right, bottom = _bounds(affine, size, pixels.shape)
        pixels, factor = halve(pixels[top:bottom, left:right], scale)
        # A pixel's centre lies half a pixel inside it, in the large picture and in the small one.
        shift = np.array([left, top]) + (factor - 1) / 2
        affine = np.column_stack([affine[:, :2] * factor, affine[:, :2] @ shift + affine[:, 2]])
    crop = cv2.warpAffine(pixels, affine, (size, size), flags=cv2.INTER_LINEAR)
    return crop.astype(np.uint8, copy=False)


def halve(pixels: Pixels, scale: float) -> tuple[Pixels, int]:
    """Average 2 x 2 pixels into one as often as it takes for bilinear sampling at `scale` not to skip any.

    Returns the smaller picture and by what factor it is smaller; an odd last row or column is left out. Six times
    faster than averaging to the exact size in one step, and as good for the networks.
    """
    factor = 1
    while scale * factor < HALVE_BELOW and min(pixels.shape[:2]) >= 4:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = pixels[: height * 2, : width * 2]
        pixels = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        factor *= 2
    return pixels, factor


def to_picture(affine: Affine, points: Points) -> Points:
    """Take points of the crop back into the picture."""
    turn = affine[:, :2]
    scale_squared = float(turn[0, 0] ** 2 + turn[1, 0] ** 2)
    # A similarity's inverse is its transpose over the square of its scale.
    back: Points = (points - affine[:, 2]) @ turn / scale_squared
    return back


def _bounds(affine: Affine, size: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the picture that the crop shows; at least one pixel."""
    corners = to_picture(affine, np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64))
    (x0, y0), (x1, y1) = np.floor(corners.min(axis=0)) - 2, np.ceil(corners.max(axis=0)) + 2
    left, top = int(np.clip(x0, 0, shape[1] - 1)), int(np.clip(y0, 0, shape[0] - 1))
    return left, top, int(np.clip(x1, left + 1, shape[1])), int(np.clip(y1, top + 1, shape[0]))
