"""The folder from which the broker reads who may speak: `acl`, `crl.pem`, and `changed` for whoever wakes it.

`changed` holds one line, `reload N` or `restart N`: what the broker must do to count with the files, and a number that
rises by one, so that whoever missed a line knows. Open sessions of a revoked certificate end by a restart only. Before
a file is touched the word stands in `.pending`, so that a hub which is killed between the two says it when it starts
again.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ACL: Final = "acl"
CRL: Final = "crl.pem"
CHANGED: Final = "changed"
RELOAD: Final = "reload"
RESTART: Final = "restart"
_PENDING: Final = ".pending"
_LOOKED: Final = ".looked"  # when somebody looked last whether certificates have ended: microseconds
_MODE: Final = 0o640  # the broker reads them by the folder's group
_SAID: Final = re.compile(r"(?:reload|restart) ([0-9]{1,14})\n?")
_BYTES_MAX: Final = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """What lies there; None: nothing does."""

    acl: bytes | None
    crl: bytes | None


class BrokerFiles:
    """One folder. Every method raises OSError; each file is whole at every moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> Files:
        return Files(acl=self._read(ACL), crl=self._read(CRL))

    def write(self, *, acl: bytes, crl: bytes, restart: bool) -> bool:
        """Makes the two files so and says it in `changed`; False when they are so, and have been said, already."""
        there = self.read()
        due = {name: content for name, content, old in ((CRL, crl, there.crl), (ACL, acl, there.acl)) if content != old}
        pending = self._read(_PENDING)
        if not due and pending is None:
            return False
        word = RESTART if restart or pending == RESTART.encode() else RELOAD
        self._put(_PENDING, word.encode())
        for name, content in due.items():
            self._put(name, content)
        self._say(word)
        (self.folder / _PENDING).unlink()
        self._settle()
        return True

    def restart(self) -> None:
        """Has the broker begin anew with the files as they are: sessions end whose certificates have ended."""
        self._put(_PENDING, RESTART.encode())
        self._say(RESTART)
        (self.folder / _PENDING).unlink()
        self._settle()

    def looked_us(self) -> int | None:
        """What `note_look` wrote last."""
        text = (self._read(_LOOKED) or b"").decode("ascii", "replace")
        return int(text) if text.isdigit() else None

    def note_look(self, at_us: int) -> None:
        self._put(_LOOKED, str(at_us).encode())

    def _say(self, word: str) -> None:
        said = (self._read(CHANGED) or b"").decode("ascii", "replace")
        last = _SAID.fullmatch(said)
        self._put(CHANGED, f"{word} {1 + (0 if last is None else int(last[1]))}\n".encode())

    def _read(self, name: str) -> bytes | None:
        try:
            with (self.folder / name).open("rb") as file:
                return file.read(_BYTES_MAX)
        except FileNotFoundError:
            return None

    def _put(self, name: str, content: bytes) -> None:
        part = self.folder / f".{name.lstrip('.')}.part"
        part.unlink(missing_ok=True)  # what a crash left
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, _MODE)  # whatever the umask says
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        part.replace(self.folder / name)
        self._settle()

    def _settle(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
