"""Makes what was found in a picture, faces above all, unrecognisable before it goes anywhere: a few coarse blocks."""

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np

from edge_agent.vision.face import Box
from edge_agent.vision.face_detect import FaceDetector
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.tflite import Model

BLOCKS_MAX: Final = 6  # a side of what is hidden; people are told apart from about 16 blocks on
MARGIN: Final = 0.35  # of the box, on each side: hair, ears, chin
FACE_PX_MIN: Final = 24  # smaller ones are too small to tell anybody by


class FaceHider:
    """Finds faces and hides them."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    @classmethod
    def beside(cls, detector: FaceDetector) -> "FaceHider":
        """With the networks that are loaded already."""
        return cls(detector.down_to(FACE_PX_MIN))

    @classmethod
    def open(cls, manifest: Manifest) -> "FaceHider":
        """Loads the three networks that find faces. Raises ModelError."""

        def load(role: str) -> Model:
            return Model(manifest.path(role), manifest.entry(role).sha256, 1)

        return cls(
            FaceDetector(far=load("face-far"), near=load("face-near"), mesh=load("face-mesh"), face_px_min=FACE_PX_MIN)
        )

    def hide(self, pixels: Pixels) -> tuple[Pixels, int]:
        """A copy without the faces that were found, and their number. One that is not found stays as it is."""
        boxes = [face.box_px for face in self._detector.detect(pixels)]
        return hidden(pixels, boxes), len(boxes)


def hidden(pixels: Pixels, boxes_px: Iterable[Box]) -> Pixels:
    """A copy with each box, and MARGIN around it, in at most BLOCKS_MAX by BLOCKS_MAX blocks of one colour each."""
    covered = pixels.copy()
    height, width = covered.shape[:2]
    for x0, y0, x1, y1 in boxes_px:
        grow_x, grow_y = (x1 - x0) * MARGIN, (y1 - y0) * MARGIN
        left, top = max(0, int(x0 - grow_x)), max(0, int(y0 - grow_y))
        right, bottom = min(width, int(np.ceil(x1 + grow_x))), min(height, int(np.ceil(y1 + grow_y)))
        if right <= left or bottom <= top:
            continue
        part = covered[top:bottom, left:right]
        blocks = (min(BLOCKS_MAX, right - left), min(BLOCKS_MAX, bottom - top))
        small = cv2.resize(part, blocks, interpolation=cv2.INTER_AREA)
        covered[top:bottom, left:right] = cv2.resize(
            small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
        )
    return covered
