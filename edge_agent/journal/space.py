"""What goes when space or time runs out: what the hub has, oldest first; then what is least dear, oldest first."""

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edge_agent.journal import trail
from edge_agent.journal.importance import DROPPABLE, Importance
from edge_agent.journal.tombstone import drop, drop_rows, forget_detail
from edge_agent.wire.messages import LossReason

DROP_SHARE: Final = 0.05  # of the events kept, at a time: a page is only free when all of its events are gone
DROP_MIN: Final = 20
DROP_MAX: Final = 2000  # the loop that looks at pictures waits for it
_ROUNDS_MAX: Final = 200  # a single event cannot need more

LEFT_GONE_MAX: Final = 256  # epochs that were left and of which no event is kept, only that it was there

_FORGET: Final = (
    *(f"DELETE FROM {table} WHERE epoch = ?" for table in ("gone", "ack", "trail")),  # noqa: S608 - our own names
    "DELETE FROM epoch WHERE id = ?",
)
_WITHOUT_EVENTS: Final = """
SELECT id, EXISTS (SELECT 1 FROM gone WHERE gone.epoch = epoch.id) FROM epoch
WHERE id < (SELECT max(id) FROM epoch) AND NOT EXISTS (SELECT 1 FROM event WHERE event.epoch = epoch.id) ORDER BY id
"""
_KEPT: Final = "SELECT count(*) FROM event INDEXED BY event_place WHERE rank < ?"
_OLDEST_ACKED: Final = """
SELECT seq, kind, rank FROM event INDEXED BY event_place
WHERE epoch = :epoch AND seq <= :acked AND rank < :tombstone ORDER BY seq LIMIT :count
"""
# Of an epoch that is left, all is acknowledged: what a fork moved is none of its any more.
_OLDEST_OF_RANK: Final = """
SELECT seq, kind, rank FROM event WHERE rank = :rank AND epoch = :epoch AND seq > :acked ORDER BY seq LIMIT :count
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Choice:
    """What goes next: (seq, kind, rank) in the order of their places."""

    epoch: int
    rows: list[tuple[int, str, int]]
    acked: bool


def used_bytes(db: sqlite3.Connection) -> int:
    """Pages in use; the file itself does not shrink, its free pages are used again."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def make_room(db: sqlite3.Connection, bytes_max: int) -> Counter[str]:
    """Drop events until no more than `bytes_max` are in use; what went, by kind, that the hub does not have.

    Within the caller's transaction.
    """
    lost: Counter[str] = Counter()
    for _ in range(_ROUNDS_MAX):
        if used_bytes(db) <= bytes_max:
            break
        choice = _choose(db)
        if choice is None:
            break
        lost += _give_up(db, choice)
        trail.cut(db, bytes_max)
    return lost


def expire(db: sqlite3.Connection, older_than_us: int, now_us: int, bytes_max: int) -> None:
    """Drop what was acknowledged before `older_than_us`. The clock is synchronised. Within the caller's transaction."""
    db.execute("UPDATE ack SET wall_us = ? WHERE wall_us IS NULL OR wall_us > ?", (now_us, now_us))
    due = db.execute("SELECT epoch, max(high) FROM ack WHERE wall_us <= ? GROUP BY epoch", (older_than_us,)).fetchall()
    for epoch, high in due:
        count = drop(db, epoch, 1, high, LossReason.EXPIRED)
        _drop_tombstones(db, epoch, high)
        forget_detail(db, epoch, high)
        db.execute("DELETE FROM ack WHERE epoch = ? AND high <= ?", (epoch, high))
        if count:
            log.info("%d events that the hub has acknowledged are old enough and were removed", count)
    if due:
        trail.cut(db, bytes_max)
    _forget_epochs(db)


def _forget_epochs(db: sqlite3.Connection) -> None:
    """Epochs that were left, of which nothing is known; and past LEFT_GONE_MAX of which no event is kept, the oldest.

    A hub that is restored from a backup of before so many forks is not told what of them it lost.
    """
    left = db.execute(_WITHOUT_EVENTS).fetchall()
    empty = [(epoch,) for epoch, known in left if not known]
    told = [(epoch,) for epoch, known in left if known]
    over = told[: max(0, len(told) - LEFT_GONE_MAX)]
    if over:
        log.warning("forgot %d old epochs, of which no event was kept any more", len(over))
    for statement in _FORGET:
        db.executemany(statement, empty + over)


def _choose(db: sqlite3.Connection) -> _Choice | None:
    """What is given up next; None when there is nothing."""
    kept = db.execute(_KEPT, (Importance.TOMBSTONE,)).fetchone()[0]
    count = min(max(DROP_MIN, int(kept * DROP_SHARE)), DROP_MAX)
    epochs = db.execute("SELECT id, acked FROM epoch ORDER BY id").fetchall()
    for choice in _choices(db, epochs, count):
        if choice.rows:
            return choice
    return None


def _choices(db: sqlite3.Connection, epochs: list[tuple[int, int]], count: int) -> Iterator[_Choice]:
    for epoch, acked in epochs:
        wanted = {"epoch": epoch, "acked": acked, "count": count, "tombstone": Importance.TOMBSTONE}
        yield _Choice(epoch=epoch, rows=db.execute(_OLDEST_ACKED, wanted).fetchall(), acked=True)
    for rank in DROPPABLE:
        for epoch, acked in epochs:
            wanted = {"rank": rank, "epoch": epoch, "acked": acked, "count": count}
            yield _Choice(epoch=epoch, rows=db.execute(_OLDEST_OF_RANK, wanted).fetchall(), acked=False)


def _give_up(db: sqlite3.Connection, choice: _Choice) -> Counter[str]:
    """Drop them; what the hub does not have of them, by kind."""
    first, last = choice.rows[0][0], choice.rows[-1][0]
    if choice.acked:
        count = drop_rows(db, choice.epoch, choice.rows, LossReason.EXPIRED)
        _drop_tombstones(db, choice.epoch, last)  # the hub has them, too
        forget_detail(db, choice.epoch, last)
        log.warning("the journal is full: removed %d acknowledged events (%d to %d)", count, first, last)
        return Counter()
    count = drop_rows(db, choice.epoch, choice.rows, LossReason.SPACE)
    log.error(
        "the journal is full: LOST %d events that the hub does not have (%d to %d): %s",
        count,
        first,
        last,
        Importance(choice.rows[0][2]).name.lower(),
    )
    return Counter(kind for _, kind, _ in choice.rows)


def _drop_tombstones(db: sqlite3.Connection, epoch: int, high: int) -> None:
    """Those that the hub has. Should it ever ask again, one is made anew."""
    trail.remember(db, epoch, 1, high, Importance.TOMBSTONE)
    db.execute(
        "DELETE FROM event WHERE rank = ? AND epoch = ? AND seq <= ? AND last_seq <= ?",
        (Importance.TOMBSTONE, epoch, high, high),
    )
