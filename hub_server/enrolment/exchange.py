"""What the hub and its reader of photographs say to each other: one question, one answer.

The question is a MessagePack array of byte strings, the photographs; the end of the input ends it. The answer is one
JSON object.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hub_server.store.limits import PHOTO_BYTES_MAX, PHOTOS_MAX

QUESTION_BYTES_MAX: Final = PHOTOS_MAX * (PHOTO_BYTES_MAX + 8) + 8
ANSWER_BYTES_MAX: Final = 1024 * 1024

Photos = Annotated[list[Annotated[bytes, Meta(max_length=PHOTO_BYTES_MAX)]], Meta(min_length=1, max_length=PHOTOS_MAX)]


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of: templates, reasons by the photograph's place, or why photographs cannot be read here at all."""

    embedder: str = ""
    template_length: int = 0
    templates: list[bytes] = []
    qualities: list[float] = []
    refused: dict[int, str] = {}
    trouble: str = ""


def encode_photos(photos: Sequence[bytes]) -> bytes:
    return msgspec.msgpack.encode(list(photos))


def decode_photos(question: bytes) -> list[bytes]:
    """Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(question, type=Photos)
