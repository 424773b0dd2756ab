"""`python -m hub_server.enrolment.reader`: reads photographs from its input, writes one answer, ends.

Whoever sends a picture made to harm reaches this process only: it has no key, no store, and little memory and time.
"""

import os
import resource
import sys
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from hub_server.enrolment.exchange import QUESTION_BYTES_MAX, Answer, decode_photos

if TYPE_CHECKING:
    from edge_agent.errors import ImageError
    from edge_agent.vision.frame import Pixels

DATA_BYTES_MAX: Final = 2 * 2**30  # five pictures of 64 million pixels would need half of it; a bomb gets no further
CPU_S_MAX: Final = 50
NICE: Final = 10


def main() -> int:
    """0 with an answer on what was the standard output; anything else is an accident."""
    answers = _sole_voice()
    _limit()
    photos = decode_photos(sys.stdin.buffer.read(QUESTION_BYTES_MAX + 1))
    answers.write(msgspec.json.encode(_answer(photos)))
    answers.flush()
    return 0


def _sole_voice() -> BinaryIO:
    """Nothing but the answer goes to the standard output, whatever TFLite and OpenCV print there."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _limit() -> None:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold the photographs
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX))
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES_MAX, DATA_BYTES_MAX))


def _answer(photos: list[bytes]) -> Answer:
    try:
        import cv2  # noqa: PLC0415 - heavy and perhaps not installed, as are the next

        from edge_agent.errors import ModelError  # noqa: PLC0415
        from edge_agent.vision.face_enrol import enrol  # noqa: PLC0415
        from edge_agent.vision.face_reader import FaceReader  # noqa: PLC0415
        from edge_agent.vision.manifest import find_models, load_manifest  # noqa: PLC0415
    except ImportError as error:
        return Answer(trouble=f"photographs cannot be read here: {error}; install with: pip install 'shouwang[hub]'")
    cv2.setNumThreads(1)
    try:
        manifest = load_manifest(find_models())
        reader = FaceReader.open(manifest)
    except ModelError as error:
        return Answer(trouble=f"photographs cannot be read here: {error}")
    pictures = ((str(place), _picture(photo)) for place, photo in enumerate(photos))
    enrolment = enrol(reader, pictures, same_score_min=manifest.face.same_score_min)
    if enrolment.template is None:
        return Answer(refused={int(refusal.photo): _by_number(refusal.reason) for refusal in enrolment.refusals})
    return Answer(
        embedder=manifest.face.embedder_id,
        template_length=manifest.face.template_length,
        templates=[enrolment.template.astype("<f4").tobytes()],
        qualities=[quality for _, quality in enrolment.qualities],
    )


def _picture(photo: bytes) -> "Pixels | ImageError":
    from edge_agent.errors import ImageError  # noqa: PLC0415 - as above
    from edge_agent.vision.picture import decode_picture  # noqa: PLC0415

    try:
        return decode_picture(photo)
    except ImageError as error:
        return error


def _by_number(reason: str) -> str:
    """People count photographs from 1; we name them by their place from 0."""
    said, marker, place = reason.rpartition("not the same person as in ")
    return f"{said}{marker}photograph {int(place) + 1}" if marker else reason


if __name__ == "__main__":
    sys.exit(main())
