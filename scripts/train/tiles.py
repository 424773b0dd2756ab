"""What the detector learns from: pieces of street with a plate, without one, and with much that looks like one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import real
from draw import Picture, draw_plate, elsewhere
from layout import LAYOUTS
from numpy.typing import NDArray
from samples import KIND_SHARES
from texts import text_of
from weather import spoil

from edge_agent.wire.plate import PlateKind

HEIGHT: Final = 256
WIDTH: Final = 320
PLATE_PX: Final = (17.0, 250.0)  # width of a plate in a tile
CLOSE_PX: Final = (95.0, 190.0)
CLIMB_MAX: Final = 0.8  # pixels up for each one along
TURN_MAX: Final = 42.0  # degrees; farther and a plate's first corner would no longer be its left one
INSIDE_MIN: Final = 0.9  # of a plate must be in the tile for it to be called one
_CORNERS: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tile:
    """(HEIGHT, WIDTH, 3) BGR, its plates, how far their corners can be trusted, and whether all of them are known."""

    picture: Picture
    quads: list[real.Quad]
    trust: list[float]
    ignored: list[real.Quad]  # plates cut off by the edge: neither one nor none
    complete: bool


@dataclass(kw_only=True, slots=True, eq=False)
class _Scene:
    picture: Picture
    half: Picture
    plates: list[real.RealPlate]


class Tiles:
    """An endless source."""

    def __init__(
        self,
        folder: Path,
        faces: Path | None,
        clips: Path | None,
        seed: int,
        extra: dict[str, list[real.Quad]] | None = None,
    ) -> None:
        """`extra`: plates the tables do not have, by file name, found by an earlier detector and read by the reader."""
        self._random = np.random.default_rng(seed)
        self._extra = extra or {}
        by_file: dict[Path, list[real.RealPlate]] = {}
        for plate in real.ccpd(folder) + real.easypr(folder):
            by_file.setdefault(plate.file, []).append(plate)
        self._scenes = [
            _Scene(picture=p, half=cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), plates=plates)
            for file, plates in by_file.items()
            if not any(plate.development for plate in plates)
            for p in [real.read(file)]
        ]
        weights = np.array(
            [3.0 if s.plates[0].kind is PlateKind.GREEN else 1.0 if s.plates[0].exact else 2.5 for s in self._scenes]
        )
        self._weights = np.cumsum(weights / weights.sum())
        self._empty = _empty(faces, clips)

    def next(self) -> Tile:
        roll = self._random.random()
        if roll < 0.42:
            return self._real(replace=False)
        if roll < 0.74:
            return self._real(replace=True)
        if roll < 0.86:
            return self._pasted(plates=int(self._random.integers(1, 3)))
        return self._pasted(plates=0)

    def _real(self, *, replace: bool) -> Tile:
        random = self._random
        scene = self._scenes[int(np.searchsorted(self._weights, random.random()))]
        plate = scene.plates[random.integers(len(scene.plates))]
        assert plate.quad is not None
        width = float(np.linalg.norm(plate.quad[1] - plate.quad[0]))
        zoom = self._plate_width() / width
        centre = plate.quad.mean(0)
        away = random.random() < 0.12
        offset = random.uniform(-0.45, 0.45, 2) * (WIDTH, HEIGHT)
        if away:
            offset = random.uniform(-1.5, 1.5, 2) * (WIDTH, HEIGHT)
        warp = self._view(centre, zoom, offset)
        source, shrink = (scene.picture, 1.0) if zoom > 0.6 else (scene.half, 0.5)
        if zoom < 0.3:
            source, shrink = cv2.resize(scene.half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 0.25
        picture = cv2.warpPerspective(
            source,
            warp @ np.diag([1 / shrink, 1 / shrink, 1]),
            (WIDTH, HEIGHT),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=_grey(random),
        )
        quads = [_through(warp, p.quad) for p in scene.plates if p.quad is not None]
        trust = [1.0 if p.exact else _trust_of_rectangle(p.quad) for p in scene.plates if p.quad is not None]
        extra = [_through(warp, quad) for quad in self._extra.get(plate.file.name, [])]
        if replace:
            quads = [self._replace(picture, quad, old.kind) for quad, old in zip(quads, scene.plates, strict=True)]
            trust = [1.0] * len(quads)
        return self._tile(picture, quads + extra, trust + [0.5] * len(extra), complete=bool(self._extra))

    def _plate_width(self) -> float:
        """Half of them as the second look sees a plate: there its corners are decided."""
        low, high = np.log(PLATE_PX if self._random.random() < 0.5 else CLOSE_PX)
        return float(np.exp(self._random.uniform(low, high)))

    def _view(self, centre: NDArray[np.float32], zoom: float, offset: NDArray[np.float64]) -> NDArray[np.float64]:
        """From scene to tile: zoomed, a little turned, sheared and seen from aside."""
        random = self._random
        stretch = np.exp(random.normal(0, 0.08, 2)) * zoom
        linear = _turn(random, 5) @ np.array([[1, random.normal(0, 0.06)], [random.normal(0, 0.04), 1]])
        linear = linear @ np.diag(stretch)
        warp = np.eye(3)
        warp[:2, :2] = linear
        warp[:2, 2] = np.array([WIDTH / 2, HEIGHT / 2]) + offset - linear @ centre
        bend = np.eye(3)
        bend[2, :2] = random.normal(0, 1.5e-4, 2)
        shift = np.eye(3)
        shift[:2, 2] = np.array([WIDTH / 2, HEIGHT / 2])
        return shift @ bend @ np.linalg.inv(shift) @ warp  # type: ignore[no-any-return]

    def _replace(self, picture: Picture, quad: real.Quad, old: PlateKind) -> real.Quad:
        """Another plate, drawn, where the real one is: every kind on real cars in real light."""
        random = self._random
        kind = list(KIND_SHARES)[random.integers(1, len(KIND_SHARES))] if random.random() < 0.85 else PlateKind.BLUE
        plate = draw_plate(text_of(kind, random), kind, random)
        quad = _grown(quad, 1.02, 1.05)
        if kind is PlateKind.YELLOW_DOUBLE and old is not PlateKind.YELLOW_DOUBLE:
            quad = _grown(quad, 1.0, 1.5)
        inside = np.clip(quad.mean(0).astype(int), 0, (WIDTH - 1, HEIGHT - 1))
        around = picture[max(0, inside[1] - 40) : inside[1] + 40, max(0, inside[0] - 60) : inside[0] + 60]
        bright = float(np.clip(around.mean() / 105, 0.25, 1.3)) * float(random.uniform(0.75, 1.25))
        plate = np.clip(plate * bright, 0, 255).astype(np.uint8)
        _paste(picture, plate, quad, random)
        return quad

    def _pasted(self, plates: int) -> Tile:
        """On anything: people, streets, rooms; with signs, posters and timestamps that are no plates."""
        random = self._random
        source = self._empty[random.integers(len(self._empty))]
        part = random.uniform(0.35, 1)
        h, w = int(source.shape[0] * part), int(source.shape[1] * part)
        top, left = random.integers(0, source.shape[0] - h + 1), random.integers(0, source.shape[1] - w + 1)
        picture = cv2.resize(source[top : top + h, left : left + w], (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        quads: list[real.Quad] = []
        for _ in range(plates):
            kinds = list(KIND_SHARES)
            kind = kinds[random.integers(len(kinds))]
            plate = draw_plate(text_of(kind, random), kind, random)
            mm = LAYOUTS[kind].size_mm
            width = min(self._plate_width(), 200)
            quad = ((_CORNERS - 0.5) * (width, width * mm[1] / mm[0])).astype(np.float32)
            turn = _turn(random, 6) @ np.array([[random.uniform(0.7, 1.05), random.normal(0, 0.15)], [0, 1]])
            quad = (quad @ turn.T).astype(np.float32)
            reach = np.abs(quad).max(0)
            if (2 * reach >= (WIDTH, HEIGHT)).any():
                continue
            quad += np.float32(
                [random.uniform(reach[0], WIDTH - reach[0]), random.uniform(reach[1], HEIGHT - reach[1])]
            )
            if any(np.abs(quad.mean(0) - other.mean(0)).max() < 1.2 * width for other in quads):
                continue
            _paste(picture, np.clip(plate * random.uniform(0.4, 1.15), 0, 255).astype(np.uint8), quad, random)
            quads.append(quad)
        if random.random() < 0.7:
            _signs(picture, quads, random)
        return self._tile(picture, quads, [1.0] * len(quads), complete=True)

    def _tile(self, picture: Picture, quads: list[real.Quad], trust: list[float], *, complete: bool) -> Tile:
        random = self._random
        if random.random() < 0.25:
            _timestamp(picture, quads, random)
        kept, sure, ignored = [], [], []
        for quad, value in zip(quads, trust, strict=True):
            inside = _inside(quad)
            wide = float(np.linalg.norm(quad[1] - quad[0]))
            if inside >= INSIDE_MIN and wide >= 12:
                kept.append(quad)
                sure.append(value)
            elif inside > 0.05:
                ignored.append(quad)
        if random.random() < 0.6:
            picture = spoil(picture, random, float(random.choice([0.3, 0.5, 0.8])))
        return Tile(picture=picture, quads=kept, trust=sure, ignored=ignored, complete=complete)


def _turn(random: np.random.Generator, usual: float) -> NDArray[np.float64]:
    """How a plate hangs in the picture: mostly nearly level, sometimes turned far, sometimes seen from aside.

    `usual`: degrees. An upright camera that looks along a car sees the plate's rows climb while its ends stay upright.
    """
    roll = random.random()
    if roll < 0.2:
        return np.array([[random.uniform(0.55, 1), 0], [random.uniform(-CLIMB_MAX, CLIMB_MAX), 1]])
    angle = np.radians(random.uniform(-TURN_MAX, TURN_MAX) if roll < 0.35 else random.normal(0, usual))
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _grey(random: np.random.Generator) -> tuple[float, float, float]:
    value = float(random.choice([0, 114, 255], p=[0.3, 0.6, 0.1]))
    return value, value, value


def _trust_of_rectangle(quad: real.Quad) -> float:
    """A rotated rectangle says where a plate is that hangs level; of one that climbs it has the corners wrong."""
    along, up = quad[1] - quad[0]
    return 0.3 if abs(up) < 0.12 * abs(along) else 0.03


def _through(warp: NDArray[np.float64], quad: real.Quad) -> real.Quad:
    return cv2.perspectiveTransform(quad[None].astype(np.float64), warp)[0].astype(np.float32)  # type: ignore[no-any-return]


def _grown(quad: real.Quad, wide: float, high: float) -> real.Quad:
    """Longer along its rows and its columns, about its middle."""
    middle = quad.mean(0)
    across = (quad[1] - quad[0] + quad[2] - quad[3]) / 4
    down = (quad[3] - quad[0] + quad[2] - quad[1]) / 4
    bend = (quad[0] + quad[2] - quad[1] - quad[3]) / 4
    signs = ((-1, -1, 1), (1, -1, -1), (1, 1, 1), (-1, 1, -1))
    return np.stack([middle + x * across * wide + y * down * high + b * bend for x, y, b in signs]).astype(np.float32)  # type: ignore[no-any-return]


def _paste(picture: Picture, plate: Picture, quad: real.Quad, random: np.random.Generator) -> None:
    """Into the picture, with soft edges."""
    low = np.floor(quad.min(0)).astype(int) - 3
    high = np.ceil(quad.max(0)).astype(int) + 4
    left, top = np.maximum(low, 0)
    right, bottom = np.minimum(high, (picture.shape[1], picture.shape[0]))
    if right - left < 2 or bottom - top < 2:
        return
    part = picture[top:bottom, left:right]
    small = float(np.clip(1.5 * np.linalg.norm(quad[1] - quad[0]) / plate.shape[1], 0.05, 1))
    plate = cv2.resize(plate, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    height, width = plate.shape[:2]
    warp = cv2.getPerspectiveTransform((_CORNERS * (width, height)).astype(np.float32), quad - np.float32((left, top)))
    size = int(right - left), int(bottom - top)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), warp, size, flags=cv2.INTER_LINEAR)
    drawn = cv2.warpPerspective(plate, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if random.random() < 0.5:
        sigma = float(random.uniform(0.3, 0.9))
        drawn, mask = cv2.GaussianBlur(drawn, (0, 0), sigma), cv2.GaussianBlur(mask, (0, 0), sigma)
    share = mask.astype(np.float32)[..., None] / 255
    part[:] = (part * (1 - share) + drawn * share).astype(np.uint8)


def _inside(quad: real.Quad) -> float:
    """Share of the plate that is in the tile."""
    x0, y0 = quad.min(0)
    x1, y1 = quad.max(0)
    across = max(0.0, min(x1, WIDTH) - max(x0, 0)) / max(1e-3, x1 - x0)
    down = max(0.0, min(y1, HEIGHT) - max(y0, 0)) / max(1e-3, y1 - y0)
    return float(across * down)


def _free(box: tuple[int, int, int, int], quads: list[real.Quad]) -> bool:
    x0, y0, x1, y1 = box
    return not any(
        q[:, 0].min() < x1 and q[:, 0].max() > x0 and q[:, 1].min() < y1 and q[:, 1].max() > y0 for q in quads
    )


def _signs(picture: Picture, quads: list[real.Quad], random: np.random.Generator) -> None:
    """Rectangles with writing: posters, shop signs, plates of elsewhere."""
    import glyphs  # noqa: PLC0415

    for _ in range(random.integers(1, 4)):
        width, height = int(random.uniform(24, 200)), int(random.uniform(12, 90))
        x, y = int(random.integers(0, WIDTH - 20)), int(random.integers(0, HEIGHT - 12))
        if not _free((x, y, x + width, y + height), quads):
            continue
        if random.random() < 0.25:
            plate = elsewhere(random)
            height = round(width * plate.shape[0] / plate.shape[1])
            if y + height < HEIGHT and x + width < WIDTH and _free((x, y, x + width, y + height), quads):
                picture[y : y + height, x : x + width] = cv2.resize(
                    plate, (width, height), interpolation=cv2.INTER_AREA
                )
            continue
        ground = tuple(int(v) for v in random.integers(0, 255, 3))
        if random.random() < 0.4:
            ground = ((170, 75, 10), (120, 190, 60), (20, 180, 245), (240, 240, 240))[random.integers(4)]
        cv2.rectangle(picture, (x, y), (x + width, y + height), ground, -1)
        colour = tuple(int(v) for v in random.integers(0, 255, 3))
        roll = random.random()
        if roll < 0.35:
            text = "".join(
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -."[random.integers(39)] for _ in range(random.integers(2, 14))
            )
            (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1, 2)
            size = min(width * 0.95 / w, height * 0.7 / h)
            cv2.putText(
                picture,
                text,
                (x + 2, y + int(height * 0.75)),
                cv2.FONT_HERSHEY_SIMPLEX,
                size,
                colour,
                1 + int(size > 0.7),
                cv2.LINE_AA,
            )
        elif roll < 0.75:
            side = max(6, int(height * 0.7))
            for place in range(min(8, width // side)):
                ink = cv2.resize(glyphs.inks(glyphs.CHINESE[random.integers(len(glyphs.CHINESE))])[0], (side, side))
                part = picture[y + 2 : y + 2 + side, x + place * side : x + (place + 1) * side]
                if part.shape[:2] == ink.shape:
                    share = ink.astype(np.float32)[..., None] / 255
                    part[:] = (part * (1 - share) + np.array(colour) * share).astype(np.uint8)


def _timestamp(picture: Picture, quads: list[real.Quad], random: np.random.Generator) -> None:
    """Burnt in by the camera."""
    day, clock = random.integers(1, 13, 2), random.integers(0, 60, 3)
    text = f"20{random.integers(10, 30)}-{day[0]:02}-{day[1]:02} {clock[0] % 24:02}:{clock[1]:02}:{clock[2]:02}"
    size = float(random.uniform(0.25, 0.9))
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    x, y = int(random.uniform(-20, max(1, WIDTH - w))), int(random.choice([h + 4, HEIGHT - 6]))
    if _free((x, y - h, x + w, y), quads):
        white = int(random.choice([0, 255], p=[0.2, 0.8]))
        cv2.putText(
            picture,
            text,
            (x, y),
            cv2.FONT_HERSHEY_SIMPLEX,
            size,
            (white, white, white),
            int(random.integers(1, 3)),
            cv2.LINE_AA,
        )


def _empty(faces: Path | None, clips: Path | None) -> list[Picture]:
    """Pictures without a plate: people, and what a camera sees over a few minutes."""
    found = [real.read(file) for file in sorted(faces.glob("*/*.jpg"))[::12]] if faces else []
    for clip in sorted(clips.glob("*.mp4")) if clips else []:
        if "car" in clip.name:
            continue  # its cars have plates
        capture = cv2.VideoCapture(str(clip))
        number = 0
        while True:
            good, frame = capture.read()
            if not good:
                break
            if number % 60 == 0:
                found.append(cv2.resize(frame, (640, 360), interpolation=cv2.INTER_AREA))
            number += 1
    random = np.random.default_rng(5)
    for _ in range(12):  # plain walls and gradients, for where the other folders are absent
        coarse = random.integers(0, 255, (4, 5, 3)).astype(np.uint8)
        found.append(cv2.resize(coarse, (640, 360), interpolation=cv2.INTER_CUBIC))
    return found
