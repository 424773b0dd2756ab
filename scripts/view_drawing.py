"""The drawn courtyards, streets and doors of `view_scenes`, and how infra-red and lamps show them."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Shape (height, width, 3), blue-green-red."""
KINDS: Final = ("courtyard", "street", "door")


def draw_scene(kind: str, rng: np.random.Generator, size_px: tuple[int, int]) -> Image:
    width, height = size_px
    picture = np.empty((height, width, 3), np.uint8)
    paint = {"courtyard": _courtyard, "street": _street, "door": _door}[kind]
    paint(picture, rng)
    texture = clouds(rng, size_px, 4) * 10 + clouds(rng, size_px, 40) * 6 + clouds(rng, size_px, 300) * 6
    return levels(picture + texture[:, :, None])


def levels(values: NDArray[Any]) -> Image:
    return np.clip(values, 0, 255).astype(np.uint8)


def clouds(rng: np.random.Generator, size_px: tuple[int, int], grain: int) -> NDArray[np.float32]:
    small = rng.normal(0, 1, (max(2, grain * 9 // 16), grain)).astype(np.float32)
    return cv2.resize(small, size_px, interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)


def tone(rng: np.random.Generator, low: float = 40, high: float = 210) -> tuple[float, float, float]:
    base = rng.uniform(low, high)
    blue, green, red = (base + rng.normal(0, 18, 3)).clip(5, 250)
    return float(blue), float(green), float(red)


def box(
    picture: Image, x: float, y: float, w: float, h: float, colour: tuple[float, float, float], line: int = -1
) -> None:
    """A rectangle in shares of the picture."""
    height, width = picture.shape[:2]
    corners = (round(x * width), round(y * height)), (round((x + w) * width), round((y + h) * height))
    cv2.rectangle(picture, *corners, colour, line)


def _floor(picture: Image, rng: np.random.Generator, top: float, lines: int) -> None:
    """A paved ground in perspective."""
    height, width = picture.shape[:2]
    box(picture, 0, top, 1, 1 - top, tone(rng, 80, 150))
    colour, vanish = tone(rng, 50, 90), (round(width * rng.uniform(0.3, 0.7)), round(height * (top - 0.15)))
    for x in np.linspace(-1.5, 2.5, lines):
        cv2.line(picture, vanish, (round(x * width), height), colour, 2)
    y = top
    for step in np.geomspace(0.015, 0.12, 9):
        y += step
        cv2.line(picture, (0, round(y * height)), (width, round(y * height)), colour, 2)
    wall = picture[: round(height * top)]
    wall[:] = tone(rng, 110, 200)


def _courtyard(picture: Image, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    top = rng.uniform(0.42, 0.55)
    _floor(picture, rng, top, 24)
    for x in np.arange(rng.uniform(0, 0.05), 1, rng.uniform(0.09, 0.15)):
        for y in (0.08, 0.26):
            box(picture, x, y + rng.uniform(-0.01, 0.01), 0.06, 0.12, tone(rng, 25, 80))
            box(picture, x, y, 0.06, 0.12, tone(rng, 180, 230), 3)
    for _ in range(int(rng.integers(2, 5))):
        _tree(picture, rng, rng.uniform(0.05, 0.95), top + rng.uniform(0, 0.15))
    for _ in range(int(rng.integers(4, 9))):
        box(
            picture,
            rng.uniform(0, 0.95),
            rng.uniform(top, 0.92),
            rng.uniform(0.02, 0.1),
            rng.uniform(0.02, 0.07),
            tone(rng),
        )
    cv2.line(picture, (0, round(height * top)), (width, round(height * top)), tone(rng, 30, 70), 4)


def _tree(picture: Image, rng: np.random.Generator, x: float, y: float) -> None:
    height, width = picture.shape[:2]
    box(picture, x - 0.006, y - 0.25, 0.012, 0.25, (30, 45, 60))
    for _ in range(60):
        centre = (round((x + rng.normal(0, 0.035)) * width), round((y - 0.3 + rng.normal(0, 0.06)) * height))
        green = float(rng.uniform(50, 130))
        cv2.circle(picture, centre, round(width * rng.uniform(0.004, 0.015)), (green * 0.4, green, green * 0.6), -1)


def _street(picture: Image, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    horizon = rng.uniform(0.35, 0.45)
    box(picture, 0, 0, 1, 1, tone(rng, 60, 110))
    box(picture, 0, 0, 1, horizon, (235, 215, 200))
    x = -0.02
    while x < 1:
        w, roof = rng.uniform(0.1, 0.22), rng.uniform(0.03, 0.25)
        box(picture, x, roof, w, horizon - roof, tone(rng, 70, 190))
        for wx in np.arange(x + 0.015, x + w - 0.03, 0.035):
            for wy in np.arange(roof + 0.03, horizon - 0.05, 0.06):
                box(picture, wx, wy, 0.018, 0.035, tone(rng, 20, 90))
        x += w
    left, right = rng.uniform(-0.3, 0.1), rng.uniform(0.8, 1.2)
    for edge in (left, (left + right) / 2, right):
        top_x = 0.5 + (edge - 0.5) * 0.25
        cv2.line(
            picture, (round(top_x * width), round(horizon * height)), (round(edge * width), height), (220, 225, 225), 5
        )
    for _ in range(int(rng.integers(3, 6))):
        x, y, w = rng.uniform(0, 0.85), rng.uniform(horizon + 0.02, 0.7), rng.uniform(0.08, 0.16)
        box(picture, x, y, w, w * 0.8, tone(rng))
        box(picture, x + w * 0.15, y - w * 0.3, w * 0.7, w * 0.5, tone(rng, 20, 60))
    for _ in range(4):
        box(picture, rng.uniform(0, 1), rng.uniform(0.05, 0.2), 0.006, rng.uniform(0.4, 0.6), tone(rng, 30, 80))


def _door(picture: Image, rng: np.random.Generator) -> None:
    _floor(picture, rng, rng.uniform(0.68, 0.8), 14)
    x = rng.uniform(0.3, 0.5)
    box(picture, x, 0.18, 0.16, 0.56, tone(rng, 40, 110))
    box(picture, x, 0.18, 0.16, 0.56, tone(rng, 20, 60), 6)
    box(picture, x + 0.03, 0.24, 0.1, 0.18, tone(rng, 120, 200))
    box(picture, x + 0.135, 0.46, 0.01, 0.05, (200, 210, 215))
    for row in range(3):
        for column in range(4):
            box(picture, x + 0.22 + column * 0.05, 0.3 + row * 0.07, 0.045, 0.06, tone(rng, 90, 150))
            box(picture, x + 0.22 + column * 0.05, 0.3 + row * 0.07, 0.045, 0.06, (40, 40, 45), 2)
    box(picture, x - 0.14, 0.35, 0.08, 0.14, tone(rng, 180, 240))
    for _ in range(int(rng.integers(3, 7))):
        box(
            picture,
            rng.uniform(0.05, 0.9),
            rng.uniform(0.2, 0.75),
            rng.uniform(0.01, 0.07),
            rng.uniform(0.02, 0.1),
            tone(rng),
        )


def infrared(drawn: Image, rng: np.random.Generator) -> Image:
    """Grey, leaves bright, paints as the infra-red likes; lit from the camera, dark far off."""
    mix = rng.dirichlet([1, 2, 3])
    grey = np.clip(drawn @ mix.astype(np.float32), 0, 255)
    leaves = (drawn[:, :, 1].astype(np.float32) - drawn[:, :, 2]).clip(0, 60)
    curve = 0.75 * grey + 1.2 * leaves + rng.uniform(5, 25)
    height, width = grey.shape
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    spot = 0.12 + 0.95 * np.exp(-((x / 0.6) ** 2 + ((y - 0.15) / 0.6) ** 2))
    return np.repeat(levels(curve * spot)[:, :, None], 3, axis=2)


def lamplit(drawn: Image, rng: np.random.Generator) -> Image:
    height, width = drawn.shape[:2]
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    lamp_x, lamp_y = rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.4)
    light = 0.10 + 0.8 * np.exp(-(((x - lamp_x) / 0.3) ** 2 + ((y - lamp_y) / 0.4) ** 2))
    return levels(drawn * light[:, :, None] * np.array([0.6, 0.85, 1.1]))
