"""The few file operations that joining is made of, each one step that a power cut may come before or after."""

import os
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """Raises OSError. Nothing is durable before `sync_folder` of the folder that its name stands in."""

    def make_folder(self, path: Path) -> None:
        """For its owner only; the owner is that of the folder around it."""
        ...

    def write(self, path: Path, content: bytes, *, mode: int, like: Path) -> None:
        """A whole file, its content durable on return; what stood there is replaced. Its owner is that of `like`."""
        ...

    def link(self, path: Path, target: str) -> None:
        """A symbolic link at a free place."""
        ...

    def rename(self, path: Path, to: Path) -> None:
        """In one step, over what stands there."""
        ...

    def remove(self, path: Path) -> None:
        """A file, a link, or an empty folder."""
        ...

    def sync_folder(self, path: Path) -> None: ...


class RealDisk:
    """The machine's own."""

    def make_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        give_to_owner_of(path.parent, path)

    def write(self, path: Path, content: bytes, *, mode: int, like: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            give_to_owner_of(like, descriptor)
            file.write(content)
            file.flush()
            os.fsync(descriptor)

    def link(self, path: Path, target: str) -> None:
        path.symlink_to(target)

    def rename(self, path: Path, to: Path) -> None:
        path.replace(to)

    def remove(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()

    def sync_folder(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def give_to_owner_of(model: Path, what: Path | int) -> None:
    """A device joins as root, to take the token off the card, and what it makes is the agent's. Else nothing is done.

    `what`: a path, or the descriptor of an open file.
    """
    if os.geteuid() == 0:
        owner = model.stat()
        os.chown(what, owner.st_uid, owner.st_gid)


def write_whole(disk: Disk, path: Path, content: bytes, *, mode: int) -> None:
    """The old file or the new one, whatever happens; durable on return."""
    part = path.with_name(f".{path.name}.new")
    disk.write(part, content, mode=mode, like=path if path.exists() else path.parent)
    disk.rename(part, path)
    disk.sync_folder(path.parent)
