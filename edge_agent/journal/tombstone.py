"""The places of events that are no more: `gone` remembers them as runs, a tombstone tells the hub."""

import sqlite3
from collections import Counter
from itertools import groupby

from edge_agent.wire.codec import encode_event, event_hash
from edge_agent.wire.messages import LossReason, Lost

LOST = "lost"  # the kind of a tombstone


def drop(db: sqlite3.Connection, epoch: int, first: int, last: int, reason: LossReason) -> int:
    """Delete the bytes of the events from `first` to `last` and remember their places; gives how many there were."""
    rows = db.execute(
        "SELECT seq, kind FROM event WHERE epoch = ? AND seq BETWEEN ? AND ? AND kind <> 'lost' ORDER BY seq",
        (epoch, first, last),
    ).fetchall()
    # Neighbours of one kind are one run: place minus index is the same along it.
    for (_, kind), group in groupby(enumerate(rows), key=lambda pair: (pair[1][0] - pair[0], pair[1][1])):
        places = [seq for _, (seq, _) in group]
        _remember(db, epoch, places[0], places[-1], kind, reason)
    db.execute("DELETE FROM event WHERE epoch = ? AND seq BETWEEN ? AND ? AND kind <> 'lost'", (epoch, first, last))
    return len(rows)


def bury(db: sqlite3.Connection, epoch: int, first: int, last: int) -> tuple[int, bytes]:
    """Make, and keep, the tombstone that stands at `first` and reaches at most to `last`; gives its last place, bytes.

    None of the places has an event. Once made it stays as it is: the hub may have stored it already.
    """
    runs = db.execute(
        "SELECT max(first_seq, :first), min(last_seq, :last), kind, reason FROM gone"
        " WHERE epoch = :epoch AND first_seq <= :last AND last_seq >= :first ORDER BY first_seq",
        {"epoch": epoch, "first": first, "last": last},
    ).fetchall()
    counts: Counter[str] = Counter()
    end = first - 1
    reason = runs[0][3] if runs and runs[0][0] == first else LossReason.DAMAGED
    for run_first, run_last, kind, run_reason in runs:
        if run_first != end + 1 or run_reason != reason:
            break
        counts[kind] += run_last - run_first + 1
        end = run_last
    if end < first:  # no run says what was here: the file lost it
        end = runs[0][0] - 1 if runs else last
        counts["unknown"] = end - first + 1
    raw = encode_event(Lost(first_seq=first, last_seq=end, counts=dict(counts), reason=LossReason(reason)))
    db.execute(
        "INSERT INTO event (epoch, seq, last_seq, kind, hash, raw) VALUES (?, ?, ?, ?, ?, ?)",
        (epoch, first, end, LOST, event_hash(raw), raw),
    )
    return end, raw


def _remember(db: sqlite3.Connection, epoch: int, first: int, last: int, kind: str, reason: LossReason) -> None:
    """Add a run, joined with its neighbours of the same kind and reason."""
    before = db.execute(
        "DELETE FROM gone WHERE epoch = ? AND last_seq = ? AND kind = ? AND reason = ? RETURNING first_seq",
        (epoch, first - 1, kind, reason),
    ).fetchall()
    after = db.execute(
        "DELETE FROM gone WHERE epoch = ? AND first_seq = ? AND kind = ? AND reason = ? RETURNING last_seq",
        (epoch, last + 1, kind, reason),
    ).fetchall()
    first = before[0][0] if before else first
    last = after[0][0] if after else last
    db.execute("INSERT INTO gone VALUES (?, ?, ?, ?, ?)", (epoch, first, last, kind, reason))
