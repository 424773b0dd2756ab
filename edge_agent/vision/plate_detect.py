"""From a picture to its plates: where to look, how closely, and which of what was found to believe."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.face import Box
from edge_agent.vision.frame import Pixels
from edge_agent.vision.plate import Plate
from edge_agent.vision.plate_network import PlateNetwork, plausible
from edge_agent.vision.plate_window import Window, window_around

QUICK: Final = (288, 512)
WIDE: Final = (352, 608)
TALL: Final = (608, 352)
CLOSE: Final = (128, 256)
"""Sizes (height, width) of the network's input: a frame, a photograph, an upright one, a second look at one plate."""

SCORE_MIN: Final = 0.45
PHOTO_SCORE_MIN: Final = 0.25  # a photograph is seen once: what is too faint is left to the reader to refuse
PART_SCORE_MIN: Final = 0.15  # the smallest are the faintest
PLATES_MAX: Final = 32
CLOSE_MARGIN: Final = 0.4  # around a plate at the second look, in shares of its size
OTHER_MARGINS: Final = (0.25, 0.6)
CLOSE_SCORE_MIN: Final = 0.2
PARTS_BELOW: Final = 0.6  # a picture that is smaller than this in the network's input is worth a look in parts
PARTS_MAX: Final = 4  # across and down

MakeNetwork = Callable[[tuple[int, int]], PlateNetwork]
"""A network whose input has this (height, width)."""


class PlateDetector:
    """Networks are made when first needed: a gate's camera needs two of the three. Not thread-safe."""

    def __init__(self, make: MakeNetwork) -> None:
        self._make = make
        self._networks: dict[tuple[int, int], PlateNetwork] = {}

    def network(self, size: tuple[int, int]) -> PlateNetwork:
        if size not in self._networks:
            self._networks[size] = self._make(size)
        return self._networks[size]

    def detect(self, pixels: Pixels, where: Sequence[Box] | None = None) -> list[Plate]:
        """Plates of a camera's frame in one look, best first; with `where` those whose middle is in a box of it."""
        if where is not None and not where:
            return []
        window = _whole(pixels) if where is None else self._window(pixels, where)
        found = self._refined(pixels, self._look(pixels, window, SCORE_MIN, QUICK))
        return [plate for plate in found if where is None or _in_any(plate, where)]

    def photograph(self, pixels: Pixels) -> list[Plate]:
        """The same for a picture that has no next frame: also what is faint."""
        return self._refined(pixels, self._look(pixels, _whole(pixels), PHOTO_SCORE_MIN))

    def in_parts(self, pixels: Pixels) -> list[Plate]:
        """Plates too small for one look: the picture in overlapping parts, smaller and smaller until one is found."""
        height, width = pixels.shape[:2]
        parts = 2
        while max(height, width) / (parts // 2) * PARTS_BELOW > WIDE[1] and parts <= PARTS_MAX:
            w, h = int(width / parts * 1.3), int(height / parts * 1.3)
            lefts = [column * (width - w) // (parts - 1) for column in range(parts)]
            tops = [row * (height - h) // (parts - 1) for row in range(parts)]
            windows = [Window(left=left, top=top, width=w, height=h) for top in tops for left in lefts]
            found = [plate for window in windows for plate in self._look(pixels, window, PART_SCORE_MIN)]
            if found:
                return self._refined(pixels, sorted(found, key=lambda plate: -plate.score))
            parts *= 2
        return []

    def from_afar(self, pixels: Pixels) -> list[Plate]:
        """Plates too large for one look: the picture half as large, in the middle of nothing."""
        height, width = pixels.shape[:2]
        window = Window(left=-width // 2, top=-height // 2, width=2 * width, height=2 * height)
        return self._refined(pixels, self._look(pixels, window, PHOTO_SCORE_MIN))

    def _refined(self, pixels: Pixels, found: list[Plate]) -> list[Plate]:
        return _apart([self._closer(pixels, plate) for plate in found[:PLATES_MAX]])

    def warm_up(self) -> None:
        """Run the networks of a camera once."""
        blank = np.zeros((*QUICK, 3), np.uint8)
        self._look(blank, _whole(blank), SCORE_MIN, QUICK)
        self.network(CLOSE).find(blank, Window(left=0, top=0, width=CLOSE[1], height=CLOSE[0]), SCORE_MIN)

    def _window(self, pixels: Pixels, where: Sequence[Box]) -> Window:
        """All boxes in one window, no smaller than the network; the whole picture when that is hardly more."""
        height, width = pixels.shape[:2]
        x0, y0 = min(b[0] for b in where), min(b[1] for b in where)
        x1, y1 = max(b[2] for b in where), max(b[3] for b in where)
        window = window_around((x0, y0, x1, y1), 0.1, QUICK[1] / QUICK[0], (QUICK[1], QUICK[0]))
        if window.width >= 0.85 * width:
            return _whole(pixels)
        left = min(max(0, window.left), max(0, width - window.width))
        top = min(max(0, window.top), max(0, height - window.height))
        return Window(left=left, top=top, width=window.width, height=window.height)

    def _look(self, pixels: Pixels, window: Window, score_min: float, level: tuple[int, int] = WIDE) -> list[Plate]:
        size = TALL if window.height > 1.2 * window.width else level
        return self._plates(self.network(size), pixels, window, score_min)

    def _plates(self, network: PlateNetwork, pixels: Pixels, window: Window, score_min: float) -> list[Plate]:
        found = network.find(pixels, window, score_min)
        return [
            _plate(corners, score)
            for corners, score in zip(found.corners, found.scores, strict=True)
            if plausible(corners)
        ]

    def otherwise(self, pixels: Pixels, plate: Plate) -> list[Plate]:
        """The same plate as looks from nearer and from farther have it: for a reader that is in doubt."""
        return [self._closer(pixels, plate, margin) for margin in OTHER_MARGINS]

    def _closer(self, pixels: Pixels, plate: Plate, margin: float = CLOSE_MARGIN) -> Plate:
        """The same plate with better corners: a second look at its surroundings alone."""
        network = self.network(CLOSE)
        window = window_around(plate.box_px, margin, network.width / network.height, (32, 16))
        x0, y0, x1, y1 = plate.box_px
        for closer in self._plates(network, pixels, window, CLOSE_SCORE_MIN):
            a0, b0, a1, b1 = closer.box_px
            if abs(a0 + a1 - x0 - x1) < 0.6 * (x1 - x0) and abs(b0 + b1 - y0 - y1) < 0.8 * (y1 - y0):
                return Plate(corners_px=closer.corners_px, score=plate.score)
        return plate


def _whole(pixels: Pixels) -> Window:
    return Window(left=0, top=0, width=pixels.shape[1], height=pixels.shape[0])


def _plate(corners: NDArray[np.float64], score: float) -> Plate:
    tl, tr, br, bl = ((float(x), float(y)) for x, y in corners)
    return Plate(corners_px=(tl, tr, br, bl), score=float(score))


def _in_any(plate: Plate, where: Sequence[Box]) -> bool:
    x, y = plate.centre_px
    return any(a0 <= x < a1 and b0 <= y < b1 for a0, b0, a1, b1 in where)


def _apart(plates: list[Plate]) -> list[Plate]:
    """Without those that turned out to be a better one again."""
    kept: list[Plate] = []
    for plate in plates:
        if not any(plate.covers(other) for other in kept):
            kept.append(plate)
    return kept
