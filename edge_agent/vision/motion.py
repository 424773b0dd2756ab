"""A cheap gate before the networks: has anything moved, and where."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.face import Box
from edge_agent.vision.frame import Pixels

SMALL_WIDTH_PX: Final = 160
LOOK_ANYWAY_S: Final = 4.0  # somebody who came in unnoticed is found this late at most
_ADAPT_S: Final = 2.0  # time constant of the background: what stands still this long becomes part of it
_CONTRAST_MIN: Final = 10.0  # grey levels of 255 that a change must reach, above the whole picture's own change
_NOISE_FACTOR: Final = 6.0  # and as many times the picture's median deviation, so that a dark, noisy camera stays calm
_CONTRAST_MAX: Final = 40.0  # but no more is ever asked: where everything changed, the deviation is no noise
_AREA_MIN: Final = 6  # pixels of the small picture that belong together: a face 60 px wide in 1280x720 covers 60
_EVERYWHERE: Final = 0.5  # share of changed pixels from which the camera moved or the light was switched
_MARGIN: Final = (
    0.6  # a region grows by this share of its size, at least _MARGIN_MIN small pixels: faces are above the motion
)
_MARGIN_MIN: Final = 6  # and at least by so many small pixels

_Grey = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """Where it is worth looking for faces: boxes in pixels of the picture; empty when nothing happens."""

    regions: tuple[Box, ...]

    @property
    def look(self) -> bool:
        return bool(self.regions)


NOTHING: Final = Glance(regions=())


class MotionGate:
    """Compares each picture with a running average of the ones before.

    What the light did to the whole picture is taken out first, so a cloud or an exposure step moves nothing.
    """

    def __init__(self, *, look_anyway_s: float = LOOK_ANYWAY_S) -> None:
        """Every `look_anyway_s` the whole picture is worth a look, moved or not."""
        self._look_anyway_s = look_anyway_s
        self._background: _Grey | None = None
        self._shape: tuple[int, ...] = ()
        self._seen_s = 0.0
        self._looked_everywhere_s = -math.inf

    def glance(self, pixels: Pixels, now_s: float) -> Glance:
        """`pixels` of any size; a new size starts afresh. `now_s` is monotonic."""
        if pixels.shape != self._shape:
            self._background, self._shape = None, pixels.shape
        moved = self._moved(_small_grey(pixels), now_s)
        height, width = pixels.shape[:2]
        whole = (0.0, 0.0, float(width), float(height))
        overdue = now_s - self._looked_everywhere_s >= self._look_anyway_s
        if overdue or moved is None:
            self._looked_everywhere_s = now_s
            return Glance(regions=(whole,))
        return Glance(regions=_regions(moved, width, height)) if moved.any() else NOTHING

    def _moved(self, small: _Grey, now_s: float) -> NDArray[np.bool_] | None:
        """Mask of the small picture; None when all of it is new."""
        background = self._background
        if background is None:
            self._background, self._seen_s = small, now_s
            return None
        size = np.abs(_without_light(small, background))
        mask = size > np.clip(_NOISE_FACTOR * np.median(size), _CONTRAST_MIN, _CONTRAST_MAX)
        if mask.mean() > _EVERYWHERE:
            self._background, self._seen_s = small, now_s
            return None
        share = 1.0 - math.exp(-max(0.0, now_s - self._seen_s) / _ADAPT_S)
        cv2.accumulateWeighted(small, background, share)
        self._seen_s = now_s
        opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        return opened.astype(bool)


def _small_grey(pixels: Pixels) -> _Grey:
    height, width = pixels.shape[:2]
    small_height = max(1, round(height * SMALL_WIDTH_PX / width))
    small = cv2.resize(pixels, (SMALL_WIDTH_PX, small_height), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)


def _without_light(small: _Grey, background: _Grey) -> _Grey:
    """What changed, less what the same gain and offset for all pixels explain (their medians)."""
    gain = float(np.median((small + 1.0) / (background + 1.0)))
    change = small - gain * background
    change -= np.median(change)
    return change


def _regions(moved: NDArray[np.bool_], width: int, height: int) -> tuple[Box, ...]:
    """Boxes of the full picture around what moved, grown by a margin and joined where they touch."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(moved.astype(np.uint8), connectivity=8)
    scale_x, scale_y = width / moved.shape[1], height / moved.shape[0]
    boxes: list[Box] = []
    for left, top, w, h, area in stats[1:].tolist():
        if area < _AREA_MIN:
            continue
        margin_x, margin_y = max(_MARGIN * w, _MARGIN_MIN), max(_MARGIN * h, _MARGIN_MIN)
        grown = (
            max(0.0, (left - margin_x) * scale_x),
            max(0.0, (top - margin_y) * scale_y),
            min(float(width), (left + w + margin_x) * scale_x),
            min(float(height), (top + h + margin_y) * scale_y),
        )
        boxes = joined(boxes, grown)
    return tuple(boxes)


def joined(boxes: list[Box], new: Box) -> list[Box]:
    """`boxes`, which do not overlap, and `new`, as boxes that do not overlap and cover at least the same."""
    apart: list[Box] = []
    for box in boxes:
        if box[0] < new[2] and new[0] < box[2] and box[1] < new[3] and new[1] < box[3]:
            new = (min(box[0], new[0]), min(box[1], new[1]), max(box[2], new[2]), max(box[3], new[3]))
        else:
            apart.append(box)
    if len(apart) < len(boxes):
        return joined(apart, new)  # the grown box may touch others now
    return [*apart, new]
