"""The outbox: what was seen stays here until the hub has it on its own disk, and a while longer."""

import contextlib
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal import epochs, space, tombstone
from edge_agent.journal.database import locked, open_database
from edge_agent.journal.encoding import Encoded, encode_all
from edge_agent.journal.importance import Importance
from edge_agent.journal.outgoing import Outgoing
from edge_agent.journal.position import Position, Verdict
from edge_agent.journal.salvage import untold_events
from edge_agent.journal.set_aside import reported
from edge_agent.wire.codec import WireError, decode_event
from edge_agent.wire.limits import BATCH_EVENTS_MAX
from edge_agent.wire.messages import Event, HeldEpoch, Item, LeftEpoch, LossReason

TIDY_EVERY_S: Final = 3600.0

_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

log = logging.getLogger(__name__)


class Journal:
    """Safe for several threads: each call is one short transaction, one at a time."""

    def __init__(self, file: Path, *, clock: Clock, keep_s: float = 7 * 86400.0, bytes_max: int = 64 << 20) -> None:
        """Open or begin the journal, for this process alone; a damaged file is set aside. Raises JournalError.

        Acknowledged events are kept for `keep_s`; past `bytes_max` those go that space.py says. A journal that was set
        aside is told of in the new one, as its first event.
        """
        self._clock = clock
        self._keep_us = round(keep_s * 1e6)
        self._bytes_max = bytes_max
        self._lock = threading.RLock()
        self._losses: Counter[str] = Counter({LossReason.SPACE: 0, LossReason.DAMAGED: 0})
        self._damage: str | None = None
        self._held = contextlib.ExitStack()
        self._held.enter_context(locked(file))
        try:
            opened = open_database(file)
            self._db = self._held.enter_context(contextlib.closing(opened.db))
            with self._transaction():
                self._epoch = epochs.latest(self._db) or epochs.begin(self._db)
                if untold := untold_events(self._db, opened.untold, self._clock.stamp()):
                    self._insert(encode_all(untold))
            for aside in opened.untold:
                reported(aside)
            self._tidied_s = clock.monotonic_s()
            self._tidy()
        except BaseException:
            self._held.close()
            raise

    def close(self) -> None:
        """Let the file go. Nothing is lost without it: every call that returned is on the disk."""
        with self._lock:
            self._held.close()

    @property
    def bytes_max(self) -> int:
        return self._bytes_max

    @property
    def losses(self) -> Mapping[str, int]:
        """Events that this process has given up though the hub did not have them, by reason."""
        return self._losses

    def check(self) -> None:
        """Raises JournalError once a damaged page was met: the file is only set aside at the next start."""
        if self._damage is not None:
            raise JournalError(f"the journal is damaged, to be set aside at the next start: {self._damage}")

    def append(self, event: Event) -> int:
        """Store an event; its place in the epoch. On return it is on the disk. Raises JournalError, then it is not."""
        return self.append_all([event])[0]

    def append_all(self, events: Sequence[Event]) -> list[int]:
        """Store events with one write to the disk; their places. Raises JournalError, then none of them is stored.

        UnfitError says which of them can never be: without those, the others go in.
        """
        if not events:
            return []
        encoded = encode_all(events)
        self._tidy_if_due()  # before the events: were it after, its failure would look like theirs
        with self._transaction() as db:
            seqs = self._insert(encoded)
            lost = space.make_room(db, self._bytes_max)
        self._losses[LossReason.SPACE] += lost.total()
        return seqs

    def append_loss(self, counts: Mapping[str, int], reason: LossReason) -> None:
        """Store that so many events, by type, were lost before they got here; the hub hears of it. Raises JournalError.

        They take places like events.
        """
        with self._transaction() as db:
            for kind, count in counts.items():
                first = self._take_places(count)
                tombstone.remember(db, self._epoch, first, first + count - 1, kind, reason)

    def used_bytes(self) -> int:
        """Of the disk, in pages; free ones inside the file not counted."""
        with self._reading() as db:
            return space.used_bytes(db)

    def oldest_unsent(self) -> Event | None:
        """The oldest kept event that the hub has not acknowledged; None without a readable one."""
        with self._reading() as db:
            _, _, acked = self._standing()
            row = db.execute(
                "SELECT raw FROM event INDEXED BY event_place WHERE epoch = ? AND seq > ? AND rank < ?"
                " ORDER BY seq LIMIT 1",
                (self._epoch, acked, Importance.TOMBSTONE),
            ).fetchone()
        return None if row is None else _readable(row[0])

    def position(self) -> Position:
        with self._reading() as db:
            name, last, acked = self._standing()
            (oldest,) = db.execute(
                "SELECT seq FROM event INDEXED BY event_place WHERE epoch = ? AND rank < ? ORDER BY seq LIMIT 1",
                (self._epoch, Importance.TOMBSTONE),
            ).fetchone() or (None,)
        return Position(epoch=name, oldest=last + 1 if oldest is None else oldest, last=last, acked=acked)

    def newest(self, kind: str) -> Event | None:
        """The newest kept event of a kind ("clock_anchor"), whatever its epoch; None without a readable one."""
        with self._reading() as db:
            row = db.execute(
                "SELECT raw FROM event WHERE kind = ? ORDER BY epoch DESC, seq DESC LIMIT 1", (kind,)
            ).fetchone()
        return None if row is None else _readable(row[0])

    def unsent(self, after: int, limit: int = BATCH_EVENTS_MAX) -> list[Item]:
        """The items that follow place `after`, in order and without a gap, at most `limit`.

        Where events are no more a tombstone stands; it begins exactly at `after` + 1 if need be, and is made once.
        """
        with self._lock:
            with self._reading() as db:
                outgoing = Outgoing(db, self._epoch, after=after, limit=limit)
                whole = outgoing.collect(self._standing()[1])
            if not whole:
                with self._transaction():  # one for all holes among the items
                    outgoing.mend(self._standing()[1])
                self._losses[LossReason.DAMAGED] += outgoing.damaged
        return outgoing.items

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

    def left(self) -> list[LeftEpoch]:
        """The epochs before this one of which something is known: a hub that was restored may hold less of them."""
        with self._reading() as db:
            return epochs.left(db, self._epoch)

    def take_back(self, held: Sequence[HeldEpoch]) -> int:
        """The hub says what it holds of epochs that were left. What it once had more than that is journaled anew.

        Gives how many places. What is kept keeps its bytes; of the rest it will hear that it is gone.
        """
        with self._transaction() as db:
            known = {left.epoch: place for place, left in enumerate(epochs.left(db, self._epoch))}
            wanted = sorted((each for each in held if each.epoch in known), key=lambda each: known[each.epoch])
            now = self._clock.stamp()
            return sum(epochs.take_back(db, self._epoch, each, now) for each in wanted)

    def _settle(self, epoch: str, high: int, digest: str | None, *, may_go_back: bool) -> Verdict:
        with self._transaction() as db:
            name, last, acked = self._standing()
            if epoch != name:
                return Verdict.STALE
            forked = high > last or epochs.contradicts(db, self._epoch, high, digest)
            if high < acked and not (may_go_back or forked):
                return Verdict.STALE
            if forked:
                new = self._fork(high, last, acked)
            elif high != acked:
                if high < acked:
                    log.warning("the hub has less than it once acknowledged (%d, not %d): sending again", high, acked)
                epochs.move_mark(db, self._epoch, high, self._clock.stamp())
        if not forked:
            return Verdict.SETTLED
        self._epoch = new  # now that it is on the disk
        return Verdict.FORKED

    def _fork(self, high: int, last: int, acked: int) -> int:
        """Begin a new epoch with every place above the last verified ack; gives its id."""
        log.error(
            "the hub holds another history under this device's name at place %d: a copied or restored card? "
            "A new epoch begins with %d events that it has not acknowledged",
            high,
            last - acked,
        )
        return epochs.leave(self._db, self._epoch)

    def _insert(self, encoded: Sequence[Encoded]) -> list[int]:
        first = self._take_places(len(encoded))
        seqs = list(range(first, first + len(encoded)))
        self._db.executemany(
            "INSERT INTO event (epoch, seq, last_seq, rank, kind, hash, raw) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(self._epoch, seq, seq, e.rank, e.kind, e.hash, e.raw) for seq, e in zip(seqs, encoded, strict=True)],
        )
        return seqs

    def _take_places(self, count: int) -> int:
        """The first of so many new places."""
        taken = self._db.execute("UPDATE epoch SET last = last + ? WHERE id = ? RETURNING last", (count, self._epoch))
        return int(taken.fetchone()[0]) - count + 1

    def _tidy_if_due(self) -> None:
        if self._clock.monotonic_s() - self._tidied_s >= TIDY_EVERY_S:
            self._tidied_s = self._clock.monotonic_s()
            self._tidy()

    def _tidy(self) -> None:
        now = self._clock.stamp()
        if now.synced:
            with self._transaction() as db:
                space.expire(db, now.wall_us - self._keep_us, now.wall_us, self._bytes_max)

    def _standing(self) -> tuple[str, int, int]:
        """Name, last and acked place of the epoch in use."""
        return epochs.standing(self._db, self._epoch)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._as_journal_error():
            yield self._db

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on the disk afterwards."""
        with self._lock, self._as_journal_error():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _as_journal_error(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                self._damage = str(error)
            raise JournalError(f"the journal cannot be used: {error}") from error


def _readable(raw: bytes) -> Event | None:
    try:
        return decode_event(raw)
    except WireError:
        return None  # damaged: found and told when its turn to be sent comes
