"""A car before a gate, drawn: road, body, lamps, glass, and a plate in its place. Plain, but seen as a camera would."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from draw import Picture, draw_plate
from layout import LAYOUTS
from numpy.typing import NDArray

from edge_agent.wire.plate import PlateKind

CAR_MM: Final = (1800.0, 1500.0)  # a car seen from the front: width, height
PLATE_CENTRE_MM: Final = (900.0, 1130.0)  # of its plate, from the car's top left
PAINTS: Final = (
    (60, 60, 60),
    (200, 200, 205),
    (40, 40, 150),
    (120, 70, 40),
    (235, 235, 235),
    (30, 90, 60),
    (25, 25, 28),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Car:
    """What stands on its plate, its paint (BGR) and whether its lamps are on."""

    text: str
    kind: PlateKind
    paint: tuple[int, int, int]
    lamps: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Where the car is in the picture: middle of its lower edge, width in pixels, and how it is turned."""

    at_px: tuple[float, float]
    width_px: float
    roll_deg: float = 0.0
    yaw: float = 0.0  # -1 to 1: seen from its right or left


def road(width: int, height: int, random: np.random.Generator) -> Picture:
    """An empty lane with kerbs, a wall and some texture."""
    picture = np.empty((height, width, 3), np.uint8)
    horizon = int(height * 0.38)
    wall = np.array([170, 165, 155]) * random.uniform(0.7, 1.1)
    ground = np.array([105, 105, 108]) * random.uniform(0.7, 1.1)
    picture[:horizon] = np.clip(wall, 0, 255)
    shade = np.linspace(0.8, 1.1, height - horizon)[:, None, None]
    picture[horizon:] = np.clip(ground * shade, 0, 255)
    for share in (0.08, 0.92):
        top, bottom = (
            (int(width * (0.5 + (share - 0.5) * 0.3)), horizon),
            (int(width * (0.5 + (share - 0.5) * 1.9)), height),
        )
        cv2.line(picture, top, bottom, (210, 210, 210), max(2, width // 160), cv2.LINE_AA)
    grain = random.normal(0, 9, (height // 2, width // 2, 1)).astype(np.float32)
    noise = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def draw_car(picture: Picture, car: Car, view: View, plate: Picture | None = None) -> NDArray[np.float32]:
    """Into the picture; returns the plate's corners (4, 2) in its pixels. `plate`: another drawing of it."""
    body, quad = _flat_car(car, plate)
    warp = _warp(body.shape, view)
    size = picture.shape[1], picture.shape[0]
    drawn = cv2.warpPerspective(body, warp, size, flags=cv2.INTER_AREA)
    share = cv2.GaussianBlur(drawn[..., 3].astype(np.float32) / 255, (0, 0), 0.7)[..., None]
    picture[:] = (picture * (1 - share) + drawn[..., :3] * share).astype(np.uint8)
    return cv2.perspectiveTransform(quad[None], warp)[0].astype(np.float32)  # type: ignore[no-any-return]


def _warp(shape: tuple[int, ...], view: View) -> NDArray[np.float64]:
    height, width = shape[:2]
    scale = view.width_px / width
    squeeze = 1 - 0.3 * abs(view.yaw)
    lift = 0.08 * view.yaw
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    low = (source - (width / 2, height)) * (scale * squeeze, scale)
    low[[0, 3], 1] *= 1 + lift
    low[[1, 2], 1] *= 1 - lift
    angle = np.radians(view.roll_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return cv2.getPerspectiveTransform(source, (low @ turn.T + view.at_px).astype(np.float32))  # type: ignore[return-value]


def _flat_car(car: Car, plate: Picture | None) -> tuple[Picture, NDArray[np.float64]]:
    """The front as BGRA, two pixels an inch or so, and where the plate is in it."""
    scale = 0.6  # pixels a millimetre
    width, height = (round(v * scale) for v in CAR_MM)
    body = np.zeros((height, width, 4), np.uint8)

    def shape(points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        outline = np.array([(x * width, y * height) for x, y in points], np.int32)
        cv2.fillPoly(body, [outline], (*colour, 255), cv2.LINE_AA)

    dark = tuple(int(v * 0.7) for v in car.paint)
    shape([(0.2, 0.02), (0.8, 0.02), (0.93, 0.36), (0.07, 0.36)], car.paint)
    shape([(0.24, 0.06), (0.76, 0.06), (0.86, 0.34), (0.14, 0.34)], (70, 60, 50))
    shape([(0.03, 0.36), (0.97, 0.36), (1.0, 0.6), (0.98, 0.88), (0.02, 0.88), (0.0, 0.6)], car.paint)
    shape([(0.28, 0.5), (0.72, 0.5), (0.68, 0.62), (0.32, 0.62)], (30, 30, 30))
    shape([(0.02, 0.86), (0.98, 0.86), (0.95, 0.93), (0.05, 0.93)], (dark[0], dark[1], dark[2]))
    for left in (0.06, 0.76):
        shape(
            [(left, 0.46), (left + 0.18, 0.46), (left + 0.16, 0.56), (left + 0.02, 0.56)],
            (250, 250, 250) if car.lamps else (185, 190, 190),
        )
    for left in (0.06, 0.8):
        shape([(left, 0.92), (left + 0.14, 0.92), (left + 0.14, 1.0), (left, 1.0)], (25, 25, 25))
    flat = draw_plate(car.text, car.kind) if plate is None else plate
    mm = LAYOUTS[car.kind].size_mm
    w, h = round(mm[0] * scale), round(mm[1] * scale)
    left, top = round(PLATE_CENTRE_MM[0] * scale - w / 2), round(PLATE_CENTRE_MM[1] * scale - h / 2)
    body[top : top + h, left : left + w, :3] = cv2.resize(flat, (w, h), interpolation=cv2.INTER_AREA)
    body[top : top + h, left : left + w, 3] = 255
    quad = np.array([[left, top], [left + w, top], [left + w, top + h], [left, top + h]], np.float64)
    return body, quad
