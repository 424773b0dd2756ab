"""A quarantined event is read again with today's decoder: what it says takes effect, once, as if it had been read then.

Called inside one transaction of the store's writer, so that of two releases at once the second finds nothing to do.
"""

from dataclasses import replace

import msgspec
from sqlite_utils import Database

from edge_agent.wire.codec import item
from hub_server.ingest.effects import anchor_of, take_effect
from hub_server.ingest.reading import LOST, QUARANTINED, Received, dated, read
from hub_server.store import devices, journals, quarantine
from hub_server.store.events import NewEvent
from hub_server.store.journals import Journal
from hub_server.store.quarantine import Released, State

ERASED = "内容已随个人删除；its bytes went when the person that they named was erased"


def release(db: Database, event_id: int, *, author: str, note: str, now_us: int) -> Released:
    """What became of it; while it is not understood, nothing changes. Raises NotFoundError, InvalidValueError.

    It keeps its place, its bytes and the moment of its receipt; a sighting is judged as one that comes late.
    """
    row = quarantine.find(db, event_id)
    who, why = quarantine.signed(author, note)
    if row.state is State.RELEASED:
        return Released(row=row, done=False, why="")
    place = item(row.seq, quarantine.raw_of(db, event_id))
    reading = read(Received(device=row.device, epoch=row.epoch, item=place, at_us=row.received_us))
    if reading.event.type == QUARANTINED:
        return Released(row=row, done=False, why=reading.event.reason if row.size else ERASED)
    anchor = anchor_of(db, reading.event)
    event = dated(reading.event, anchor)
    if event.type == LOST:
        event = _lost(db, event)
    quarantine.reread(db, event, id=event_id, author=who, note=why, now_us=now_us)
    if event.type != LOST:
        take_effect(db, reading, event, event_id=event_id, anchor=anchor, now_us=now_us)
    return Released(row=quarantine.find(db, event_id), done=True, why="")


def _lost(db: Database, event: NewEvent) -> NewEvent:
    """A tombstone reaches on, and its journal with it, only where nothing has been stored behind it."""
    journal = journals.get(db, device=event.device, epoch=event.epoch)
    assert journal is not None, "an event stands in a journal"
    if journal.high == event.seq:
        _advance(db, journal, event.last_seq)
    else:
        event = msgspec.structs.replace(event, last_seq=event.seq)
    devices.count(db, event.device, "lost", event.last_seq - event.seq + 1)
    return event


def _advance(db: Database, journal: Journal, high: int) -> None:
    journals.save(db, replace(journal, high=high, last=max(journal.last, high)))
