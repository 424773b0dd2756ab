"""One moment of the office, as JSON values: what the page shows first and the stream keeps fresh."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlite_utils import Database

from hub_server.store import alerts, conflicts, devices, events, people, quarantine, vehicle_hours, watches
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.rows import Alert, Device, Watch
from hub_server.store.vehicle_hours import Gate
from hub_server.watch.states import AlertState
from hub_server.web import plate_resources, plate_shapes, quarantine_resources, quarantine_shapes, resources, shapes
from hub_server.web.times import today

PLATE_READ = "plate_read"
NOT_CLOSED = frozenset(AlertState) - {AlertState.CLOSED}
Row = TypeVar("Row")
Key = TypeVar("Key", int, str)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Alerts that wait, then those taken; watches, soonest due first; devices, offline first; newest events.

    Events of vehicles stand apart; `gates` is what was counted today. What waits for a person's eye: the oldest first.
    """

    alerts: list[resources.Alert]
    watches: list[resources.Watch]
    devices: list[resources.Device]
    events: list[resources.Event]
    gates: list[plate_resources.Gate]
    plates: list[resources.Event]
    quarantine: list[quarantine_resources.Quarantined]
    conflicts: list[quarantine_resources.Conflict]


def take(db: Database, *, now_us: int, events_max: int, plates_max: int, waiting_max: int) -> Snapshot:
    return Snapshot(
        alerts=open_alerts(db),
        watches=all_watches(db, now_us=now_us),
        devices=all_devices(db),
        events=[
            shapes.event(row) for row in events.page(db, after=None, before=None, limit=events_max, but_type=PLATE_READ)
        ],
        gates=all_gates(db, now_us=now_us),
        plates=[
            shapes.event(row) for row in events.page(db, after=None, before=None, limit=plates_max, type=PLATE_READ)
        ],
        quarantine=[quarantine_shapes.quarantined(row) for row in quarantine.page(db, after=None, limit=waiting_max)],
        conflicts=[quarantine_shapes.conflict(row) for row in conflicts.page(db, after=None, limit=waiting_max)],
    )


def open_alerts(db: Database) -> list[resources.Alert]:
    """Alerts not closed: those nobody has taken first, each longest overdue first; of very many the newest."""
    rows = alerts.page(db, states=NOT_CLOSED, after=None, limit=PAGE_ROWS_MAX)
    return [
        alert(db, row) for row in sorted(rows, key=lambda row: (row.state is not AlertState.OPEN, row.due_us, row.id))
    ]


def alert(db: Database, row: Alert) -> resources.Alert:
    """An alert with whom to call and its newest step."""
    contact = people.get(db, row.person)
    assert contact is not None, "the store keeps the person of every alert"
    return shapes.alert(row, contact=contact, latest=alerts.history(db, row.id)[-1])


def all_watches(db: Database, *, now_us: int) -> list[resources.Watch]:
    """Every watch: those that run by due time, then the paused, then those that are off."""
    rows = _every(lambda after: watches.page(db, after=after, limit=PAGE_ROWS_MAX), _watch_id)
    shaped = [(row.due_us, row.id, shapes.watch(row, now_us=now_us)) for row in rows]
    rank = {"due": 0, "watching": 0, "paused": 1, "off": 2}
    shaped.sort(key=lambda entry: (rank[entry[2]["state"]], entry[0], entry[1]))
    return [watch for _, _, watch in shaped]


def all_devices(db: Database) -> list[resources.Device]:
    """Every device: those that are offline, then the others, by id."""
    rows = _every(lambda after: devices.page(db, after=after, limit=PAGE_ROWS_MAX), _device_id)
    return [shapes.device(row) for row in sorted(rows, key=lambda row: (row.online, row.id))]


def all_gates(db: Database, *, now_us: int) -> list[plate_resources.Gate]:
    """Every device that ever saw a vehicle, by id, with what it counted today by the office's clock."""
    since_us, until_us = today(now_us)
    rows = _every(
        lambda after: vehicle_hours.gates(db, since_us=since_us, until_us=until_us, after=after, limit=PAGE_ROWS_MAX),
        _gate_id,
    )
    return [plate_shapes.gate(row) for row in rows]


def _every(page: Callable[[Key | None], list[Row]], key: Callable[[Row], Key]) -> Iterator[Row]:
    after: Key | None = None
    while rows := page(after):
        yield from rows
        after = key(rows[-1])


def _watch_id(row: Watch) -> int:
    return row.id


def _gate_id(row: Gate) -> str:
    return row.device


def _device_id(row: Device) -> str:
    return row.id
