"""Blob transfer: galleries, configurations, models, announcements as 64 KiB chunks. See BLOBS.md beside this file.

Hub to device on `blob/down`: Offer, Chunk. Device to hub on `blob/up`: Want, Have, Rejected.
"""

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge_agent.wire.codec import WireError, decode
from edge_agent.wire.limits import INTEGER_MAX, PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import Hash, RefusalReason, wire_bytes

CHUNK_BYTES: Final = 64 * 1024  # before base64; every chunk but the last has exactly so many
CHUNKS_MAX: Final = 4096
BLOB_BYTES_MAX: Final = CHUNK_BYTES * CHUNKS_MAX
WINDOW_CHUNKS_MAX: Final = 4  # sent above the `from_i` of the receiver's last want
DETAIL_CHARS_MAX: Final = 200

_KIND: Final = r"^[a-z][a-z0-9-]{0,31}\Z"

Kind = Annotated[str, Meta(pattern=_KIND)]
"""What a blob is: gallery, config, model, audio. Open, so that an older device can say `unsupported`."""
Version = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
"""Grows with each blob of a kind for a device. One version is one sequence of bytes: sealing again makes a new one."""
ChunkCount = Annotated[int, Meta(ge=1, le=CHUNKS_MAX)]
ChunkIndex = Annotated[int, Meta(ge=0, lt=CHUNKS_MAX)]


class Offer(Struct, frozen=True, kw_only=True, tag="offer", tag_field="type"):
    """Hub to device: this is there for you. It takes the place of every older version of the kind."""

    kind: Kind
    version: Version
    bytes: Annotated[int, Meta(ge=1, le=BLOB_BYTES_MAX)]
    n: ChunkCount  # bytes / 64 KiB, rounded up
    sha256: Hash  # of the whole, as it travels (sealed, where it is personal)

    def __post_init__(self) -> None:
        if self.n != chunk_count(self.bytes):
            raise ValueError(f"{self.bytes} bytes are {chunk_count(self.bytes)} chunks, not {self.n}")


class Chunk(Struct, frozen=True, kw_only=True, tag="chunk", tag_field="type"):
    """Hub to device: one piece, asked for by a want. `data` is standard base64 in JSON."""

    kind: Kind
    version: Version
    i: ChunkIndex  # from 0
    n: ChunkCount
    sha256: Hash  # of this piece
    data: Annotated[bytes, Meta(min_length=1, max_length=CHUNK_BYTES)]

    def __post_init__(self) -> None:
        if self.i >= self.n:
            raise ValueError(f"there is no chunk {self.i} of {self.n}")
        if self.i < self.n - 1 and len(self.data) != CHUNK_BYTES:
            raise ValueError(f"a chunk before the last has {len(self.data)} bytes instead of {CHUNK_BYTES}")


class Want(Struct, frozen=True, kw_only=True, tag="want", tag_field="type"):
    """Device to hub: I hold every chunk below `from_i`; send on from there. It opens and moves the window."""

    kind: Kind
    version: Version
    from_i: ChunkIndex


class Have(Struct, frozen=True, kw_only=True, tag="have", tag_field="type"):
    """Device to hub: this is complete, checked and in force here. It is the receipt."""

    kind: Kind
    version: Version
    sha256: Hash  # as the offer said it


class RejectionReason(StrEnum):
    UNSUPPORTED = "unsupported"  # a kind that this device does not know
    TOO_LARGE = "too_large"  # more than this device takes of this kind
    STORAGE = "storage"  # it cannot be kept: a full or broken disk
    WRONG_HASH = "wrong_hash"  # all chunks came, twice, and together they are not what was offered
    NOT_FOR_US = "not_for_us"  # the seal does not open here, or for this kind and version
    UNUSABLE = "unusable"  # opened, but damaged inside, or made for another embedder


class Rejected(Struct, frozen=True, kw_only=True, tag="rejected", tag_field="type"):
    """Device to hub: not taken, nothing changed here; `detail` is for the office's page."""

    kind: Kind
    version: Version
    reason: RejectionReason
    detail: Annotated[str, Meta(max_length=DETAIL_CHARS_MAX)] = ""


BlobDown = Offer | Chunk
BlobUp = Want | Have | Rejected

_down: msgspec.json.Decoder[BlobDown] = msgspec.json.Decoder(BlobDown)
_up: msgspec.json.Decoder[BlobUp] = msgspec.json.Decoder(BlobUp)


def is_kind(text: str) -> bool:
    """True for what may stand as the kind of a blob."""
    return re.match(_KIND, text) is not None


def chunk_count(size_bytes: int) -> int:
    """How many chunks a blob of this size has."""
    return -(-size_bytes // CHUNK_BYTES)


def sha256_hex(content: bytes) -> str:
    """SHA-256, lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def make_offer(*, kind: str, version: int, content: bytes) -> Offer:
    """The offer of these bytes. Raises WireError when they are none or too many, or kind or version out of range."""
    count = chunk_count(len(content))
    offer = Offer(kind=kind, version=version, bytes=len(content), n=count, sha256=sha256_hex(content))
    decode(_down, wire_bytes(offer), PAYLOAD_BYTES_MAX)  # msgspec checks ranges when it reads, not when we build
    return offer


def make_chunk(*, offer: Offer, i: int, data: bytes) -> Chunk:
    """Chunk `i` of what was offered. Raises WireError unless `data` has the length that chunk must have."""
    if not data or len(data) != chunk_length(offer, i):
        raise WireError(RefusalReason.MALFORMED, f"chunk {i} of {offer.n} cannot have {len(data)} bytes")
    return Chunk(kind=offer.kind, version=offer.version, i=i, n=offer.n, sha256=sha256_hex(data), data=data)


def chunk_length(offer: Offer, i: int) -> int:
    """How many bytes chunk `i` has; 0 when there is no such chunk."""
    if not 0 <= i < offer.n:
        return 0
    return min(CHUNK_BYTES, offer.bytes - i * CHUNK_BYTES)


def decode_blob_down(payload: bytes) -> BlobDown:
    """What the hub sent on `blob/down`; a chunk's hash is checked. Raises WireError."""
    message = decode(_down, payload, PAYLOAD_BYTES_MAX)
    if isinstance(message, Chunk) and sha256_hex(message.data) != message.sha256:
        raise WireError(RefusalReason.WRONG_HASH, f"chunk {message.i} has another SHA-256 than it says")
    return message


def decode_blob_up(payload: bytes) -> BlobUp:
    """What a device sent on `blob/up`. Raises WireError."""
    return decode(_up, payload, PAYLOAD_BYTES_MAX)
