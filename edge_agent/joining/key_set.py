"""Several files that change together: a power cut at any moment leaves all of the old or all of the new.

    FOLDER/device.pem -> joined/device.pem          a link each, made once
    FOLDER/joined     -> joined-1                   the one thing that a renewal changes, by one rename
    FOLDER/joined-1/device.pem ...

Files that somebody put there before are taken over first: copied into a folder, and replaced by links that show the
same. Whoever reads two of the files while `joined` changes may see one of each set, and reads again.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from edge_agent.joining.disk import Disk

CURRENT: Final = "joined"
_PLACES: Final = ("joined-0", "joined-1", "joined-2")

Contents = Mapping[str, bytes]
"""By file name, without a folder."""


class KeySet:
    """The files `names` of one folder, and `record` beside them inside the folder that `joined` names."""

    def __init__(self, folder: Path, *, names: Sequence[str], record: str, disk: Disk) -> None:
        self._folder = folder
        self._names = tuple(names)
        self._record = record
        self._disk = disk

    def record(self) -> bytes | None:
        """What was noted with the set in force; None: nothing was ever put here. Raises OSError."""
        try:
            return (self._folder / CURRENT / self._record).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def shown(self) -> dict[str, bytes]:
        """The files as everybody sees them; those that are not there are left out. Raises OSError."""
        found: dict[str, bytes] = {}
        for name in self._names:
            with contextlib.suppress(FileNotFoundError):
                found[name] = (self._folder / name).read_bytes()
        return found

    def put(self, contents: Contents, *, record: bytes) -> None:
        """All of them, durable on return. Raises OSError; then the old ones are in force, or already the new ones."""
        if any(not self._is_linked(name) for name in self._names):
            self._take_over()
        self._switch({**contents, self._record: record})
        self._sweep()

    def _is_linked(self, name: str) -> bool:
        path = self._folder / name
        return path.is_symlink() and str(path.readlink()) == f"{CURRENT}/{name}"

    def _take_over(self) -> None:
        """Everything shows what it showed before, through links."""
        noted = self.record()
        self._switch({**self.shown(), **({} if noted is None else {self._record: noted})})
        for name in self._names:
            if not self._is_linked(name):
                self._point(self._folder / name, f"{CURRENT}/{name}")
        self._disk.sync_folder(self._folder)

    def _switch(self, contents: Contents) -> None:
        place = next(place for place in _PLACES if place != self._in_force())
        self._clear(place)
        self._disk.make_folder(self._folder / place)
        for name, content in contents.items():
            self._disk.write(self._folder / place / name, content, mode=0o600, like=self._folder)
        self._disk.sync_folder(self._folder / place)
        self._disk.sync_folder(self._folder)
        self._point(self._folder / CURRENT, place)
        self._disk.sync_folder(self._folder)

    def _point(self, path: Path, target: str) -> None:
        """A link over what stands there, in one step; not durable yet."""
        fresh = path.with_name(f".{path.name}.new")
        if fresh.is_symlink() or fresh.exists():
            self._disk.remove(fresh)
        self._disk.link(fresh, target)
        self._disk.rename(fresh, path)

    def _in_force(self) -> str | None:
        current = self._folder / CURRENT
        return str(current.readlink()) if current.is_symlink() else None

    def _sweep(self) -> None:
        """Old keys are worth nothing to us and something to a thief. What stays is swept the next time."""
        for place in _PLACES:
            if place != self._in_force():
                self._clear(place)
        self._disk.sync_folder(self._folder)

    def _clear(self, place: str) -> None:
        folder = self._folder / place
        if folder.exists():
            for path in sorted(folder.iterdir()):
                self._disk.remove(path)
            self._disk.remove(folder)
