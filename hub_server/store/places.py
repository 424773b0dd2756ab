"""Places: where cameras, speakers and people meet. A device's `place` names one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import areas, histories, limits, patterns
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition


class PlaceKind(StrEnum):
    GATE = "gate"
    DOOR = "door"
    CLINIC = "clinic"
    SQUARE = "square"
    STREET = "street"
    OTHER = "other"


WORDS: Final[dict[PlaceKind, tuple[str, str]]] = {
    PlaceKind.GATE: ("大门", "gate"),
    PlaceKind.DOOR: ("单元门", "door"),
    PlaceKind.CLINIC: ("卫生站", "clinic"),
    PlaceKind.SQUARE: ("广场", "square"),
    PlaceKind.STREET: ("街道", "street"),
    PlaceKind.OTHER: ("其他", "other"),
}
_CHARS_MAX: Final = {"area": limits.AREA_CHARS_MAX, "grid": limits.AREA_CHARS_MAX, "note": limits.NOTE_CHARS_MAX}
_LIMITS: Final = {"longitude": 180.0, "latitude": 90.0}
_ROWS: Final = (
    "SELECT p.name, p.kind, p.area, p.grid, p.longitude, p.latitude, p.note, p.created_us,"
    " (SELECT count(*) FROM devices d WHERE d.place = p.name) AS devices FROM places p WHERE p.removed_us IS NULL"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Coordinates in degrees (WGS 84), both or neither."""

    name: str
    kind: PlaceKind
    area: str
    grid: str
    longitude: float | None
    latitude: float | None
    note: str
    created_us: int
    devices: int = 0  # that stand there


def create(
    db: Database,
    *,
    name: str,
    now_us: int,
    kind: str = PlaceKind.OTHER,
    area: str = "",
    grid: str = "",
    longitude: float | None = None,
    latitude: float | None = None,
    note: str = "",
) -> Place:
    """A new one. Raises ExistsError, InvalidValueError."""
    named = _name(name)
    if get(db, named) is not None:
        raise ExistsError(f"已有地点 {named}；there is a place {named} already")
    checked: dict[str, Any] = {
        field: _text(field, value) for field, value in (("area", area), ("grid", grid), ("note", note))
    }
    checked |= {"kind": _kind(kind), "longitude": longitude, "latitude": latitude}
    _check_coordinates(longitude, latitude)
    db.execute(
        "INSERT INTO places (name, kind, area, grid, longitude, latitude, note, created_us)"
        " VALUES (:name, :kind, :area, :grid, :longitude, :latitude, :note, :created_us)",
        {**checked, "name": named, "created_us": now_us},
    )
    areas.demand_grid(db, area=checked["area"], grid=checked["grid"])
    return _get(db, named)


def get(db: Database, name: str) -> Place | None:
    for row in db.query(f"{_ROWS} AND p.name = ?", [name]):
        return _place(row)
    return None


def page(
    db: Database,
    *,
    after: str | None,
    limit: int,
    area: str | None = None,
    kind: str | None = None,
    q: str | None = None,
    reach: Reach = EVERYWHERE,
) -> list[Place]:
    """By name, from the one behind `after`."""
    tests, values = [condition("p.area", "p.grid")], {"reach": reach.value, "after": after or ""}
    for column, value in (("area", area), ("kind", kind)):
        if value:
            tests.append(f"p.{column} = :{column}")
            values[column] = value
    typed = patterns.patterns(q or "")
    if typed is not None:
        tests.append("p.name LIKE :q_text ESCAPE '\\'")
        values["q_text"] = typed.text
    sql = f"{_ROWS} AND {' AND '.join(tests)} AND p.name > :after ORDER BY p.name LIMIT {limits.page_rows(limit)}"
    return [_place(row) for row in db.query(sql, values)]


def change(db: Database, place: str, *, by: str, now_us: int, **fields: Any) -> Place:
    """Sets some of name, kind, area, grid, longitude, latitude, note; devices there take its new name along.

    Raises NotFoundError, ExistsError, InvalidValueError.
    """
    before = _get(db, place)
    changes = {field: _changed(field, value) for field, value in fields.items()}
    _check_coordinates(changes.get("longitude", before.longitude), changes.get("latitude", before.latitude))
    histories.record_all(
        db,
        subject=f"place/{place}",
        before={field: getattr(before, field) for field in changes},
        after=changes,
        author=by,
        now_us=now_us,
    )
    called = changes.pop("name", place)
    if called != place:
        _rename(db, place, called)
    if changes:
        db.table("places").update(called, changes)
    after = _get(db, called)
    if "area" in changes or "grid" in changes:
        areas.demand_grid(db, area=after.area, grid=after.grid, field="grid" if "grid" in changes else "area")
    return after


def remove(db: Database, name: str, *, by: str, now_us: int) -> Place:
    """Off the list; what was recorded of it stays. Raises NotFoundError, ConflictingChangeError (a device is there)."""
    before = _get(db, name)
    if before.devices:
        raise ConflictingChangeError(
            f"{name} 还有 {before.devices} 台设备，请先移走；{before.devices} devices stand there: move them first"
        )
    db.execute("DELETE FROM places WHERE name = ?", [name])
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    histories.record(
        db, subject=f"place/{name}", field="removed", before=None, after="yes", author=author, now_us=now_us
    )
    return before


def _rename(db: Database, before: str, after: str) -> None:
    """The row first: the trigger that puts unknown places on the list then finds the new name there."""
    if get(db, after) is not None:
        raise ExistsError(f"已有地点 {after}；there is a place {after} already")
    db.execute("UPDATE places SET name = ? WHERE name = ?", (after, before))
    db.execute("UPDATE devices SET place = ? WHERE place = ?", (after, before))
    histories.renamed(db, subject=f"place/{before}", name=f"place/{after}")


def _changed(field: str, value: Any) -> Any:
    if field == "name":
        return _name(value)
    if field == "kind":
        return _kind(value)
    if field in _LIMITS:
        return value
    if field not in _CHARS_MAX or value is None:
        raise InvalidValueError(field, "cannot be changed")
    return _text(field, value)


def _name(value: str) -> str:
    """It stands in paths: /places/东门."""
    named = limits.text("name", value, limits.PLACE_CHARS_MAX, chars_min=1)
    if "/" in named or named in {".", ".."}:
        raise InvalidValueError("name", "不能有 /；must not have a /")
    return named


def _kind(value: str) -> str:
    if value not in set(PlaceKind):
        raise InvalidValueError("kind", f"one of {', '.join(PlaceKind)}")
    return str(value)


def _text(field: str, value: str) -> str:
    return limits.text(field, value, _CHARS_MAX[field])


def _check_coordinates(longitude: float | None, latitude: float | None) -> None:
    if (longitude is None) != (latitude is None):
        missing = "longitude" if longitude is None else "latitude"
        raise InvalidValueError(missing, "经度和纬度要么都填，要么都不填；both of longitude and latitude, or neither")
    for field, value in (("longitude", longitude), ("latitude", latitude)):
        if value is not None and not -_LIMITS[field] <= value <= _LIMITS[field]:
            raise InvalidValueError(field, f"{-_LIMITS[field]:g} to {_LIMITS[field]:g} degrees")


def _get(db: Database, name: str) -> Place:
    found = get(db, name)
    if found is None:
        raise NotFoundError(f"没有地点 {name}；there is no place {name}")
    return found


def _place(row: dict[str, Any]) -> Place:
    return Place(**{**row, "kind": PlaceKind(row["kind"])})
