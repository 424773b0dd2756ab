"""Households: who lives under one number of the office's file, and where."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import areas, histories, limits, patterns
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import Person

_CHARS_MAX: Final = {
    "number": limits.NUMBER_CHARS_MAX,
    "address": limits.ADDRESS_CHARS_MAX,
    "area": limits.AREA_CHARS_MAX,
    "grid": limits.AREA_CHARS_MAX,
    "phone": limits.PHONE_CHARS_MAX,
    "note": limits.NOTE_CHARS_MAX,
}
_ROWS: Final = (
    "SELECT h.*, (SELECT count(*) FROM people p WHERE p.household = h.id AND p.removed_us IS NULL) AS people,"
    " (SELECT count(*) FROM vehicles v WHERE v.household = h.id AND v.removed_us IS NULL) AS vehicles"
    " FROM households h WHERE"
)
_MOVING: Final = ("address", "area", "grid")


@dataclass(frozen=True, kw_only=True, slots=True)
class Household:
    """One family, or whoever shares a door. `number` (户号) is unique among those that are there."""

    id: int
    number: str
    address: str
    area: str
    grid: str
    phone: str
    note: str
    created_us: int
    removed_us: int | None
    removed_by: str
    people: int = 0  # who belong to it now
    vehicles: int = 0


def create(
    db: Database,
    *,
    now_us: int,
    number: str = "",
    address: str = "",
    area: str = "",
    grid: str = "",
    phone: str = "",
    note: str = "",
) -> Household:
    """A new one; without a number it gets the next. Raises ExistsError (the number is taken), InvalidValueError."""
    given = {"number": number, "address": address, "area": area, "grid": grid, "phone": phone, "note": note}
    checked = {field: _text(field, value) for field, value in given.items()}
    checked["number"] = checked["number"] or _next_number(db)
    _demand_free(db, checked["number"])
    cursor = db.execute(
        "INSERT INTO households (number, address, area, grid, phone, note, created_us)"
        " VALUES (:number, :address, :area, :grid, :phone, :note, :created_us)",
        {**checked, "created_us": now_us},
    )
    assert cursor.lastrowid is not None
    areas.demand_grid(db, area=checked["area"], grid=checked["grid"])
    return _get(db, cursor.lastrowid)


def get(db: Database, id: int) -> Household | None:
    """Also one that was removed."""
    for row in db.query(f"{_ROWS} h.id = ?", [id]):
        return Household(**row)
    return None


def by_number(db: Database, number: str) -> Household | None:
    """Of those that are there."""
    for row in db.query(f"{_ROWS} h.number = ? AND h.removed_us IS NULL", [number.strip()]):
        return Household(**row)
    return None


def page(
    db: Database,
    *,
    after: int | None,
    limit: int,
    area: str | None = None,
    grid: str | None = None,
    q: str | None = None,
    removed: bool = False,
    reach: Reach = EVERYWHERE,
) -> list[Household]:
    """By id, from the one behind `after`: those that are there, or those that were removed."""
    where, values = _where(area, grid, q, removed=removed, reach=reach)
    values |= {"after": after or 0, "limit": limits.page_rows(limit)}
    rows = db.query(f"{_ROWS} {where} AND h.id > :after ORDER BY h.id LIMIT :limit", values)
    return [Household(**row) for row in rows]


def count(
    db: Database,
    *,
    area: str | None = None,
    grid: str | None = None,
    q: str | None = None,
    removed: bool = False,
    reach: Reach = EVERYWHERE,
) -> int:
    """How many `page` would list in all."""
    where, values = _where(area, grid, q, removed=removed, reach=reach)
    (found,) = db.execute(f"SELECT count(*) FROM households h WHERE {where}", values).fetchone()  # noqa: S608 our own
    return int(found)


def members(db: Database, id: int) -> list[Person]:
    """Who belong to it now: the head of the household (户主) first, then by when they were written down."""
    sql = (
        "SELECT * FROM people WHERE household = ? AND removed_us IS NULL"
        " ORDER BY relation <> '户主', created_us, id LIMIT ?"
    )
    return [Person(**row) for row in db.query(sql, [id, limits.PAGE_ROWS_MAX])]


def change(db: Database, id: int, *, by: str, now_us: int, **fields: str) -> Household:
    """Sets some of number, address, area, grid, phone, note. Who lived where it did moves along.

    Raises NotFoundError, ExistsError, InvalidValueError.
    """
    before = _there(db, id)
    changes = {field: _changed(field, value) for field, value in fields.items()}
    if changes.get("number", before.number) != before.number:
        _demand_free(db, changes["number"])
    _record(db, before, changes, by=by, now_us=now_us)
    if changes:
        db.table("households").update(id, changes)
    after = _get(db, id)
    if "area" in changes or "grid" in changes:
        areas.demand_grid(db, area=after.area, grid=after.grid, field="grid" if "grid" in changes else "area")
    _move_members(db, before, {field: changes[field] for field in _MOVING if field in changes}, by=by, now_us=now_us)
    return _get(db, id)


def remove(db: Database, id: int, *, by: str, now_us: int) -> Household:
    """Out of every list; it stays on file. Raises NotFoundError, ConflictingChangeError (somebody belongs to it)."""
    before = _there(db, id)
    if before.people or before.vehicles:
        raise ConflictingChangeError(
            f"{before.number} 户还有 {before.people} 人、{before.vehicles} 辆车，请先移出；"
            f"{before.people} people and {before.vehicles} vehicles belong to it: move them first"
        )
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    db.execute("UPDATE households SET removed_us = ?, removed_by = ? WHERE id = ?", (now_us, author, id))
    histories.record(
        db, subject=f"household/{id}", field="removed", before=None, after="yes", author=author, now_us=now_us
    )
    return _get(db, id)


def _where(
    area: str | None,
    grid: str | None,
    q: str | None,
    *,
    removed: bool,
    reach: Reach,
) -> tuple[str, dict[str, Any]]:
    tests = ["h.removed_us IS NOT NULL" if removed else "h.removed_us IS NULL", condition("h.area", "h.grid")]
    values: dict[str, Any] = {"reach": reach.value}
    for column, value in (("area", area), ("grid", grid)):
        if value:
            tests.append(f"h.{column} = :{column}")
            values[column] = value
    typed = patterns.patterns(q or "")
    if typed is not None:
        tests.append(patterns.household("h"))
        values |= typed.values
    return " AND ".join(tests), values


def _move_members(db: Database, before: Household, changes: dict[str, str], *, by: str, now_us: int) -> None:
    for person in members(db, before.id):
        moved = {field: value for field, value in changes.items() if getattr(person, field) == getattr(before, field)}
        if moved:
            histories.record_all(
                db,
                subject=f"person/{person.id}",
                before={field: getattr(person, field) for field in moved},
                after=moved,
                author=by,
                now_us=now_us,
            )
            db.table("people").update(person.id, moved)


def _record(db: Database, before: Household, changes: dict[str, str], *, by: str, now_us: int) -> None:
    histories.record_all(
        db,
        subject=f"household/{before.id}",
        before={field: getattr(before, field) for field in changes},
        after=changes,
        author=by,
        now_us=now_us,
    )


def _next_number(db: Database) -> str:
    (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM households").fetchone()
    number = int(newest) + 1
    while by_number(db, f"{number:05}") is not None:
        number += 1
    return f"{number:05}"


def _demand_free(db: Database, number: str) -> None:
    known = by_number(db, number)
    if known is not None:
        raise ExistsError(f"户号 {number} 已有（{known.id} 号）；there is a household {number} already")


def _changed(field: str, value: str | None) -> str:
    if field not in _CHARS_MAX or value is None:
        raise InvalidValueError(field, "cannot be changed")
    return limits.text(field, value, _CHARS_MAX[field], chars_min=1 if field == "number" else 0)


def _text(field: str, value: str) -> str:
    return limits.text(field, value, _CHARS_MAX[field])


def _there(db: Database, id: int) -> Household:
    found = get(db, id)
    if found is None or found.removed_us is not None:
        raise _missing(id)
    return found


def _get(db: Database, id: int) -> Household:
    found = get(db, id)
    if found is None:
        raise _missing(id)
    return found


def _missing(id: int) -> NotFoundError:
    return NotFoundError(f"没有 {id} 号家庭； there is no household {id}")
