"""A face becomes a template: numbers that are near each other for the same person."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import ModelError
from edge_agent.vision.face import Face
from edge_agent.vision.face_align import CHIP_SIZE_PX, face_chip
from edge_agent.vision.frame import Pixels
from edge_agent.vision.tflite import Model

Template = NDArray[np.float32]
"""Shape (128,), unit length: the dot product of two is their cosine similarity, and 2 - 2 * cosine the square of
their distance, so both order pairs alike."""

MEAN_RGB: Final = (122.782, 117.001, 104.298)
SCALE: Final = 255.0


class FaceEmbedder:
    """The dlib ResNet (King 2017) over upright chips. Templates of different ids are never compared."""

    def __init__(self, model: Model, embedder_id: str) -> None:
        """Raise ModelError when the network's shapes are not the embedder's."""
        if model.input_shape != (1, CHIP_SIZE_PX, CHIP_SIZE_PX, 3) or len(model.output_shapes) != 1:
            raise ModelError(f"not a face embedder: it takes {model.input_shape} and gives {model.output_shapes}")
        self._model = model
        self.id = embedder_id
        self.length = model.output_shapes[0][-1]

    def embed(self, pixels: Pixels, face: Face) -> Template:
        """One look. Raises ValueError for a face without landmarks."""
        return unit(self._infer(face_chip(pixels, face)))

    def embed_mirrored(self, pixels: Pixels, face: Face) -> Template:
        """The mean of the face and its mirror image: steadier, at twice the time. For enrolment, done once."""
        chip = face_chip(pixels, face)
        return unit(self._infer(chip) + self._infer(cv2.flip(chip, 1).astype(np.uint8, copy=False)))

    def warm_up(self) -> None:
        """Infer once: the first time allocates and is several times slower."""
        self._infer(np.zeros((CHIP_SIZE_PX, CHIP_SIZE_PX, 3), np.uint8))

    def _infer(self, chip: Pixels) -> NDArray[np.float32]:
        rgb = cv2.cvtColor(chip, cv2.COLOR_BGR2RGB).astype(np.float32)
        tensor = (rgb - np.array(MEAN_RGB, np.float32)) / np.float32(SCALE)
        (batch,) = self._model.run(tensor[None])
        vector: NDArray[np.float32] = batch[0]
        return vector


def unit(vector: NDArray[np.float32]) -> Template:
    """Scale to length 1. Raises ModelError for what no face gives: zeros, infinities, NaN."""
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not (np.isfinite(length) and length > 0):
        raise ModelError(f"the embedder gave a template of length {length}")
    return (vector / np.float32(length)).astype(np.float32)
