"""The port of what a transfer keeps across a restart: one growing part for each kind, and what is in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from edge_agent.errors import ShouwangError
from edge_agent.wire.blobs import Offer


class BlobStoreError(ShouwangError):
    """The storage refuses: full, read-only, broken. What was kept before is kept or gone, never another thing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A transfer that has begun: the first `chunks` of what `offer` promised. They may be damaged by a power cut."""

    offer: Offer
    chunks: int


class BlobStore(Protocol):
    """At most one part of a kind. Every method may raise BlobStoreError."""

    def kept(self) -> Mapping[str, Part]:
        """The parts, by kind, as they were left."""
        ...

    def held(self) -> Mapping[str, Offer]:
        """What is in force, by kind: the offer that was last given to `hold`."""
        ...

    def begin(self, offer: Offer) -> None:
        """An empty part for this offer; what was there of the kind is discarded."""
        ...

    def write_chunk(self, offer: Offer, i: int, data: bytes) -> None:
        """Chunk `i`, which is the next one, at the end of the part."""
        ...

    def read_whole(self, kind: str) -> bytes:
        """All bytes of the part, to be checked against its offer."""
        ...

    def discard(self, kind: str) -> None:
        """The part goes; nothing happens when there is none."""
        ...

    def hold(self, offer: Offer) -> None:
        """Durable on return: this is in force now. Its part, and only its own, is discarded."""
        ...

    def release(self, kind: str) -> None:
        """What was held turned out to be unusable: it is held no longer."""
        ...
