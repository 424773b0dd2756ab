"""What passes before a rendered camera: people, a lorry, rain."""

import cv2
import numpy as np
from numpy.typing import NDArray
from view_drawing import Image, box, tone

Walker = tuple[float, float, float, float, NDArray[np.float64]]


def walkers(rng: np.random.Generator) -> list[Walker]:
    """Start (s), speed (widths a second), height, lane of the feet (shares of the height), colours."""
    return [
        (
            rng.uniform(0, 60),
            rng.uniform(0.03, 0.12),
            rng.uniform(0.35, 0.8),
            rng.uniform(0.8, 1.1),
            rng.uniform(20, 220, (3, 3)),
        )
        for _ in range(4)
    ]


def person(
    picture: Image, feet_px: tuple[float, float], tall_px: float, colours: NDArray[np.float64], *, grey: bool
) -> None:
    x, y = feet_px
    tones = [tuple(float(value) for value in (row.mean().repeat(3) if grey else row)) for row in colours]
    body, legs, head = tones
    half = tall_px * 0.13
    cv2.rectangle(
        picture, (round(x - half * 0.7), round(y - tall_px * 0.48)), (round(x + half * 0.7), round(y)), legs, -1
    )
    cv2.rectangle(
        picture, (round(x - half), round(y - tall_px * 0.84)), (round(x + half), round(y - tall_px * 0.42)), body, -1
    )
    cv2.ellipse(
        picture, (round(x), round(y - tall_px * 0.92)), (round(half * 0.5), round(half * 0.65)), 0, 0, 360, head, -1
    )


def truck_side(picture: Image, front: float, seed: int, level: float) -> None:
    """A lorry's side: large, with some planks and a company's sign."""
    rng = np.random.default_rng(seed + 9)
    x = front - 1.0
    colour, dark = tone(rng, 90 * level, 220 * level), tone(rng, 30 * level, 80 * level)
    box(picture, x, 0.0, 1.0, 0.95, colour)
    for plank in np.linspace(0.05, 0.9, 7):
        box(picture, x, plank, 1.0, 0.006, dark)
    box(picture, x + 0.3, 0.25, 0.4, 0.2, dark)


def rain_streaks(picture: Image, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    for _ in range(250):
        x, y, long = rng.integers(0, width), rng.integers(0, height), rng.integers(height // 50, height // 15)
        cv2.line(picture, (int(x), int(y)), (int(x + long // 6), int(y + long)), (190, 190, 190), 1)
