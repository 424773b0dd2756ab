"""Rows of a journal found in the bare bytes of its file, when SQLite cannot read it any more.

How a row lies there: https://www.sqlite.org/fileformat2.html#record_format. Rows that span pages are not found, nor are
those of which a byte is wrong: each is checked against its own hash. Rows that were deleted may still be there.
"""

import mmap
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.wire.codec import event_hash
from edge_agent.wire.limits import INTEGER_MAX

_WHOLE: Final = rb"([\x01-\x06\x08\x09]"  # the type of an integer
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}
_TEXT, _BLOB = 13, 12  # plus twice the length

_EPOCH: Final = re.compile(rb"([\x01-\x7f])\x05\x00\x4d" + _WHOLE + rb"{2})([0-9a-f]{32})")
"""rowid; a header of 5 bytes; no id of its own, a text of 32 bytes, `last` and `acked`; then the text, the integers."""

_EVENTS: Final = tuple(
    re.compile(header + _WHOLE + count + rb"})([\x0d-\x7f])\x81\x0d([\x81-\xff])([\x00-\x7f])")
    for header, count in ((rb"\x0a", rb"{4"), (rb"\x09", rb"{3"))
)
"""Version 2: rank, epoch, seq, last_seq, kind, hash, raw. Version 1: the same without the rank."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CarvedEpoch:
    id: int
    name: str
    last: int
    acked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CarvedEvent:
    epoch: int  # its id
    seq: int
    last_seq: int
    hash: str
    raw: bytes


def carve_epochs(file: Path) -> dict[int, CarvedEpoch]:
    """By id, each with its highest marks: they only ever rise. Raises OSError."""
    found: dict[int, CarvedEpoch] = {}
    for content in _contents(file):
        for cell in _EPOCH.finditer(content):
            (last, acked), _ = _integers(content, cell.end(), cell[2])
            known = found.get(cell[1][0])
            if not 0 <= acked <= last <= INTEGER_MAX:
                continue
            if known is not None:
                last, acked = max(last, known.last), max(acked, known.acked)
            found[cell[1][0]] = CarvedEpoch(id=cell[1][0], name=cell[3].decode("ascii"), last=last, acked=acked)
    return found


def carve_events(file: Path) -> Iterator[CarvedEvent]:
    """In no order; the same one may come more than once. Raises OSError."""
    for content in _contents(file):
        for pattern in _EVENTS:
            for header in pattern.finditer(content):
                event = _event(content, header)
                if event is not None:
                    yield event


def _contents(file: Path) -> Iterator[mmap.mmap]:
    for path in (file, file.with_name(f"{file.name}-wal")):
        if not path.is_file() or path.stat().st_size == 0:
            continue
        with path.open("rb") as stream, closing(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)) as content:
            yield content


def _event(content: mmap.mmap, header: re.Match[bytes]) -> CarvedEvent | None:
    numbers, place = _integers(content, header.end(), header[1])
    epoch, seq, last_seq = numbers[-3:]
    place += (header[2][0] - _TEXT) // 2  # the kind stands in the event, too
    digest = content[place : place + 64]
    size = ((header[3][0] & 0x7F) << 7 | header[4][0]) - _BLOB
    raw = content[place + 64 : place + 64 + size // 2]
    if size % 2 or event_hash(raw).encode() != digest:
        return None
    return CarvedEvent(epoch=epoch, seq=seq, last_seq=last_seq, hash=digest.decode("ascii"), raw=raw)


def _integers(content: mmap.mmap, place: int, kinds: bytes) -> tuple[list[int], int]:
    """The integers of these types that stand at `place`, and where they end."""
    values = []
    for kind in kinds:
        size = _INTEGER_BYTES[kind]
        values.append({8: 0, 9: 1}.get(kind, int.from_bytes(content[place : place + size], "big", signed=True)))
        place += size
    return values, place
