"""The outbox: what was seen stays here until the hub has it on its own disk, and a while longer."""

import contextlib
import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal import space, tombstone
from edge_agent.journal.database import locked, open_database
from edge_agent.wire.codec import WireError, decode_event, encode_event, event_hash, item
from edge_agent.wire.limits import BATCH_EVENTS_MAX
from edge_agent.wire.messages import Event, Item, LossReason

TIDY_EVERY_S: Final = 3600.0
ACK_MARK_EVERY_US: Final = 3600 * 1_000_000  # how exactly the journal knows since when an event is acknowledged

log = logging.getLogger(__name__)


_MOVE: Final = (
    "DELETE FROM event WHERE epoch = :old AND kind = 'lost' AND last_seq > :acked",
    (
        "UPDATE event SET epoch = :new, seq = seq - :acked, last_seq = last_seq - :acked"
        " WHERE epoch = :old AND seq > :acked"
    ),
    (
        "INSERT INTO gone SELECT :new, max(first_seq - :acked, 1), last_seq - :acked, kind, reason FROM gone"
        " WHERE epoch = :old AND last_seq > :acked"
    ),
    "DELETE FROM gone WHERE epoch = :old AND first_seq > :acked",
    "UPDATE gone SET last_seq = :acked WHERE epoch = :old AND last_seq > :acked",
    "UPDATE epoch SET last = :count WHERE id = :new",
    "UPDATE epoch SET last = :acked WHERE id = :old",
)


