"""An event's row, and everything that follows from it: stored together, in the caller's transaction."""

from sqlite_utils import Database

from hub_server.ingest.reading import LOST, PASSAGE, QUARANTINED, Reading, dated
from hub_server.store import (
    alerts,
    clocks,
    commands,
    devices,
    events,
    observing,
    pass_sheets,
    plate_passages,
    sightings,
    signs,
)
from hub_server.store.events import NewEvent
from hub_server.store.sightings import PersonSeen
from hub_server.watch.clock import Anchor


class EventWriter:
    """Stores events whose places are free, in order, each with its effects.

    Passages wait until AT_ONCE_MAX of them can be stored together, and what they mean for watches until something else
    comes: whoever reads events, or commits, calls `flush` before.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[NewEvent] = []
        self._seen: list[PersonSeen] = []

    def store(self, reading: Reading, *, now_us: int) -> None:
        anchor = anchor_of(self._db, reading.event)
        event = dated(reading.event, anchor)
        if event.type == PASSAGE:
            self._waiting.append(event)
            if event.counts:
                self._seen += seen_in(event, now_us)
            if len(self._waiting) >= events.AT_ONCE_MAX:
                self._store_waiting()
            return
        self.flush()
        event_id = events.add(self._db, event)
        if event.type == QUARANTINED:
            devices.count(self._db, event.device, "quarantined")
        elif event.type == LOST:
            devices.count(self._db, event.device, "lost", event.last_seq - event.seq + 1)
        else:
            take_effect(self._db, reading, event, event_id=event_id, anchor=anchor, now_us=now_us)

    def flush(self) -> None:
        """What waits is in the transaction, with its effects."""
        self._store_waiting()
        sightings.observe_all(self._db, self._seen)
        self._seen.clear()

    def _store_waiting(self) -> None:
        events.add_all(self._db, self._waiting)
        self._waiting.clear()


def take_effect(
    db: Database, reading: Reading, event: NewEvent, *, event_id: int, anchor: Anchor | None, now_us: int
) -> None:
    """What follows from an event that is stored under `event_id` and understood. `event`: as dated by `anchor`."""
    if reading.stretch is not None:
        observing.add(
            db, reading.stretch, event=event_id, device=event.device, received_us=event.received_us, anchor=anchor
        )
    elif reading.plate is not None and event.captured_us is not None:
        plate_passages.add(
            db,
            reading.plate,
            event=event_id,
            device=event.device,
            camera=event.camera,
            at_us=event.captured_us,
            clock_trusted=event.clock_trusted,
        )
        _see_owner(db, event_id, event.captured_us, now_us)
    elif reading.anchor is not None and event.boot is not None:
        clocks.take_anchor(db, device=event.device, boot=event.boot, anchor=reading.anchor, now_us=now_us)
    elif reading.sheet is not None:
        at_us = event.received_us if event.captured_us is None else event.captured_us
        pass_sheets.add(
            db, reading.sheet, event=event_id, device=event.device, at_us=at_us, received_us=event.received_us
        )
    elif reading.command is not None:
        commands.answered(db, device=event.device, result=reading.command, at_us=event.received_us)
    elif reading.losses is not None:
        devices.count(db, event.device, "lost", reading.losses)
    else:
        sightings.observe_all(db, seen_in(event, now_us))


def seen_in(event: NewEvent, now_us: int) -> list[PersonSeen]:
    """The sighting that moves a person's watch, when there is one that counts."""
    if not event.counts or event.person is None or event.captured_us is None:
        return []
    by = f"{event.device}/{event.camera}"
    return [PersonSeen(person=event.person, at_us=event.captured_us, by=by, now_us=now_us)]


def _see_owner(db: Database, event_id: int, at_us: int, now_us: int) -> None:
    """A passage of a person's own vehicle moves the watch that says so."""
    seen = signs.vehicle_person(db, event_id)
    if seen is not None:
        alerts.observe_person(db, person=seen[0], at_us=at_us, by=seen[1], now_us=now_us)


def anchor_of(db: Database, event: NewEvent) -> Anchor | None:
    """What dates the event, when its own clock was not right and its boot has told since."""
    if event.synced or event.boot is None:
        return None
    return clocks.anchor_of(db, device=event.device, boot=event.boot)
