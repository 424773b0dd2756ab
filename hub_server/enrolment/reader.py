"""`python -m hub_server.enrolment.reader [--models DIR]`: photographs come in, one answer goes out (`exchange.py`).

Whoever sends a picture made to harm reaches this process only. Before it looks at one it has loaded all it needs and
given up opening files and sockets: no key, no store, no network; little memory and time.
"""

import argparse
import contextlib
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from hub_server.enrolment.exchange import (
    QUESTION_BYTES_MAX,
    REASON_CHARS_MAX,
    TROUBLE_CHARS_MAX,
    Answer,
    NotTaken,
    Taken,
    Unable,
    decode_photos,
)

if TYPE_CHECKING:
    from edge_agent.errors import ImageError
    from edge_agent.vision.face_reader import FaceReader
    from edge_agent.vision.frame import Pixels
    from edge_agent.vision.manifest import Manifest

DATA_BYTES_MAX: Final = 1024 * 2**20
"""Of the largest pictures that are read, 64 million pixels, five one after the other need 750 MB."""

CPU_S_MAX: Final = 50
NICE: Final = 10


class UnableError(Exception):
    """A package or a model is missing. The message is for a person."""


def main() -> int:
    """0 with an answer on what was the standard output; anything else is an accident."""
    parser = argparse.ArgumentParser(prog="hub_server.enrolment.reader")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (found by itself if unset)")
    models: Path | None = parser.parse_args().models
    answers = sole_voice()
    limit()
    answers.write(msgspec.json.encode(_answer(models)))
    answers.flush()
    return 0


def sole_voice() -> BinaryIO:
    """Nothing but the answer goes to the standard output, whatever TFLite and OpenCV print there."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def limit() -> None:
    """Others go first, and when memory is short the kernel ends this process and not the hub."""
    os.nice(NICE)
    with contextlib.suppress(OSError):  # no Linux
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold the photographs
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES_MAX, DATA_BYTES_MAX))


def give_up_opening() -> None:
    """From here on no file, socket or pipe can be opened; those that are open stay."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _answer(models: Path | None) -> Answer:
    try:
        manifest, reader = _load(models)
    except UnableError as error:
        return Unable(trouble=str(error)[:TROUBLE_CHARS_MAX])
    give_up_opening()
    return _read(manifest, reader, decode_photos(sys.stdin.buffer.read(QUESTION_BYTES_MAX + 1)))


def _load(models: Path | None) -> "tuple[Manifest, FaceReader]":
    """Everything that a photograph may need. Raises UnableError."""
    try:
        import cv2  # noqa: PLC0415 - heavy and perhaps not installed, as are the next

        from edge_agent.errors import ModelError  # noqa: PLC0415
        from edge_agent.vision.face_enrol import enrol  # noqa: F401, PLC0415 - loaded before opening is given up
        from edge_agent.vision.face_reader import FaceReader  # noqa: PLC0415
        from edge_agent.vision.manifest import find_models, load_manifest  # noqa: PLC0415
        from edge_agent.vision.picture import decode_picture  # noqa: F401, PLC0415 - as above
    except ImportError as error:
        raise UnableError(f"{error}; install with: pip install 'shouwang[hub]'") from error
    cv2.setNumThreads(1)
    try:
        manifest = load_manifest(find_models(models))
        reader = FaceReader.open(manifest)
    except ModelError as error:
        raise UnableError(str(error)) from error
    reader.warm_up()  # what a network opens at its first use, it opens now
    return manifest, reader


def _read(manifest: "Manifest", reader: "FaceReader", photos: list[bytes]) -> Answer:
    from edge_agent.vision.face_enrol import enrol  # noqa: PLC0415 - loaded by _load

    pictures = ((str(place), _picture(photo)) for place, photo in enumerate(photos))
    enrolment = enrol(reader, pictures, same_score_min=manifest.face.same_score_min)
    if enrolment.template is None:
        return NotTaken(reasons={int(refusal.photo): _words(refusal.reason) for refusal in enrolment.refusals})
    return Taken(
        embedder=manifest.face.embedder_id,
        template_length=manifest.face.template_length,
        templates=(enrolment.template.astype("<f4").tobytes(),),
        qualities=tuple(quality for _, quality in enrolment.qualities),
    )


def _picture(photo: bytes) -> "Pixels | ImageError":
    from edge_agent.errors import ImageError  # noqa: PLC0415 - loaded by _load, as is the next
    from edge_agent.vision.picture import decode_picture  # noqa: PLC0415

    try:
        return decode_picture(photo)
    except ImageError as error:
        return error


def _words(reason: str) -> str:
    """People count photographs from 1; we name them by their place from 0."""
    said, marker, place = reason.rpartition("not the same person as in ")
    return f"{said}{marker}photograph {int(place) + 1}" if marker else reason[:REASON_CHARS_MAX]


if __name__ == "__main__":
    sys.exit(main())
