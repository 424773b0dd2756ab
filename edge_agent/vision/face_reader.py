"""From a picture to its faces with quality and, when asked, templates: the networks put together."""

import time
from dataclasses import dataclass

import numpy as np

from edge_agent.errors import ModelError
from edge_agent.vision.face import Face
from edge_agent.vision.face_detect import FaceDetector
from edge_agent.vision.face_embed import FaceEmbedder, Template
from edge_agent.vision.face_quality import Quality, assess
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.tflite import Model


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReadFace:
    """A face of a picture, with all that was asked for."""

    face: Face
    quality: Quality
    template: Template | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reading:
    """The faces of a picture, best first, and how long it took; `total_ms` includes judging their quality."""

    faces: tuple[ReadFace, ...]
    detect_ms: float
    embed_ms: float
    total_ms: float


class FaceReader:
    """Detector, quality and embedder. Not thread-safe: a thread that reads has its own."""

    def __init__(self, *, detector: FaceDetector, embedder: FaceEmbedder) -> None:
        self.detector = detector
        self.embedder = embedder

    @classmethod
    def open(cls, manifest: Manifest, *, threads: int = 1, face_px_min: float = 60) -> "FaceReader":
        """Load the face models of a folder. Raises ModelError."""

        def load(role: str) -> Model:
            return Model(manifest.path(role), manifest.entry(role).sha256, threads)

        embedder = FaceEmbedder(
            close=load("face-embedder"),
            wide=load("face-embedder-wide"),
            projection=load("face-projection"),
            embedder_id=manifest.face.embedder_id,
        )
        if embedder.length != manifest.face.template_length:
            raise ModelError(
                f"the embedder gives {embedder.length} numbers, the manifest says {manifest.face.template_length}"
            )
        detector = FaceDetector(
            far=load("face-far"),
            near=load("face-near"),
            mesh=load("face-mesh"),
            face_px_min=face_px_min,
        )
        return cls(detector=detector, embedder=embedder)

    def read(self, pixels: Pixels, *, templates: bool) -> Reading:
        """All faces of the picture; with `templates` each gets one, whatever its quality."""
        started = time.perf_counter()
        faces = self.detector.detect(pixels)
        detected = time.perf_counter()
        qualities = [assess(pixels, face) for face in faces]
        judged = time.perf_counter()
        made = [self.embedder.embed(pixels, face) if templates else None for face in faces]
        ended = time.perf_counter()
        return Reading(
            faces=tuple(
                ReadFace(face=face, quality=quality, template=template)
                for face, quality, template in zip(faces, qualities, made, strict=True)
            ),
            detect_ms=(detected - started) * 1000,
            embed_ms=(ended - judged) * 1000,
            total_ms=(ended - started) * 1000,
        )

    def warm_up(self) -> None:
        """Run every network once: the first inference allocates and is several times slower."""
        self.detector.warm_up(np.zeros((256, 256, 3), np.uint8))
        self.embedder.warm_up()
