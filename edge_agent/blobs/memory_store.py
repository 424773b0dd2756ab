"""A store that forgets when the process ends, with a limit like a disk's; it obeys the same rules as the files."""

from collections.abc import Mapping

from edge_agent.blobs.store import BlobStoreError, Part
from edge_agent.wire.blobs import Offer


class MemoryBlobStore:
    """For tests, and for a device that need not keep parts. `free_bytes` is the room for all parts together."""

    def __init__(self, *, free_bytes: int) -> None:
        self.free_bytes = free_bytes
        self._parts: dict[str, tuple[Offer, list[bytes]]] = {}
        self._held: dict[str, Offer] = {}

    def kept(self) -> Mapping[str, Part]:
        return {kind: Part(offer=offer, chunks=len(chunks)) for kind, (offer, chunks) in self._parts.items()}

    def held(self) -> Mapping[str, Offer]:
        return dict(self._held)

    def begin(self, offer: Offer) -> None:
        self._parts[offer.kind] = (offer, [])

    def write_chunk(self, offer: Offer, i: int, data: bytes) -> None:
        begun, chunks = self._parts.get(offer.kind, (None, []))
        if begun != offer or i != len(chunks):
            raise BlobStoreError(f"chunk {i} is not the next of {offer.kind} {offer.version}")
        used_bytes = sum(len(chunk) for _, kept in self._parts.values() for chunk in kept)
        if used_bytes + len(data) > self.free_bytes:
            raise BlobStoreError("no space left")
        chunks.append(data)

    def read_whole(self, kind: str) -> bytes:
        if kind not in self._parts:
            raise BlobStoreError(f"no part of {kind}")
        return b"".join(self._parts[kind][1])

    def discard(self, kind: str) -> None:
        self._parts.pop(kind, None)

    def release(self, kind: str) -> None:
        self._held.pop(kind, None)

    def hold(self, offer: Offer) -> None:
        self._held[offer.kind] = offer
        if offer.kind in self._parts and self._parts[offer.kind][0] == offer:
            del self._parts[offer.kind]
