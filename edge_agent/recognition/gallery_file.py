"""A gallery on disk: read with a limit, replaced as a whole, one writer at a time."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import BYTES_MAX, Gallery


def read_gallery(path: Path, *, embedder_id: str, template_length: int) -> Gallery:
    """The gallery in the file. Raises GalleryError, which names the file; FileNotFoundError when there is none."""
    try:
        with path.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
        return Gallery.from_bytes(content, embedder_id=embedder_id, template_length=template_length)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise GalleryError(f"{path}: cannot be read: {error.strerror}") from error
    except GalleryError as error:
        raise GalleryError(f"{path}: {error}") from error


def write_gallery(path: Path, gallery: Gallery) -> None:
    """Replace the file: on disk before it counts, readable by its owner only. Raises GalleryError."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)  # made with mode 0600
            stream.write(gallery.to_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise GalleryError(f"{path}: cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Wait until nobody else changes a gallery in this folder: two would each write one without the other's person."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise GalleryError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # given back when the folder is closed
        yield
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    """The new name is in the folder, which is a file of its own to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
