"""The face networks as the watcher wants them."""

from collections.abc import Sequence

from edge_agent.vision.face import Box, Face
from edge_agent.vision.face_embed import Template
from edge_agent.vision.face_quality import assess
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels


class ReaderEyes:
    """`FaceEyes` over the real models. Not thread-safe, as they are not."""

    def __init__(self, reader: FaceReader) -> None:
        self._reader = reader

    def detect(self, pixels: Pixels, where: Sequence[Box]) -> list[Face]:
        return self._reader.detector.detect(pixels, where)

    def quality(self, pixels: Pixels, face: Face) -> float:
        return assess(pixels, face).total

    def embed(self, pixels: Pixels, face: Face) -> Template:
        return self._reader.embedder.embed(pixels, face)
