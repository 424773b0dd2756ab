"""The real pictures of ../shared/data/plates and their labels, split once and for all into training and development."""

import csv
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.wire.plate import PlateKind

Quad = NDArray[np.float32]
"""(4, 2): a plate's corners in pixels from its own top left, clockwise."""

DEVELOPMENT_EVERY: Final = 5  # one plate in five, by a checksum of its text: the same car is never on both sides


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RealPlate:
    """One labelled plate. `quad` is None for a crop; `exact` is false where only a rotated box is known."""

    file: Path
    text: str
    kind: PlateKind
    quad: Quad | None
    exact: bool

    @property
    def development(self) -> bool:
        return zlib.crc32(self.text.encode()) % DEVELOPMENT_EVERY == 0


def read(path: Path) -> NDArray[np.uint8]:
    """BGR pixels of a picture."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{path}: cannot be read")
    return picture  # type: ignore[return-value]


def crops(folder: Path) -> list[RealPlate]:
    """Cut-out blue plates."""
    with (folder / "crops.csv").open(encoding="utf-8") as stream:
        return [
            RealPlate(
                file=folder / "crops" / row["file"], text=row["plate"], kind=PlateKind.BLUE, quad=None, exact=False
            )
            for row in csv.DictReader(stream)
        ]


def ccpd(folder: Path) -> list[RealPlate]:
    """CCPD's photographs: one labelled plate each, four exact corners."""
    found = []
    with (folder / "ccpd_scenes.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            quad = np.array(
                [[float(row[f"{corner}_{axis}"]) for axis in "xy"] for corner in ("tl", "tr", "br", "bl")], np.float32
            )
            kind = PlateKind.GREEN if row["kind"] == "green" else PlateKind.BLUE
            found.append(
                RealPlate(
                    file=folder / "ccpd_scenes" / row["file"], text=row["plate"], kind=kind, quad=quad, exact=True
                )
            )
    return found


def easypr(folder: Path) -> list[RealPlate]:
    """EasyPR's photographs. Boxes are OpenCV's rotated rectangles: x and y are the centre, whatever the table says."""
    found = []
    with (folder / "easypr_scenes.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            colour, text = row["colour_and_plate"].split(":")
            x, y, width, height, angle = (float(row[key]) for key in ("x", "y", "width", "height", "rotation_deg"))
            if width < height:  # turned by a quarter: OpenCV's convention of old
                width, height, angle = height, width, angle + 90
            quad = upright(np.asarray(cv2.boxPoints(((x, y), (width, height), angle)), np.float32))
            double = width / height < 2.3
            kind = PlateKind.BLUE if colour == "蓝牌" else PlateKind.YELLOW_DOUBLE if double else PlateKind.YELLOW
            found.append(
                RealPlate(file=folder / "easypr_scenes" / row["file"], text=text, kind=kind, quad=quad, exact=False)
            )
    return found


def upright(points: NDArray[np.float32]) -> Quad:
    """The four points in a plate's order, for a plate that is turned by less than 45 degrees."""
    by_x = points[np.argsort(points[:, 0])]
    left, right = by_x[:2], by_x[2:]
    tl, bl = left[np.argsort(left[:, 1])]
    tr, br = right[np.argsort(right[:, 1])]
    return np.array([tl, tr, br, bl], np.float32)
