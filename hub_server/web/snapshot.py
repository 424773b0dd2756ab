"""One moment of the office, as JSON values: what the page shows first and the stream keeps fresh."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlite_utils import Database

from hub_server.store import (
    alarms,
    alerts,
    conflicts,
    corrections,
    devices,
    events,
    people,
    quarantine,
    rhythm,
    vehicle_hours,
    watches,
)
from hub_server.store.alarms import ALL_KINDS, Alarm, AlarmKind
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.rhythm import Habits
from hub_server.store.rows import Alert, Device, EventRow, Watch
from hub_server.store.vehicle_hours import Gate
from hub_server.watch.due import US_PER_S
from hub_server.watch.states import AlertState, WatchState, watch_state
from hub_server.web import (
    ladder_resources,
    ladder_shapes,
    masking,
    plate_resources,
    plate_shapes,
    quarantine_resources,
    quarantine_shapes,
    resources,
    shapes,
    watch_resources,
    watch_shapes,
)
from hub_server.web.masking import Looker
from hub_server.web.times import today

PLATE_READ = "plate_read"
SILENT = frozenset({"observing", "clock_anchor"})
"""Events in which nobody passes and nothing is wrong: the list of sightings leaves them out, here and in main.js."""
NOT_CLOSED = frozenset(AlertState) - {AlertState.CLOSED}
CLOSED = frozenset({AlertState.CLOSED})
_OF_DEVICES = frozenset({AlarmKind.OBSERVER, AlarmKind.CARD})
RANK = {WatchState.OFF: 2, WatchState.PAUSED: 1}
"""Of a watch in the list: those that are not named here come first."""
Named = tuple[str, str]
"""The area and the grid of a row: what decides who sees it."""
Row = TypeVar("Row")
Key = TypeVar("Key", int, str)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Alerts that wait, then those taken; watches, soonest due first, as many as are shown; devices, offline first.

    Events of vehicles stand apart; `gates` is what was counted today. What waits for a person's eye: the oldest first.
    `closed`: alerts that ended, the newest first; `alarms`: those that are open; `hints`: never an alarm.
    """

    alerts: list[resources.Alert]
    closed: list[resources.Alert]
    alarms: list[ladder_resources.Alarm]
    hints: list[watch_resources.Hint]
    watches: list[resources.Watch]
    watched: int  # all watches there are
    running: int  # those of them that are neither off nor paused
    devices: list[resources.Device]
    events: list[resources.Event]
    gates: list[plate_resources.Gate]
    plates: list[resources.Event]
    quarantine: list[quarantine_resources.Quarantined]
    conflicts: list[quarantine_resources.Conflict]


def take(
    db: Database,
    *,
    who: Looker,
    reach: Reach,
    now_us: int,
    events_max: int,
    watches_max: int,
    plates_max: int,
    waiting_max: int,
    closed_max: int,
    habits: Habits | None = None,
) -> Snapshot:
    """What lies within `reach`, with personal data as `who` is shown it. `habits`: those remembered for hints."""
    ended = alerts.page(db, states=CLOSED, after=None, limit=closed_max, reach=reach)
    plates = events.page(db, after=None, before=None, limit=plates_max, type=PLATE_READ, reach=reach)
    waiting = quarantine.page(db, after=None, limit=waiting_max, reach=reach)
    conflicting = conflicts.page(db, after=None, limit=waiting_max, reach=reach)
    standing = _standing(db, now_us=now_us, reach=reach)
    return Snapshot(
        alerts=[masking.alert(one, who) for one in open_alerts(db, reach=reach)],
        closed=[masking.alert(alert(db, row), who) for row in ended],
        alarms=open_alarms(db, reach=reach),
        hints=[watch_shapes.hint(row) for row in rhythm.hints(db, now_us=now_us, reach=reach, habits=habits)],
        watches=[_shaped(one) for one in standing[:watches_max]],
        watched=len(standing),
        running=sum(one.state not in RANK for one in standing),
        devices=[device for _, device in all_devices(db, reach=reach)],
        events=_sightings(db, limit=events_max, reach=reach),
        gates=[gate for _, gate in all_gates(db, now_us=now_us, reach=reach)],
        plates=shaped(db, plates),
        quarantine=[quarantine_shapes.quarantined(row) for row in waiting],
        conflicts=[quarantine_shapes.conflict(row) for row in conflicting],
    )


def open_alerts(db: Database, *, reach: Reach = EVERYWHERE) -> list[resources.Alert]:
    """Alerts not closed: those nobody has taken first, each longest overdue first; of very many the newest."""
    return [shape for _, shape in placed_alerts(db, reach=reach)]


def placed_alerts(db: Database, *, reach: Reach = EVERYWHERE) -> list[tuple[Named, resources.Alert]]:
    """The same, each with its area and grid."""
    rows = alerts.page(db, states=NOT_CLOSED, after=None, limit=PAGE_ROWS_MAX, reach=reach)
    ordered = sorted(rows, key=lambda row: (row.state is not AlertState.OPEN, row.due_us, row.id))
    return [((row.area, row.grid), alert(db, row)) for row in ordered]


