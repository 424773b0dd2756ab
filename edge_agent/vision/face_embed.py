"""A face becomes a template: numbers that are near each other for the same person."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ModelError
from edge_agent.vision.face import Face
from edge_agent.vision.face_align import CLOSE, WIDE, ChipFrame, face_chip
from edge_agent.vision.frame import Pixels
from edge_agent.vision.tflite import Model

Template = NDArray[np.float32]
"""Shape (n,) with the manifest's `template_length`, unit length: the dot product of two is their cosine similarity, and
2 - 2 * cosine the square of their distance, so both order pairs alike."""

Features = NDArray[np.float32]

CLOSE_MEAN_RGB: Final = (122.782, 117.001, 104.298)
CLOSE_SCALE: Final = 255.0
WIDE_MEAN_BGR: Final = (103.939, 116.779, 123.68)

WIDE_WEIGHT: Final = 0.1
"""Share of the wide network in the cosine of two templates. Its cosines spread far more than the close one's; 0.05 to
0.2 were tried on the training people by cross-validation."""


class FaceEmbedder:
    """Two networks that err differently, over two chips of one face, joined into one template.

    * The dlib ResNet (King 2017) sees the face alone, and its mirror image: the sum is steadier than either.
    * A MobileNet trained on VGGFace2 (Savchenko 2019) sees it with hair and chin. The square root of its features (as
      for histograms: Arandjelović and Zisserman 2012) goes through a projection that was learnt by us: centred, 256
      principal directions, the strong ones damped, so that light and pose count for less.

    Templates of different ids are never compared.
    """

    def __init__(self, *, close: Model, wide: Model, projection: Model, embedder_id: str) -> None:
        """Raise ModelError when a network's shapes are not those of its part."""
        _check(close, (1, CLOSE.size_px, CLOSE.size_px, 3))
        _check(wide, (1, WIDE.size_px, WIDE.size_px, 3))
        _check(projection, (1, wide.output_shapes[0][-1]))
        self._close = close
        self._wide = wide
        self._projection = projection
        self.id = embedder_id
        self.length = close.output_shapes[0][-1] + projection.output_shapes[0][-1]

    def embed(self, pixels: Pixels, face: Face) -> Template:
        """One look. Raises ValueError for a face without landmarks."""
        close, wide = face_chip(pixels, face, CLOSE), face_chip(pixels, face, WIDE)
        return self.join(self.see_close(close), self.see_wide(wide))

    def embed_mirrored(self, pixels: Pixels, face: Face) -> Template:
        """As `embed`, and the wide network sees the mirror image too: steadier and slower. For enrolment, done once."""
        close, wide = face_chip(pixels, face, CLOSE), face_chip(pixels, face, WIDE)
        return self.join(self.see_close(close), self.see_wide(wide) + self.see_wide(mirrored(wide)))

    def see_close(self, chip: Pixels) -> Features:
        """What the close network says of a chip and its mirror image together."""
        return sum_of(self._close, close_tensor(chip), close_tensor(mirrored(chip)))

    def see_wide(self, chip: Pixels) -> Features:
        return sum_of(self._wide, wide_tensor(chip))

    def join(self, close: Features, wide: Features) -> Template:
        """One template of both parts, each of unit length first; sums of several looks may be given."""
        # Rounding of a quantised network may leave an average of ReLU6 a little below zero.
        (projected,) = self._projection.run(unit(np.sqrt(np.maximum(wide, 0)))[None])
        parts = (unit(close) * math.sqrt(1 - WIDE_WEIGHT), unit(projected[0]) * math.sqrt(WIDE_WEIGHT))
        return unit(np.concatenate(parts))

    def warm_up(self) -> None:
        """Run each network once: the first inference allocates and is several times slower."""
        self.join(self.see_close(_grey(CLOSE)), self.see_wide(_grey(WIDE)))


def close_tensor(chip: Pixels) -> NDArray[np.float32]:
    rgb = cv2.cvtColor(chip, cv2.COLOR_BGR2RGB).astype(np.float32)
    return ((rgb - np.array(CLOSE_MEAN_RGB, np.float32)) / np.float32(CLOSE_SCALE))[None]


def wide_tensor(chip: Pixels) -> NDArray[np.float32]:
    return (chip.astype(np.float32) - np.array(WIDE_MEAN_BGR, np.float32))[None]


def mirrored(chip: Pixels) -> Pixels:
    return cv2.flip(chip, 1).astype(np.uint8, copy=False)


def sum_of(model: Model, *tensors: NDArray[np.float32]) -> Features:
    """The network's outputs, added up; shape (n,)."""
    outputs = [model.run(tensor)[0][0] for tensor in tensors]
    total: Features = np.sum(outputs, axis=0, dtype=np.float32)
    return total


def unit(vector: NDArray[np.float32]) -> Template:
    """Scale to length 1. Raises ModelError for what no face gives: zeros, infinities, NaN."""
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not (np.isfinite(length) and length > 0):
        raise ModelError(f"the embedder gave a template of length {length}")
    return (vector / np.float32(length)).astype(np.float32)


def _check(model: Model, input_shape: tuple[int, ...]) -> None:
    if model.input_shape != input_shape or len(model.output_shapes) != 1:
        raise ModelError(
            f"not this part of the face embedder: it takes {model.input_shape} instead of {input_shape} "
            f"and gives {model.output_shapes}"
        )


def _grey(frame: ChipFrame) -> Pixels:
    return np.full((frame.size_px, frame.size_px, 3), 128, np.uint8)
