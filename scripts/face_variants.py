"""The embedder's networks in other number formats, on both runtimes: what each costs and what it is worth."""

import hashlib
import importlib.util
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from face_figures import Lists, Templates, figures
from lfw import Lfw, central, pictures_of
from numpy.typing import NDArray
from terminal import Progress

from edge_agent.vision.face_align import CLOSE, WIDE, face_chip
from edge_agent.vision.face_detect import FaceDetector
from edge_agent.vision.face_embed import FaceEmbedder
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.picture import read_picture
from edge_agent.vision.tflite import RUNTIME_VARIABLE, RUNTIMES, Model

FORMATS = ("float32", "float16", "dynamic", "int8")
NETWORKS = ("face_embedding", "face_embedding_wide")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What one variant says of one face, and how long each network took."""

    close: NDArray[np.float32]
    wide: NDArray[np.float32]
    close_ms: float
    wide_ms: float


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Both networks in one number format on one runtime."""

    runtime: str
    number_format: str
    megabytes: tuple[float, float]
    embedder: FaceEmbedder

    def see(self, close_chip: Pixels, wide_chip: Pixels) -> Parts:
        start = time.perf_counter()
        close = self.embedder.see_close(close_chip)
        between = time.perf_counter()
        wide = self.embedder.see_wide(wide_chip)
        end = time.perf_counter()
        return Parts(close=close, wide=wide, close_ms=(between - start) * 1000, wide_ms=(end - between) * 1000)


def measure_variants(lfw: Lfw, lists: Lists, folder: Path, manifest: Manifest) -> list[dict[str, Any]]:
    """A row for each format on each runtime. Raises FileNotFoundError when the variants were not built."""
    detector = FaceReader.open(manifest).detector
    variants = list(_variants(folder, manifest))
    seen: list[dict[str, Parts | None]] = [{} for _ in variants]
    pictures = pictures_of(lists.train + lists.test)
    for picture in Progress("variants", pictures):
        chips = _chips(detector, read_picture(lfw.path(picture)))
        for variant, parts in zip(variants, seen, strict=True):
            parts[picture] = variant.see(*chips) if chips else None
    return [_row(variant, parts, lists) for variant, parts in zip(variants, seen, strict=True)]


def _variants(folder: Path, manifest: Manifest) -> Iterator[Variant]:
    for runtime in RUNTIMES:
        if importlib.util.find_spec(runtime) is None:
            continue
        with _forced(runtime):
            for number_format in FORMATS:
                close, wide = (folder / f"{network}.{number_format}.tflite" for network in NETWORKS)
                embedder = FaceEmbedder(
                    close=_unnamed(close),
                    wide=_unnamed(wide),
                    projection=_unnamed(manifest.path("face-projection")),
                    embedder_id="variant",
                )
                embedder.warm_up()
                yield Variant(
                    runtime=runtime,
                    number_format=number_format,
                    megabytes=(close.stat().st_size / 1e6, wide.stat().st_size / 1e6),
                    embedder=embedder,
                )


@contextmanager
def _forced(runtime: str) -> Iterator[None]:
    before = os.environ.get(RUNTIME_VARIABLE)
    os.environ[RUNTIME_VARIABLE] = runtime
    try:
        yield
    finally:
        del os.environ[RUNTIME_VARIABLE]
        if before is not None:
            os.environ[RUNTIME_VARIABLE] = before


def _unnamed(path: Path) -> Model:
    """A model that no manifest names: whatever is there is what is measured."""
    return Model(path, hashlib.sha256(path.read_bytes()).hexdigest())


def _chips(detector: FaceDetector, pixels: Pixels) -> tuple[Pixels, Pixels] | None:
    faces = detector.detect(pixels)
    if not faces:
        return None
    face = faces[central(pixels, [f.box_px for f in faces])]
    return face_chip(pixels, face, CLOSE), face_chip(pixels, face, WIDE)


def _row(variant: Variant, seen: dict[str, Parts | None], lists: Lists) -> dict[str, Any]:
    templates: Templates = {
        name: variant.embedder.join(parts.close, parts.wide) if parts else None for name, parts in seen.items()
    }
    found = figures(templates, lists)
    there = [parts for parts in seen.values() if parts]
    return {
        "runtime": variant.runtime,
        "format": variant.number_format,
        "accuracy": found["accuracy"],
        "true_matches": found["true_matches"],
        "ms": {
            "close": float(np.median([parts.close_ms for parts in there])),
            "wide": float(np.median([parts.wide_ms for parts in there])),
        },
        "megabytes": {"close": variant.megabytes[0], "wide": variant.megabytes[1]},
    }


def variants_table(rows: list[dict[str, Any]]) -> str:
    head = f"{'runtime':16}{'format':9}{'accuracy':>9}{'1e-3':>7}{'1e-4':>7}{'ms close+wide':>17}{'MB close+wide':>17}"
    lines = [head]
    for row in rows:
        at = {match["fmr"]: match["share"] * 100 for match in row["true_matches"]}
        times, sizes = row["ms"], row["megabytes"]
        lines.append(
            f"{row['runtime']:16}{row['format']:9}{row['accuracy']['share'] * 100:9.2f}{at[1e-3]:7.2f}{at[1e-4]:7.2f}"
            f"{times['close']:10.1f} +{times['wide']:5.1f}{sizes['close']:10.1f} +{sizes['wide']:5.1f}"
        )
    return "\n".join(lines)
