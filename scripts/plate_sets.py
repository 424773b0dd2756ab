"""Plates to measure with: real ones that nobody trained on, drawn ones of every kind and condition, and none at all."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "plates"), str(HERE / "train")]

import cv2  # noqa: E402 - the paths come first
import numpy as np  # noqa: E402
import real  # noqa: E402
from cars import PAINTS, Car, View, draw_car, road  # noqa: E402
from draw import Picture, draw_plate  # noqa: E402
from texts import text_of  # noqa: E402
from weather import dirt, rain  # noqa: E402

from edge_agent.wire.plate import PlateKind  # noqa: E402

SEED: Final = 20261127
CONDITIONS: Final = ("day", "night", "rain", "dirt", "tilted", "moving", "small")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Case:
    """A picture, what is on it, and where. `quad` is None where nobody knows; `text` None where there is no plate."""

    picture: Picture
    text: str | None
    kind: PlateKind | None
    quad: real.Quad | None
    exact: bool = True


def real_crops(plates: Path) -> Iterator[Case]:
    for plate in real.crops(plates):
        if plate.development:
            yield Case(picture=real.read(plate.file), text=plate.text, kind=plate.kind, quad=None)


def shrunk(case: Case, height_px: int) -> Case:
    """The same crop, so many pixels high: as from a camera that is too far away."""
    height, width = case.picture.shape[:2]
    size = max(8, round(width * height_px / height)), height_px
    picture = np.asarray(cv2.resize(case.picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Case(picture=picture, text=case.text, kind=case.kind, quad=None)


def real_scenes(plates: Path, name: str) -> Iterator[Case]:
    """`name` is ccpd or easypr. A row a plate: a photograph with two gives two cases."""
    for plate in getattr(real, name)(plates):
        if plate.development:
            yield Case(
                picture=real.read(plate.file), text=plate.text, kind=plate.kind, quad=plate.quad, exact=plate.exact
            )


def drawn_scenes(kind: PlateKind, condition: str, count: int) -> Iterator[Case]:
    """A drawn car in a 1280 x 720 frame. The same for the same arguments."""
    random = np.random.default_rng([SEED, list(PlateKind).index(kind), CONDITIONS.index(condition)])
    for _ in range(count):
        picture = road(1280, 720, random)
        text = text_of(kind, random)
        plate = draw_plate(text, kind, random)
        width = float(random.uniform(330, 700))
        roll, yaw = float(random.normal(0, 2)), float(random.uniform(-0.4, 0.4))
        if condition == "small":
            width = float(random.uniform(250, 330))
        if condition == "tilted":
            roll, yaw = (
                float(random.choice([-1, 1]) * random.uniform(8, 15)),
                float(random.choice([-1, 1]) * random.uniform(0.5, 1)),
            )
        if condition == "dirt":
            plate = np.clip(dirt(plate.astype(np.float32), random), 0, 255).astype(np.uint8)
        car = Car(text=text, kind=kind, paint=PAINTS[random.integers(len(PAINTS))], lamps=condition == "night")
        at = float(random.uniform(450, 830)), float(random.uniform(520, 690))
        quad = draw_car(picture, car, View(at_px=at, width_px=width, roll_deg=roll, yaw=yaw), plate)
        yield Case(picture=_taken(picture, condition, random), text=text, kind=kind, quad=quad)


def _taken(picture: Picture, condition: str, random: np.random.Generator) -> Picture:
    """As a camera takes it: a little soft and noisy, packed as JPEG."""
    found = picture.astype(np.float32)
    if condition == "night":
        found *= float(random.uniform(0.1, 0.22))
    if condition == "rain":
        for _ in range(12):
            found = rain(found, random)
        found = np.asarray(cv2.GaussianBlur(found, (0, 0), 1.0), np.float32)
    if condition == "moving":
        length = int(random.integers(5, 9))
        found = np.asarray(cv2.blur(found, (length, 1)), np.float32)
    found = np.asarray(cv2.GaussianBlur(found, (0, 0), 0.7), np.float32)
    found += random.standard_normal(found.shape, dtype=np.float32) * (5 if condition == "night" else 4)
    packed = cv2.imencode(".jpg", np.clip(found, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return cv2.imdecode(packed, cv2.IMREAD_COLOR)  # type: ignore[return-value]


def empty_frames(data: Path, count: int) -> Iterator[Case]:
    """Nothing that is a plate: people, and drawn lanes with signs, posters and timestamps. None is from training."""
    faces = sorted((data / "faces" / "lfw_view1").glob("*/*.jpg"))
    kept = [file for place, file in enumerate(faces) if place % 12 and place % 33]  # the others were trained on
    for file in kept[:: max(1, len(kept) // max(1, count // 2))][: count // 2]:
        yield Case(picture=real.read(file), text=None, kind=None, quad=None)
    random = np.random.default_rng([SEED, 99])
    for _ in range(count - count // 2):
        yield Case(picture=signs(random), text=None, kind=None, quad=None)


def signs(random: np.random.Generator) -> Picture:
    """A lane with a sign on the wall, a poster with text and a timestamp burnt in."""
    picture = road(1280, 720, random)
    fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
    characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-. "
    for _ in range(random.integers(1, 4)):
        text = "".join(characters[random.integers(len(characters))] for _ in range(random.integers(3, 12)))
        font, size = int(random.choice(fonts)), float(random.uniform(0.6, 2.2))
        (w, h), _ = cv2.getTextSize(text, font, size, 2)
        x, y = int(random.uniform(0, max(1, 1280 - w))), int(random.uniform(h + 10, 700))
        ground = tuple(int(v) for v in random.integers(0, 255, 3)) if random.random() < 0.5 else (170, 75, 10)
        cv2.rectangle(picture, (x - 12, y - h - 12), (x + w + 12, y + 14), ground, -1)
        cv2.putText(
            picture, text, (x, y), font, size, tuple(int(v) for v in random.integers(0, 255, 3)), 2, cv2.LINE_AA
        )
    day, clock = random.integers(1, 29), random.integers(0, 60, 2)
    stamp = f"2026-11-{day:02} 18:{clock[0]:02}:{clock[1]:02}"
    cv2.putText(picture, stamp, (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA)
    return _taken(picture, "day", random)
