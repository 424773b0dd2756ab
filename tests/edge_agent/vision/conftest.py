"""The two portraits, and one reader over the shipped models for each runtime."""

import os

import cv2
import numpy as np
import pytest
from portraits import astronaut, hopper, manifest
from runtimes import runtime

from edge_agent.vision.face import Face
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.tflite import RUNTIME_VARIABLE

__all__ = ["astronaut", "hopper", "manifest", "runtime"]


@pytest.fixture(scope="session")
def reader(manifest: Manifest, runtime: str) -> FaceReader:
    """Opened while `runtime` is in force, and in use until the next one's turn."""
    assert os.environ[RUNTIME_VARIABLE] == runtime
    return FaceReader.open(manifest)


@pytest.fixture(scope="session")
def astronaut_face(reader: FaceReader, astronaut: Pixels) -> Face:
    (face,) = reader.detector.detect(astronaut)
    return face


@pytest.fixture(scope="session")
def street() -> Pixels:
    """A 1280x720 frame without a face: smooth blobs, edges and sensor noise."""
    random = np.random.default_rng(7)
    coarse = random.integers(40, 200, (9, 16, 3), dtype=np.uint8)
    frame = cv2.resize(coarse, (1280, 720), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    frame[:, 400:420] -= 60
    frame[500:515] += 50
    noisy = frame + random.integers(-8, 9, frame.shape, dtype=np.int16)
    return np.clip(noisy, 0, 255).astype(np.uint8)
