"""LFW's development pictures ("view 1") as the face scripts use them. Huang et al. 2007."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge_agent.vision.face import Box
from edge_agent.vision.frame import Pixels

ROOT = Path(__file__).resolve().parent.parent
SHARED_VARIABLE = "SHOUWANG_SHARED"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two pictures' names, such as `Abdullah_Gul_0013.jpg`."""

    one: str
    other: str
    same: bool


@dataclass(frozen=True, kw_only=True)
class Lfw:
    """The folder, and the protocol's pairs; no person is in both lists."""

    folder: Path
    train: list[Pair]
    test: list[Pair]

    def path(self, picture: str) -> Path:
        return self.folder / "lfw_view1" / person_of(picture) / picture


def shared_folder(given: Path | None) -> Path:
    """The pictures and yardsticks beside the checkout: as given, by SHOUWANG_SHARED, or ../shared."""
    return given or Path(os.environ.get(SHARED_VARIABLE, ROOT.parent / "shared"))


def read_lfw(shared: Path) -> Lfw:
    """Raise FileNotFoundError when the pictures are not there."""
    folder = shared / "data" / "faces"
    return Lfw(
        folder=folder, train=_read_pairs(folder / "pairsDevTrain.txt"), test=_read_pairs(folder / "pairsDevTest.txt")
    )


def pictures_of(pairs: Iterable[Pair]) -> list[str]:
    return sorted({name for pair in pairs for name in (pair.one, pair.other)})


def person_of(picture: str) -> str:
    return picture.rpartition("_")[0]


def central(pixels: Pixels, boxes: list[Box]) -> int:
    """Which face is the subject: LFW is centred on it, and others stand at the side, often smaller."""
    height, width = pixels.shape[:2]

    def off_centre(box: Box) -> float:
        x0, y0, x1, y1 = box
        return math.hypot((x0 + x1 - width) / 2, (y0 + y1 - height) / 2) - (x1 - x0) / 2

    return min(range(len(boxes)), key=lambda i: off_centre(boxes[i]))


def _read_pairs(path: Path) -> list[Pair]:
    """Three fields are two pictures of one person, four are two people; the first line counts them."""
    pairs = []
    for line in path.read_text().splitlines()[1:]:
        fields = line.split()
        one, *rest = fields
        other, second = (rest[1], rest[2]) if len(rest) == 3 else (one, rest[1])
        pairs.append(
            Pair(one=f"{one}_{int(rest[0]):04}.jpg", other=f"{other}_{int(second):04}.jpg", same=len(rest) == 2)
        )
    return pairs
