"""How good the pictures of a camera are, measured on a few that follow one another. Pure.

| figure | how | from where |
|---|---|---|
| focus | share of fine gradients that a blur takes away, in the sharpest fifth of the tiles | Crete et al. 2007 |
| light | mean grey level of 255 | |
| clipped | share of pixels that are white (250 and above), and black (5 and below) | |
| noise | deviation of what stands still: 1.4826 * median of abs(difference) / sqrt(2), in levels | MAD estimator |
| glare | share of the picture that one white patch covers | |
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.onsite.finding import SiteFinding, failed, passed
from edge_agent.vision.frame import Pixels

LIGHT_MIN: Final = 40.0
LIGHT_MAX: Final = 215.0
WHITE_MAX: Final = 0.15
BLACK_MAX: Final = 0.5
NOISE_MAX: Final = 6.0
GLARE_MAX: Final = 0.06
FOCUS_MIN: Final = 0.2
"""Two photographs, a drawn street and the demonstration's clip, at 1280 pixels: sharp 0.42 to 0.91; blurred by 2 pixels
0.07 to 0.27, by 3 pixels 0.04 to 0.18; with noise of 0.5 or 8 levels alike."""

_WIDTH_PX: Final = 1280  # everything is measured at this width, so that figures of two cameras compare
_TILES: Final = (9, 16)
_BLUR_PX: Final = 2.0
_ENERGY_MIN: Final = 4.0  # (levels per pixel) squared: a tile with less is a wall, and says nothing of the lens
_TILES_MIN: Final = 4
_SHARPEST: Final = 0.2
_WHITE: Final = 250
_BLACK: Final = 5

Grey = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureFigures:
    """See the table above. `focus` is None where nothing in the picture has an edge."""

    focus: float | None
    light: float
    white: float
    black: float
    noise: float
    glare: float


def measure(pictures: Sequence[Pixels]) -> PictureFigures:
    """Of one to some thirty pictures (height, width, 3) that follow one another; noise wants two at least."""
    greys = [_grey(picture) for picture in pictures]
    last = greys[-1]
    return PictureFigures(
        focus=_focus(greys),
        light=float(last.mean()),
        white=float((last >= _WHITE).mean()),
        black=float((last <= _BLACK).mean()),
        noise=_noise(greys),
        glare=_largest_white(last),
    )


def judge(figures: PictureFigures) -> list[SiteFinding]:
    """A finding each, with what a technician does about it."""
    return [
        _judge_light(figures.light),
        _judge_exposure(figures),
        _judge_glare(figures.glare),
        _judge_focus(figures.focus),
        _judge_noise(figures.noise),
    ]


def _judge_light(light: float) -> SiteFinding:
    found = (f"{light:.0f} of 255 on average", f"平均亮度 {light:.0f}（满 255）")
    if light < LIGHT_MIN:
        advice = ("make light: a lamp at the door, or a camera for the night", "太暗：门口加一盏灯，或换夜视摄像头")
        return failed("light", found, advice)
    if light > LIGHT_MAX:
        return failed("light", found, ("too bright: shade the camera", "太亮：给摄像头遮光"))
    return passed("light", found)


def _judge_exposure(figures: PictureFigures) -> SiteFinding:
    found = (
        f"{figures.white:.0%} white, {figures.black:.0%} black",
        f"过曝 {figures.white:.0%}，死黑 {figures.black:.0%}",
    )
    if figures.white <= WHITE_MAX and figures.black <= BLACK_MAX:
        return passed("exposure", found)
    advice = ("turn the camera: less sky or dark ground in the picture", "转动摄像头，少拍天空或暗处")
    return failed("exposure", found, advice)


def _judge_glare(glare: float) -> SiteFinding:
    found = (f"one white patch covers {glare:.0%}", f"一片白占画面 {glare:.0%}")
    if glare <= GLARE_MAX:
        return passed("glare", found)
    advice = (
        "the sun, a lamp or a wet window: turn the camera, or shade it",
        "太阳、灯或玻璃反光：转开摄像头，或给它遮挡",
    )
    return failed("glare", found, advice)


def _judge_focus(focus: float | None) -> SiteFinding:
    if focus is None:
        found = ("nothing in the picture has an edge: it cannot be judged", "画面里没有可以对焦的东西")
        advice = (
            "take off the cap, turn the focus, or let somebody stand there",
            "取下镜头盖，转动对焦环，或请人入画",
        )
        return failed("focus", found, advice)
    found = (f"{focus:.2f}, {FOCUS_MIN:g} is needed", f"{focus:.2f}，需要 {FOCUS_MIN:g}")
    if focus >= FOCUS_MIN:
        return passed("focus", found)
    advice = (
        "wipe the lens, then turn its focus until this number is highest",
        "擦干净镜头，再转动对焦环，直到这个数最大",
    )
    return failed("focus", found, advice)


def _judge_noise(noise: float) -> SiteFinding:
    found = (f"{noise:.1f} levels of 255", f"{noise:.1f} 级（满 255）")
    if noise <= NOISE_MAX:
        return passed("noise", found)
    return failed("noise", found, ("the sensor has too little light: make more", "感光不足：加强照明"))


def _grey(picture: Pixels) -> Grey:
    height, width = picture.shape[:2]
    size = (_WIDTH_PX, max(1, round(height * _WIDTH_PX / width)))
    how = cv2.INTER_AREA if width > _WIDTH_PX else cv2.INTER_LINEAR
    same = picture if width == _WIDTH_PX else cv2.resize(picture, size, interpolation=how)
    return cv2.cvtColor(same, cv2.COLOR_BGR2GRAY).astype(np.float32, copy=False)


def _focus(greys: Sequence[Grey]) -> float | None:
    """Noise is sharp, too. It differs from picture to picture, so two means are taken and multiplied: it cancels."""
    half = len(greys) // 2
    first, second = (_mean(greys[:half]), _mean(greys[half:])) if half else (greys[0], greys[0])
    before = _tiles(_energy(first, second))
    after = _tiles(_energy(_blurred(first), _blurred(second)))
    telling = before >= _ENERGY_MIN
    if int(telling.sum()) < _TILES_MIN:
        return None
    lost = 1 - np.sqrt(np.maximum(after[telling], 0) / before[telling])
    best = np.sort(lost)[-max(1, math.ceil(_SHARPEST * lost.size)) :]
    return float(best.mean())


def _mean(greys: Sequence[Grey]) -> Grey:
    mean: Grey = np.mean(np.stack(greys), axis=0, dtype=np.float32)
    return mean


def _blurred(grey: Grey) -> Grey:
    return cv2.GaussianBlur(grey, (0, 0), _BLUR_PX).astype(np.float32, copy=False)


def _energy(first: Grey, second: Grey) -> Grey:
    """Products of the gradients of two pictures, (levels per pixel) squared."""
    across = np.diff(first[:-1], axis=1) * np.diff(second[:-1], axis=1)
    down = np.diff(first[:, :-1], axis=0) * np.diff(second[:, :-1], axis=0)
    total: Grey = across + down
    return total


def _tiles(values: Grey) -> Grey:
    """Means of 9 x 16 tiles."""
    return cv2.resize(values, _TILES[::-1], interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _noise(greys: Sequence[Grey]) -> float:
    """Of the quietest half of the tiles: people who walk by are no noise."""
    found = []
    for before, now in pairwise(greys):
        steps = np.abs(now - before)
        quiet = _tiles(steps)
        still = (quiet <= np.median(quiet)).astype(np.uint8)
        mask = cv2.resize(still, steps.shape[::-1], interpolation=cv2.INTER_NEAREST)
        found.append(1.4826 * float(np.median(steps[mask > 0])) / math.sqrt(2))
    return float(np.median(found)) if found else 0.0


def _largest_white(grey: Grey) -> float:
    white = (grey >= _WHITE).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(white, connectivity=8)
    return 0.0 if count < 2 else float(stats[1:, cv2.CC_STAT_AREA].max()) / grey.size
