"""From a plate's corners to its characters: made flat, then read by a network."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ModelError
from edge_agent.vision.frame import Pixels
from edge_agent.vision.plate import CLASSES, KINDS, SLOTS, RawReading
from edge_agent.vision.tflite import Model

HEIGHT: Final = 48
WIDTH: Final = 160
CONTRAST_MIN: Final = 6.0  # grey levels; in less, noise would be blown up
TEMPERATURE: Final = 0.75  # by which logits are divided: training smoothed the labels, and told too little
_UNIT: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)

Corners = NDArray[np.float64]
"""(4, 2): from the plate's own top left, clockwise, in pixels of the picture."""


class PlateNet:
    """The reader's network. Not thread-safe."""

    def __init__(self, model: Model) -> None:
        """Raise ModelError when the network is not a plate reader."""
        self._model = model
        wanted = {(1, SLOTS, len(CLASSES)), (1, len(KINDS))}
        if model.input_shape != (1, HEIGHT, WIDTH, 3) or set(model.output_shapes) != wanted:
            raise ModelError(f"not a plate reader: {model.input_shape} gives {model.output_shapes}")
        self._chars_at = model.output_shapes.index((1, SLOTS, len(CLASSES)))

    def read(self, pixels: Pixels, corners: Corners) -> RawReading:
        """What stands between the corners."""
        return self.read_flat(flat(pixels, corners))

    def read_flat(self, picture: Pixels) -> RawReading:
        """A plate that fills the picture (HEIGHT, WIDTH, 3)."""
        outputs = self._model.run(tensor(picture)[None])
        chars, kinds = outputs[self._chars_at][0], outputs[1 - self._chars_at][0]
        return RawReading(chars=softmax(chars / TEMPERATURE), kinds=softmax(kinds / TEMPERATURE))


def tensor(picture: Pixels) -> NDArray[np.float32]:
    """The network's input: the same plate in the light and in the dark is nearly the same."""
    values = picture.astype(np.float32)
    values -= values.mean()
    return values / np.float32(max(float(values.std()), CONTRAST_MIN))


def flat(pixels: Pixels, corners: Corners) -> Pixels:
    """The plate as if seen from the front, (HEIGHT, WIDTH, 3); large ones averaged, so that no pixel is skipped."""
    tl, tr, br, bl = corners
    high = max(float(np.linalg.norm(tl - bl)), float(np.linalg.norm(tr - br)))
    wide = max(float(np.linalg.norm(tl - tr)), float(np.linalg.norm(bl - br)))
    larger = int(np.clip(round(max(high / HEIGHT, wide / WIDTH)), 1, 8))
    size = WIDTH * larger, HEIGHT * larger
    low = np.clip(np.floor(corners.min(0)) - 2, 0, None).astype(int)
    top = np.ceil(corners.max(0)).astype(int) + 3
    part = pixels[low[1] : top[1], low[0] : top[0]]
    if part.size == 0:
        return np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    warp = cv2.getPerspectiveTransform((corners - low).astype(np.float32), (_UNIT * size).astype(np.float32))
    out = cv2.warpPerspective(part, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if larger > 1:
        out = cv2.resize(out, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return out.astype(np.uint8, copy=False)


def grown(corners: Corners, share: float) -> Corners:
    """Corners moved outward by `share` of the way from the middle."""
    middle = corners.mean(axis=0)
    moved: Corners = middle + (corners - middle) * (1 + share)
    return moved


def whole(pixels: Pixels) -> Corners:
    """The corners of the picture itself: a plate cut out tightly."""
    height, width = pixels.shape[:2]
    return _UNIT * (width, height)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along the last axis; not numbers where the network gave none: that decodes to nothing."""
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    made: NDArray[np.float32] = (shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)
    return made
