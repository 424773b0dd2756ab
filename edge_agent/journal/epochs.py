"""The epochs of a journal: the one in use; those that were left, for a hub that was restored asks for them again.

Row ids in, row ids out; all within the caller's lock or transaction.
"""

import logging
import secrets
import sqlite3

from edge_agent.journal import fork, trail
from edge_agent.journal.marks import date_mark
from edge_agent.wire.messages import HeldEpoch, LeftEpoch, Stamp

log = logging.getLogger(__name__)


def latest(db: sqlite3.Connection) -> int | None:
    """The one in use; None in a new file."""
    row: tuple[int | None] = db.execute("SELECT max(id) FROM epoch").fetchone()
    return row[0]


def begin(db: sqlite3.Connection) -> int:
    row = db.execute("INSERT INTO epoch (name) VALUES (?) RETURNING id", (secrets.token_hex(16),)).fetchone()
    return int(row[0])


def standing(db: sqlite3.Connection, epoch: int) -> tuple[str, int, int]:
    """Name, last and acked place."""
    row: tuple[str, int, int] = db.execute("SELECT name, last, acked FROM epoch WHERE id = ?", (epoch,)).fetchone()
    return row


def contradicts(db: sqlite3.Connection, epoch: int, high: int, digest: str | None) -> bool:
    """True when our own item that ends at `high` has, or had, another hash; or nobody knows any more which it had.

    Then the hub's events up to there may be those of a copied card, and ours be lost: better told twice than never. But
    what was acknowledged last agreed when it was, and nothing is there to be known of place 0.
    """
    own = db.execute(
        "SELECT hash, last_seq FROM event INDEXED BY event_place WHERE epoch = ? AND seq <= ?"
        " ORDER BY seq DESC LIMIT 1",
        (epoch, high),
    ).fetchone()
    known = trail.hashes_at(db, epoch, high)
    if own is not None and own[1] == high:
        known |= {own[0]}
    return digest not in known if known else high not in {0, standing(db, epoch)[2]}


def move_mark(db: sqlite3.Connection, epoch: int, high: int, now: Stamp) -> None:
    """All up to `high` is on the hub's disk, and no more: also when it once said more."""
    db.execute("DELETE FROM ack WHERE epoch = ? AND high > ?", (epoch, high))
    db.execute("UPDATE epoch SET acked = ? WHERE id = ?", (high, epoch))
    if high > 0:
        date_mark(db, epoch, high, now)


def leave(db: sqlite3.Connection, epoch: int) -> int:
    """Begin a new epoch and move into it, in order, every place above the last verified ack; gives its id."""
    _, last, acked = standing(db, epoch)
    new = begin(db)
    fork.move(db, old=epoch, new=new, above=acked, last=last)
    return new


def left(db: sqlite3.Connection, current: int) -> list[LeftEpoch]:
    """Those of which something, be it that it is gone, is still known here; the oldest first."""
    rows = db.execute("SELECT name, acked FROM epoch WHERE id < ? AND acked > 0 ORDER BY id", (current,))
    return [LeftEpoch(epoch=name, acked=acked) for name, acked in rows]


def take_back(db: sqlite3.Connection, current: int, held: HeldEpoch, now: Stamp) -> int:
    """The hub holds less of an epoch that was left than it once acknowledged: the rest goes to the end of `current`.

    Gives how many places that were. When it holds another history, all that is kept of the epoch goes.
    """
    row = db.execute("SELECT id, acked FROM epoch WHERE name = ? AND id < ?", (held.epoch, current)).fetchone()
    if row is None or held.high > row[1]:
        return 0
    epoch, acked = row
    agreed = 0 if contradicts(db, epoch, held.high, held.hash) else held.high
    if agreed == acked:
        return 0
    fork.move(db, old=epoch, new=current, above=agreed, last=acked, onto=standing(db, current)[1])
    move_mark(db, epoch, agreed, now)
    log.warning(
        "of an epoch that was left the hub has less than it once acknowledged (%d, not %d): sending again under new "
        "places",
        agreed,
        acked,
    )
    return int(acked - agreed)
