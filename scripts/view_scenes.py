"""Rendered camera pictures, good and faulty, from a seed: what `bench_view` and the tests of `view.py` judge by.

A `Place` is a camera before a drawn courtyard, street or door. `Place.picture` is one frame of it: light of the
moment, passers-by, weather, a fault, sensor noise. Everything repeats exactly from the seed.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from view_clips import STUCK
from view_drawing import KINDS, Image, clouds, draw_scene, infrared, lamplit, levels
from view_passing import person, rain_streaks, truck_side, walkers

OPTICAL: Final = (
    "cap",
    "dead",
    "unlit",
    "sun",
    "lamp",
    "hand",
    "bag",
    "tape",
    "spray",
    "defocus",
    "grease",
    "turned",
    "knocked",
    "rolled",
)
CAUSES: Final = {
    **dict.fromkeys(("cap", "dead", "unlit"), "black"),
    **dict.fromkeys(("sun", "lamp"), "glare"),
    **dict.fromkeys(("hand", "bag", "tape", "spray"), "covered"),
    **dict.fromkeys(("defocus", "grease"), "blurred"),
    **dict.fromkeys(("turned", "knocked", "rolled"), "moved"),
    **dict.fromkeys(STUCK, "frozen"),
}
"""Which cause each rendered fault should be given."""
WIDER: Final = 1.6  # the drawn scene is so much wider and higher than what the camera shows of it


@dataclass(frozen=True, kw_only=True)
class Sky:
    """Light and weather of a moment."""

    level: float = 1.0  # of daylight; 0.06 is deep dusk
    infrared: bool = False  # the camera's own lamps: grey, brighter in the middle, noisier
    lamp: bool = False  # a street or door lamp from one side
    rain: bool = False
    noise: float = 2.0  # standard deviation of the sensor's noise, levels of 255


@dataclass(frozen=True, kw_only=True)
class Fault:
    kind: str  # one of OPTICAL; the STUCK ones happen after the camera, in `footage`
    seed: int


DAY: Final = Sky()
NIGHT: Final = Sky(infrared=True, noise=5.0)


class Place:
    """A camera before a scene. `size_px` is (width, height)."""

    def __init__(self, kind: str, seed: int, size_px: tuple[int, int] = (1280, 720)) -> None:
        self.size_px = size_px
        self.kind = kind
        self.seed = seed
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        drawn = draw_scene(kind, rng, (round(size_px[0] * WIDER), round(size_px[1] * WIDER)))
        self._drawn = {"day": drawn, "infrared": infrared(drawn, rng), "lamp": lamplit(drawn, rng)}
        self._noise = _noise_fields(rng, size_px)
        self._views: dict[tuple[str, Fault | None], Image] = {}
        self._covers: dict[Fault, tuple[Image, NDArray[np.float32]]] = {}
        self._walkers = walkers(rng)

    def picture(
        self,
        t_s: float,
        *,
        sky: Sky = DAY,
        fault: Fault | None = None,
        crowd: float = 0.0,
        truck: float | None = None,
        shake_px: float = 0.0,
        noisy: bool = True,
    ) -> Image:
        """`crowd` 0..1 fills the picture with people, `truck` is where its front stands (0 enters, 1 fills it all)."""
        rng = np.random.default_rng([self.seed, round(t_s * 1000)])
        light = "infrared" if sky.infrared else "lamp" if sky.lamp else "day"
        view = self._view(light, fault if fault is not None and fault.kind in _MOVES else None)
        lit = cv2.convertScaleAbs(view, alpha=1.0 if sky.infrared or sky.lamp else sky.level)
        picture = lit.astype(np.uint8, copy=False)
        if shake_px:
            dx, dy = rng.normal(0, shake_px, 2)
            move = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
            shaken = cv2.warpAffine(picture, move, self.size_px, borderMode=cv2.BORDER_REPLICATE)
            picture = shaken.astype(np.uint8, copy=False)
        self._people(picture, t_s, 0.5 if sky.infrared else sky.level, crowd, grey=sky.infrared)
        if truck is not None:
            truck_side(picture, truck, self.seed, sky.level)
        if sky.rain:
            rain_streaks(picture, rng)
        if fault is not None and fault.kind not in _MOVES:
            picture = self._faulty(picture, fault, t_s)
        noise = 9.0 if fault is not None and fault.kind == "unlit" else sky.noise
        if fault is not None and fault.kind == "dead":
            return picture
        return self._noised(picture, noise, rng) if noisy else picture

    def _view(self, light: str, fault: Fault | None) -> Image:
        key = (light, fault)
        if key not in self._views:
            self._views[key] = _seen_from(self._drawn[light], self.size_px, fault)
        return self._views[key].copy()

    def _people(self, picture: Image, t_s: float, level: float, crowd: float, *, grey: bool) -> None:
        width, height = self.size_px
        for start_s, speed, size, lane, colours in self._walkers:
            x = ((t_s - start_s) * speed) % 3.0 - 0.3  # two thirds of the time out of the picture
            if x < 1.3:
                person(picture, (x * width, lane * height), size * height, colours * level, grey=grey)
        rng = np.random.default_rng(self.seed + 5)
        for _ in range(round(crowd * 60)):
            x0, y, size = rng.uniform(-0.1, 1.1), rng.uniform(0.45, 1.3), rng.uniform(0.5, 0.9)
            sway = 0.05 * math.sin(t_s * rng.uniform(0.3, 1.2) + rng.uniform(0, 6)) + 0.02 * math.sin(t_s / 7)
            colours = rng.uniform(20, 200, (3, 3))
            person(picture, ((x0 + sway) * width, y * height), size * height, colours * level, grey=grey)

    def _faulty(self, picture: Image, fault: Fault, t_s: float) -> Image:
        rng = np.random.default_rng([fault.seed, OPTICAL.index(fault.kind)])
        scale = self.size_px[0] / 1280
        if fault.kind in {"cap", "dead", "unlit"}:
            return np.full_like(
                picture, {"cap": rng.integers(0, 12), "dead": 0, "unlit": rng.integers(8, 25)}[fault.kind]
            )
        if fault.kind in {"defocus", "grease"}:
            blurred = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(5, 14)) * scale)
            if fault.kind == "grease":
                blurred = cv2.addWeighted(blurred, rng.uniform(0.5, 0.8), np.full_like(blurred, 170), 0.25, 0)
            return blurred.astype(np.uint8, copy=False)
        if fault.kind in {"sun", "lamp"}:
            return _glare(picture, fault.kind, rng)
        if fault not in self._covers:
            self._covers[fault] = _cover(fault.kind, self.size_px, rng)
        colour, alpha = self._covers[fault]
        tremble = np.array([[1, 0, 6 * scale * math.sin(t_s * 1.3)], [0, 1, 4 * scale * math.sin(t_s * 1.7)]])
        if fault.kind in {"hand", "bag"}:
            colour = cv2.warpAffine(colour, tremble, self.size_px, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
        return _blend(picture, colour, alpha)

    def _noised(self, picture: Image, noise: float, rng: np.random.Generator) -> Image:
        """Add one of the prepared fields, shifted at random: as good as fresh noise, and thirty times faster."""
        width, height = self.size_px
        x, y = rng.integers(0, 64, 2)
        field = self._noise[int(rng.integers(len(self._noise)))][y : y + height, x : x + width]
        positive = cv2.convertScaleAbs(np.maximum(field, 0), alpha=noise / 16)
        negative = cv2.convertScaleAbs(np.minimum(field, 0), alpha=noise / 16)
        return cv2.subtract(cv2.add(picture, positive), negative).astype(np.uint8, copy=False)


_MOVES: Final = frozenset({"turned", "knocked", "rolled"})


def _seen_from(drawn: Image, size_px: tuple[int, int], fault: Fault | None) -> Image:
    """The part of the drawn scene that the camera shows, straight on or after a move."""
    width, height = size_px
    drawn_height, drawn_width = drawn.shape[:2]
    x, y, roll = 0.0, 0.0, 0.0
    if fault is not None:
        rng = np.random.default_rng([fault.seed, OPTICAL.index(fault.kind)])
        sign = rng.choice([-1, 1], 2)
        if fault.kind == "turned":
            x, y = sign[0] * rng.uniform(0.18, 0.28), sign[1] * rng.uniform(0.05, 0.28)
        elif fault.kind == "knocked":
            x, y = sign[0] * rng.uniform(0.07, 0.16), sign[1] * rng.uniform(0.02, 0.10)
        else:
            roll = sign[0] * rng.uniform(9, 25)
    centre = (drawn_width / 2 + x * width, drawn_height / 2 + y * height)
    move = np.array(cv2.getRotationMatrix2D(centre, float(roll), 1.0), np.float64)
    move[:, 2] += np.array([width / 2, height / 2]) - centre
    return cv2.warpAffine(drawn, move, size_px, borderMode=cv2.BORDER_REFLECT).astype(np.uint8, copy=False)


def _noise_fields(rng: np.random.Generator, size_px: tuple[int, int]) -> list[NDArray[np.int16]]:
    """Normal noise of 16 levels, half of it shared by the colours, slightly smeared as demosaicing leaves it."""
    fields = []
    for _ in range(3):
        grain = rng.normal(0, 16, (size_px[1] + 64, size_px[0] + 64, 3)).astype(np.float32)
        smeared = cv2.GaussianBlur(grain, (3, 3), 0.6)
        fields.append((smeared * (16 / smeared.std())).astype(np.int16))
    return fields


def _cover(kind: str, size_px: tuple[int, int], rng: np.random.Generator) -> tuple[Image, NDArray[np.float32]]:
    """What lies before the lens: its picture, and how much of the scene it hides (0..1)."""
    base = {"hand": (90, 110, 160), "bag": (170, 170, 175), "tape": (60, 60, 62), "spray": (90, 70, 80)}[kind]
    level = rng.uniform(0.75, 1.3)
    folds = clouds(rng, size_px, 3) * (12 if kind != "bag" else 22)
    colour = levels(np.array(base) * level + folds[:, :, None])
    reach = clouds(rng, size_px, 5 if kind == "spray" else 2)
    hidden = float(rng.uniform(0.85, 1.0))  # share of the picture
    ramp = 1 / (1 + np.exp(-(reach - np.quantile(reach, 1 - hidden)) / 0.12)) if hidden < 0.98 else np.ones_like(reach)
    alpha = ramp * (0.94 if kind == "bag" else 1.0)
    return colour, alpha.astype(np.float32)


def _glare(picture: Image, kind: str, rng: np.random.Generator) -> Image:
    """A lamp near the lens, or the low sun: a white heart and a veil over the rest."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    away = np.hypot(x - rng.uniform(-0.4, 0.4), y - rng.uniform(-0.4, 0.4))
    reach = rng.uniform(0.9, 1.2) if kind == "sun" else rng.uniform(1.3, 3.0)
    veil = 130 + 420 * np.exp(-((away / reach) ** 2))
    return levels(picture * 0.35 + veil[:, :, None])


def _blend(picture: Image, cover: Image, alpha: NDArray[np.float32]) -> Image:
    """A cover lies too near to be sharp; so is what little shines through."""
    if float(alpha.max()) < 0.97:
        quarter = cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(quarter, (0, 0), picture.shape[1] / 320)
        picture = cv2.resize(soft, (picture.shape[1], picture.shape[0])).astype(np.uint8, copy=False)
    return cv2.blendLinear(cover, picture, alpha, 1 - alpha).astype(np.uint8, copy=False)
