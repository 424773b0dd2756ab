"""The plate detector's network: one window in, plates with four corners out."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ModelError
from edge_agent.vision.frame import Pixels
from edge_agent.vision.plate_window import Window, back, look_at
from edge_agent.vision.tflite import Model

STRIDE: Final = 8  # pixels of a cell
WAY_PX: Final = 32.0  # unit in which the network says how far a corner is
VALUES: Final = 9  # logit, then four corners x, y
LOGIT_MAX: Final = 80.0
CANDIDATES_MAX: Final = 100
SAME_IOU: Final = 0.3  # boxes that overlap more are one plate; two plates never cover one another
VOTE_SHARE: Final = 0.5  # cells of one plate at least this sure, compared with its surest, say together where it is


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Found:
    """Plates of one window, best first, in pixels of the picture."""

    corners: NDArray[np.float64]  # (n, 4, 2)
    scores: NDArray[np.float64]  # (n,), 0 to 1


class PlateNetwork:
    """One size of window. Not thread-safe."""

    def __init__(self, model: Model) -> None:
        """Raise ModelError when the network is not a plate detector."""
        self._model = model
        _, self.height, self.width, channels = model.input_shape
        wanted = (1, self.height // STRIDE, self.width // STRIDE, VALUES)
        if channels != 3 or model.output_shapes != (wanted,):
            raise ModelError(f"not a plate detector: {model.input_shape} gives {model.output_shapes}")
        ys, xs = np.meshgrid(np.arange(wanted[1]), np.arange(wanted[2]), indexing="ij")
        self._centres = (np.stack([xs, ys], -1).reshape(-1, 2) + 0.5) * STRIDE

    def find(self, pixels: Pixels, window: Window, score_min: float) -> Found:
        """Every plate whose middle is in the window."""
        picture, scale = look_at(pixels, window, self.height, self.width)
        tensor = np.multiply(picture, np.float32(1 / 127.5), dtype=np.float32)
        tensor -= np.float32(1)
        (out,) = self._model.run(tensor[None])
        cells = out.reshape(-1, VALUES)
        logit_min = float(np.log(score_min / (1 - score_min)))
        kept = np.flatnonzero(cells[:, 0] > logit_min)
        if len(kept) > CANDIDATES_MAX:
            kept = kept[np.argsort(-cells[kept, 0])[:CANDIDATES_MAX]]
        scores = 1 / (1 + np.exp(-np.clip(cells[kept, 0].astype(np.float64), -LOGIT_MAX, LOGIT_MAX)))
        corners = cells[kept, 1:].reshape(-1, 4, 2).astype(np.float64) * WAY_PX + self._centres[kept][:, None]
        good = np.isfinite(corners).all((1, 2)) & np.isfinite(scores)
        corners, scores = joined(corners[good], scores[good])
        return Found(corners=back(corners, window, scale), scores=scores)


def joined(
    corners: NDArray[np.float64], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One plate for all cells that mean the same: where its sure cells say, weighted by how sure; best first."""
    rest = np.argsort(-scores)
    low, high = corners.min(1), corners.max(1)
    area = np.prod(high - low, axis=1)
    made, sure = [], []
    while len(rest):
        best = rest[0]
        sides = np.minimum(high[best], high[rest]) - np.maximum(low[best], low[rest])
        both = np.prod(np.clip(sides, 0, None), axis=1)
        same = both / (area[best] + area[rest] - both + 1e-9) >= SAME_IOU
        same[0] = True
        group = rest[same]
        voters = group[scores[group] >= VOTE_SHARE * scores[best]]
        made.append(np.average(corners[voters], axis=0, weights=scores[voters]))
        sure.append(scores[best])
        rest = rest[~same]
    return np.array(made).reshape(-1, 4, 2), np.array(sure, np.float64)


def plausible(corners: NDArray[np.float64]) -> bool:
    """Four corners in a plate's order, convex, wider than high, not a sliver."""
    edges = np.roll(corners, -1, 0) - corners
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    if not (turns > 0).all():
        return False
    top, right, bottom, left = np.linalg.norm(edges, axis=1)
    high, wide = (right + left) / 2, (top + bottom) / 2
    area = abs(cv2.contourArea(corners.astype(np.float32)))
    return bool(0.8 < wide / max(high, 1e-6) < 7 and area > 0.35 * wide * high and edges[0, 0] > 0)
