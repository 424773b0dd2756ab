"""What the reader learns from: plates drawn and plates photographed, cut out as a detector or a person would."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import glyphs
import numpy as np
import real
from draw import Picture, draw_plate, elsewhere
from layout import LAYOUTS, Layout
from numpy.typing import NDArray
from texts import text_of
from weather import spoil

from edge_agent.vision.plate import CLASSES, KINDS, SLOTS
from edge_agent.vision.plate_read import HEIGHT, WIDTH
from edge_agent.wire.plate import PROVINCES, PlateKind

BLANK: Final = len(CLASSES) - 1
NO_PLATE: Final = len(KINDS) - 1
NOT_ASKED: Final = -100  # torch's label for "no loss here"
SLANT_MAX: Final = 0.1  # of the width
YELLOW_SHARE: Final = 0.12
_INDEX: Final = {character: place for place, character in enumerate(CLASSES)}
_CORNERS: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
KIND_SHARES: Final = {
    PlateKind.BLUE: 0.32,
    PlateKind.GREEN: 0.2,
    PlateKind.GREEN_LARGE: 0.06,
    PlateKind.YELLOW: 0.13,
    PlateKind.YELLOW_DOUBLE: 0.14,
    PlateKind.WHITE: 0.06,
    PlateKind.BLACK: 0.09,
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sample:
    """One example: (48, 160, 3) BGR, 8 class numbers, kind number."""

    picture: Picture
    chars: NDArray[np.int64]
    kind: int


def labels(text: str) -> NDArray[np.int64]:
    """Class numbers of a text; blank where it has ended."""
    return np.array([_INDEX[c] for c in text] + [BLANK] * (SLOTS - len(text)), np.int64)


NOTHING: Final = np.full(SLOTS, NOT_ASKED, np.int64)


class Samples:
    """An endless source: plates drawn, cut out, photographed, with another province, and none."""

    def __init__(
        self,
        folder: Path,
        faces: Path | None,
        seed: int,
        corners: dict[str, real.Quad] | None = None,
        *,
        drawn: float = 0.4,
        crops: float = 0.2,
        scenes: float = 0.1,
        other: float = 0.22,
    ) -> None:
        """`corners`: of plates in the crops, by file name, as an earlier detector found them (find_unlabelled.py)."""
        self._random = np.random.default_rng(seed)
        self._corners = corners or {}
        self._shares = np.cumsum([drawn, crops, scenes, other])
        self._crops = [p for p in real.crops(folder) if not p.development]
        self._crop_pictures = [real.read(p.file) for p in self._crops]
        counts = Counter(p.text[0] for p in self._crops)
        weights = np.array([counts[p.text[0]] ** -0.75 for p in self._crops])
        self._crop_weights = np.cumsum(weights / weights.sum())
        self._scenes = [p for p in real.ccpd(folder) + real.easypr(folder) if not p.development]
        weights = np.array([6.0 if p.kind is not PlateKind.BLUE else 1.0 if p.exact else 2.0 for p in self._scenes])
        self._scene_weights = np.cumsum(weights / weights.sum())
        self._scene_pictures, self._scene_quads = self._load_scenes()
        self._cornered = [at for at, crop in enumerate(self._crops) if crop.file.name in self._corners]
        self._exact = [at for at, plate in enumerate(self._scenes) if plate.exact]
        self._background = [s[::2, ::2] for s in self._scene_pictures] + _faces(faces)
        self._drawn: list[tuple[Picture, str, PlateKind]] = []

    def _load_scenes(self) -> tuple[list[Picture], list[real.Quad]]:
        """Surroundings of each plate, so that they fit into memory."""
        pictures, quads = [], []
        for plate in self._scenes:
            assert plate.quad is not None
            picture, (x0, y0), (x1, y1) = real.read(plate.file), plate.quad.min(0), plate.quad.max(0)
            mx, my = 0.6 * (x1 - x0), 1.2 * (y1 - y0)
            left, top = max(0, int(x0 - mx)), max(0, int(y0 - my))
            pictures.append(picture[top : int(y1 + my), left : int(x1 + mx)].copy())
            quads.append(plate.quad - np.float32((left, top)))
        return pictures, quads

    def next(self) -> Sample:
        roll = self._random.random()
        if roll < self._shares[0]:
            return self._draw()
        if roll < self._shares[1]:
            return self._crop()
        if roll < self._shares[2]:
            return self._scene()
        if roll < self._shares[3]:
            return self._other_province()
        return self._no_plate()

    def _draw(self) -> Sample:
        random = self._random
        if len(self._drawn) < 64 or random.random() < 0.4:
            kinds = list(KIND_SHARES)
            kind = kinds[int(np.searchsorted(np.cumsum(list(KIND_SHARES.values())), random.random() * 0.9999))]
            text = text_of(kind, random)
            self._drawn.append((draw_plate(text, kind, random), text, kind))
            self._drawn = self._drawn[-64:]
            plate = self._drawn[-1]
        else:
            plate = self._drawn[random.integers(len(self._drawn))]
        picture, text, kind = plate
        height, width = picture.shape[:2]
        source = _CORNERS * (width, height)
        return Sample(
            picture=self._photograph(picture, source.astype(np.float32), alone=True),
            chars=labels(text),
            kind=KINDS.index(kind),
        )

    def _photograph(self, picture: Picture, quad: real.Quad, *, alone: bool, strength: float = 1.0) -> Picture:
        """The plate as the reader will get it. `alone`: the picture is the plate only and needs a background."""
        random = self._random
        scale = float(np.clip(np.exp(random.normal(-0.25, 0.5)), 0.27, 1.3))
        width, height = max(40, round(WIDTH * scale)), max(12, round(HEIGHT * scale))
        target = self._rectified() if random.random() < 0.55 else self._tight()
        target = (target * (width, height)).astype(np.float32)
        warp = cv2.getPerspectiveTransform(quad, target)
        small = min(1.0, 1.6 * height / max(1.0, float(np.linalg.norm(quad[0] - quad[3]))))
        if small < 0.8:  # otherwise warping leaves pixels out
            picture = cv2.resize(picture, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
            warp = warp @ np.diag([1 / small, 1 / small, 1.0])
        if alone:
            found = self._patch(width, height)
            cv2.warpPerspective(
                picture, warp, (width, height), dst=found, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
            )
        else:
            found = cv2.warpPerspective(
                picture, warp, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        return _sized(spoil(found, random, strength), random)

    def _rectified(self) -> real.Quad:
        """Corners as a detector finds them: nearly right."""
        random = self._random
        spread = float(random.choice([0.015, 0.03, 0.05]))
        outside = random.normal(0, 0.02, 2)
        jitter = random.normal(0, 1, (4, 2)) * (spread, spread * 2)
        if random.random() < 0.2:  # a plate seen from aside, whose corners were taken for those of a rectangle
            jitter[:, 0] += np.array([1, 1, -1, -1]) * random.uniform(-SLANT_MAX, SLANT_MAX)
        return (_CORNERS + jitter + (_CORNERS - 0.5) * 2 * outside).astype(np.float32)

    def _tight(self) -> real.Quad:
        """The upright box around a plate that is turned and seen from a side."""
        random = self._random
        angle = np.radians(np.clip(random.normal(0, 8), -30, 30))
        aspect = 3.14
        points = (_CORNERS - 0.5) * (aspect, 1)
        points[:, 0] += points[:, 1] * random.normal(0, 0.22)
        points *= (random.uniform(0.72, 1.05), 1)
        points[:, 1] *= 1 + points[:, 0] / aspect * random.normal(0, 0.12)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        if random.random() < 0.4:  # seen from aside by an upright camera: the rows climb, the ends stay upright
            turn = np.array([[1.0, 0.0], [np.tan(angle), 1.0]])
        points = points @ turn.T
        low, high = points.min(0), points.max(0)
        margin = random.normal(0.01, 0.025, (2, 2))
        low, high = low - margin[0] * (high - low), high + margin[1] * (high - low)
        return ((points - low) / (high - low)).astype(np.float32)

    def _crop(self) -> Sample:
        random = self._random
        index = int(np.searchsorted(self._crop_weights, random.random()))
        plate, picture = self._crops[index], self._crop_pictures[index]
        height, width = picture.shape[:2]
        scale = float(np.clip(np.exp(random.normal(-0.2, 0.4)), 0.33, 1.3))
        out = max(40, round(WIDTH * scale)), max(13, round(HEIGHT * scale))
        quad = (
            _CORNERS
            + random.normal(0, 0.025, 2)
            + random.normal(0, 1, (4, 2)) * (0.018, 0.035)
            + (_CORNERS - 0.5) * random.normal(0, 0.05, 2)
        ) * (width, height)
        warp = cv2.getPerspectiveTransform(quad.astype(np.float32), (_CORNERS * out).astype(np.float32))
        small = min(1.0, 1.6 * out[1] / height)
        if small < 0.8:
            picture = cv2.resize(picture, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
            warp = warp @ np.diag([1 / small, 1 / small, 1.0])
        found = cv2.warpPerspective(picture, warp, out, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        found, kind = _perhaps_yellow(found, plate.kind, random)
        found = spoil(found, random, float(random.choice([0.0, 0.4, 0.8])))
        return Sample(picture=_sized(found, random), chars=labels(plate.text), kind=KINDS.index(kind))

    def _scene(self) -> Sample:
        index = int(np.searchsorted(self._scene_weights, self._random.random()))
        plate = self._scenes[index]
        strength = float(self._random.choice([0.0, 0.4, 0.8]))
        picture = self._photograph(
            self._scene_pictures[index], self._scene_quads[index], alone=False, strength=strength
        )
        return Sample(picture=picture, chars=labels(plate.text), kind=KINDS.index(plate.kind))

    def _other_province(self) -> Sample:
        """A photographed plate whose province was painted over by another: all 31 in real light, none of them usual."""
        random = self._random
        plate, source, quad = self._with_corners()
        layout = LAYOUTS[plate.kind]
        width, height = (round(v * self._flat_scale(quad, layout.size_mm[1])) for v in layout.size_mm)
        target = (_CORNERS * (width, height)).astype(np.float32)
        flat = cv2.warpPerspective(
            source, cv2.getPerspectiveTransform(quad, target), (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        province = PROVINCES[random.integers(len(PROVINCES))]
        _repaint(flat, layout, province, random)
        flat, kind = _perhaps_yellow(flat, plate.kind, random)
        strength = float(random.choice([0.0, 0.4, 0.8]))
        picture = self._photograph(flat, target, alone=True, strength=strength)
        return Sample(picture=picture, chars=labels(province + plate.text[1:]), kind=KINDS.index(kind))

    def _with_corners(self) -> tuple[real.RealPlate, Picture, real.Quad]:
        """A photographed plate whose corners are known: half of them from the crops, which many cameras took."""
        random = self._random
        if self._cornered and random.random() < 0.5:
            index = self._cornered[random.integers(len(self._cornered))]
            return self._crops[index], self._crop_pictures[index], self._corners[self._crops[index].file.name]
        index = self._exact[random.integers(len(self._exact))]
        return self._scenes[index], self._scene_pictures[index], self._scene_quads[index]

    def _flat_scale(self, quad: real.Quad, height_mm: int) -> float:
        """Pixels a millimetre that keep the photograph's own sharpness."""
        high = float(np.linalg.norm(quad[0] - quad[3]) + np.linalg.norm(quad[1] - quad[2])) / 2
        return float(np.clip(high / height_mm, 0.15, 1))

    def _patch(self, width: int, height: int) -> Picture:
        """A piece of some picture, without a plate that could be read."""
        random = self._random
        source = self._background[random.integers(len(self._background))]
        h, w = source.shape[:2]
        part = random.uniform(0.15, 0.6)
        pw, ph = max(8, int(w * part)), max(4, int(h * part * random.uniform(0.3, 1)))
        left, top = random.integers(0, w - pw + 1), random.integers(0, h - ph + 1)
        if random.random() < 0.3:
            patch = np.empty((height, width, 3), np.uint8)
            patch[:] = random.integers(0, 255, 3)
            return patch
        return cv2.resize(source[top : top + ph, left : left + pw], (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    def _no_plate(self) -> Sample:
        """Pieces of pictures, writing that is no plate, and plates of which a good part is missing."""
        random = self._random
        roll = random.random()
        if roll < 0.3:
            sample = self._draw()
            picture = sample.picture
            cut = int(WIDTH * random.uniform(0.3, 0.7))
            half = picture[:, :cut] if random.random() < 0.5 else picture[:, cut:]
            patch = self._patch(WIDTH, HEIGHT)
            if random.random() < 0.5:
                picture = cv2.resize(half, (WIDTH, HEIGHT))
            else:
                patch[:, : half.shape[1]] = half
                picture = patch
        elif roll < 0.5:
            picture = self._writing()
        elif roll < 0.7:
            sign = elsewhere(random)
            corners = (_CORNERS * sign.shape[1::-1]).astype(np.float32)
            return Sample(picture=self._photograph(sign, corners, alone=True), chars=NOTHING, kind=NO_PLATE)
        else:
            picture = self._patch(WIDTH, HEIGHT)
        return Sample(picture=spoil(picture, random, 0.5), chars=NOTHING, kind=NO_PLATE)

    def _writing(self) -> Picture:
        """A line of something else: a timestamp, a shop's sign, a telephone number, a plate of another country."""
        random = self._random
        picture = self._patch(WIDTH, HEIGHT)
        if random.random() < 0.5:
            picture[:] = random.integers(0, 255, 3)
        colour = tuple(int(v) for v in random.integers(0, 255, 3))
        if random.random() < 0.3:
            for place in range(random.integers(2, 9)):
                ink = glyphs.inks(glyphs.CHINESE[random.integers(len(glyphs.CHINESE))])[0]
                size = int(random.integers(14, 40))
                share = cv2.resize(ink, (size, size)).astype(np.float32)[..., None] / 255
                x, y = int(place * size * 1.1), int(random.integers(0, HEIGHT - size + 1)) if place == 0 else 4
                part = picture[y : y + size, x : x + size]
                if part.shape[:2] == share.shape[:2]:
                    part[:] = (part * (1 - share) + np.array(colour) * share).astype(np.uint8)
            return picture
        characters = "0123456789-:/ .ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        if random.random() < 0.5:
            characters = "0123456789-: "
        text = "".join(characters[random.integers(len(characters))] for _ in range(random.integers(3, 15)))
        font = int(
            random.choice(
                [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_PLAIN]
            )
        )
        (w, h), _ = cv2.getTextSize(text, font, 1, 2)
        size = min(WIDTH * random.uniform(0.7, 1.1) / w, HEIGHT * 0.8 / h)
        at = int(random.uniform(-5, 15)), int(HEIGHT * random.uniform(0.6, 0.85))
        cv2.putText(picture, text, at, font, size, colour, int(random.integers(1, 4)), cv2.LINE_AA)
        return picture


def _repaint(flat: Picture, layout: Layout, province: str, random: np.random.Generator) -> None:
    """The first cell of a flat plate with another character, in the colours found around it."""
    scale = flat.shape[1] / layout.size_mm[0]

    def cut(x0: float, x1: float, y0: float = 15, y1: float = 125) -> np.ndarray:
        left, right = round(x0 * scale), max(round(x0 * scale) + 1, round(x1 * scale))
        return flat[round(y0 * scale) : max(round(y0 * scale) + 1, round(y1 * scale)), left:right]

    letter_x = layout.cells[1][0]
    letter = cut(letter_x, letter_x + 45, 25, 115).reshape(-1, 3).astype(np.float32)
    grey = letter.mean(1)
    light_ink = layout.ink[0] > 128
    ink = np.median(
        letter[grey >= np.quantile(grey, 0.85)] if light_ink else letter[grey <= np.quantile(grey, 0.15)], 0
    )
    gap = np.concatenate([cut(letter_x - 9, letter_x - 3), cut(letter_x + 47, letter_x + 53)], 1).astype(np.float32)
    ground = np.median(gap, 1)  # a colour a row: light falls off from above
    cell = cut(8, letter_x - 5)
    cell[:] = np.clip(ground[:, None] + random.normal(0, 2, cell.shape), 0, 255)
    x, y, w, h = layout.cells[0]
    w, h = w * random.uniform(0.85, 1.0), h * random.uniform(0.85, 1.0)
    x, y = x + random.uniform(0, 4), y + random.uniform(0, 10)
    part = cut(x, x + w, y, y + h)
    share = cv2.resize(glyphs.one_of(province, random, 9), part.shape[1::-1], interpolation=cv2.INTER_AREA)
    share = cv2.GaussianBlur(share, (0, 0), float(random.uniform(0.4, 1.1))).astype(np.float32)[..., None] / 255
    part[:] = np.clip(part * (1 - share) + ink * share, 0, 255).astype(np.uint8)


def _perhaps_yellow(picture: Picture, kind: PlateKind, random: np.random.Generator) -> tuple[Picture, PlateKind]:
    """The negative of a blue plate with white writing is a yellow one with black: real ones are rare."""
    if kind is not PlateKind.BLUE or random.random() > YELLOW_SHARE:
        return picture, kind
    return 255 - picture, PlateKind.YELLOW


def _sized(picture: Picture, random: np.random.Generator) -> Picture:
    """To the reader's size, by any interpolation a program might use."""
    if picture.shape[0] > HEIGHT:
        return cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
    method = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA)[random.integers(3)]
    return cv2.resize(picture, (WIDTH, HEIGHT), interpolation=method)  # type: ignore[return-value]


def _faces(folder: Path | None, count: int = 150) -> list[Picture]:
    files = sorted(folder.glob("*/*.jpg"))[::33][:count] if folder else []
    return [real.read(file) for file in files]
