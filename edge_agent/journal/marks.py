"""When the acked mark stood where, so that what is acknowledged can go when it is old."""

import sqlite3
from typing import Final

from edge_agent.wire.messages import Stamp

MARK_EVERY_US: Final = 3600 * 1_000_000  # how exactly the journal knows since when an event is acknowledged


def date_mark(db: sqlite3.Connection, epoch: int, high: int, now: Stamp) -> None:
    """Remember when the acked mark stood here; marks of the same hour are one, with the later time."""
    wall_us = now.wall_us if now.synced else None
    newest = db.execute("SELECT high, wall_us FROM ack WHERE epoch = ? ORDER BY high DESC LIMIT 2", (epoch,)).fetchall()
    if len(newest) == 2 and _close(newest[1][1], wall_us):
        db.execute("DELETE FROM ack WHERE epoch = ? AND high = ?", (epoch, newest[0][0]))
    db.execute("INSERT OR REPLACE INTO ack VALUES (?, ?, ?)", (epoch, high, wall_us))


def _close(then_us: int | None, now_us: int | None) -> bool:
    if then_us is None or now_us is None:
        return then_us is now_us
    return abs(now_us - then_us) < MARK_EVERY_US
