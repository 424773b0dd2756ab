"""Files that survive a power cut: whole and durable, or not there. A key is its owner's only from the first moment."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

KEY_MODE: Final = 0o600
PUBLIC_MODE: Final = 0o644
FOLDER_MODE: Final = 0o700


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Never in the place of a file. Raises FileExistsError, or OSError when the disk does not take it."""
    part = _part(path, content, mode)
    try:
        os.link(part, path)  # unlike a rename, a link replaces nothing
    finally:
        part.unlink()
    settle(path.parent)


def replace(path: Path, content: bytes, mode: int) -> None:
    """In the place of what was there; at no moment half of it. Raises OSError."""
    _part(path, content, mode).replace(path)
    settle(path.parent)


def make_folder(path: Path) -> None:
    """For its owner only. One that is there is left as it is. Raises OSError."""
    if not path.is_dir():
        path.mkdir(mode=FOLDER_MODE, parents=True)
        settle(path.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else who asks for this folder has it meanwhile. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def settle(folder: Path) -> None:
    """What was made, moved or removed in it stays so."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _part(path: Path, content: bytes, mode: int) -> Path:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)  # what a crash left
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # whatever the umask says: the broker's own user reads the list
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return part
