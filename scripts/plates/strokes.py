"""Digits and letters of a plate as pen strokes on a grid of 45 x 90 mm, the size of a character after GA 36-2018.

Each character is one or more strokes; a stroke is a list of points, joined by straight lines, or `arc(...)`, a piece of
an ellipse. Drawn by hand from the standard's description: upright, of one width, narrow, without serifs.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

CELL_MM: Final = (45, 90)
_PEN_MM: Final = 10.0
_MARGIN_MM: Final = _PEN_MM / 2
_SUPER: Final = 4  # drawn this much larger, then averaged

Stroke = list[tuple[float, float]]


def arc(cx: float, cy: float, rx: float, ry: float, start_deg: float, end_deg: float) -> Stroke:
    """Points of an ellipse's edge; 0 degrees is to the right, 90 down."""
    steps = max(3, int(abs(end_deg - start_deg) / 8))
    angles = [math.radians(start_deg + (end_deg - start_deg) * i / steps) for i in range(steps + 1)]
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]


_L, _R, _T, _B, _X, _Y = 5.0, 40.0, 5.0, 85.0, 22.5, 45.0  # left, right, top, bottom, middle; centres of the pen
_W: Final = 17.5  # half the width

STROKES: Final[dict[str, list[Stroke]]] = {
    "0": [[*arc(_X, 23, _W, 18, 180, 360), *arc(_X, 67, _W, 18, 0, 180), (_L, 23)]],
    "1": [[(_X, _T), (_X, _B)]],
    "2": [[*arc(_X, 23, _W, 18, 190, 385), (_L, _B), (_R, _B)]],
    "3": [[(6, _T), (38, _T), (20, 37), *arc(21, 61, 19, 24, -80, 165)]],
    "4": [[(25, _T), (_L, 62), (_R, 62)], [(31, 40), (31, _B)]],
    "5": [[(37, _T), (9, _T), (7, 42), *arc(21, 60, 19, 25, -140, 160)]],
    "6": [[(30, _T), (9, 46)], [*arc(_X, 60, _W, 25, 0, 360)]],
    "7": [[(_L, _T), (_R, _T), (18, _B)]],
    "8": [[*arc(_X, 24, 15, 19, 0, 360)], [*arc(_X, 64, _W, 21, 0, 360)]],
    "9": [[(15, _B), (36, 44)], [*arc(_X, 30, _W, 25, 0, 360)]],
    "A": [[(_L, _B), (_X, _T), (_R, _B)], [(10, 62), (35, 62)]],
    "B": [
        [(_L, _T), (_L, _B)],
        [(_L, _T), (22, _T), *arc(22, 24, 16, 19, -90, 90), (_L, 43)],
        [(_L, 43), (22, 43), *arc(22, 64, 18, 21, -90, 90), (_L, _B)],
    ],
    "C": [[*arc(_X, 25, _W, 20, -10, -180), *arc(_X, 65, _W, 20, 180, 10)]],
    "D": [
        [(_L, _T), (_L, _B)],
        [(_L, _T), (18, _T), *arc(18, 27, 22, 22, -90, 0), *arc(18, 63, 22, 22, 0, 90), (_L, _B)],
    ],
    "E": [[(_R, _T), (_L, _T), (_L, _B), (_R, _B)], [(_L, _Y), (35, _Y)]],
    "F": [[(_R, _T), (_L, _T), (_L, _B)], [(_L, _Y), (35, _Y)]],
    "G": [[*arc(_X, 25, _W, 20, -10, -180), *arc(_X, 65, _W, 20, 180, 0), (_R, 50), (24, 50)]],
    "H": [[(_L, _T), (_L, _B)], [(_R, _T), (_R, _B)], [(_L, _Y), (_R, _Y)]],
    "J": [[(32, _T), (32, 68), *arc(19, 68, 13, 17, 0, 170)]],
    "K": [[(_L, _T), (_L, _B)], [(38, _T), (_L, 52)], [(16, 40), (_R, _B)]],
    "L": [[(_L, _T), (_L, _B), (_R, _B)]],
    "M": [[(_L, _B), (_L, _T), (_X, 55), (_R, _T), (_R, _B)]],
    "N": [[(_L, _B), (_L, _T), (_R, _B), (_R, _T)]],
    "P": [[(_L, _B), (_L, _T), (20, _T), *arc(20, 28, 20, 23, -90, 90), (_L, 51)]],
    "Q": [[*arc(_X, 23, _W, 18, 180, 360), *arc(_X, 67, _W, 18, 0, 180), (_L, 23)], [(24, 62), (40, 86)]],
    "R": [[(_L, _B), (_L, _T), (20, _T), *arc(20, 27, 19, 22, -90, 90), (_L, 49)], [(20, 49), (_R, _B)]],
    "S": [[*arc(_X, 24, 16, 19, -15, -180), (8, 30), (36, 58), *arc(_X, 66, 16, 19, -10, 175)]],
    "T": [[(_L, _T), (_R, _T)], [(_X, _T), (_X, _B)]],
    "U": [[(_L, _T), (_L, 66), *arc(_X, 66, _W, 19, 180, 0), (_R, _T)]],
    "V": [[(_L, _T), (_X, _B), (_R, _T)]],
    "W": [[(_L, _T), (12, _B), (_X, 38), (33, _B), (_R, _T)]],
    "X": [[(_L, _T), (_R, _B)], [(_R, _T), (_L, _B)]],
    "Y": [[(_L, _T), (_X, 46), (_R, _T)], [(_X, 46), (_X, _B)]],
    "Z": [[(_L, _T), (_R, _T), (_L, _B), (_R, _B)]],
}


def draw(character: str, pen_mm: float = _PEN_MM, jitter: NDArray[np.float64] | None = None) -> NDArray[np.uint8]:
    """Ink of a digit or letter: (90, 45), 0 to 255. `jitter` (4,): a little shear, bow, and width of its own."""
    width, height = CELL_MM
    canvas = np.zeros((height * _SUPER, width * _SUPER), np.uint8)
    shear, bow, squeeze, drop = jitter if jitter is not None else np.zeros(4)
    inset = pen_mm / 2 - _MARGIN_MM
    for stroke in STROKES[character]:
        points = np.array(stroke, np.float64)
        x, y = points[:, 0], points[:, 1]
        x = _X + (x - _X) * (1 - inset / _W + squeeze) + shear * (y - _Y) / 90 + bow * ((y - _Y) / 45) ** 2
        y = _Y + (y - _Y) * (1 - inset / 40) + drop
        pixels = np.round(np.stack([x, y], 1) * _SUPER * 16).astype(np.int32)
        cv2.polylines(
            canvas,
            [pixels],
            isClosed=False,
            color=(255,),
            thickness=round(pen_mm * _SUPER),
            lineType=cv2.LINE_AA,
            shift=4,
        )
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
