"""What the hub and its reader of photographs say to each other: one question, one answer.

The question is a MessagePack array of byte strings, the photographs; the end of the input ends it. The answer is one
JSON object. The hub believes nothing in it: whoever took the reader over with a picture would write it.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hub_server.store.limits import PHOTO_BYTES_MAX, PHOTOS_MAX

QUESTION_BYTES_MAX: Final = PHOTOS_MAX * (PHOTO_BYTES_MAX + 8) + 8
ANSWER_BYTES_MAX: Final = 256 * 1024
REASON_CHARS_MAX: Final = 300
TROUBLE_CHARS_MAX: Final = 2000

_BIN_32: Final = b"\xc6"
_FIXARRAY: Final = 0x90

Photos = Annotated[list[Annotated[bytes, Meta(max_length=PHOTO_BYTES_MAX)]], Meta(min_length=1, max_length=PHOTOS_MAX)]


class Taken(Struct, tag="taken", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All photographs are good."""

    embedder: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,64}\Z")]
    template_length: Annotated[int, Meta(ge=1, le=4096)]
    templates: Annotated[tuple[bytes, ...], Meta(min_length=1, max_length=PHOTOS_MAX)]
    qualities: tuple[Annotated[float, Meta(ge=0, le=1)], ...]


class NotTaken(Struct, tag="not_taken", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why not, by the photograph's place from 0."""

    reasons: Annotated[dict[int, Annotated[str, Meta(max_length=REASON_CHARS_MAX)]], Meta(min_length=1)]


class Unable(Struct, tag="unable", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Photographs cannot be read here at all."""

    trouble: Annotated[str, Meta(max_length=TROUBLE_CHARS_MAX)]


Answer = Taken | NotTaken | Unable


def question(photos: Sequence[bytes]) -> Iterator[bytes]:
    """In parts, so that the hub holds no second copy of the photographs. At most 15 of them."""
    yield bytes([_FIXARRAY | len(photos)])
    for photo in photos:
        yield _BIN_32 + len(photo).to_bytes(4, "big")
        yield photo


def decode_photos(content: bytes) -> list[bytes]:
    """Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(content, type=Photos)


def decode_answer(content: bytes) -> Answer:
    """Raises msgspec.MsgspecError or UnicodeDecodeError."""
    answer: Answer = msgspec.json.decode(content, type=Answer)
    return answer
