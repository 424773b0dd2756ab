"""One journal of one device, as far as a transaction takes it: items in order, each with its effects."""

from collections.abc import Sequence
from dataclasses import replace

from sqlite_utils import Database

from edge_agent.wire.messages import Ack, Batch, Conflict, DownMessage, Item, Replay
from hub_server.ingest.effects import EventWriter
from hub_server.ingest.reading import LOST, Reading, Received, lost, tombstone
from hub_server.store import devices, events, journals
from hub_server.store.journals import Journal


class Belt:
    """Takes batch after batch; what it learnt of the journal is stored by `settle`, before the commit."""

    def __init__(self, db: Database, journal: Journal, writer: EventWriter) -> None:
        """`writer`: of the whole transaction; whoever commits flushes it."""
        self._db = db
        self._writer = writer
        self._journal = journal
        self._high = journal.high
        self._high_hash = journal.high_hash
        self._last = journal.last
        self._duplicates = 0
        self._owes_ack = False
        self._missing = False  # the last batch began, or went on, above what is stored

    @property
    def epoch(self) -> str:
        return self._journal.epoch

    @property
    def ended(self) -> bool:
        """By a conflict: nothing more is taken in this epoch."""
        return self._journal.conflict_seq is not None

    @property
    def journal(self) -> Journal:
        """How far it is now."""
        return replace(self._journal, high=self._high, high_hash=self._high_hash, last=max(self._last, self._high))

    def said_last(self, last: int) -> None:
        """The device has told what the highest place of its journal is."""
        self._last = last

    def take_batch(self, batch: Batch, readings: Sequence[Reading], *, now_us: int) -> list[DownMessage]:
        """Stores what of a batch is new, in order; what must be said at once: a conflict, after the ack owed before it.

        `readings`: of its items, as `reading.read_all` gives them. What else there is to say, `settle` says.
        """
        before = self._high, self._high_hash, self._owes_ack
        self._missing = False
        for item, reading in zip(batch.items, readings, strict=True):
            if item.seq == self._high + 1:
                self._store(reading, now_us)
            elif item.seq > self._high:
                self._missing = True
                self._last = max(self._last, *(each.seq for each in batch.items))
                break
            elif (conflict := self._take_again(self._received(item, now_us))) is not None:
                self._owes_ack = False
                return [*self._owed(*before), conflict]
        self._owes_ack = True
        return []

    def settle(self) -> list[DownMessage]:
        """Stores how far the journal is; the ack for all batches, and what is missing. Harmless when repeated."""
        if self._duplicates:
            devices.count(self._db, self._journal.device, "duplicates", self._duplicates)
            self._duplicates = 0
        self._journal = self.journal
        journals.save(self._db, self._journal)
        said = self._owed(self._high, self._high_hash, self._owes_ack)
        if self._missing:
            devices.count(self._db, self._journal.device, "replays")
            said.append(Replay(epoch=self.epoch, from_seq=self._high + 1))
        self._owes_ack = self._missing = False
        return said

    def _owed(self, high: int, high_hash: str | None, owes: bool) -> list[DownMessage]:  # noqa: FBT001 our own
        return [Ack(epoch=self.epoch, high=high, hash=high_hash)] if owes and high_hash is not None else []

    def _received(self, item: Item, now_us: int) -> Received:
        return Received(device=self._journal.device, epoch=self._journal.epoch, item=item, at_us=now_us)

    def _take_again(self, received: Received) -> Conflict | None:
        """An item at or below high. A tombstone may reach above it; its part above is news."""
        loss = tombstone(received.item)
        if loss is not None:
            if loss.last_seq > self._high:
                self._store(lost(received, loss, first_seq=self._high + 1), received.at_us)
            else:
                self._duplicates += 1
            return None
        self._writer.flush()
        held = events.held_at(self._db, device=received.device, epoch=received.epoch, seq=received.item.seq)
        if held is None:
            assert received.item.seq < self._journal.kept_from, "every place up to high is held, or was"
        # What the device once gave up as lost and now sends late is no contradiction: the loss is on record. Nor is
        # what was stored here, grew old and was deleted.
        if held is None or received.item.hash == held.hash or held.type == LOST:
            self._duplicates += 1
            return None
        return self._conflict(received, held.hash)

    def _store(self, reading: Reading, now_us: int) -> None:
        self._writer.store(reading, now_us=now_us)
        self._high, self._high_hash = reading.event.last_seq, reading.event.hash

    def _conflict(self, received: Received, held_hash: str) -> Conflict:
        journals.keep_conflict(
            self._db,
            device=received.device,
            epoch=received.epoch,
            seq=received.item.seq,
            hash=received.item.hash,
            raw=received.raw,
            now_us=received.at_us,
        )
        devices.count(self._db, received.device, "conflicts")
        self._journal = replace(self._journal, conflict_seq=received.item.seq)
        return Conflict(epoch=received.epoch, seq=received.item.seq, hash=held_hash)
