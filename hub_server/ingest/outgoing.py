"""Sealed blobs on their way: files in DATA/outgoing, one for a device and kind, never part of a backup."""

import re
from pathlib import Path
from typing import Final

from edge_agent.wire.blobs import CHUNK_BYTES, Offer, make_offer
from hub_server.store.files import write_durably

FOLDER_NAME: Final = "outgoing"
_NAME: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,62})\.([0-9]{1,16})\.sealed")


class FileSource:
    """A blob that lies in a file; what is in memory is its offer."""

    def __init__(self, path: Path, offer: Offer) -> None:
        self.path = path
        self.offer = offer

    def chunk(self, i: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(i * CHUNK_BYTES)
            return file.read(CHUNK_BYTES)


class Outgoing:
    """The folder. Its files can be opened by the device alone; the hub itself cannot read them again."""

    def __init__(self, folder: Path, *, kind: str) -> None:
        """Makes the folder, for this user only. Raises OSError."""
        self._folder = folder
        self._kind = kind
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, device: str, version: int, content: bytes) -> FileSource:
        """Durable on return; older versions lie there until `keep_only`. Raises OSError."""
        path = self._path(device, version)
        write_durably(path, content)
        return FileSource(path, make_offer(kind=self._kind, version=version, content=content))

    def find(self, device: str, version: int, sha256: str) -> FileSource | None:
        """What was put, unless it is gone or is not what it was."""
        path = self._path(device, version)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        offer = make_offer(kind=self._kind, version=version, content=content) if content else None
        return None if offer is None or offer.sha256 != sha256 else FileSource(path, offer)

    def keep_only(self, device: str, version: int) -> None:
        """Removes what is superseded. Raises OSError."""
        for path in self._folder.iterdir():
            name = _NAME.fullmatch(path.name)
            if name is not None and name[1] == device and int(name[2]) != version:
                path.unlink(missing_ok=True)

    def _path(self, device: str, version: int) -> Path:
        return self._folder / f"{device}.{version}.sealed"
