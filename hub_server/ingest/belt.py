"""One batch on its way into one journal, inside one transaction."""

from dataclasses import replace

from sqlite_utils import Database

from edge_agent.wire.messages import Ack, Batch, Conflict, DownMessage, Item, Replay
from hub_server.ingest.reading import LOST, QUARANTINED, Reading, Received, dated, lost, read, tombstone
from hub_server.store import alerts, clocks, devices, events, journals, observing, plate_passages
from hub_server.store.events import NewEvent
from hub_server.store.journals import Journal
from hub_server.watch.clock import Anchor


def take_batch(db: Database, batch: Batch, *, journal: Journal, now_us: int) -> list[DownMessage]:
    """Stores what of a batch is new, in order, with its effects; the answers for after the commit."""
    belt = _Belt(db, journal, now_us)
    for item in batch.items:
        answer = belt.take(item)
        if answer is not None:
            break
    belt.close(last=max(item.seq for item in batch.items))
    if isinstance(answer, Conflict):
        return [answer]
    return [message for message in (belt.ack(), answer) if message is not None]


class _Belt:
    """Takes items one after the other and keeps count of what it did."""

    def __init__(self, db: Database, journal: Journal, now_us: int) -> None:
        self._db = db
        self._journal = journal
        self._now_us = now_us
        self._duplicates = 0

    def take(self, item: Item) -> Replay | Conflict | None:
        """Stores the item or finds it stored; what else there is to say ends the batch."""
        received = Received(device=self._journal.device, epoch=self._journal.epoch, item=item, at_us=self._now_us)
        next_seq = self._journal.high + 1
        if item.seq > next_seq:
            return Replay(epoch=self._journal.epoch, from_seq=next_seq)
        if item.seq == next_seq:
            self._store(read(received))
            return None
        return self._take_again(received)

    def ack(self) -> Ack | None:
        journal = self._journal
        if journal.high_hash is None:
            return None
        return Ack(epoch=journal.epoch, high=journal.high, hash=journal.high_hash)

    def close(self, *, last: int) -> None:
        """Stores how far the journal is; `last` is the highest place that the batch speaks of."""
        if self._duplicates:
            devices.count(self._db, self._journal.device, "duplicates", self._duplicates)
        self._journal = replace(self._journal, last=max(self._journal.last, self._journal.high, last))
        journals.save(self._db, self._journal)

    def _take_again(self, received: Received) -> Conflict | None:
        """An item at or below high. A tombstone may reach above it; its part above is news."""
        loss = tombstone(received.item)
        if loss is not None:
            if loss.last_seq > self._journal.high:
                self._store(lost(received, loss, first_seq=self._journal.high + 1))
            else:
                self._duplicates += 1
            return None
        held = events.held_at(self._db, device=received.device, epoch=received.epoch, seq=received.item.seq)
        assert held is not None, "every place up to high is held"
        # What the device once gave up as lost and now sends late is no contradiction: the loss is on record.
        if received.item.hash == held.hash or held.type == LOST:
            self._duplicates += 1
            return None
        return self._conflict(received, held.hash)

    def _store(self, reading: Reading) -> None:
        anchor = self._anchor(reading.event)
        event = dated(reading.event, anchor)
        event_id = events.add(self._db, event)
        self._journal = replace(self._journal, high=event.last_seq, high_hash=event.hash)
        if event.type == QUARANTINED:
            devices.count(self._db, event.device, "quarantined")
        elif event.type == LOST:
            devices.count(self._db, event.device, "lost", event.last_seq - event.seq + 1)
        elif reading.stretch is not None:
            observing.add(
                self._db,
                reading.stretch,
                event=event_id,
                device=event.device,
                received_us=event.received_us,
                anchor=anchor,
            )
        elif reading.plate is not None and event.captured_us is not None:
            plate_passages.add(
                self._db,
                reading.plate,
                event=event_id,
                device=event.device,
                camera=event.camera,
                at_us=event.captured_us,
                clock_trusted=event.clock_trusted,
            )
        elif reading.anchor is not None and event.boot is not None:
            clocks.take_anchor(
                self._db, device=event.device, boot=event.boot, anchor=reading.anchor, now_us=self._now_us
            )
        elif event.counts and event.person is not None and event.captured_us is not None:
            alerts.observe_person(
                self._db,
                person=event.person,
                at_us=event.captured_us,
                by=f"{event.device}/{event.camera}",
                now_us=self._now_us,
            )

    def _anchor(self, event: NewEvent) -> Anchor | None:
        """What dates the event, when its own clock was not right and its boot has told since."""
        if event.synced or event.boot is None:
            return None
        return clocks.anchor_of(self._db, device=event.device, boot=event.boot)

    def _conflict(self, received: Received, held_hash: str) -> Conflict:
        journals.keep_conflict(
            self._db,
            device=received.device,
            epoch=received.epoch,
            seq=received.item.seq,
            hash=received.item.hash,
            raw=received.raw,
            now_us=self._now_us,
        )
        devices.count(self._db, received.device, "conflicts")
        self._journal = replace(self._journal, conflict_seq=received.item.seq)
        return Conflict(epoch=received.epoch, seq=received.item.seq, hash=held_hash)
