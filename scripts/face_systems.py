"""What is measured on pictures: the product's own reader, and the yardstick."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from lfw import central
from numpy.typing import NDArray

from edge_agent.vision.face_embed import unit
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.warp import cut_out, fit_similarity


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a system makes of one picture's central face."""

    template: NDArray[np.float32] | None
    detect_ms: float
    embed_ms: float


@dataclass(frozen=True, kw_only=True)
class System:
    """Something that finds faces and makes templates."""

    name: str
    look: Callable[[Pixels], Look]


def ours(manifest: Manifest) -> System:
    reader = FaceReader.open(manifest)
    reader.warm_up()

    def look(pixels: Pixels) -> Look:
        start = time.perf_counter()
        faces = reader.detector.detect(pixels)
        found = time.perf_counter()
        if not faces:
            return Look(template=None, detect_ms=(found - start) * 1000, embed_ms=0)
        face = faces[central(pixels, [f.box_px for f in faces])]
        template = reader.embedder.embed(pixels, face)
        end = time.perf_counter()
        return Look(template=template, detect_ms=(found - start) * 1000, embed_ms=(end - found) * 1000)

    return System(name=f"shouwang {manifest.face.embedder_id}", look=look)


ARCFACE_112 = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)


def yardstick(models: Path) -> System | None:
    """YuNet and MobileFaceNet through OpenCV, as their authors use them; None when the files are not there."""
    paths = [models / "yunet_n_320_320.onnx", models / "MobileFaceNet.onnx"]
    if not all(path.is_file() for path in paths):
        return None
    detector = cv2.FaceDetectorYN.create(str(paths[0]), "", (250, 250), 0.6, 0.3)
    network = cv2.dnn.readNetFromONNX(str(paths[1]))

    def look(pixels: Pixels) -> Look:
        start = time.perf_counter()
        detector.setInputSize((pixels.shape[1], pixels.shape[0]))
        rows: Any = detector.detect(pixels)[1]  # None when there is none; its stub does not say so
        found = time.perf_counter()
        if rows is None:
            return Look(template=None, detect_ms=(found - start) * 1000, embed_ms=0)
        row = rows[central(pixels, [(r[0], r[1], r[0] + r[2], r[1] + r[3]) for r in rows])]
        points = row[4:14].reshape(5, 2).astype(np.float64)
        chip = cut_out(pixels, fit_similarity(points, ARCFACE_112), 112)
        network.setInput(cv2.dnn.blobFromImage(chip, 1 / 127.5, (112, 112), (127.5, 127.5, 127.5), swapRB=True))
        template = unit(network.forward()[0])
        end = time.perf_counter()
        return Look(template=template, detect_ms=(found - start) * 1000, embed_ms=(end - found) * 1000)

    return System(name="YuNet + MobileFaceNet (OpenCV)", look=look)
