"""The places of events that are no more: `gone` remembers them as runs, a tombstone tells the hub."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from edge_agent.journal import trail
from edge_agent.journal.importance import Importance
from edge_agent.wire.codec import encode_event, event_hash
from edge_agent.wire.messages import LossReason, Lost

LOST: Final = "lost"  # the kind of a tombstone
UNKNOWN: Final = "unknown"  # the kind of what nobody remembers
GONE_MAX: Final = 10_000  # runs that are remembered each by itself; in years they would fill the journal
LEFT_GONE_MAX: Final = 100  # the same of an epoch that was left: there may be hundreds of those


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Neighbours of one kind and one rank."""

    first: int
    last: int
    kind: str
    rank: int


def drop(db: sqlite3.Connection, epoch: int, first: int, last: int, reason: LossReason) -> int:
    """Delete the bytes of the events from `first` to `last` and remember their places; gives how many there were."""
    rows = db.execute(
        "SELECT seq, kind, rank FROM event WHERE epoch = ? AND seq BETWEEN ? AND ? AND rank < ? ORDER BY seq",
        (epoch, first, last, Importance.TOMBSTONE),
    ).fetchall()
    return drop_rows(db, epoch, rows, reason)


def drop_rows(db: sqlite3.Connection, epoch: int, rows: list[tuple[int, str, int]], reason: LossReason) -> int:
    """The same for these events: (seq, kind, rank) in the order of their places."""
    for run in _runs(rows):
        remember(db, epoch, run.first, run.last, run.kind, reason)
        trail.remember(db, epoch, run.first, run.last, run.rank)
        db.execute(
            "DELETE FROM event WHERE rank = ? AND epoch = ? AND seq BETWEEN ? AND ?",
            (run.rank, epoch, run.first, run.last),
        )
    return len(rows)


def _runs(rows: list[tuple[int, str, int]]) -> Iterator[Run]:
    # Place minus index is the same along a run.
    for (_, kind, rank), group in groupby(enumerate(rows), key=lambda pair: (pair[1][0] - pair[0], *pair[1][1:])):
        places = [row[0] for _, row in group]
        yield Run(first=places[0], last=places[-1], kind=kind, rank=rank)


def bury(db: sqlite3.Connection, epoch: int, first: int, last: int) -> tuple[int, bytes]:
    """Make, and keep, the tombstone that stands at `first` and reaches at most to `last`; gives its last place, bytes.

    None of the places has an event. Once made it stays as it is: the hub may have stored it already.
    """
    counts: Counter[str] = Counter()
    end, beyond = first - 1, last + 1
    reason: str = ""
    for run_first, run_last, kind, run_reason in _gone(db, epoch, first, last):
        if run_first != end + 1 or run_reason != (reason or run_reason):
            beyond = run_first
            break
        counts[kind] += run_last - run_first + 1
        end, reason = run_last, run_reason
    if end < first:  # no run says what was here: the file lost it
        end = beyond - 1
        counts[UNKNOWN] = end - first + 1
        reason = LossReason.DAMAGED
    raw = encode_event(Lost(first_seq=first, last_seq=end, counts=dict(counts), reason=LossReason(reason)))
    db.execute(
        "INSERT INTO event (epoch, seq, last_seq, rank, kind, hash, raw) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (epoch, first, end, Importance.TOMBSTONE, LOST, event_hash(raw), raw),
    )
    return end, raw


def forget_detail(db: sqlite3.Connection, epoch: int, high: int) -> None:
    """Of too many runs, the oldest that the hub has, up to `high`, become one wherever they touch.

    Should the hub ever ask for them again, it hears how many they were, and no longer of which types.
    """
    count, current = db.execute(
        "SELECT count(*), (SELECT max(id) FROM epoch) FROM gone WHERE epoch = ?", (epoch,)
    ).fetchone()
    runs_max = GONE_MAX if epoch == current else LEFT_GONE_MAX
    if count <= runs_max:
        return
    runs = db.execute(
        "SELECT first_seq, last_seq FROM gone WHERE epoch = ? AND last_seq <= ? ORDER BY first_seq LIMIT ?",
        (epoch, high, count - runs_max // 2),
    ).fetchall()
    joined: list[list[int]] = []
    for first, last in runs:
        if joined and joined[-1][1] == first - 1:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    db.executemany("DELETE FROM gone WHERE epoch = ? AND first_seq = ?", [(epoch, first) for first, _ in runs])
    rows = [(epoch, first, last, UNKNOWN, LossReason.EXPIRED) for first, last in joined]
    db.executemany("INSERT INTO gone VALUES (?, ?, ?, ?, ?)", rows)


def _gone(db: sqlite3.Connection, epoch: int, first: int, last: int) -> Iterator[tuple[int, int, str, str]]:
    """The remembered runs from `first` to `last`, cut to fit: first, last, kind, reason. Lazily."""
    before = db.execute(
        "SELECT max(first_seq) FROM gone WHERE epoch = ? AND first_seq <= ?", (epoch, first)
    ).fetchone()[0]
    yield from db.execute(
        "SELECT max(first_seq, :first), min(last_seq, :last), kind, reason FROM gone WHERE epoch = :epoch"
        " AND first_seq BETWEEN :from AND :last AND last_seq >= :first ORDER BY gone.first_seq",
        {"epoch": epoch, "first": first, "last": last, "from": first if before is None else before},
    )


def remember(db: sqlite3.Connection, epoch: int, first: int, last: int, kind: str, reason: LossReason) -> None:
    """Add a run, joined with its neighbours of the same kind and reason."""
    before = db.execute(
        "SELECT first_seq, last_seq, kind, reason FROM gone WHERE epoch = ? AND first_seq < ?"
        " ORDER BY first_seq DESC LIMIT 1",
        (epoch, first),
    ).fetchone()
    after = db.execute(
        "DELETE FROM gone WHERE epoch = ? AND first_seq = ? AND kind = ? AND reason = ? RETURNING last_seq",
        (epoch, last + 1, kind, reason),
    ).fetchall()
    last = after[0][0] if after else last
    if before is not None and before[1:] == (first - 1, kind, reason):
        first = before[0]
    db.execute("INSERT OR REPLACE INTO gone VALUES (?, ?, ?, ?, ?)", (epoch, first, last, kind, reason))
