"""What a second of pictures shows: structure, edges and light of a small grey copy, nothing learnt.

A look is made of the mean pictures of two seconds that follow one another. Energies are products of the two
gradients, not squares of one: noise, rain and passers-by differ between the seconds and cancel in the mean, what
stands still remains. So a dark sensor full of noise has no structure, without a threshold for the noise.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frame import Pixels
from edge_agent.vision.warp import halve

SMALL_PX: Final = (320, 180)  # width, height; whatever the camera's shape, so that another resolution stays comparable
EDGES_PX: Final = (160, 90)
CELLS: Final = (16, 9)  # of 20 x 20 pixels of the small picture
CELL_COUNT: Final = CELLS[0] * CELLS[1]

_BRIGHT: Final = 245  # grey level of 255 from which a pixel counts as saturated
_DARK_PERCENTILE: Final = 90
_EDGE_FLOOR: Final = 1.0  # levels per pixel: contrast below this is not stretched to look like an edge
_NEIGHBOURHOOD_PX: Final = (31, 31)  # of EDGES_PX: what an edge's strength is measured against
_DERIVATIVE: Final = np.array([[-0.5, 0.0, 0.5]], np.float32)

Grey = NDArray[np.float32]
"""Shape (180, 320), levels 0..255."""
CellMap = NDArray[np.float32]
"""Shape (9, 16)."""
Edges = NDArray[np.float32]
"""Shape (90, 160): edge strength against its neighbourhood, about 0..4, whatever the light."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One second's evidence."""

    edges: Edges
    structure: CellMap  # mean squared gradient, (levels per pixel of the small picture) squared; noise-free
    fine: CellMap  # mean squared Laplacian of the small picture: what a lens loses first
    coarse: CellMap  # mean squared gradient of a picture four times smaller: what a lens loses last
    levels: CellMap  # mean grey level
    light: float  # the level that 90 % of the picture stay below
    saturated: float  # share of the picture that is nearly white


def small_grey(pixels: Pixels) -> NDArray[np.uint8]:
    """(180, 320) grey, averaged and not skipped. 0.3 ms of a 1280x720 picture on one x86 core."""
    halved, _ = halve(pixels, SMALL_PX[0] / pixels.shape[1])
    small = cv2.resize(halved, SMALL_PX, interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def look_at(before: Grey, now: Grey) -> Look:
    """`before` and `now` are the mean pictures of two seconds."""
    gradient = _gradient_product(before, now)
    quarter = (SMALL_PX[0] // 4, SMALL_PX[1] // 4)
    laplacian = cv2.Laplacian(before, cv2.CV_32F) * cv2.Laplacian(now, cv2.CV_32F)
    return Look(
        edges=_edges(gradient),
        structure=_cells(gradient),
        fine=_cells(laplacian),
        coarse=_cells(_gradient_product(_area(before, quarter), _area(now, quarter))),
        levels=_area(now, CELLS),
        light=float(np.percentile(now[::2, ::2], _DARK_PERCENTILE)),
        saturated=float((now >= _BRIGHT).mean()),
    )


def _gradient_product(before: Grey, now: Grey) -> Grey:
    product = _derivative(before, 0) * _derivative(now, 0)
    product += _derivative(before, 1) * _derivative(now, 1)
    return product


def _derivative(grey: Grey, axis: int) -> Grey:
    """Central differences (levels per pixel); exactly zero in a flat picture."""
    kernel = _DERIVATIVE if axis == 0 else _DERIVATIVE.T
    return cv2.filter2D(grey, cv2.CV_32F, kernel).astype(np.float32, copy=False)


def _edges(gradient_product: Grey) -> Edges:
    """The gradient over the root mean square of its neighbourhood: day, lamp and infra-red look alike."""
    energy = np.maximum(_area(gradient_product, EDGES_PX), 0.0)
    around = cv2.boxFilter(energy, cv2.CV_32F, _NEIGHBOURHOOD_PX)
    strength = np.sqrt(energy / (around + _EDGE_FLOOR**2))
    smooth: Edges = cv2.GaussianBlur(np.minimum(strength, 4.0), (0, 0), 1.0).astype(np.float32, copy=False)
    return smooth


def _cells(energy: Grey) -> CellMap:
    return np.maximum(_area(energy, CELLS), 0.0)


def _area(picture: NDArray[np.float32], size_px: tuple[int, int]) -> NDArray[np.float32]:
    return cv2.resize(picture, size_px, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
