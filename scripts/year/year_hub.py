"""The real hub of the simulated year: store, ingest, scheduler and outbox, with both clocks set by hand."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

from sqlite_utils import Database
from year_asking import Asking, named
from year_people import Absence, Person
from year_rates import CAMERAS, area

from edge_agent.wire.codec import encode_event, item
from edge_agent.wire.messages import Batch, Event, Hello, Observing, Passage, Sighting, Stamp, Watching
from hub_server import scheduler
from hub_server.ingest.apply import Shift
from hub_server.scheduler import Pulse, Scheduler
from hub_server.store import (
    alerts,
    devices,
    observations,
    outbox,
    pauses,
    people,
    recipients,
    watches,
)
from hub_server.store.errors import ConflictingChangeError
from hub_server.store.outbox import NoticeKind
from hub_server.store.rows import Alert
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, Report

US: Final = 1_000_000
START_US: Final = 1_767_542_400_000_000  # a Monday, midnight where the office is
MONO_S: Final = 1000.0
BATCH_MAX: Final = 50
WORKERS_AN_AREA: Final = 4
BOOT: Final = "7c9d0f3e5b1a4d2c8e6f7a9b0c1d2e3f"
EPOCH: Final = "0123456789abcdef0123456789abcdef"
CAMERA: Final = "cam"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A message that has gone out: to whom, which alerts it tells as raised, whom it asks to look in on."""

    message: int
    addressee: str
    new: tuple[int, ...]
    asked: tuple[str, ...]


