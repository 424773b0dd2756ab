"""What a damaged journal still tells about itself. Reads only, and never raises for what it finds."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.journal.carving import carve_epochs
from edge_agent.journal.set_aside import SetAside
from edge_agent.wire.codec import WireError, decode_event
from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.messages import JournalSetAside, Stamp

TEXT_MAX: Final = 200  # of the event's texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where the newest epoch of a journal stood."""

    epoch: str
    acked: int
    last: int


def untold_events(db: sqlite3.Connection, untold: Sequence[SetAside], at: Stamp) -> list[JournalSetAside]:
    """What the new journal has to tell of them, and does not yet: a crash may have come before that was noted."""
    if not untold:
        return []
    told = _told(db)
    events = [tell(aside, at) for aside in untold]
    return [event for event in events if event.file not in told]


def _told(db: sqlite3.Connection) -> set[str]:
    files: set[str] = set()
    for (raw,) in db.execute("SELECT raw FROM event WHERE kind = 'journal_set_aside'").fetchall():
        with suppress(WireError):  # damaged: found and told when its turn to be sent comes
            event = decode_event(raw)
            files |= {event.file} if isinstance(event, JournalSetAside) else set()
    return files


def tell(aside: SetAside, at: Stamp) -> JournalSetAside:
    """The event about a journal that was set aside, with all that can still be read in it."""
    standing = salvage(aside.file)
    return JournalSetAside(
        at=at,
        epoch=None if standing is None else standing.epoch,
        acked=None if standing is None else standing.acked,
        last=None if standing is None else standing.last,
        file=aside.file.name[-TEXT_MAX:],
        detail="".join(letter if letter.isprintable() else " " for letter in aside.why)[:TEXT_MAX],
    )


def salvage(file: Path) -> Standing | None:
    """As SQLite reads it, with its log if it can be; else of the bare bytes; None when neither tells."""
    before = {path for path in _companions(file) if path.exists()}
    try:
        for options in ("mode=ro", "immutable=1"):
            with suppress(sqlite3.Error, OSError, ValueError):
                found = _by_sqlite(file, options)
                if found is not None:
                    return found
        with suppress(OSError):
            return _by_bytes(file)
        return None
    finally:
        for path in _companions(file):
            if path not in before:
                with suppress(OSError):
                    path.unlink(missing_ok=True)


def _companions(file: Path) -> list[Path]:
    return [file.with_name(f"{file.name}{suffix}") for suffix in ("-wal", "-shm")]


def _by_sqlite(file: Path, options: str) -> Standing | None:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?{options}", uri=True)) as db:
        row = db.execute("SELECT name, acked, last FROM epoch ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else _checked(*row)


def _by_bytes(file: Path) -> Standing | None:
    epochs = carve_epochs(file)
    if not epochs:
        return None
    newest = epochs[max(epochs)]
    return Standing(epoch=newest.name, acked=newest.acked, last=newest.last)


def _checked(epoch: object, acked: object, last: object) -> Standing | None:
    if not (isinstance(epoch, str) and isinstance(acked, int) and isinstance(last, int)):
        return None
    if re.fullmatch("[0-9a-f]{32}", epoch) is None or not 0 <= acked <= last <= INTEGER_MAX:
        return None
    return Standing(epoch=epoch, acked=acked, last=last)
