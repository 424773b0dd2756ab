"""Lists of devices for people, what waits at each, and who and what one of them knows."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

from hub_server.store import devices, limits, quarantine
from hub_server.store.quarantine import Quarantined
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import Device

Standing = Literal["online", "offline", "behind", "trouble"]
"""`behind`: not all that it has is stored here; `trouble`: something of it waits for a person, or a gallery failed."""

# By the index of types: few events of all are in quarantine.
_EACH: Final = """
    SELECT device, 1 AS quarantined, 0 AS conflicts FROM events
    WHERE type = 'quarantined' AND id NOT IN (SELECT event FROM quarantine_steps)
    UNION ALL SELECT device, 0, 1 FROM conflicts WHERE id NOT IN (SELECT conflict FROM conflicts_settled)
"""
_WAITING: Final = f"""
    SELECT device, sum(quarantined), sum(conflicts) FROM ({_EACH})
    WHERE device IN (SELECT value FROM json_each(:devices)) GROUP BY device
"""  # noqa: S608 our own words
_STANDING: Final[Mapping[str, str]] = {
    "online": "d.online = 1",
    "offline": "d.online = 0",
    "behind": "d.epoch NOT NULL AND d.last > d.high",
    "trouble": f"(d.gallery_trouble <> '' OR d.id IN (SELECT device FROM ({_EACH})))",  # noqa: S608 our own words
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Events of a device that wait for a person."""

    quarantined: int = 0
    conflicts: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Of all devices within reach that are not retired."""

    all: int
    online: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Somebody whom a device may recognise."""

    id: str
    name: str
    purposes: str  # of the agreements that are in force: door, welfare, watchlist, with blanks


def page(
    db: Database,
    *,
    after: str | None,
    limit: int,
    area: str | None = None,
    standing: Standing | None = None,
    retired: bool = False,
    reach: Reach = EVERYWHERE,
) -> list[Device]:
    """By id, from the one behind `after`; of an area or grid, and of how they stand. `retired`: those and no others."""
    tests = [
        "d.id > :after",
        f"d.retired_us {'NOT NULL' if retired else 'IS NULL'}",
        "(:area IS NULL OR d.area = :area OR d.grid = :area)",
        condition("d.area", "d.grid"),
    ]
    if standing is not None:
        tests.append(_STANDING[standing])
    sql = f"SELECT d.id FROM device_rows d WHERE {' AND '.join(tests)} ORDER BY d.id LIMIT :limit"  # noqa: S608 ours
    asked = {"after": after or "", "area": area, "reach": reach.value, "limit": limits.page_rows(limit)}
    ids = [row[0] for row in db.execute(sql, asked).fetchall()]
    return [row for row in (devices.get(db, one) for one in ids) if row is not None]


def totals(db: Database, *, reach: Reach = EVERYWHERE) -> Totals:
    within = condition("d.area", "d.grid")
    sql = f"SELECT count(*), coalesce(sum(online), 0) FROM devices d WHERE retired_us IS NULL AND {within}"  # noqa: S608
    row = db.execute(sql, {"reach": reach.value}).fetchone()
    return Totals(all=row[0], online=row[1])


def waiting(db: Database, of_devices: Iterable[str]) -> Mapping[str, Waiting]:
    """Of those of these devices of which something waits."""
    asked = {"devices": json.dumps(sorted(set(of_devices)))}
    return {
        device: Waiting(quarantined=quarantined, conflicts=conflicts)
        for device, quarantined, conflicts in db.execute(_WAITING, asked).fetchall()
    }


def quarantined(db: Database, device: str, *, limit: int) -> list[Quarantined]:
    """Its events that wait, by id. By the index of types: a device has very many events, and few of them wait."""
    rows = db.execute(
        "SELECT id FROM events WHERE type = 'quarantined' AND +device = ?"
        " AND id NOT IN (SELECT event FROM quarantine_steps) ORDER BY id LIMIT ?",
        (device, limits.page_rows(limit)),
    ).fetchall()
    return [quarantine.find(db, row[0]) for row in rows]


def passed(db: Database, device: str, *, from_us: int, until_us: int) -> Mapping[str, int]:
    """How many passages of people ("passage") and vehicles ("plate_read") were captured there in this time."""
    rows = db.execute(
        "SELECT type, count(*) FROM events WHERE device = ? AND type IN ('passage', 'plate_read')"
        " AND captured_us >= ? AND captured_us < ? GROUP BY type",
        (device, from_us, until_us),
    )
    return dict(rows.fetchall())


def known_people(db: Database, device: str, *, limit: int, reach: Reach = EVERYWHERE) -> list[Known]:
    """Whom its newest gallery holds, by name; those within reach."""
    rows = db.execute(
        "SELECT p.id, p.name, coalesce((SELECT group_concat(purpose, ' ') FROM (SELECT purpose FROM consents"  # noqa: S608
        " WHERE person = p.id AND withdrawn_us IS NULL ORDER BY purpose)), '')"
        " FROM gallery_members g JOIN people p ON p.id = g.person"
        f" WHERE g.device = :device AND g.gone_version IS NULL AND {condition('p.area', 'p.grid')}"
        " ORDER BY p.name, p.id LIMIT :limit",
        {"device": device, "reach": reach.value, "limit": limits.page_rows(limit)},
    )
    return [Known(id=row[0], name=row[1], purposes=row[2]) for row in rows.fetchall()]


def known_vehicles(db: Database, device: str, *, now_us: int) -> int:
    """How many vehicles that are placed there may pass now, or later."""
    row = db.execute(
        "SELECT count(*) FROM vehicle_placements p JOIN vehicles v ON v.id = p.vehicle WHERE p.device = ?"
        " AND v.removed_us IS NULL AND (v.valid_until_us IS NULL OR v.valid_until_us > ?)",
        (device, now_us),
    ).fetchone()
    return int(row[0])