class YearHub:
    """`now_s` is moved by whoever has it, and never goes back."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 0
        self.listening_since_s: int | None = 0
        self._waiting: list[list[bytes]] = [[] for _ in range(CAMERAS)]  # what each device has not told yet
        self._told = [0] * CAMERAS
        self._asking = Asking(us=self.us, subject=lambda camera: f"{_name(camera)}/{CAMERA}", area=_area)
        # Its rounds ask whether cameras have told something of late; here they tell when a day begins. See look_in.
        self._patience = mock.patch.object(scheduler, "ROUND_S", math.inf)
        self._patience.start()
        self.store = Store.open(folder, clock=lambda: self.us(self.now_s))
        self.store.write(self._furnish)
        self._scheduler = Scheduler(
            store=self.store,
            listening_since_s=lambda: None if self.listening_since_s is None else MONO_S + self.listening_since_s,
            monotonic_s=lambda: MONO_S + self.now_s,
        )

    def close(self) -> None:
        self._patience.stop()
        self.store.close()

    @staticmethod
    def us(at_s: int) -> int:
        return START_US + at_s * US

    @staticmethod
    def seconds(at_us: int) -> int:
        """The second in which it is over."""
        return math.ceil((at_us - START_US) / US)

    # --- what devices do ---

    def passes(self, camera: int, at_s: int, person: str) -> None:
        """Somebody is recognised, surely enough."""
        sighting = Sighting(person=person, score=0.95, margin=0.1, frames=5, strict=True, embedder="model")
        event = Passage(captured=_stamp(at_s), camera=CAMERA, duration_ms=3000, frames=5, sighting=sighting)
        self._journal(camera, event)

    def looked(self, camera: int, from_s: int, until_s: int, *, watching: bool) -> None:
        state = Watching.WATCHING if watching else Watching.BLIND
        event = Observing(
            camera=CAMERA, began=_stamp(from_s), ended=_stamp(until_s), state=state, cause=None if watching else "black"
        )
        self._journal(camera, event)

    def deliver(self, cameras: Iterable[int]) -> None:
        """What these devices have not told yet comes in, in one transaction."""
        batches = [batch for camera in cameras for batch in self._batches(camera)]
        if batches:
            self.store.write(lambda db: self._take(db, batches))

    def connect(self, cameras: Iterable[int]) -> None:
        """The broker passes on again; these devices say hello."""
        self.listening_since_s = self.now_s
        hellos = [
            (_name(camera), Hello(device=_name(camera), epoch=EPOCH, oldest=1, last=self._last(camera), agent="year/1"))
            for camera in cameras
        ]
        self.store.write(lambda db: self._take(db, hellos))

    def _journal(self, camera: int, event: Event) -> None:
        self._waiting[camera].append(encode_event(event))

    def _last(self, camera: int) -> int:
        return self._told[camera] + len(self._waiting[camera])

    def _batches(self, camera: int) -> list[tuple[str, Batch]]:
        waiting, self._waiting[camera] = self._waiting[camera], []
        found = []
        for first in range(0, len(waiting), BATCH_MAX):
            part = waiting[first : first + BATCH_MAX]
            items = [item(self._told[camera] + 1 + n, raw) for n, raw in enumerate(part)]
            found.append((_name(camera), Batch(device=_name(camera), epoch=EPOCH, items=items)))
            self._told[camera] += len(part)
        return found

    def _take(self, db: Database, messages: Iterable[tuple[str, Batch | Hello]]) -> None:
        shift = Shift(db)
        for device, message in messages:
            shift.up(device, message, now_us=self.us(self.now_s))
        shift.close()

    # --- what the hub does ---

    @property
    def drains(self) -> bool:
        return self._scheduler.pulse() is Pulse.DRAINING

    def tick(self) -> list[Alert]:
        return self._scheduler.tick()

    def look_in(self, down_s: Mapping[int, int]) -> None:
        """What a round of the scheduler does about cameras that do not watch, given since when each of them.

        Its own look at them (store.observers) needs each camera's word every quarter of an hour, here it comes daily.
        """
        listening = self.listening_since_s is not None
        self.store.write(lambda db: self._asking.look(db, down_s, now_s=self.now_s, listening=listening))

    def has_alert(self, person: str) -> bool:
        with self.store.read() as db:
            return alerts.not_closed(db, person) is not None

    def reached(self, person: str, kind: Kind) -> None:
        """Somebody has spoken to them without an alert."""
        now_us = self.us(self.now_s)
        self.store.write(
            lambda db: observations.add(
                db, person=person, kind=kind, at_us=now_us, author="网格员 grid worker", note="", now_us=now_us
            )
        )

    def send(self) -> list[Told]:
        """As the courier does, with channels that always work."""
        now_us = self.us(self.now_s)
        with self.store.read() as db:
            if not outbox.ready(db, now_us=now_us):
                return []
        return self.store.write(lambda db: _send(db, now_us))

    def wakes_s(self, until_s: int) -> int | None:
        """The first second, up to `until_s`, at which somebody is due, an alert climbs or a notice is ready."""
        until_us = self.us(until_s)
        with self.store.read() as db:
            found = [watch.due_us for watch in watches.due(db, now_us=until_us, limit=1)]
            for sql in (
                "SELECT min(climb_us) FROM alerts WHERE climb_us NOT NULL AND climb_us <= ?",
                "SELECT min(ready_us) FROM notices WHERE message IS NULL AND settled_us IS NULL AND ready_us <= ?",
            ):
                found += [row[0] for row in db.execute(sql, [until_us]) if row[0] is not None]
        return max(self.now_s, self.seconds(min(found))) if found else None

    def due_people(self, until_s: int) -> list[str]:
        with self.store.read() as db:
            return [watch.person for watch in watches.due(db, now_us=self.us(until_s), limit=10_000)]

    def alert(self, alert: int) -> Alert:
        with self.store.read() as db:
            found = alerts.get(db, alert)
        assert found is not None
        return found

    # --- what people do ---

    def watch(self, everybody: Iterable[Person]) -> None:
        def job(db: Database) -> None:
            now_us = self.us(self.now_s)
            for person in everybody:
                people.create(
                    db,
                    id=person.id,
                    name="居民",
                    area=_area(person.area),
                    address="",
                    phone="",
                    note="",
                    now_us=now_us,
                )
                habit = person.habit
                watches.create(
                    db,
                    person=person.id,
                    period_s=habit.period_s,
                    grace_s=habit.grace_s,
                    last_seen_us=now_us,
                    now_us=now_us,
                )

        self.store.write(job)

    def pause(self, person: Person, absence: Absence, *, author: str) -> bool:
        """False: there is an alert, and it must be closed as away instead."""

        def job(db: Database) -> bool:
            try:
                pauses.add(
                    db,
                    person=person.id,
                    from_us=self.us(absence.from_s),
                    until_us=self.us(max(absence.planned_s, self.now_s + 1)),
                    reason=absence.reason,
                    author=author,
                    now_us=self.us(self.now_s),
                )
            except ConflictingChangeError:
                return False
            return True

        return self.store.write(job)

    def move(
        self, alert: int, to: AlertState, *, outcome: Outcome | None = None, until_s: int | None = None, note: str = ""
    ) -> None:
        self.store.write(
            lambda db: alerts.move(
                db,
                alert,
                to=to,
                outcome=outcome,
                author="网格员 grid worker",
                note=note,
                until_us=None if until_s is None else self.us(until_s),
                now_us=self.us(self.now_s),
            )
        )

    def report(self, alert: int, report: Report) -> None:
        self.store.write(
            lambda db: alerts.report(
                db, alert, report=report, author="网格员 grid worker", note="", now_us=self.us(self.now_s)
            )
        )

    def _furnish(self, db: Database) -> None:
        for camera in range(CAMERAS):
            devices.create(db, id=_name(camera), place="", area=_area(area(camera)), now_us=START_US)
        areas = sorted({area(camera) for camera in range(CAMERAS)})
        for rung, names in ((Rung.WORKER, WORKERS_AN_AREA), (Rung.COMMUNITY, 1), (Rung.OFFICE, 1)):
            for number in areas:
                for _ in range(names):
                    recipients.add(
                        db,
                        area=_area(number),
                        rung=rung,
                        name=rung.name.lower(),
                        phone="",
                        urls=["json://127.0.0.1"],
                        now_us=START_US,
                    )


def _send(db: Database, now_us: int) -> list[Told]:
    outbox.form(db, now_us=now_us)
    told = []
    for message in outbox.due(db, now_us=now_us, limit=10_000):
        notices = outbox.contents(db, message.id)
        new = tuple(one.alert for one in notices if one.alert is not None and one.kind is NoticeKind.RAISED)
        asked = named(db, message, notices, now_us)
        outbox.sent(db, message.id, by="year", now_us=now_us)
        told.append(Told(message=message.id, addressee=message.addressee, new=new, asked=asked))
    return told


def _stamp(at_s: int) -> Stamp:
    return Stamp(boot=BOOT, mono_us=(at_s + 10**6) * US, wall_us=YearHub.us(at_s), synced=True)


def _name(camera: int) -> str:
    return f"cam-{camera:03}"


def _area(number: int) -> str:
    return f"社区 {number}"
