"""What the hub reads in an event's bytes: the row it becomes. Pure."""

from collections.abc import Callable
from typing import Any

import msgspec

from edge_agent.wire.codec import WireError, decode_event
from edge_agent.wire.messages import (
    Batch,
    ClockAnchor,
    CommandResult,
    Event,
    Item,
    JournalSetAside,
    Lost,
    Observing,
    Passage,
    PassSheet,
    PlateRead,
    Sighting,
    Stamp,
)
from hub_server.store.commands import Outcome, Result
from hub_server.store.events import NewEvent
from hub_server.store.observing import NewStretch
from hub_server.store.plate_passages import NewPlatePassage
from hub_server.watch.clock import Anchor, earliest_us
from hub_server.watch.observation import captured_us, counts

QUARANTINED = "quarantined"
PASSAGE = "passage"
PLATE_READ = "plate_read"
LOST = "lost"
OBSERVING = "observing"
CLOCK_ANCHOR = "clock_anchor"
JOURNAL_SET_ASIDE = "journal_set_aside"
COMMAND_RESULT = "command_result"
PROOF = "pass_sheet"


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it came in: its journal, its bytes, the moment."""

    device: str
    epoch: str
    item: Item
    at_us: int

    @property
    def raw(self) -> bytes:
        return bytes(self.item.event)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The row of an event, and what its type brings beside."""

    event: NewEvent
    stretch: NewStretch | None = None
    anchor: Anchor | None = None  # of the boot that `event` names
    plate: NewPlatePassage | None = None
    command: Result | None = None
    losses: int | None = None  # events that are lost with the journal of which this tells
    sheet: PassSheet | None = None


def tombstone(item: Item) -> Lost | None:
    """The item's Lost when it is one, and stands where it must: at its first place."""
    try:
        event = decode_event(bytes(item.event))
    except WireError:
        return None
    return event if isinstance(event, Lost) and event.first_seq == item.seq else None


def read_all(batch: Batch, *, at_us: int) -> list[Reading]:
    """Every item of a batch, as if its place were free: whether it is, the journal knows."""
    return [read(Received(device=batch.device, epoch=batch.epoch, item=item, at_us=at_us)) for item in batch.items]


def read(received: Received) -> Reading:
    """An item whose place is free. A body that cannot be understood is quarantined with the reason."""
    try:
        event = decode_event(received.raw)
    except WireError as error:
        return _quarantined(received, str(error))
    return _reading(received, event)


def dated(event: NewEvent, anchor: Anchor | None) -> NewEvent:
    """The row by the anchor of its boot, where its own stamp was not synchronised: it counts at its earliest moment."""
    if anchor is None or event.synced or event.mono_us is None:
        return event
    at_us = earliest_us(anchor, mono_us=event.mono_us, received_us=event.received_us)
    return msgspec.structs.replace(event, captured_us=at_us, clock_trusted=True, counts=event.qualifies)


def lost(received: Received, event: Lost, *, first_seq: int) -> Reading:
    """A loss record from `first_seq` on: what lies below is stored here already."""
    return Reading(event=_row(received, LOST, seq=first_seq, last_seq=event.last_seq))


def _reading(received: Received, event: Event) -> Reading:
    if isinstance(event, Lost):
        if event.first_seq != received.item.seq:
            return _quarantined(received, f"a tombstone of {event.first_seq} stands at {received.item.seq}")
        return lost(received, event, first_seq=event.first_seq)
    return _READERS[type(event)](received, event)


def _passage(received: Received, event: Passage) -> Reading:
    """Nearly all events are passages: the row is made in one go, without the help of `_stamped`."""
    sighting, captured = event.sighting, event.captured
    row = NewEvent(
        device=received.device,
        epoch=received.epoch,
        seq=received.item.seq,
        last_seq=received.item.seq,
        hash=received.item.hash,
        type=PASSAGE,
        received_us=received.at_us,
        raw=received.raw,
        boot=captured.boot,
        mono_us=captured.mono_us,
        synced=captured.synced,
        captured_us=captured_us(wall_us=captured.wall_us, received_us=received.at_us),
        clock_trusted=captured.synced,
        camera=event.camera,
    )
    return Reading(event=row if sighting is None else _seen(row, sighting))


