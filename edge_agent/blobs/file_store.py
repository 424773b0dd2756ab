"""Parts as files of one folder: KIND.offer (what was promised), KIND.part (the bytes so far), KIND.held (in force)."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge_agent.blobs.store import BlobStoreError, Part
from edge_agent.wire.blobs import CHUNK_BYTES, Offer, decode_blob_down, is_kind
from edge_agent.wire.codec import WireError
from edge_agent.wire.messages import wire_bytes


class FileBlobStore:
    """Chunks are not synced one by one: after a power cut the SHA-256 of the whole tells, and all is fetched anew."""

    def __init__(self, folder: Path) -> None:
        """Creates the folder, for this user only. Raises BlobStoreError."""
        self._folder = folder
        with _named_errors():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def kept(self) -> Mapping[str, Part]:
        with _named_errors():
            return {offer.kind: Part(offer=offer, chunks=self._chunks(offer)) for offer in self._offers("offer")}

    def held(self) -> Mapping[str, Offer]:
        with _named_errors():
            return {offer.kind: offer for offer in self._offers("held")}

    def begin(self, offer: Offer) -> None:
        self.discard(offer.kind)
        with _named_errors():
            self._path(offer.kind, "part").write_bytes(b"")
            self._write_record(self._path(offer.kind, "offer"), offer)

    def write_chunk(self, offer: Offer, i: int, data: bytes) -> None:
        with _named_errors():
            begun = self._read_record(self._path(offer.kind, "offer"))
            if begun != offer or i != self._chunks(offer):
                raise BlobStoreError(f"chunk {i} is not the next of {offer.kind} {offer.version}")
            with self._path(offer.kind, "part").open("r+b") as part:
                part.truncate(i * CHUNK_BYTES)  # a chunk that a crash or a full disk left half written
                part.seek(i * CHUNK_BYTES)
                part.write(data)

    def read_whole(self, kind: str) -> bytes:
        with _named_errors():
            return self._path(kind, "part").read_bytes()

    def discard(self, kind: str) -> None:
        with _named_errors():
            self._path(kind, "offer").unlink(missing_ok=True)  # first: without it the part is nothing
            self._path(kind, "part").unlink(missing_ok=True)

    def hold(self, offer: Offer) -> None:
        with _named_errors():
            self._write_record(self._path(offer.kind, "held"), offer)
            if self._read_record(self._path(offer.kind, "offer")) == offer:
                self.discard(offer.kind)

    def release(self, kind: str) -> None:
        with _named_errors():
            self._path(kind, "held").unlink(missing_ok=True)

    def _path(self, kind: str, suffix: str) -> Path:
        if not is_kind(kind):
            raise BlobStoreError(f"{kind[:40]!r} is no kind")
        return self._folder / f"{kind}.{suffix}"

    def _offers(self, suffix: str) -> Iterator[Offer]:
        for path in sorted(self._folder.glob(f"*.{suffix}")):
            offer = self._read_record(path)
            if offer is not None and offer.kind == path.stem:
                yield offer

    def _chunks(self, offer: Offer) -> int:
        path = self._path(offer.kind, "part")
        size_bytes = path.stat().st_size if path.exists() else 0
        return offer.n if size_bytes == offer.bytes else min(size_bytes // CHUNK_BYTES, offer.n - 1)

    @staticmethod
    def _read_record(path: Path) -> Offer | None:
        """None for a record that is not there or not readable: its blob is then asked of the hub again."""
        try:
            record = decode_blob_down(path.read_bytes())
        except (FileNotFoundError, WireError):
            return None
        return record if isinstance(record, Offer) else None

    def _write_record(self, path: Path, offer: Offer) -> None:
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(wire_bytes(offer))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BlobStoreError(f"blobs cannot be kept: {error.strerror or error}") from error
