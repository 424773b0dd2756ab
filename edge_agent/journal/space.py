"""What goes when space or time runs out: the oldest acknowledged events first, then the oldest of all."""

import logging
import sqlite3
from typing import Final

from edge_agent.journal.tombstone import drop
from edge_agent.wire.messages import LossReason

DROP_SHARE: Final = 0.05  # of the events kept, at a time: a page is only free when all of its events are gone
DROP_MIN: Final = 20
_ROUNDS_MAX: Final = 30  # 0.95 ** 30: four fifths of all; a single event cannot need more

_FORGET: Final = "DELETE FROM epoch WHERE id = ?"
_OLDEST: Final = """
SELECT e.epoch, e.seq FROM event e JOIN epoch p ON p.id = e.epoch
WHERE e.kind <> 'lost' AND (e.seq <= p.acked) = :acked ORDER BY e.epoch, e.seq LIMIT :count
"""

log = logging.getLogger(__name__)


def used_bytes(db: sqlite3.Connection) -> int:
    """Pages in use; the file itself does not shrink, its free pages are used again."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def make_room(db: sqlite3.Connection, bytes_max: int) -> None:
    """Drop events until no more than `bytes_max` are in use. Within the caller's transaction."""
    for _ in range(_ROUNDS_MAX):
        used = used_bytes(db)
        if used <= bytes_max or not (_drop_some(db, acked=True) or _drop_some(db, acked=False)):
            return


def expire(db: sqlite3.Connection, older_than_us: int, now_us: int) -> None:
    """Drop what was acknowledged before `older_than_us`. The clock is synchronised. Within the caller's transaction."""
    db.execute("UPDATE ack SET wall_us = ? WHERE wall_us IS NULL OR wall_us > ?", (now_us, now_us))
    due = db.execute("SELECT epoch, max(high) FROM ack WHERE wall_us <= ? GROUP BY epoch", (older_than_us,)).fetchall()
    for epoch, high in due:
        count = drop(db, epoch, 1, high, LossReason.EXPIRED)
        db.execute("DELETE FROM event WHERE epoch = ? AND last_seq <= ? AND kind = 'lost'", (epoch, high))
        db.execute("DELETE FROM ack WHERE epoch = ? AND high <= ?", (epoch, high))
        if count:
            log.info("%d events that the hub has acknowledged are old enough and were removed", count)
    _forget_empty_epochs(db)


def _forget_empty_epochs(db: sqlite3.Connection) -> None:
    """Epochs left behind by a fork of which nothing is kept: the hub asks only about the newest."""
    left = db.execute(
        "SELECT id FROM epoch WHERE id < (SELECT max(id) FROM epoch)"
        " AND NOT EXISTS (SELECT 1 FROM event WHERE event.epoch = epoch.id)"
    ).fetchall()
    for statement in ("DELETE FROM gone WHERE epoch = ?", "DELETE FROM ack WHERE epoch = ?", _FORGET):
        db.executemany(statement, left)


def _drop_some(db: sqlite3.Connection, *, acked: bool) -> bool:
    """False when there is nothing of that sort to drop."""
    kept = db.execute("SELECT count(*) FROM event WHERE kind <> 'lost'").fetchone()[0]
    oldest = db.execute(_OLDEST, {"acked": acked, "count": max(DROP_MIN, int(kept * DROP_SHARE))}).fetchall()
    if not oldest:
        return False
    epoch, first = oldest[0]
    last = max(seq for of_epoch, seq in oldest if of_epoch == epoch)
    count = drop(db, epoch, first, last, LossReason.EXPIRED if acked else LossReason.SPACE)
    if acked:
        log.warning("the journal is full: removed %d acknowledged events (%d to %d)", count, first, last)
    else:
        log.error("the journal is full: LOST %d events that the hub does not have (%d to %d)", count, first, last)
    return True
