"""The audit's heads, a line a day, in a text file beside the store and perhaps in a second folder: kept by others, they
show whether the chain was cut or made anew.

A line is "2026-11-24,1234,<64 hex>": the office's day, the last row then, and its chain.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub_server.store.audit import Head
from hub_server.store.errors import StoreError

FILE_NAME: Final = "audit-heads.txt"
FILE_BYTES_MAX: Final = 16 * 1024 * 1024  # more than four hundred years
_LINE: Final = re.compile(r"(\d{4}-\d{2}-\d{2}),([1-9][0-9]{0,17}),([0-9a-f]{64})", re.ASCII)


class HeadsError(StoreError):
    """The file cannot be read as one of heads. The message says which line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """One line."""

    day: str  # YYYY-MM-DD
    head: Head


def read(path: Path) -> list[Exported]:
    """Every line; a last one that a crash tore is passed over. Raises HeadsError, OSError (FileNotFoundError too)."""
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise HeadsError(f"{path} is larger than {FILE_BYTES_MAX} bytes")
    whole = content[: content.rfind(b"\n") + 1].decode("ascii", "replace")
    return [_parsed(path, number, line) for number, line in enumerate(whole.splitlines(), start=1)]


def last_day(path: Path) -> str | None:
    """The day of the last line; None: there is no file, or no line. Raises HeadsError, OSError."""
    lines = read(path) if path.exists() else []
    return lines[-1].day if lines else None


def heads(lines: Sequence[Exported]) -> list[Head]:
    """For `audit_reading.verify`."""
    return [line.head for line in lines]


def append(path: Path, *, day: str, head: Head) -> None:
    """One line more, durable on return; what a crash has torn is cut off first. Raises OSError."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
        file.write(f"{line(day=day, head=head)}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def line(*, day: str, head: Head) -> str:
    """As it stands in the file."""
    return f"{day},{head.id},{head.chain.hex()}"


def _parsed(path: Path, number: int, text: str) -> Exported:
    found = _LINE.fullmatch(text)
    if found is None:
        raise HeadsError(f"line {number} of {path} is no head of an audit: it was edited")
    return Exported(day=found[1], head=Head(id=int(found[2]), at_us=0, chain=bytes.fromhex(found[3])))