def alert(db: Database, row: Alert) -> resources.Alert:
    """An alert with whom to call and the steps that say how it stands."""
    contact = people.get(db, row.person)
    assert contact is not None, "the store keeps the person of every alert"
    return shapes.alert(row, contact=contact, steps=alerts.history(db, row.id))


def open_alarms(
    db: Database, *, reach: Reach = EVERYWHERE, kinds: Collection[AlarmKind] = ALL_KINDS
) -> list[ladder_resources.Alarm]:
    """Alarms that are not cleared, the oldest first."""
    return [alarm(db, row) for row in alarms.open(db, reach=reach, kinds=kinds)]


def alarm(db: Database, row: Alarm) -> ladder_resources.Alarm:
    """An alarm with the place of its camera."""
    device = devices.get(db, row.subject.partition("/")[0]) if row.kind in _OF_DEVICES else None
    return ladder_shapes.alarm(row, place="" if device is None else device.place)


def _sightings(db: Database, *, limit: int, reach: Reach) -> list[resources.Event]:
    rows = events.page(db, after=None, before=None, limit=PAGE_ROWS_MAX, but_type=PLATE_READ, reach=reach)
    return shaped(db, [row for row in rows if row.type not in SILENT][:limit])


def shaped(db: Database, rows: list[EventRow]) -> list[resources.Event]:
    """Events with the word of whoever corrected them."""
    ids = [row.id for row in rows]
    corrected = corrections.among(db, min(ids), max(ids)) if ids else frozenset()
    return [shapes.event(row, corrected=row.id in corrected) for row in rows]


def watch(db: Database, row: Watch, *, now_us: int) -> resources.Watch:
    """A watch with how it stands with the person."""
    return _shaped(_stands(db, row, alerted=watches.has_alert(db, row.person), now_us=now_us))


def all_watches(db: Database, *, now_us: int, reach: Reach = EVERYWHERE) -> list[tuple[Named, resources.Watch]]:
    """Every watch with its area and grid: those that run by due time, then the paused, then those that are off."""
    return [((one.row.area, one.row.grid), _shaped(one)) for one in _standing(db, now_us=now_us, reach=reach)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """A watch and how it stands; its words are made for those that are shown only."""

    row: Watch
    state: WatchState
    paused_until_us: int | None


def _standing(db: Database, *, now_us: int, reach: Reach) -> list[_Standing]:
    """Every watch: those that run by due time, then the paused, then those that are off."""
    alerted = _alerted(db, reach)
    rows = _every(lambda after: watches.page(db, after=after, limit=PAGE_ROWS_MAX, reach=reach), _row_id)
    found = [_stands(db, row, alerted=row.person in alerted, now_us=now_us) for row in rows]
    return sorted(found, key=lambda one: (RANK.get(one.state, 0), one.row.due_us, one.row.id))


def all_devices(db: Database, *, reach: Reach = EVERYWHERE) -> list[tuple[Named, resources.Device]]:
    """Every device with its area and grid: those that are offline, then the others, by id."""
    rows = _every(lambda after: devices.page(db, after=after, limit=PAGE_ROWS_MAX, reach=reach), _device_id)
    ordered = sorted(rows, key=lambda row: (row.online, row.id))
    return [((row.area, row.grid), shapes.device(row)) for row in ordered]


def all_gates(db: Database, *, now_us: int, reach: Reach = EVERYWHERE) -> list[tuple[Named, plate_resources.Gate]]:
    """Every device that ever saw a vehicle, by id, with what it counted today by the office's clock."""
    since_us, until_us = today(now_us)
    rows = _every(
        lambda after: vehicle_hours.gates(
            db, since_us=since_us, until_us=until_us, after=after, limit=PAGE_ROWS_MAX, reach=reach
        ),
        _gate_id,
    )
    return [((row.area, row.grid), plate_shapes.gate(row)) for row in rows]


def _every(page: Callable[[Key | None], list[Row]], key: Callable[[Row], Key]) -> Iterator[Row]:
    after: Key | None = None
    while rows := page(after):
        yield from rows
        after = key(rows[-1])


def _alerted(db: Database, reach: Reach) -> frozenset[str]:
    """Everybody whose alert is not closed: asked once, not for each watch."""
    rows = _every(
        lambda after: alerts.page(db, states=NOT_CLOSED, after=after, limit=PAGE_ROWS_MAX, reach=reach), _row_id
    )
    return frozenset(row.person for row in rows)


def _stands(db: Database, row: Watch, *, alerted: bool, now_us: int) -> _Standing:
    paused_until_us = watches.paused_until_us(db, row, now_us)
    state = watch_state(
        active=row.active,
        alerted=alerted,
        paused=paused_until_us is not None,
        last_seen_us=row.last_seen_us,
        due_us=row.due_us,
        grace_us=row.grace_s * US_PER_S,
        now_us=now_us,
    )
    return _Standing(row=row, state=state, paused_until_us=paused_until_us)


def _shaped(one: _Standing) -> resources.Watch:
    return shapes.watch(one.row, state=one.state, paused_until_us=one.paused_until_us)


def _row_id(row: Watch | Alert) -> int:
    return row.id


def _gate_id(row: Gate) -> str:
    return row.device


def _device_id(row: Device) -> str:
    return row.id
