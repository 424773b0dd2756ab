"""A disk that can be filled and made read-only: a small tmpfs as root, else a limit on the size of a file."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SIZE: Final = "1m"


def mount(folder: Path, options: str) -> bool:
    """False where we may not mount."""
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """`folder` is a disk of 1 MiB, where we may mount one."""
    mounted = mount(folder, f"size={SIZE}")
    try:
        yield
    finally:
        if mounted:
            unmount(folder)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """There is no room on the disk that holds `folder`, meanwhile."""
    if os.path.ismount(folder):
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as stream:
            _write_all_that_fits(stream.fileno())
        yield
        ballast.unlink()
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))  # Python ignores SIGXFSZ: a write fails instead
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _write_all_that_fits(descriptor: int) -> None:
    block = bytes(4096)
    try:
        while True:
            os.write(descriptor, block)
    except OSError:
        return


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing can be made in `folder`, meanwhile; what was there is out of sight as root."""
    mounted = mount(folder, "ro")
    if not mounted:
        folder.chmod(0o500)
    try:
        yield
    finally:
        if mounted:
            unmount(folder)
        else:
            folder.chmod(0o700)
