"""What a journal holds, read beside the agent that has it."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import JournalError
from edge_agent.journal.importance import Importance, importance_of
from edge_agent.journal.reading import open_to_read
from edge_agent.journal.set_aside import beside
from edge_agent.journal.space import used_bytes
from edge_agent.wire.codec import WireError, decode_event
from edge_agent.wire.messages import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """How many events of one type and importance are there, in all epochs, and how many of them wait for the hub."""

    type: str
    importance: Importance
    kept: int
    unsent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalStatus:
    epoch: str
    oldest: int  # last + 1 when no event is kept
    last: int
    acked: int
    epochs_left: int  # of which events are still kept
    oldest_unsent: Event | None
    used_bytes: int
    kept: list[Kept]
    gone: dict[str, int]  # places without an event, by reason
    set_aside: list[Path]  # damaged journals beside this one

    @property
    def unsent(self) -> int:
        return self.last - self.acked


def read_status(file: Path) -> JournalStatus:
    """Raises JournalError when there is none, or it cannot be read."""
    if not file.is_file():
        raise JournalError(f"{file}: there is no journal; `edge-agent run` makes it")
    try:
        with closing(open_to_read(file)) as db:
            db.execute("BEGIN")  # one moment for all that follows
            return _status(db, file)
    except sqlite3.OperationalError as error:
        raise JournalError(f"{file}: cannot be read: {error}. Are you the user that the agent runs as?") from error
    except sqlite3.DatabaseError as error:
        advice = "`edge-agent journal export` saves what can be read; the agent sets it aside at its next start"
        raise JournalError(f"{file}: is damaged: {error}. {advice}") from error


def _status(db: sqlite3.Connection, file: Path) -> JournalStatus:
    row = db.execute("SELECT id, name, last, acked FROM epoch ORDER BY id DESC LIMIT 1").fetchone()
    if row is None:
        raise JournalError(f"{file}: is empty; `edge-agent run` begins it")
    id_, name, last, acked = row
    (oldest,) = db.execute("SELECT min(seq) FROM event WHERE epoch = ? AND kind <> 'lost'", (id_,)).fetchone()
    (left,) = db.execute("SELECT count(DISTINCT epoch) FROM event WHERE epoch <> ?", (id_,)).fetchone()
    gone = db.execute("SELECT reason, sum(last_seq - first_seq + 1) FROM gone GROUP BY reason ORDER BY reason")
    return JournalStatus(
        epoch=name,
        oldest=last + 1 if oldest is None else oldest,
        last=last,
        acked=acked,
        epochs_left=left,
        oldest_unsent=_oldest_unsent(db, id_, acked),
        used_bytes=used_bytes(db),
        kept=_kept(db, id_, acked),
        gone=dict(gone.fetchall()),
        set_aside=beside(file),
    )


def _oldest_unsent(db: sqlite3.Connection, epoch: int, acked: int) -> Event | None:
    row = db.execute(
        "SELECT raw FROM event WHERE epoch = ? AND seq > ? AND kind <> 'lost' ORDER BY seq LIMIT 1", (epoch, acked)
    ).fetchone()
    try:
        return None if row is None else decode_event(row[0])
    except WireError:
        return None


def _kept(db: sqlite3.Connection, epoch: int, acked: int) -> list[Kept]:
    kept: Counter[tuple[Importance, str]] = Counter()
    unsent: Counter[tuple[Importance, str]] = Counter()
    for rank, kind, count, waits in _counts(db, epoch, acked):
        key = Importance(rank), kind
        kept[key] += count
        unsent[key] += waits
    order = sorted(kept, key=lambda key: (-key[0], key[1]))
    return [Kept(type=key[1], importance=key[0], kept=kept[key], unsent=unsent[key]) for key in order]


def _counts(db: sqlite3.Connection, epoch: int, acked: int) -> list[tuple[int, str, int, int]]:
    waits = "epoch = ? AND seq > ?"
    if db.execute("SELECT 1 FROM pragma_table_info('event') WHERE name = 'rank'").fetchone():
        return db.execute(
            f"SELECT rank, kind, count(*), sum({waits}) FROM event GROUP BY rank, kind",  # noqa: S608 - nothing from outside
            (epoch, acked),
        ).fetchall()
    rows = db.execute(f"SELECT kind, raw, {waits} FROM event", (epoch, acked))  # noqa: S608 - version 1 has no ranks
    return [(Importance.TOMBSTONE if k == "lost" else importance_of(raw), k, 1, sent) for k, raw, sent in rows]
