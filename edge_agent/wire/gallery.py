"""A gallery as it is written: in a file, and inside the seal that carries it to a device. Strict JSON.

The hub writes it and a device reads it. What the values must be beyond their types (lengths, unit vectors, no person
twice) is checked by whoever matches with it: `edge_agent.recognition.gallery`.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

FORMAT: Final = 1
KIND: Final = "gallery"  # of the blob
BYTES_MAX: Final = 64 * 1024 * 1024
PERSONS_MAX: Final = 20_000
TEMPLATES_MAX: Final = 16  # of one person
VEHICLES_MAX: Final = 20_000
LOOKALIKES_MAX: Final = 20_000


class Purpose(StrEnum):
    """What a person agreed to, or what the law allows; each entry has at least one."""

    DOOR = "door"
    WELFARE = "welfare"
    WATCHLIST = "watchlist"


class WrittenEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person. `templates`: base64 of little-endian float32, `template_length` numbers each, of unit length."""

    person: str
    purposes: list[Purpose]
    templates: list[str]


class WrittenVehicle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One vehicle that may pass here. Times are microseconds of the wall clock, UTC; null: no end on that side."""

    plate: str
    valid_from_us: int | None
    valid_until_us: int | None  # exclusive


class WrittenLookalike(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two people of the gallery whom a camera took for one another once; the order of the two says nothing.

    `wider_by`: cosine, above 0 to 1, on top of what the model's own margin is: a sighting of one of them counts for
    the welfare watch only when the other is behind by so much.
    """

    person: str
    other: str
    wider_by: float


class WrittenGallery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All entries of one embedder, and the vehicles that may pass. `version` grows with each change.

    What came later than the entries is left out when there is none of it: older agents refuse what they do not know.
    """

    format: int
    embedder: str
    template_length: int
    version: int
    entries: list[WrittenEntry]
    vehicles: list[WrittenVehicle] = []
    lookalikes: list[WrittenLookalike] = []


_decoder: Final = msgspec.json.Decoder(WrittenGallery)


def encode_gallery(gallery: WrittenGallery) -> bytes:
    """The same bytes for the same gallery."""
    return msgspec.json.encode(gallery)


def decode_gallery(content: bytes) -> WrittenGallery:
    """By its types alone. Raises msgspec.DecodeError, or UnicodeDecodeError."""
    return _decoder.decode(content)
