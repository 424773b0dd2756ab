"""Mistakes that a tired person could make in the real code, to prove that the net would catch them."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from unittest import mock

import msgspec
from sqlite_utils import Database
from sync_disks import Connection
from sync_verdict import Invariant

from edge_agent.journal import epochs, fork, outgoing, space, tombstone
from edge_agent.journal.journal import Journal
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire.codec import decode_event, decode_up, encode_event, event_hash
from edge_agent.wire.messages import Batch, HeldEpoch, Item, Lost, PlateRead, Stamp
from hub_server.ingest import worker
from hub_server.ingest.belt import Belt
from hub_server.ingest.reading import Received, read
from hub_server.ingest.sorter import Job
from hub_server.ingest.worker import Worker
from hub_server.store import devices, vehicle_hours

Patched = contextlib.AbstractContextManager[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeededBug:
    """One mistake, and the invariants whose guard may be the first to see it."""

    name: str
    patches: Callable[[], Patched]
    caught_by: frozenset[Invariant]


# --- the hub ---


def _ack_before_commit() -> Patched:
    def commit(self: Worker, jobs: list[Job]) -> int:
        def job(db: Database) -> int:
            done, answers = worker._perform(db, jobs)
            for answer in answers:
                self._publish(answer.device, answer.message)
            return done

        return self._store.write(job, urgent=False)

    return mock.patch.object(Worker, "_commit", commit)


def _apply_without_dedupe() -> Patched:
    honest = Belt._take_again

    def take_again(self: Belt, received: Received) -> Any:
        event = read(received).event
        if event.type == "plate_read" and event.clock_trusted and event.captured_us is not None:
            plate = decode_event(received.raw)
            assert isinstance(plate, PlateRead)
            vehicle_hours.count(self._db, device=event.device, direction=plate.direction, at_us=event.captured_us)
        elif event.type == "lost":
            devices.count(self._db, event.device, "lost", event.last_seq - event.seq + 1)
        return honest(self, received)

    return mock.patch.object(Belt, "_take_again", take_again)


def _high_apart_from_events() -> Patched:
    """The events are committed, and how far the journal is with the next transaction only."""
    honest = Belt.settle

    def settle(self: Belt) -> Any:
        self._db.conn.set_authorizer(None)
        sqlite3.Connection.execute(self._db.conn, "COMMIT")
        sqlite3.Connection.execute(self._db.conn, "BEGIN IMMEDIATE")
        return honest(self)

    return mock.patch.object(Belt, "settle", settle)


# --- the agent ---


def _delete_on_publish() -> Patched:
    honest = Uplink._publish

    def publish(self: Uplink, payload: bytes) -> bool:
        went = honest(self, payload)
        message = decode_up(payload)
        if went and isinstance(message, Batch):
            journal: Any = self._journal
            journal._db.execute("DELETE FROM event WHERE seq <= ?", (message.items[-1].seq,))
        return went

    return mock.patch.object(Uplink, "_publish", publish)


def _number_outside_the_transaction() -> Patched:
    honest = Connection.execute

    def execute(self: Connection, sql: str, parameters: Any = (), /) -> Any:
        if not sql.startswith("UPDATE epoch SET last = last +"):
            return honest(self, sql, parameters)
        rows = honest(self, sql, parameters).fetchall()
        honest(self, "COMMIT")
        honest(self, "BEGIN IMMEDIATE")
        return mock.Mock(fetchone=lambda: rows[0])

    return mock.patch.object(Connection, "execute", execute)


def _encode_again_before_hashing() -> Patched:
    def item(seq: int, raw: bytes) -> Item:
        again = json.dumps(json.loads(raw)).encode()
        return Item(seq=seq, hash=event_hash(again), event=msgspec.Raw(again))

    return mock.patch.object(outgoing, "item", item)


def _hash_of_the_ack_is_not_compared() -> Patched:
    return mock.patch.object(epochs, "contradicts", return_value=False)


def _ack_of_another_epoch_is_taken() -> Patched:
    honest = Journal._settle

    def settle(self: Journal, epoch: str, high: int, digest: str | None, **how: bool) -> Any:
        here = self.position()
        if epoch != here.epoch and high <= here.last:
            with self._transaction() as db:
                db.execute("UPDATE epoch SET acked = ? WHERE id = ?", (high, self._epoch))
            return honest(self, here.epoch, high, digest, may_go_back=False)
        return honest(self, epoch, high, digest, **how)

    return mock.patch.object(Journal, "_settle", settle)


def _what_is_gone_agrees() -> Patched:
    """Of our own event that is no more nothing is known, so nothing is wrong: so it was until this net was made."""
    honest = epochs.contradicts

    def contradicts(db: sqlite3.Connection, epoch: int, high: int, digest: str | None) -> bool:
        own = db.execute("SELECT 1 FROM event WHERE epoch = ? AND seq = ?", (epoch, high)).fetchone()
        return own is not None and honest(db, epoch, high, digest)

    return mock.patch.object(epochs, "contradicts", contradicts)


def _tombstone_covers_one_place_too_many() -> Patched:
    honest = tombstone.bury

    def bury(db: sqlite3.Connection, epoch: int, first: int, last: int) -> None:
        honest(db, epoch, first, last)
        where = "WHERE epoch = ? AND seq = ?"
        (raw,) = db.execute(f"SELECT raw FROM event {where}", (epoch, first)).fetchone()  # noqa: S608
        lost = decode_event(raw)
        assert isinstance(lost, Lost)
        counts = {**lost.counts, "passage": lost.counts.get("passage", 0) + 1}
        longer = encode_event(msgspec.structs.replace(lost, last_seq=lost.last_seq + 1, counts=counts))
        db.execute(
            f"UPDATE event SET last_seq = last_seq + 1, raw = ?, hash = ? {where}",  # noqa: S608
            (longer, event_hash(longer), epoch, first),
        )

    return mock.patch.object(tombstone, "bury", bury)


def _fork_forgets_what_was_dropped() -> Patched:
    """A new epoch takes over the events, and not the runs of places whose events are gone."""
    return mock.patch.object(fork, "_MOVE", tuple(sql for sql in fork._MOVE if not sql.startswith("INSERT INTO gone")))


def _lower_welcome_is_ignored() -> Patched:
    """A hub restored from a backup is not believed: what it lost is not sent again."""
    return mock.patch.object(Journal, "apply_welcome", Journal.apply_ack)


def _left_epochs_are_not_spoken_of() -> Patched:
    """What the hub acknowledged before a fork is taken for safe, whatever becomes of the hub: so it was once."""
    return mock.patch.object(Journal, "left", return_value=[])


def _left_epoch_agrees_with_anything() -> Patched:
    """A restored hub to which a copied card has told another history in the same epoch."""
    honest = epochs.take_back

    def take_back(db: sqlite3.Connection, current: int, held: HeldEpoch, now: Stamp) -> int:
        with mock.patch.object(epochs, "contradicts", return_value=False):
            return honest(db, current, held, now)

    return mock.patch.object(epochs, "take_back", take_back)


def _left_epoch_is_forgotten_with_its_events() -> Patched:
    """Once they expired nobody can tell a restored hub that it lost them: so it was once."""
    without_events = space._WITHOUT_EVENTS.replace("SELECT 1 FROM gone WHERE", "SELECT 1 FROM gone WHERE false AND")
    return mock.patch.object(space, "_WITHOUT_EVENTS", without_events)


_NO_LOSS, _ACK, _ONCE = Invariant.NO_LOSS, Invariant.ACK_SAFETY, Invariant.ONCE
_LIVENESS, _STORE = Invariant.LIVENESS, Invariant.STORE


def _bug(patches: Callable[[], Patched], *caught_by: Invariant) -> SeededBug:
    return SeededBug(
        name=patches.__name__.strip("_").replace("_", " "), patches=patches, caught_by=frozenset(caught_by)
    )


BUGS: Final = (
    _bug(_ack_before_commit, _ACK),
    _bug(_delete_on_publish, _NO_LOSS),
    _bug(_number_outside_the_transaction, _NO_LOSS),
    _bug(_apply_without_dedupe, _ONCE),
    _bug(_encode_again_before_hashing, _NO_LOSS),
    _bug(_hash_of_the_ack_is_not_compared, _ACK),
    _bug(_ack_of_another_epoch_is_taken, _ACK, _NO_LOSS),
    _bug(_what_is_gone_agrees, _ACK, _NO_LOSS),
    _bug(_tombstone_covers_one_place_too_many, _NO_LOSS),
    _bug(_fork_forgets_what_was_dropped, _NO_LOSS),
    _bug(_lower_welcome_is_ignored, _LIVENESS),
    _bug(_left_epochs_are_not_spoken_of, _LIVENESS),
    _bug(_left_epoch_agrees_with_anything, _LIVENESS),
    _bug(_left_epoch_is_forgotten_with_its_events, _NO_LOSS, _LIVENESS),
    _bug(_high_apart_from_events, _ONCE, _ACK, _STORE, Invariant.PROGRAM),
)


@contextlib.contextmanager
def seeded(bug: SeededBug) -> Iterator[None]:
    """The product with this mistake in it."""
    with bug.patches():
        yield
