"""What goes to the hub next: items without a gap. Where an event is no more, or is damaged, there is a tombstone."""

import logging
import sqlite3

from edge_agent.journal import tombstone
from edge_agent.wire.codec import event_hash, item
from edge_agent.wire.messages import Item, LossReason

log = logging.getLogger(__name__)


class Outgoing:
    """The items of one epoch that follow place `after`, at most `limit`. Within the caller's lock."""

    def __init__(self, db: sqlite3.Connection, epoch: int, *, after: int, limit: int) -> None:
        self.items: list[Item] = []
        self.damaged = 0  # events found to be
        self._db = db
        self._epoch = epoch
        self._place = after + 1
        self._limit = limit

    def collect(self, last: int) -> bool:
        """Read on, up to place `last`; false when it ends before that at a place that must be mended."""
        while len(self.items) < self._limit and self._place <= last:
            row = self._db.execute(
                "SELECT last_seq, hash, raw FROM event WHERE epoch = ? AND seq = ?", (self._epoch, self._place)
            ).fetchone()
            if row is None or event_hash(row[2]) != row[1]:
                return False
            self.items.append(item(self._place, row[2]))
            self._place = row[0] + 1
        return True

    def mend(self, last: int) -> None:
        """Go on where `collect` ended, to the end. Within the caller's transaction."""
        while not self.collect(last):
            self._bury(last)

    def _bury(self, last: int) -> None:
        """Nothing whole stands at the place: from now on a tombstone does."""
        place = self._place
        count = tombstone.drop(self._db, self._epoch, place, place, LossReason.DAMAGED)
        gone = self._db.execute("DELETE FROM event WHERE epoch = ? AND seq = ?", (self._epoch, place)).rowcount
        if count or gone:  # `gone`: it was a tombstone
            log.error("the stored bytes of event %d are damaged", place)
            self.damaged += count
        (following,) = self._db.execute(
            "SELECT min(seq) FROM event WHERE epoch = ? AND seq > ?", (self._epoch, place)
        ).fetchone()
        tombstone.bury(self._db, self._epoch, place, last if following is None else following - 1)
