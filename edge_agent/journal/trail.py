"""Hashes of items that are no more here: what the hub, restored perhaps, says of their places can still be compared.

Were it believed unseen, the events of a copied card, told to a restored hub in the same places, would hide that ours
are lost there.
"""

import sqlite3
from typing import Final

BYTES_PER_HASH: Final = 4096  # of the journal's cap: 2 % of it at most
HASHES_MIN: Final = 48  # one page

_REMEMBER: Final = """
INSERT OR IGNORE INTO trail SELECT epoch, last_seq, hash FROM event
WHERE rank = ? AND epoch = ? AND seq BETWEEN ? AND ?
"""
_OLDEST: Final = """
SELECT trail.epoch, last_seq FROM trail JOIN epoch ON epoch.id = trail.epoch
WHERE last_seq <> acked ORDER BY trail.epoch, last_seq LIMIT ?
"""


def remember(db: sqlite3.Connection, epoch: int, first: int, last: int, rank: int) -> None:
    """The items of this rank from place `first` to `last` are about to go. Within the caller's transaction."""
    db.execute(_REMEMBER, (rank, epoch, first, last))


def hashes_at(db: sqlite3.Connection, epoch: int, place: int) -> set[str]:
    """Of our items that ended at the place: an event, and a tombstone that was made later, perhaps."""
    return {
        digest for (digest,) in db.execute("SELECT hash FROM trail WHERE epoch = ? AND last_seq = ?", (epoch, place))
    }


def cut(db: sqlite3.Connection, bytes_max: int) -> None:
    """Forget the oldest past the limit, but for those at an acked mark: a hub that lost nothing speaks of these.

    A hub that is restored to a place whose hash is forgotten hears all again that is known, also that it is gone.
    """
    (count,) = db.execute("SELECT count(*) FROM trail").fetchone()
    over = count - max(HASHES_MIN, bytes_max // BYTES_PER_HASH)
    if over > 0:
        oldest = db.execute(_OLDEST, (over,)).fetchall()
        db.executemany("DELETE FROM trail WHERE epoch = ? AND last_seq = ?", oldest)
