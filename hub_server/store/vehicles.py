"""Vehicles: whose plate may pass which gates, and from when until when. Each change is a row."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from edge_agent.wire.gallery import VEHICLES_MAX
from edge_agent.wire.limits import INTEGER_MAX
from hub_server.store import devices, histories, households, limits, patterns, people, plates
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition


class Owner(StrEnum):
    HOUSEHOLD = "household"
    VISITOR = "visitor"


class Change(StrEnum):
    ADDED = "added"
    CHANGED = "changed"  # label or validity
    PLACED = "placed"
    UNPLACED = "unplaced"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vehicle:
    """A plate that may pass. One vehicle of a plate is current, so that two validities never contradict each other."""

    id: int
    plate: str
    owner: Owner
    label: str  # for people: the household, or whom the visitor comes to
    person: str | None  # whose own it is; their watch may count its passages. None: not said
    valid_from_us: int | None  # None: no end on that side, as in `valid_until_us`
    valid_until_us: int | None  # exclusive
    created_us: int
    created_by: str
    removed_us: int | None  # None: current
    removed_by: str
    devices: tuple[str, ...]  # that it may pass, by name
    household: int | None = None
    area: str = ""  # of its person, else of its household; "" for neither
    grid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleChange:
    """Who changed what, and how the vehicle was after it. `device`: of a placement."""

    vehicle: int
    at_us: int
    author: str
    change: Change
    device: str | None
    label: str
    valid_from_us: int | None
    valid_until_us: int | None


def add(
    db: Database,
    *,
    plate: str,
    owner: Owner,
    label: str,
    valid_from_us: int | None,
    valid_until_us: int | None,
    by: str,
    now_us: int,
) -> Vehicle:
    """A new one; it passes nowhere until it is placed. Raises ExistsError (the plate is known), InvalidValueError."""
    written, author = plates.plate("plate", plate), _author(by)
    known = db.execute("SELECT id FROM vehicles WHERE plate = ? AND removed_us IS NULL", [written]).fetchone()
    if known is not None:
        raise ExistsError(
            f"{written} 已经登记（{known[0]} 号），请改它的有效期；"
            f" {written} is vehicle {known[0]} already: change its validity, or remove it first"
        )
    _check_validity(valid_from_us, valid_until_us)
    cursor = db.execute(
        "INSERT INTO vehicles (plate, owner, label, valid_from_us, valid_until_us, created_us, created_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (written, owner, _label(label), valid_from_us, valid_until_us, now_us, author),
    )
    assert cursor.lastrowid is not None
    return _record(db, cursor.lastrowid, Change.ADDED, author=author, now_us=now_us)


def get(db: Database, id: int) -> Vehicle | None:
    """Also one that was removed."""
    for row in db.view("vehicle_rows").rows_where("id = ?", [id], limit=1):
        return _vehicle(row)
    return None


def page(
    db: Database,
    *,
    after: int | None,
    limit: int,
    plate: str | None = None,
    device: str | None = None,
    person: str | None = None,
    household: int | None = None,
    q: str | None = None,
    reach: Reach = EVERYWHERE,
) -> list[Vehicle]:
    """The current ones by id, from the one behind `after`; of a plate as people write it, of a device ...

    `q`: what somebody typed, a part of a plate or of a label. Raises InvalidValueError.
    """
    tests, given = ["removed_us IS NULL", "id > :after", condition("area", "grid")], _given(after, reach)
    if plate is not None:
        tests.append("plate = :plate")
        given["plate"] = plates.plate("plate", plate)
    if device is not None:
        tests.append("id IN (SELECT vehicle FROM vehicle_placements WHERE device = :device)")
        given["device"] = device
    for column, value in (("person", person), ("household", household)):
        if value is not None:
            tests.append(f"{column} = :{column}")
            given[column] = value
    typed = patterns.patterns(q or "")
    if typed is not None:
        tests.append(patterns.vehicle("vehicle_rows"))
        given |= typed.values
    rows = db.view("vehicle_rows").rows_where(" AND ".join(tests), given, order_by="id", limit=limits.page_rows(limit))
    return [_vehicle(row) for row in rows]


def _given(after: int | None, reach: Reach) -> dict[str, Any]:
    return {"after": after or 0, "reach": reach.value}


def count(db: Database, *, reach: Reach = EVERYWHERE) -> int:
    """How many are current."""
    sql = f"SELECT count(*) FROM vehicle_rows WHERE removed_us IS NULL AND {condition('area', 'grid')}"  # noqa: S608 ours
    return int(db.execute(sql, {"reach": reach.value}).fetchone()[0])


def change(db: Database, id: int, *, by: str, now_us: int, **fields: str | int | None) -> Vehicle:
    """Sets some of label, valid_from_us, valid_until_us. Raises NotFoundError, InvalidValueError.

    What changes nothing leaves no row.
    """
    before, author = _current(db, id), _author(by)
    strange = fields.keys() - {"label", "valid_from_us", "valid_until_us"}
    if strange:
        raise InvalidValueError(min(strange), "cannot be changed")
    wanted: dict[str, Any] = {
        "label": before.label,
        "valid_from_us": before.valid_from_us,
        "valid_until_us": before.valid_until_us,
    } | fields
    wanted["label"] = _label(wanted["label"])
    _check_validity(wanted["valid_from_us"], wanted["valid_until_us"])
    if all(getattr(before, field) == value for field, value in wanted.items()):
        return before
    db.execute(
        "UPDATE vehicles SET label = :label, valid_from_us = :valid_from_us, valid_until_us = :valid_until_us"
        " WHERE id = :id",
        {**wanted, "id": id},
    )
    _remember(db, before, wanted, author=author, now_us=now_us)
    return _record(db, id, Change.CHANGED, author=author, now_us=now_us)


def assign(db: Database, id: int, *, person: str | None, by: str, now_us: int) -> Vehicle:
    """Whose own vehicle it is; None: nobody's in particular. The same again leaves no row.

    Their watch counts its passages where the watch says so, from the next passage on. Raises NotFoundError.
    """
    before, author = _current(db, id), _author(by)
    if person is not None and people.get(db, person) is None:
        raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
    if before.person == person:
        return before
    db.execute("UPDATE vehicles SET person = ? WHERE id = ?", (person, id))
    _remember(db, before, {"person": person}, author=author, now_us=now_us)
    return _record(db, id, Change.CHANGED, author=author, now_us=now_us)


def join(db: Database, id: int, *, household: int | None, by: str, now_us: int) -> Vehicle:
    """Which household it belongs to; None: none that is known. The same again leaves no row. Raises NotFoundError."""
    before, author = _current(db, id), _author(by)
    found = None if household is None else households.get(db, household)
    if household is not None and (found is None or found.removed_us is not None):
        raise NotFoundError(f"没有 {household} 号家庭； there is no household {household}")
    if before.household == household:
        return before
    db.execute("UPDATE vehicles SET household = ? WHERE id = ?", (household, id))
    _remember(db, before, {"household": household}, author=author, now_us=now_us)
    return _record(db, id, Change.CHANGED, author=author, now_us=now_us)


def place(db: Database, id: int, *, device: str, by: str, now_us: int) -> Vehicle:
    """It may pass there; again changes nothing. Raises NotFoundError, ConflictingChangeError (the device is full)."""
    before, author = _current(db, id), _author(by)
    if not devices.exists(db, device):
        raise NotFoundError(f"没有设备 {device}； there is no device {device}")
    if device in before.devices:
        return before
    (count,) = db.execute("SELECT count(*) FROM vehicle_placements WHERE device = ?", [device]).fetchone()
    if count >= VEHICLES_MAX:
        raise ConflictingChangeError(
            f"{device} 已有 {count} 辆车，放不下了，请先移除过期的；"
            f" {device} has {count} vehicles and takes no more: remove those that have expired"
        )
    db.execute("INSERT INTO vehicle_placements (vehicle, device) VALUES (?, ?)", (id, device))
    return _record(db, id, Change.PLACED, author=author, now_us=now_us, device=device)


def unplace(db: Database, id: int, *, device: str, by: str, now_us: int) -> Vehicle:
    """It no longer passes there. Raises NotFoundError."""
    before, author = _current(db, id), _author(by)
    if device not in before.devices:
        raise NotFoundError(f"{before.plate} 没有放在 {device}； {before.plate} is not placed at {device}")
    db.execute("DELETE FROM vehicle_placements WHERE vehicle = ? AND device = ?", (id, device))
    return _record(db, id, Change.UNPLACED, author=author, now_us=now_us, device=device)


def remove(db: Database, id: int, *, by: str, now_us: int) -> Vehicle:
    """It passes nowhere any more, and its plate may be added again. Raises NotFoundError."""
    _current(db, id)
    author = _author(by)
    db.execute("DELETE FROM vehicle_placements WHERE vehicle = ?", [id])
    db.execute("UPDATE vehicles SET removed_us = ?, removed_by = ? WHERE id = ?", (now_us, author, id))
    return _record(db, id, Change.REMOVED, author=author, now_us=now_us)


def changes(db: Database, id: int) -> list[VehicleChange]:
    """The newest PAGE_ROWS_MAX, the newest first. Raises NotFoundError."""
    if get(db, id) is None:
        raise _missing(id)
    sql = (
        "SELECT vehicle, at_us, author, change, device, label, valid_from_us, valid_until_us FROM vehicle_changes"
        " WHERE vehicle = ? ORDER BY id DESC LIMIT ?"
    )
    rows = db.query(sql, [id, limits.PAGE_ROWS_MAX])
    return [VehicleChange(**{**row, "change": Change(row["change"])}) for row in rows]


def _remember(db: Database, before: Vehicle, wanted: dict[str, Any], *, author: str, now_us: int) -> None:
    histories.record_all(
        db,
        subject=f"vehicle/{before.id}",
        before={field: getattr(before, field) for field in wanted},
        after=wanted,
        author=author,
        now_us=now_us,
    )


def _record(db: Database, id: int, what: Change, *, author: str, now_us: int, device: str | None = None) -> Vehicle:
    after = get(db, id)
    assert after is not None
    db.execute(
        "INSERT INTO vehicle_changes (vehicle, at_us, author, change, device, label, valid_from_us, valid_until_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (id, now_us, author, what, device, after.label, after.valid_from_us, after.valid_until_us),
    )
    return after


def _check_validity(from_us: int | None, until_us: int | None) -> None:
    for field, moment_us in (("valid_from", from_us), ("valid_until", until_us)):
        if moment_us is not None and not 0 <= moment_us <= INTEGER_MAX:
            raise InvalidValueError(field, "时间须在 1970 年到 2255 年之间；must be a time from 1970 to 2255")
    if from_us is not None and until_us is not None and until_us <= from_us:
        raise InvalidValueError("valid_until", "须晚于开始时间；must be later than valid_from")


def _author(by: str) -> str:
    return limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)


def _label(label: str) -> str:
    return limits.text("label", label, limits.LABEL_CHARS_MAX, chars_min=1)


def _current(db: Database, id: int) -> Vehicle:
    vehicle = get(db, id)
    if vehicle is None or vehicle.removed_us is not None:
        raise _missing(id)
    return vehicle


def _missing(id: int) -> NotFoundError:
    return NotFoundError(f"没有 {id} 号车辆； there is no vehicle {id}")


def _vehicle(row: dict[str, Any]) -> Vehicle:
    return Vehicle(**{**row, "owner": Owner(row["owner"]), "devices": tuple(row["devices"].split())})
