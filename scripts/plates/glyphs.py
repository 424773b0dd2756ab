"""The ink of every character that may stand on a plate, in several hands."""

from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import strokes
from numpy.typing import NDArray

from edge_agent.wire.plate import PROVINCES, SPECIAL

Ink = NDArray[np.uint8]
"""(90, 45), 0 no ink to 255."""

CHINESE: Final = PROVINCES + SPECIAL
_FILE: Final = Path(__file__).with_name("glyphs.png")
_PENS_MM: Final = (8.0, 9.5, 11.0)


@cache
def _atlas() -> Ink:
    return cv2.imread(str(_FILE), cv2.IMREAD_GRAYSCALE)  # type: ignore[return-value]


@cache
def inks(character: str) -> tuple[Ink, ...]:
    """The character in every hand there is; the first is the plainest."""
    if character in CHINESE:
        atlas, column = _atlas(), CHINESE.index(character) * 45
        return tuple(atlas[row : row + 90, column : column + 45] for row in range(0, atlas.shape[0], 90))
    return tuple(strokes.draw(character, pen_mm) for pen_mm in (_PENS_MM[1], _PENS_MM[0], _PENS_MM[2]))


PEN_MM: Final = (7.0, 12.5)
_PENS: Final = 8
_VARIANTS: Final = 6


def one_of(character: str, random: np.random.Generator, pen_mm: float) -> Ink:
    """The character in a random hand with a pen of about this width, a little leaning or bowed."""
    if character in CHINESE:
        ink = inks(character)[random.integers(len(inks(character)))]
        change = random.integers(-1, 3)
        kernel = np.ones((2, 2), np.uint8)
        if change < 0:
            return cv2.erode(ink, kernel)  # type: ignore[return-value]
        return cv2.dilate(ink, kernel, iterations=int(change)) if change else ink  # type: ignore[return-value]
    pen = round((pen_mm - PEN_MM[0]) / (PEN_MM[1] - PEN_MM[0]) * (_PENS - 1))
    return _variants(character, pen)[random.integers(_VARIANTS)]


@cache
def _variants(character: str, pen: int) -> tuple[Ink, ...]:
    """Drawn once: drawing takes longer than all the rest of a plate. The same in every process."""
    random = np.random.default_rng((ord(character), pen))
    pen_mm = PEN_MM[0] + pen * (PEN_MM[1] - PEN_MM[0]) / (_PENS - 1)
    jitters = random.normal(0, 1, (_VARIANTS, 4)) * (1.5, 1.0, 0.03, 0.8)
    return tuple(strokes.draw(character, pen_mm, jitter) for jitter in jitters)
