"""Who looks after blobs, as ingest sees it."""

from typing import Protocol


class BlobLane(Protocol):
    """`gallery_lane.GalleryLane` is the real one. Its methods only enqueue."""

    def heard(self, device: str, payload: bytes) -> None: ...

    def came(self, device: str) -> None:
        """It said hello, and what it said is stored."""
        ...

    def went(self, device: str | None) -> None: ...


class NoBlobs:
    """A hub without galleries."""

    def heard(self, device: str, payload: bytes) -> None: ...

    def came(self, device: str) -> None: ...

    def went(self, device: str | None) -> None: ...
