"""A licence plate that was found in a picture, and what a network read on it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.face import Box, Point
from edge_agent.wire.plate import CHARACTERS, LENGTH_MAX, PlateKind

SLOTS: Final = LENGTH_MAX
"""Places of a plate, left to right and, on two rows, top to bottom. A plate of 7 leaves the last one blank."""

CLASSES: Final = (*CHARACTERS, "")
"""What may stand in a slot, in the order of the reader's output; the last is blank."""

KINDS: Final[tuple[PlateKind | None, ...]] = (*PlateKind, None)
"""In the order of the reader's output; the last: this is no plate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plate:
    """Where a plate is: its four corners from the plate's own top left, clockwise; may reach past the picture."""

    corners_px: tuple[Point, Point, Point, Point]
    score: float  # of the detector, 0 to 1

    @property
    def box_px(self) -> Box:
        """The upright box around the corners."""
        xs, ys = zip(*self.corners_px, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def centre_px(self) -> Point:
        x0, y0, x1, y1 = self.box_px
        return (x0 + x1) / 2, (y0 + y1) / 2

    def covers(self, other: "Plate") -> bool:
        """True when the middle of one lies in the other: two plates never overlap so."""

        def inside(point: Point, box: Box) -> bool:
            return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]

        return inside(self.centre_px, other.box_px) or inside(other.centre_px, self.box_px)

    @property
    def height_px(self) -> float:
        """Mean length of the left and the right edge: what decides whether it can be read."""
        tl, tr, br, bl = (np.asarray(corner) for corner in self.corners_px)
        return float(np.linalg.norm(tl - bl) + np.linalg.norm(tr - br)) / 2


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RawReading:
    """The reader's word on one picture of a plate, before grammar."""

    chars: NDArray[np.float32]  # (SLOTS, len(CLASSES)), probabilities, each row sums to 1
    kinds: NDArray[np.float32]  # (len(KINDS),), probabilities

    def __post_init__(self) -> None:
        if self.chars.shape != (SLOTS, len(CLASSES)) or self.kinds.shape != (len(KINDS),):
            raise ValueError(f"shapes {self.chars.shape} and {self.kinds.shape}")