class Verdict(Enum):
    """What became of the hub's word about our events."""

    SETTLED = "settled"
    STALE = "stale"  # about another epoch, or older than what we know: changes nothing
    FORKED = "forked"  # the hub holds another history under our name: a new epoch was begun

    @property
    def settled(self) -> bool:
        return self is Verdict.SETTLED

    @property
    def forked(self) -> bool:
        return self is Verdict.FORKED


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Where the journal stands."""

    epoch: str
    oldest: int  # the lowest place whose event is kept; last + 1 when none is
    last: int
    acked: int


class Journal:
    """Safe for several threads: each call is one short transaction, one at a time."""

    def __init__(self, file: Path, *, clock: Clock, keep_s: float = 7 * 86400.0, bytes_max: int = 64 << 20) -> None:
        """Open or begin the journal, for this process alone; a damaged file is set aside. Raises JournalError.

        Acknowledged events are kept for `keep_s`; past `bytes_max` the oldest go.
        """
        self._clock = clock
        self._keep_us = round(keep_s * 1e6)
        self._bytes_max = bytes_max
        self._lock = threading.RLock()
        self._held = contextlib.ExitStack()
        self._held.enter_context(locked(file))
        try:
            self._db = self._held.enter_context(contextlib.closing(open_database(file)))
            with self._transaction():
                self._epoch = self._latest_epoch() or self._new_epoch()
            self._tidied_s = clock.monotonic_s()
            self._tidy()
        except BaseException:
            self._held.close()
            raise

    def close(self) -> None:
        """Let the file go. Nothing is lost without it: every call that returned is on the disk."""
        with self._lock:
            self._held.close()

    def append(self, event: Event) -> int:
        """Store an event; its place in the epoch. On return it is on the disk. Raises JournalError, then it is not."""
        raw = encode_event(event)
        kind = str(event.__struct_config__.tag)
        if self._clock.monotonic_s() - self._tidied_s >= TIDY_EVERY_S:
            self._tidied_s = self._clock.monotonic_s()
            self._tidy()  # before the event: were it after, its failure would look like that of the event
        with self._transaction() as db:
            taken = db.execute("UPDATE epoch SET last = last + 1 WHERE id = ? RETURNING last", (self._epoch,))
            seq = int(taken.fetchone()[0])
            db.execute(
                "INSERT INTO event (epoch, seq, last_seq, kind, hash, raw) VALUES (?, ?, ?, ?, ?, ?)",
                (self._epoch, seq, seq, kind, event_hash(raw), raw),
            )
            space.make_room(db, self._bytes_max)
        return seq

    def position(self) -> Position:
        with self._reading() as db:
            name, last, acked = self._standing()
            (oldest,) = db.execute(
                "SELECT min(seq) FROM event WHERE epoch = ? AND kind <> 'lost'", (self._epoch,)
            ).fetchone()
        return Position(epoch=name, oldest=last + 1 if oldest is None else oldest, last=last, acked=acked)

    def newest(self, kind: str) -> Event | None:
        """The newest kept event of a kind ("clock_anchor"), whatever its epoch; None without a readable one."""
        with self._reading() as db:
            row = db.execute(
                "SELECT raw FROM event WHERE kind = ? ORDER BY epoch DESC, seq DESC LIMIT 1", (kind,)
            ).fetchone()
        try:
            return None if row is None else decode_event(row[0])
        except WireError:
            return None  # damaged: found and told when its turn to be sent comes

    def unsent(self, after: int, limit: int = BATCH_EVENTS_MAX) -> list[Item]:
        """The items that follow place `after`, in order and without a gap, at most `limit`.

        Where events are no more a tombstone stands; it begins exactly at `after` + 1 if need be, and is made once.
        """
        items: list[Item] = []
        place = after + 1
        with self._lock:
            while len(items) < limit and (found := self._item_at(place)) is not None:
                items.append(found[0])
                place = found[1] + 1
        return items

    def apply_ack(self, epoch: str, high: int, digest: str) -> Verdict:
        """The hub says that all up to `high` is on its disk, and that the event there has the hash `digest`."""
        return self._settle(epoch, high, digest, may_go_back=False)

    def apply_welcome(self, epoch: str, high: int, digest: str | None) -> Verdict:
        """As an ack, in answer to hello: it may also say less than before, when the hub was restored from a backup."""
        return self._settle(epoch, high, digest, may_go_back=True)

    def leave_epoch(self, epoch: str) -> Verdict:
        """The hub takes nothing more in `epoch` (a conflict): what it has not acknowledged goes on in a new one."""
        with self._transaction():
            name, last, acked = self._standing()
            if epoch != name:
                return Verdict.STALE
            new = self._fork(acked, last, acked)
        self._epoch = new  # now that it is on the disk
        return Verdict.FORKED

    def _settle(self, epoch: str, high: int, digest: str | None, *, may_go_back: bool) -> Verdict:
        with self._transaction():
            name, last, acked = self._standing()
            if epoch != name:
                return Verdict.STALE
            forked = high > last or self._contradicts(high, digest)
            if high < acked and not (may_go_back or forked):
                return Verdict.STALE
            if forked:
                new = self._fork(high, last, acked)
            elif high != acked:
                self._move_mark(high, acked)
        if not forked:
            return Verdict.SETTLED
        self._epoch = new  # now that it is on the disk
        return Verdict.FORKED

    def _contradicts(self, high: int, digest: str | None) -> bool:
        """True when our own event at `high` has another hash. Of what is gone nothing is known, so nothing is wrong."""
        own = self._db.execute(
            "SELECT hash FROM event WHERE epoch = ? AND seq = ? AND kind <> 'lost'", (self._epoch, high)
        ).fetchone()
        return own is not None and own[0] != digest

    def _move_mark(self, high: int, acked: int) -> None:
        if high < acked:
            log.warning("the hub has less than it once acknowledged (%d, not %d): sending again", high, acked)
            self._db.execute("DELETE FROM ack WHERE epoch = ? AND high > ?", (self._epoch, high))
        self._db.execute("UPDATE epoch SET acked = ? WHERE id = ?", (high, self._epoch))
        if high > 0:
            self._date_mark(high)

    def _date_mark(self, high: int) -> None:
        """Remember when the acked mark stood here; marks of the same hour are one, with the later time."""
        now = self._clock.stamp()
        wall_us = now.wall_us if now.synced else None
        newest = self._db.execute(
            "SELECT high, wall_us FROM ack WHERE epoch = ? ORDER BY high DESC LIMIT 2", (self._epoch,)
        ).fetchall()
        if len(newest) == 2 and _close(newest[1][1], wall_us):
            self._db.execute("DELETE FROM ack WHERE epoch = ? AND high = ?", (self._epoch, newest[0][0]))
        self._db.execute("INSERT OR REPLACE INTO ack VALUES (?, ?, ?)", (self._epoch, high, wall_us))

    def _fork(self, high: int, last: int, acked: int) -> int:
        """Begin a new epoch and move into it, in order, every place above the last verified ack; gives its id."""
        log.error(
            "the hub holds another history under this device's name at place %d: a copied or restored card? "
            "A new epoch begins with %d events that it has not acknowledged",
            high,
            last - acked,
        )
        new = self._new_epoch()
        for statement in _MOVE:
            self._db.execute(statement, {"old": self._epoch, "new": new, "acked": acked, "count": last - acked})
        return new

    def _item_at(self, place: int) -> tuple[Item, int] | None:
        """The item that stands at `place` and the last place it covers; None past the end."""
        with self._reading() as db:
            _, last, _ = self._standing()
            row = db.execute(
                "SELECT seq, last_seq, hash, raw FROM event WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT 1",
                (self._epoch, place),
            ).fetchone()
        if place > last:
            return None
        if row is not None and row[0] == place:
            if event_hash(row[3]) == row[2]:
                return item(place, row[3]), row[1]
            self._drop_damaged(place)
            return self._item_at(place)
        with self._transaction() as db:
            end, raw = tombstone.bury(db, self._epoch, place, last if row is None else row[0] - 1)
        return item(place, raw), end

    def _drop_damaged(self, place: int) -> None:
        log.error("the stored bytes of event %d are damaged", place)
        with self._transaction() as db:
            tombstone.drop(db, self._epoch, place, place, LossReason.DAMAGED)
            db.execute("DELETE FROM event WHERE epoch = ? AND seq = ?", (self._epoch, place))  # were it a tombstone

    def _tidy(self) -> None:
        now = self._clock.stamp()
        if now.synced:
            with self._transaction() as db:
                space.expire(db, now.wall_us - self._keep_us, now.wall_us)

    def _standing(self) -> tuple[str, int, int]:
        """Name, last and acked place of the epoch in use."""
        row: tuple[str, int, int] = self._db.execute(
            "SELECT name, last, acked FROM epoch WHERE id = ?", (self._epoch,)
        ).fetchone()
        return row

    def _latest_epoch(self) -> int | None:
        row: tuple[int | None] = self._db.execute("SELECT max(id) FROM epoch").fetchone()
        return row[0]

    def _new_epoch(self) -> int:
        row = self._db.execute("INSERT INTO epoch (name) VALUES (?) RETURNING id", (secrets.token_hex(16),)).fetchone()
        return int(row[0])

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _as_journal_error():
            yield self._db

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on the disk afterwards."""
        with self._lock, _as_journal_error():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def read_position(file: Path) -> Position | None:
    """Where the journal in `file` stands, also while another process has it; None when there is none to be read."""
    if not file.is_file():
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute(
                "SELECT name, last, acked, (SELECT min(seq) FROM event WHERE epoch = id AND kind <> 'lost')"
                " FROM epoch ORDER BY id DESC LIMIT 1"
            ).fetchone()
    except sqlite3.Error:
        return None
    if row is None:
        return None
    name, last, acked, oldest = row
    return Position(epoch=name, oldest=last + 1 if oldest is None else oldest, last=last, acked=acked)


def _close(then_us: int | None, now_us: int | None) -> bool:
    if then_us is None or now_us is None:
        return then_us is now_us
    return abs(now_us - then_us) < ACK_MARK_EVERY_US


@contextlib.contextmanager
def _as_journal_error() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"the journal cannot be used: {error}") from error
