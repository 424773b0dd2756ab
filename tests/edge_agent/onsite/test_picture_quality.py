"""What is wrong with a picture is found by what is done to it, and nothing else is."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.onsite.picture_quality import judge, measure
from edge_agent.onsite.visit import FRAMES
from edge_agent.vision.frame import Pixels

_THINGS = ((120, 150, 220, 260, 190), (700, 120, 260, 560, 60), (420, 200, 180, 180, 170))
"""Windows and a door: left, top, width, height, grey level."""
Spoil = Callable[[Pixels], Pixels]


@pytest.fixture(scope="module")
def street() -> Pixels:
    """A wall with a door, windows and bricks, 1280x720, with the light falling off to one side."""
    rng = np.random.default_rng(3)
    wall = np.full((720, 1280), 120, np.float32) + rng.normal(0, 1.0, (720, 1280)).astype(np.float32)
    wall[::24] -= 30
    for row in range(0, 720, 24):
        wall[row : row + 24, (row // 24 % 2) * 32 :: 64] -= 30
    for left, top, width, height, level in (
        (120, 150, 220, 260, 190),
        (700, 120, 260, 560, 60),
        (420, 200, 180, 180, 170),
    ):
        wall[top : top + height, left : left + width] = level
        wall[top : top + height : 40, left : left + width] += 25
    wall *= np.linspace(1.1, 0.8, 1280, dtype=np.float32)
    return np.repeat(wall.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@cache
def grain(number: int) -> NDArray[np.float32]:
    """A sensor's noise of one level, the same for every test."""
    return np.random.default_rng(number).standard_normal((1080, 1920, 3), dtype=np.float32)


def frames(
    picture: Pixels, spoil: Spoil = lambda pixels: pixels, *, noise: float = 1.0, count: int = 4
) -> list[Pixels]:
    spoilt = spoil(picture).astype(np.float32)
    height, width = spoilt.shape[:2]
    return [(spoilt + noise * grain(n)[:height, :width]).clip(0, 255).astype(np.uint8) for n in range(count)]


def wrong(pictures: list[Pixels]) -> set[str]:
    return {finding.check for finding in judge(measure(pictures)) if not finding.ok}


def lamp(pixels: Pixels) -> Pixels:
    lit = pixels.copy()
    cv2.circle(lit, (950, 150), 170, (255, 255, 255), -1)
    return lit


def blur(sigma_px: float) -> Spoil:
    return lambda pixels: cv2.GaussianBlur(pixels, (0, 0), sigma_px).astype(np.uint8, copy=False)


def scale(share: float) -> Spoil:
    return lambda pixels: (pixels.astype(np.float32) * share).clip(0, 255).astype(np.uint8)


def test_a_good_picture_has_nothing_wrong_with_it(street: Pixels) -> None:
    assert wrong(frames(street)) == set()


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (blur(3.0), {"focus"}),
        (blur(6.0), {"focus"}),
        (scale(0.2), {"light"}),
        (lamp, {"glare"}),
        (scale(2.2), {"light", "exposure", "glare"}),
    ],
    ids=["out of focus", "far out of focus", "dusk", "a lamp in the lens", "the sun"],
)
def test_each_fault_is_called_by_its_name(street: Pixels, spoil: Spoil, expected: set[str]) -> None:
    assert wrong(frames(street, spoil)) == expected


def test_noise_is_measured_in_levels_and_people_who_walk_by_are_none(street: Pixels) -> None:
    grey = np.hypot(np.hypot(0.114, 0.587), 0.299)  # of three channels with noise of their own
    assert measure(frames(street, noise=4.0)).noise == pytest.approx(4.0 * grey, rel=0.25)
    assert "noise" in wrong(frames(street, noise=16.0))
    walking = frames(street)
    for number, picture in enumerate(walking):
        picture[200:700, 100 + 60 * number : 300 + 60 * number] = 30
    assert "noise" not in wrong(walking)


def test_a_cap_on_the_lens_has_no_focus_to_judge_and_one_picture_is_enough() -> None:
    figures = measure([np.zeros((480, 640, 3), np.uint8)])
    assert figures.focus is None
    assert {"focus", "light", "exposure"} <= {one.check for one in judge(figures) if not one.ok}


@pytest.mark.parametrize("noise", [0.5, 3.0, 8.0])
def test_noise_is_not_taken_for_sharpness(street: Pixels, noise: float) -> None:
    """With as many pictures as a visit looks at."""
    assert "focus" in wrong(frames(street, blur(3.0), noise=noise, count=FRAMES))
    assert "focus" not in wrong(frames(street, noise=noise, count=FRAMES))


@pytest.mark.parametrize("size_px", [(640, 360), (1920, 1080), (1280, 720)])
def test_another_resolution_of_the_same_scene_is_judged_alike(street: Pixels, size_px: tuple[int, int]) -> None:
    other = cv2.resize(street, size_px, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    assert wrong(frames(other)) == set()


def test_every_fault_has_advice_in_both_languages() -> None:
    black = measure([np.zeros((480, 640, 3), np.uint8)])
    for finding in judge(black):
        assert finding.found_zh
        assert finding.ok or (finding.advice and finding.advice_zh)
