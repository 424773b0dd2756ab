"""The records on the disk: replaced in one step, so that a power cut leaves the old ones or the new ones."""

import contextlib
import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.releases.records import FORMAT, Records

NAME: Final = "records.json"
BYTES_MAX: Final = 64 * 1024
log = logging.getLogger(__name__)


class RecordFile:
    """In the folder of releases. Not for several threads."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / NAME

    def load(self) -> Records:
        """Empty ones before the first; damaged ones are set aside, and said. Raises OSError."""
        records = peek(self._path.parent)
        if records is not None:
            return records
        log.error("%s is damaged: this device runs as it was installed until the hub sends anew", self._path)
        self._path.replace(self._path.with_suffix(".damaged"))
        return Records()

    def save(self, records: Records) -> None:
        """Durable on return. Raises OSError."""
        write_durably(self._path, msgspec.json.encode(records))


def peek(folder: Path) -> Records | None:
    """The records, nothing touched; empty ones where there are none, None for damaged ones. Raises OSError."""
    try:
        with (folder / NAME).open("rb") as file:
            records = msgspec.json.decode(file.read(BYTES_MAX), type=Records)
    except FileNotFoundError:
        return Records()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return records if records.format == FORMAT else None


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """A whole file in the place of what was there, readable by its owner only. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
