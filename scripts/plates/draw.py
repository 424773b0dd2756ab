"""One plate drawn flat: ground, frame, characters, dot, screws."""

from typing import Final

import cv2
import glyphs
import numpy as np
from layout import LAYOUTS, Layout
from numpy.typing import NDArray

from edge_agent.wire.plate import DIGITS, LETTERS, PlateKind

Picture = NDArray[np.uint8]
"""(height, width, 3), BGR."""

_RED: Final = (40, 30, 200)


def draw_plate(text: str, kind: PlateKind, random: np.random.Generator | None = None) -> Picture:
    """The plate, a pixel a millimetre. With `random`, as plates really are: other hands, faded colours, worn ink."""
    layout = LAYOUTS[kind]
    plate = _ground(layout, kind, random)
    ink_colour = np.array(layout.ink, np.float32)
    if random is not None:
        ink_colour = np.clip(ink_colour + random.normal(0, 14, 3), 0, 255).astype(np.float32)
    pen_mm = float(random.uniform(*glyphs.PEN_MM)) if random is not None else 0.0
    shift = random.normal(0, 1.5, 2) if random is not None else np.zeros(2)
    if layout.dot_mm is not None and not text.startswith("使"):
        _dot(plate, layout, kind, ink_colour, random)
    for character, cell in zip(text, layout.cells, strict=True):
        ink = glyphs.inks(character)[0] if random is None else glyphs.one_of(character, random, pen_mm)
        colour = np.array(_RED, np.float32) if character in "警领使" and kind is PlateKind.WHITE else ink_colour
        _place(plate, ink, cell, colour, shift, random)
    return plate


def elsewhere(random: np.random.Generator) -> Picture:
    """What is made like a plate and is none of ours: another country's, a shop's sign, a house number."""
    width, height = int(random.integers(260, 520)), int(random.integers(100, 200))
    grounds = [layout.ground for layout in LAYOUTS.values()]
    ground = grounds[random.integers(len(grounds))] if random.random() < 0.6 else tuple(random.integers(0, 256, 3))
    plate = np.empty((height, width, 3), np.uint8)
    plate[:] = np.clip(np.array(ground) + random.normal(0, 14, 3), 0, 255)
    ink = np.array((245, 245, 245) if np.mean(ground) < 110 else (20, 20, 20), np.float32)
    if random.random() < 0.5:
        cv2.rectangle(plate, (4, 4), (width - 5, height - 5), tuple(float(v) for v in ink), 2, cv2.LINE_AA)
    if random.random() < 0.3:  # a strip at the left, as in Europe
        cv2.rectangle(plate, (0, 0), (width // 10, height), (150, 60, 10), -1)
    signs = _sign_text(random)
    step = 0.86 * width / len(signs)
    pen_mm = float(random.uniform(*glyphs.PEN_MM))
    for place, sign in enumerate(signs):
        if sign != " ":
            wide = step * (0.97 if sign in glyphs.CHINESE else random.uniform(0.7, 0.95))
            high = min(0.75 * height, 2.2 * wide)
            cell = (0.1 * width + place * step, (height - high) / 2, max(4.0, wide), max(6.0, high))
            _place(plate, glyphs.one_of(sign, random, pen_mm), cell, ink, np.zeros(2), random)
    return plate


def _sign_text(random: np.random.Generator) -> str:
    """Never a province, a letter and five or six more."""
    latin, digits = DIGITS + LETTERS, DIGITS
    roll = random.random()
    if roll < 0.4:
        source = latin if random.random() < 0.6 else digits
        text = "".join(source[random.integers(len(source))] for _ in range(random.integers(4, 10)))
        return text[:3] + " " + text[3:] if random.random() < 0.4 else text
    chinese = "".join(glyphs.CHINESE[random.integers(len(glyphs.CHINESE))] for _ in range(random.integers(2, 7)))
    if roll < 0.75:
        return chinese
    return chinese + "".join(latin[random.integers(len(latin))] for _ in range(random.integers(1, 5)))


def _ground(layout: Layout, kind: PlateKind, random: np.random.Generator | None) -> Picture:
    width, height = layout.size_mm
    colour = np.array(layout.ground, np.float32)
    if random is not None:
        colour = np.clip(colour * random.uniform(0.75, 1.2) + random.normal(0, 14, 3), 0, 255).astype(np.float32)
    plate = np.empty((height, width, 3), np.uint8)
    plate[:] = colour
    if kind is PlateKind.GREEN:  # white above, green below
        share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** (
            random.uniform(0.6, 1.5) if random is not None else 1
        )
        plate[:] = (245 * (1 - share) + colour * share).astype(np.uint8)
    elif kind is PlateKind.GREEN_LARGE:  # yellow where province and letter stand
        plate[:, : int(width * 0.27)] = np.clip(
            np.array((30, 190, 245)) + (random.normal(0, 12, 3) if random is not None else 0), 0, 255
        )
    if random is None or random.random() < 0.75:
        inset = 5 if random is None else int(random.integers(2, 8))
        line = tuple(int(v) for v in layout.ink)
        cv2.rectangle(
            plate,
            (inset, inset),
            (width - 1 - inset, height - 1 - inset),
            line,
            2 if random is None else int(random.integers(1, 4)),
            cv2.LINE_AA,
        )
    holes = layout.holes_mm if random is None else [h for h in layout.holes_mm if random.random() < 0.5]
    for x, y in holes:
        grey = 150 if random is None else int(random.integers(30, 230))
        cv2.circle(
            plate,
            (int(x), int(y)),
            6 if random is None else int(random.integers(3, 9)),
            (grey, grey, grey),
            -1,
            cv2.LINE_AA,
        )
    return plate


def _dot(
    plate: Picture, layout: Layout, kind: PlateKind, colour: NDArray[np.float32], random: np.random.Generator | None
) -> None:
    assert layout.dot_mm is not None
    x, y = layout.dot_mm
    if random is not None and random.random() < 0.1:
        return
    if kind in (PlateKind.GREEN, PlateKind.GREEN_LARGE):  # the round mark of new energy
        cv2.circle(plate, (int(x), int(y)), 14, (190, 150, 60), 2, cv2.LINE_AA)
        cv2.circle(plate, (int(x), int(y)), 6, (120, 160, 60), -1, cv2.LINE_AA)
        return
    radius = 5 if random is None else int(random.integers(3, 7))
    cv2.circle(plate, (int(x), int(y)), radius, tuple(float(v) for v in colour), -1, cv2.LINE_AA)


def _place(
    plate: Picture,
    ink: glyphs.Ink,
    cell: tuple[float, float, float, float],
    colour: NDArray[np.float32],
    shift: NDArray[np.float64],
    random: np.random.Generator | None,
) -> None:
    x, y, width, height = cell
    if random is not None:
        x += float(random.normal(0, 1.2)) + float(shift[0])
        y += float(random.normal(0, 0.8)) + float(shift[1])
        width *= float(random.uniform(0.9, 1.06))
        height *= float(random.uniform(0.94, 1.03))
    w, h = round(width), round(height)
    left, top = max(0, min(round(x), plate.shape[1] - w)), max(0, min(round(y), plate.shape[0] - h))
    share = cv2.resize(ink, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    if random is not None:
        share *= float(random.uniform(0.75, 1))
    under = plate[top : top + h, left : left + w]
    under[:] = (under * (1 - share) + colour * share).astype(np.uint8)
