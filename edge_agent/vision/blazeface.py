"""BlazeFace (Bazarevsky et al. 2019, arXiv:1907.05047): one network, one square window, face candidates."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ModelError
from edge_agent.vision.face_windows import Window
from edge_agent.vision.frame import Pixels
from edge_agent.vision.tflite import Model
from edge_agent.vision.warp import halve

REGRESSORS = 16  # centre x, y, width, height, then six points x, y
LOGIT_MAX = 80.0  # sigmoid is 1 or 0 beyond this anyway, and exp() must not overflow


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Candidates:
    """What a network took for faces, in pixels of the picture."""

    boxes: NDArray[np.float64]  # (n, 4): x0, y0, x1, y1
    points: NDArray[np.float64]  # (n, 6, 2), in the order of face.KEYPOINT_NAMES
    scores: NDArray[np.float64]  # (n,), 0 to 1

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, index: NDArray[np.intp]) -> "Candidates":
        return Candidates(boxes=self.boxes[index], points=self.points[index], scores=self.scores[index])


def join(parts: list[Candidates]) -> Candidates:
    """All candidates of several windows as one; `parts` is not empty."""
    return Candidates(
        boxes=np.concatenate([p.boxes for p in parts]),
        points=np.concatenate([p.points for p in parts]),
        scores=np.concatenate([p.scores for p in parts]),
    )


class BlazeFace:
    """A BlazeFace network over square windows. `grids` lists (cells along a side, anchors per cell) of its layers."""

    def __init__(self, model: Model, grids: tuple[tuple[int, int], ...]) -> None:
        """Raise ModelError when the network's shapes are not those of a BlazeFace with these grids."""
        self._model = model
        self._anchors = _anchor_centres(grids)
        self._size = model.input_shape[1]
        n = len(self._anchors)
        if model.input_shape != (1, self._size, self._size, 3):
            raise ModelError(f"a BlazeFace takes one square picture, this takes {model.input_shape}")
        if sorted(model.output_shapes) != [(1, n, 1), (1, n, REGRESSORS)]:
            raise ModelError(f"not a BlazeFace of {n} anchors: it gives {model.output_shapes}")

    def find(self, pixels: Pixels, window: Window, score_min: float) -> Candidates:
        """All anchors of at least `score_min`, several per face."""
        square = _letterbox(pixels, window, self._size)
        tensor = cv2.cvtColor(square, cv2.COLOR_BGR2RGB).astype(np.float32) / np.float32(127.5) - np.float32(1)
        first, second = self._model.run(tensor[None])
        regressors, logits = (first, second) if first.shape[2] == REGRESSORS else (second, first)
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0].astype(np.float64), -LOGIT_MAX, LOGIT_MAX)))
        kept = np.flatnonzero(scores >= score_min)
        return self._decode(regressors[0, kept].astype(np.float64), kept, scores[kept], window)

    def _decode(
        self,
        values: NDArray[np.float64],
        anchors: NDArray[np.intp],
        scores: NDArray[np.float64],
        window: Window,
    ) -> Candidates:
        origin = np.array([window.x0, window.y0])
        xy = values.reshape(-1, REGRESSORS // 2, 2) / self._size  # centre, size, six points
        anchor = self._anchors[anchors]
        centre, half = xy[:, 0] + anchor, xy[:, 1] / 2
        found = Candidates(
            boxes=np.hstack([centre - half, centre + half]) * window.side + np.tile(origin, 2),
            points=(xy[:, 2:] + anchor[:, None]) * window.side + origin,
            scores=scores,
        )
        return found.take(np.flatnonzero((half > 0).all(axis=1)))  # nothing keeps a network from a negative width


def _anchor_centres(grids: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    """Shape (n, 2): cell centres as shares of the window, row by row, each repeated per anchor."""
    layers = []
    for cells, per_cell in grids:
        middles = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(middles, middles)
        layers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), per_cell, axis=0))
    return np.concatenate(layers)


def _letterbox(pixels: Pixels, window: Window, size: int) -> Pixels:
    """The window scaled to (size, size, 3), black where it leaves the picture."""
    height, width = pixels.shape[:2]
    scale = size / window.side
    left, top = max(0, round(window.x0)), max(0, round(window.y0))
    right, bottom = min(width, round(window.x0 + window.side)), min(height, round(window.y0 + window.side))
    square = np.zeros((size, size, 3), np.uint8)
    if left >= right or top >= bottom:
        return square
    columns = min(size, max(1, round((right - left) * scale)))
    rows = min(size, max(1, round((bottom - top) * scale)))
    part, _ = halve(pixels[top:bottom, left:right], scale)
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_LINEAR)
    x = min(max(0, round((left - window.x0) * scale)), size - columns)
    y = min(max(0, round((top - window.y0) * scale)), size - rows)
    square[y : y + rows, x : x + columns] = small
    return square
