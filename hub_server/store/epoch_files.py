"""The two files of a keyring, and how one epoch takes the place of another whatever crashes.

A folder holds `epoch-N.key` (32 secret bytes) and `ring-N` (the wrapped keys). An epoch counts when both are there. A
step to N + 1 writes the key, then the ring: the ring's rename is the moment of truth. Only then the older epoch is
destroyed, key first. What a crash leaves is for the next owner to `settle`: the highest whole epoch stays, everything
else is destroyed, a half-made successor as well as a predecessor that should be gone.
"""

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hub_server.store.errors import StoreError

SECRET_BYTES: Final = 32
RING_BYTES_MAX: Final = 64 * 1024 * 1024
_NAME: Final = re.compile(r"(?:epoch-(?P<key>\d{1,15})\.key|ring-(?P<ring>\d{1,15}))(?P<part>\.part)?")


class EpochFilesError(StoreError):
    """The folder holds no whole epoch, or none that can be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Epoch:
    """One state of a keyring. `ring` is opaque here."""

    number: int
    secret: bytes = field(repr=False)
    ring: bytes = field(repr=False)


class EpochFiles:
    """A folder's one epoch. For one process and one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def number(self) -> int:
        """Of the epoch in force; 0 when the folder holds none."""
        return max(self._whole_epochs(), default=0)

    def read(self) -> Epoch:
        """The epoch in force. Changes nothing. Raises EpochFilesError, OSError."""
        number = self.number()
        if number == 0:
            raise EpochFilesError(f"no keyring in {self._folder}; restore it from its mirror")
        secret = self._key(number).read_bytes()
        ring = self._ring(number).read_bytes()
        if len(secret) != SECRET_BYTES or len(ring) > RING_BYTES_MAX:
            raise EpochFilesError(f"the keyring of epoch {number} in {self._folder} is damaged")
        return Epoch(number=number, secret=secret, ring=ring)

    def settle(self, epoch: Epoch) -> None:
        """Destroys all that is not of this epoch, once it was read and found right. Raises OSError."""
        self._destroy_all_but(epoch.number)

    def replace_ring(self, epoch: Epoch) -> None:
        """Another ring in the same epoch; the old one or the new one is there, whatever crashes. Raises OSError."""
        self._write(self._ring(epoch.number), epoch.ring)

    def step_to(self, epoch: Epoch) -> None:
        """This epoch in place of all others, which are destroyed. Raises OSError, and ValueError for a step back.

        Once it has returned, no file of the folder holds an older secret or ring. When it raises, or the process ends,
        the older epoch or this one is in force; `number` tells which.
        """
        if epoch.number <= self.number():
            raise ValueError(f"epoch {epoch.number} is not above {self.number()}")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(self._key(epoch.number), epoch.secret)
        self._write(self._ring(epoch.number), epoch.ring)
        self._destroy_all_but(epoch.number)

    # ---

    def _key(self, number: int) -> Path:
        return self._folder / f"epoch-{number}.key"

    def _ring(self, number: int) -> Path:
        return self._folder / f"ring-{number}"

    def _files(self) -> list[tuple[Path, re.Match[str]]]:
        if not self._folder.is_dir():
            return []
        matches = [(path, _NAME.fullmatch(path.name)) for path in sorted(self._folder.iterdir())]
        return [(path, match) for path, match in matches if match is not None]

    def _whole_epochs(self) -> set[int]:
        whole = [match for _, match in self._files() if match["part"] is None]
        return {int(m["key"]) for m in whole if m["key"]} & {int(m["ring"]) for m in whole if m["ring"]}

    def _write(self, path: Path, content: bytes) -> None:
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        self._sync_folder()

    def _destroy_all_but(self, number: int) -> None:
        """Keys first: a ring without its key is noise."""
        keep = {self._key(number), self._ring(number)}
        doomed = [(match["key"] is None, path) for path, match in self._files() if path not in keep]
        for _, path in sorted(doomed):
            _overwrite(path)
            path.unlink()
            self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _overwrite(path: Path) -> None:
    """Random bytes in the place of the old ones, on the disk; what that does not reach stands in vault.py."""
    fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(fd, "wb") as file:  # opened without O_TRUNC: the same blocks are written
        file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
        file.flush()
        os.fsync(file.fileno())
