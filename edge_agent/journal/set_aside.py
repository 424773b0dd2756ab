"""A damaged journal is set aside, never written to again, and told: a crash in between forgets nothing of that.

A marker, `NAME.damaged-N.unreported`, is there from before the file is moved until the event that tells of it is on the
disk; its content is what was wrong.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PARTS: Final = ("-wal", "-shm", "")  # the file itself last: while it is in its place, the move is not complete
_MARK: Final = ".unreported"
_WHY_BYTES_MAX: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A damaged journal under its new name."""

    file: Path
    why: str


def set_aside(file: Path, why: str) -> SetAside:
    """Move the file and its companions out of the way, so that a person can look at them."""
    aside = file.with_name(f"{file.name}.damaged-{time.time_ns()}")
    with suppress(OSError):  # a full disk: without a marker, only a crash in the next moment forgets to tell
        _marker(aside).write_text(why, encoding="utf-8")
    _sync(file.parent)
    _move(file, aside)
    return SetAside(file=aside, why=why)


def finish_moves(file: Path) -> None:
    """Complete the moves that a crash has interrupted. Before the file is opened."""
    for aside in _marked(file):
        if not aside.exists():
            _move(file, aside)


def unreported(file: Path) -> list[SetAside]:
    """What was set aside and not told yet, the oldest first."""
    return [
        SetAside(file=aside, why=_marker(aside).read_bytes()[:_WHY_BYTES_MAX].decode(errors="replace"))
        for aside in _marked(file)
    ]


def reported(aside: SetAside) -> None:
    """The event that tells of it is on the disk."""
    with suppress(OSError):  # a read-only folder: it is told once more at the next start, if the journal has forgotten
        _marker(aside.file).unlink(missing_ok=True)


def beside(file: Path) -> list[Path]:
    """The journals that were set aside beside `file`, the oldest first."""
    found = file.parent.glob(f"{glob_escape(file.name)}.damaged-*")
    return sorted(path for path in found if not path.name.endswith(("-wal", "-shm", _MARK)))


def glob_escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _marked(file: Path) -> Iterator[Path]:
    for marker in sorted(file.parent.glob(f"{glob_escape(file.name)}.damaged-*{_MARK}")):
        yield marker.with_name(marker.name.removesuffix(_MARK))


def _marker(aside: Path) -> Path:
    return aside.with_name(aside.name + _MARK)


def _move(file: Path, aside: Path) -> None:
    for suffix in _PARTS:
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    _sync(file.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
