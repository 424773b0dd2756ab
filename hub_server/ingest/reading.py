"""What the hub reads in an event's bytes: the row it becomes. Pure."""

from dataclasses import dataclass

from edge_agent.wire.codec import WireError, decode_event
from edge_agent.wire.messages import Item, Lost, Passage
from hub_server.store.events import NewEvent
from hub_server.watch.observation import captured_us, counts

QUARANTINED = "quarantined"
PASSAGE = "passage"
LOST = "lost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """An item as it came in: its journal, its bytes, the moment."""

    device: str
    epoch: str
    item: Item
    at_us: int

    @property
    def raw(self) -> bytes:
        return bytes(self.item.event)


def tombstone(item: Item) -> Lost | None:
    """The item's Lost when it is one, and stands where it must: at its first place."""
    try:
        event = decode_event(bytes(item.event))
    except WireError:
        return None
    return event if isinstance(event, Lost) and event.first_seq == item.seq else None


def read(received: Received) -> NewEvent:
    """The row of an item whose place is free. A body that cannot be understood is quarantined with the reason."""
    try:
        event = decode_event(received.raw)
    except WireError as error:
        return _quarantined(received, str(error))
    if isinstance(event, Passage):
        return _passage(received, event)
    if event.first_seq != received.item.seq:
        return _quarantined(received, f"a tombstone of {event.first_seq} stands at {received.item.seq}")
    return lost(received, event, first_seq=event.first_seq)


def lost(received: Received, event: Lost, *, first_seq: int) -> NewEvent:
    """A loss record from `first_seq` on: what lies below is stored here already."""
    return NewEvent(
        device=received.device,
        epoch=received.epoch,
        seq=first_seq,
        last_seq=event.last_seq,
        hash=received.item.hash,
        type=LOST,
        received_us=received.at_us,
        raw=received.raw,
    )


def _passage(received: Received, event: Passage) -> NewEvent:
    sighting = event.sighting
    stamp = event.captured
    return NewEvent(
        device=received.device,
        epoch=received.epoch,
        seq=received.item.seq,
        last_seq=received.item.seq,
        hash=received.item.hash,
        type=PASSAGE,
        received_us=received.at_us,
        raw=received.raw,
        captured_us=captured_us(wall_us=stamp.wall_us, received_us=received.at_us),
        clock_trusted=stamp.synced,
        camera=event.camera,
        person=None if sighting is None else sighting.person,
        score=None if sighting is None else sighting.score,
        strict=sighting is not None and sighting.strict,
        counts=sighting is not None
        and counts(strict=sighting.strict, frames=sighting.frames, clock_trusted=stamp.synced),
    )


def _quarantined(received: Received, reason: str) -> NewEvent:
    return NewEvent(
        device=received.device,
        epoch=received.epoch,
        seq=received.item.seq,
        last_seq=received.item.seq,
        hash=received.item.hash,
        type=QUARANTINED,
        received_us=received.at_us,
        raw=received.raw,
        reason=reason,
    )