def _seen(row: NewEvent, sighting: Sighting) -> NewEvent:
    """The same with who it was."""
    qualifies = counts(strict=sighting.strict, frames=sighting.frames, clock_trusted=True)
    return msgspec.structs.replace(
        row,
        person=sighting.person,
        score=sighting.score,
        strict=sighting.strict,
        qualifies=qualifies,
        counts=qualifies and row.synced,
    )


def _plate_read(received: Received, event: PlateRead) -> Reading:
    """A vehicle is nobody: no person, no score of a face, and nothing that counts for a watch."""
    reading = event.reading
    plate = NewPlatePassage(
        direction=event.direction,
        duration_ms=event.duration_ms,
        frames=event.frames,
        reads=event.reads,
        text=None if reading is None else reading.text,
        kind=None if reading is None else reading.kind,
        score=None if reading is None else reading.score,
        verdict=None if reading is None else reading.verdict,
        listed=None if reading is None else reading.listed,
    )
    return Reading(event=_stamped(received, PLATE_READ, event.captured, camera=event.camera), plate=plate)


def _observing(received: Received, event: Observing) -> Reading:
    began, ended = event.began, event.ended
    ended_us = None
    if ended.synced:
        ended_us = ended.wall_us
    elif began.synced:
        ended_us = began.wall_us + ended.mono_us - began.mono_us
    at = ended if ended_us is None else msgspec.structs.replace(ended, wall_us=ended_us, synced=True)
    stretch = NewStretch(
        camera=event.camera,
        state=event.state,
        cause=event.cause or "",
        boot=ended.boot,
        began_mono_us=began.mono_us,
        ended_mono_us=ended.mono_us,
        ended_us=ended_us,
    )
    return Reading(event=_stamped(received, OBSERVING, at, camera=event.camera), stretch=stretch)


def _clock_anchor(received: Received, event: ClockAnchor) -> Reading:
    anchor = Anchor(mono_us=event.at.mono_us, wall_us=event.at.wall_us, uncertainty_us=event.uncertainty_us)
    return Reading(event=_stamped(received, CLOCK_ANCHOR, event.at), anchor=anchor)


def _journal_set_aside(received: Received, event: JournalSetAside) -> Reading:
    """Where the damaged journal could not be read, at least one event is lost: the torn one."""
    losses = 1 if event.last is None or event.acked is None else event.last - event.acked
    return Reading(event=_stamped(received, JOURNAL_SET_ASIDE, event.at), losses=losses)


def _pass_sheet(received: Received, event: PassSheet) -> Reading:
    return Reading(event=_stamped(received, PROOF, event.at, camera=event.camera), sheet=event)


def _command_result(received: Received, event: CommandResult) -> Reading:
    result = Result(
        id=event.command,
        outcome=Outcome(event.outcome.value),
        why=event.reason or "",
        latency_ms=event.latency_ms,
        times=event.times,
        facts=event.facts,
    )
    return Reading(event=_stamped(received, COMMAND_RESULT, event.at), command=result)


def _quarantined(received: Received, reason: str) -> Reading:
    return Reading(event=_row(received, QUARANTINED, reason=reason))


def _stamped(received: Received, type_name: str, stamp: Stamp, **more: Any) -> NewEvent:
    """A row with the time that its own stamp says; `dated` may know better."""
    return _row(
        received,
        type_name,
        boot=stamp.boot,
        mono_us=stamp.mono_us,
        synced=stamp.synced,
        captured_us=captured_us(wall_us=stamp.wall_us, received_us=received.at_us),
        clock_trusted=stamp.synced,
        **more,
    )


def _row(received: Received, type_name: str, *, seq: int = 0, last_seq: int = 0, **more: Any) -> NewEvent:
    """`more`: fields of the row by name. `seq`, `last_seq`: in the place of the item's own."""
    item = received.item
    return NewEvent(
        device=received.device,
        epoch=received.epoch,
        seq=seq or item.seq,
        last_seq=last_seq or item.seq,
        hash=item.hash,
        type=type_name,
        received_us=received.at_us,
        raw=received.raw,
        **more,
    )


_READERS: dict[type, Callable[[Received, Any], Reading]] = {
    Passage: _passage,
    PlateRead: _plate_read,
    Observing: _observing,
    ClockAnchor: _clock_anchor,
    JournalSetAside: _journal_set_aside,
    CommandResult: _command_result,
    PassSheet: _pass_sheet,
}
"""Every type of event but the tombstone."""
