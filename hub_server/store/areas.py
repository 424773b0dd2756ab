"""Areas: the sub-district, its villages and communities, and their grids, as a tree with what lies in each.

Rows of people, devices, households and places name the village or community (`area`) and perhaps the `grid` in it;
recipients and the ladder's waits name the area. Whoever names an unknown one puts it on the list (schema_office).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import histories, limits
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach


class AreaKind(StrEnum):
    SUB_DISTRICT = "sub_district"
    VILLAGE = "village"
    COMMUNITY = "community"
    GRID = "grid"


WORDS: Final[Mapping[AreaKind, tuple[str, str]]] = {
    AreaKind.SUB_DISTRICT: ("街道", "sub-district"),
    AreaKind.VILLAGE: ("村", "village"),
    AreaKind.COMMUNITY: ("社区", "community"),
    AreaKind.GRID: ("网格", "grid"),
}
PARENTS: Final[Mapping[AreaKind, frozenset[AreaKind]]] = {
    AreaKind.SUB_DISTRICT: frozenset(),
    AreaKind.VILLAGE: frozenset({AreaKind.SUB_DISTRICT}),
    AreaKind.COMMUNITY: frozenset({AreaKind.SUB_DISTRICT}),
    AreaKind.GRID: frozenset({AreaKind.VILLAGE, AreaKind.COMMUNITY}),
}
"""What a kind may lie in."""
_GRIDDED: Final = ("people", "devices", "households", "places")  # have an area and a grid


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """How much names an area, or lies in what lies in it. People and households that were removed do not count."""

    people: int = 0
    households: int = 0
    devices: int = 0
    places: int = 0

    def __add__(self, other: "Inside") -> "Inside":
        return Inside(
            people=self.people + other.people,
            households=self.households + other.households,
            devices=self.devices + other.devices,
            places=self.places + other.places,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """`depth` and `inside` are known of those that `tree` gives."""

    name: str
    kind: AreaKind
    parent: str | None
    code: str  # of the civil register; "" for none
    created_us: int
    depth: int = 0
    inside: Inside = Inside()


def create(db: Database, *, name: str, kind: str, now_us: int, parent: str | None = None, code: str = "") -> Area:
    """A new one. Raises ExistsError, InvalidValueError (also for a parent of a kind that does not fit)."""
    named, of_kind = _name(name), _kind(kind)
    if get(db, named) is not None:
        raise ExistsError(f"已有片区 {named}；there is an area {named} already")
    db.execute(
        "INSERT INTO areas (name, kind, parent, code, created_us) VALUES (?, ?, ?, ?, ?)",
        (named, of_kind, _parent(db, of_kind, parent), _code(code), now_us),
    )
    return _get(db, named)


def get(db: Database, name: str) -> Area | None:
    for row in db.query("SELECT name, kind, parent, code, created_us FROM areas WHERE name = ?", [name]):
        return _area(row)
    return None


def names(db: Database, kind: AreaKind | None = None, *, reach: Reach = EVERYWHERE) -> list[str]:
    """Of one kind or of all, in order: what a form offers."""
    sql = "SELECT name FROM areas WHERE (:kind IS NULL OR kind = :kind) ORDER BY name"
    found = [row[0] for row in db.execute(sql, {"kind": kind})]
    return [name for name in found if reach.areas is None or name in reach.areas]


def tree(db: Database, *, reach: Reach = EVERYWHERE) -> list[Area]:
    """Each before what lies in it, with its depth and with what lies in it, however deep."""
    rows = db.query("SELECT name, kind, parent, code, created_us FROM areas ORDER BY kind = 'grid', name")
    found = [row for row in (_area(row) for row in rows) if reach.areas is None or row.name in reach.areas]
    names = {row.name for row in found}
    children: dict[str | None, list[Area]] = {}
    for row in found:
        children.setdefault(row.parent if row.parent in names else None, []).append(row)
    counted = _counted(db)
    return _walked(children, None, 0, counted)


def change(db: Database, area: str, *, by: str, now_us: int, **fields: str | None) -> Area:
    """Sets some of name, kind, parent, code. Everything that names it goes along; of a grid, into its new area, too.

    Raises NotFoundError, ExistsError, InvalidValueError.
    """
    before = _get(db, area)
    strange = fields.keys() - {"name", "kind", "parent", "code"}
    if strange:
        raise InvalidValueError(min(strange), "cannot be changed")
    after = replace(
        before,
        name=_name(fields.get("name", before.name) or ""),
        kind=_kind(fields.get("kind", before.kind) or ""),
        parent=fields.get("parent", before.parent),
        code=_code(fields.get("code", before.code) or ""),
    )
    after = replace(after, parent=_parent(db, after.kind, after.parent))
    _check_children(db, area, after.kind)
    _record(db, before, after, by=by, now_us=now_us)
    if after.name != area:
        _rename(db, area, after.name)
    db.execute(
        "UPDATE areas SET kind = ?, parent = ?, code = ? WHERE name = ?",
        (after.kind, after.parent, after.code, after.name),
    )
    if after.kind is AreaKind.GRID and after.parent is not None and after.parent != before.parent:
        for table in _GRIDDED:
            db.execute(f"UPDATE {table} SET area = ? WHERE grid = ?", (after.parent, after.name))  # noqa: S608 our own
    return _get(db, after.name)


def remove(db: Database, name: str, *, by: str, now_us: int) -> Area:
    """Off the list; what was recorded of it stays. Raises NotFoundError, ConflictingChangeError (it is not empty)."""
    before = _get(db, name)
    there = _users(db, name)
    if there:
        zh = "、".join(f"{count} {words[0]}" for words, count in there.items())
        en = ", ".join(f"{count} {words[1]}" for words, count in there.items())
        raise ConflictingChangeError(f"{name} 还有 {zh}，请先移走；{name} still has {en}: move them first")
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    db.execute("DELETE FROM ladder_waits WHERE area = ?", [name])
    db.execute("DELETE FROM areas WHERE name = ?", [name])
    histories.record(
        db, subject=f"area/{name}", field="removed", before=None, after="yes", author=author, now_us=now_us
    )
    return before


def demand_grid(db: Database, *, area: str, grid: str, field: str = "grid") -> None:
    """Raises InvalidValueError, on `field`, when the grid lies in another area than the one named with it.

    Names of grids are unique in the whole office: else whoever is bound to the first "第一网格" would see the second's
    people.
    """
    if not (area and grid):
        return
    row = db.execute("SELECT parent FROM areas WHERE name = ? AND kind = 'grid'", [grid]).fetchone()
    if row is not None and row[0] is not None and row[0] != area:
        raise InvalidValueError(
            field,
            f"网格“{grid}”属于{row[0]}；网格名全街道不能重复，例如“{area}第1网格”。"
            f"The grid lies in {row[0]}: the names of grids are unique in the whole office",
        )


def _rename(db: Database, before: str, after: str) -> None:
    """The row first, so that the triggers that put unknown areas on the list find the new name there."""
    if get(db, after) is not None:
        raise ExistsError(f"已有片区 {after}；there is an area {after} already")
    db.execute("UPDATE areas SET name = ? WHERE name = ?", (after, before))  # parents and accounts follow by their keys
    for table in _GRIDDED:
        db.execute(f"UPDATE {table} SET area = ? WHERE area = ?", (after, before))  # noqa: S608 our own names
        db.execute(f"UPDATE {table} SET grid = ? WHERE grid = ?", (after, before))  # noqa: S608 our own names
    db.execute("UPDATE recipients SET area = ? WHERE area = ?", (after, before))
    db.execute("DELETE FROM ladder_waits WHERE area = ?", [after])  # of an area of this name that is long gone
    db.execute("UPDATE ladder_waits SET area = ? WHERE area = ?", (after, before))
    db.execute(
        "UPDATE alarms SET subject = ? WHERE kind = 'delivery' AND subject = ?", (f"area/{after}", f"area/{before}")
    )
    histories.renamed(db, subject=f"area/{before}", name=f"area/{after}")


def _users(db: Database, name: str) -> dict[tuple[str, str], int]:
    """What names it, removed people and households too: they may be brought back."""
    asked = {
        ("个下级片区", "areas in it"): "SELECT count(*) FROM areas WHERE parent = :name",
        ("人", "people"): "SELECT count(*) FROM people WHERE :name IN (area, grid)",
        ("户", "households"): "SELECT count(*) FROM households WHERE :name IN (area, grid)",
        ("台设备", "devices"): "SELECT count(*) FROM devices WHERE :name IN (area, grid)",
        ("个地点", "places"): "SELECT count(*) FROM places WHERE :name IN (area, grid)",
        ("位接收人", "recipients"): "SELECT count(*) FROM recipients WHERE area = :name",
        ("个账号", "accounts"): "SELECT count(*) FROM account_areas WHERE area = :name",
    }
    counts = {words: db.execute(sql, {"name": name}).fetchone()[0] for words, sql in asked.items()}
    return {words: count for words, count in counts.items() if count}


def _counted(db: Database) -> dict[str, Inside]:
    """By the innermost area that a row names: its grid, else its area."""
    found: dict[str, dict[str, int]] = {}
    for table in _GRIDDED:
        there = "removed_us IS NULL" if table != "devices" else "1"
        sql = (
            f"SELECT CASE WHEN grid <> '' THEN grid ELSE area END, count(*) FROM {table}"  # noqa: S608 our own names
            f" WHERE {there} GROUP BY 1"
        )
        for name, count in db.execute(sql):
            found.setdefault(name, {})[table] = count
    return {name: Inside(**counts) for name, counts in found.items()}


def _walked(
    children: Mapping[str | None, list[Area]], parent: str | None, depth: int, counted: Mapping[str, Inside]
) -> list[Area]:
    walked: list[Area] = []
    for row in children.get(parent, ()):
        below = _walked(children, row.name, depth + 1, counted)
        inside = counted.get(row.name, Inside())
        for one in below:
            if one.depth == depth + 1:
                inside += one.inside
        walked += [replace(row, depth=depth, inside=inside), *below]
    return walked


def _record(db: Database, before: Area, after: Area, *, by: str, now_us: int) -> None:
    fields = ("name", "kind", "parent", "code")
    histories.record_all(
        db,
        subject=f"area/{before.name}",
        before={field: getattr(before, field) for field in fields},
        after={field: getattr(after, field) for field in fields},
        author=by,
        now_us=now_us,
    )


def _parent(db: Database, kind: AreaKind, parent: str | None) -> str | None:
    """None: it lies in nothing that is known, as an area that somebody's row has named first."""
    if parent is None or parent == "":
        return None
    above = get(db, parent)
    if above is None:
        raise InvalidValueError("parent", f"没有片区 {parent}；there is no area {parent}")
    if above.kind not in PARENTS[kind]:
        fits = "、".join(WORDS[one][0] for one in AreaKind if one in PARENTS[kind]) or "没有上级"
        raise InvalidValueError(
            "parent",
            f"{WORDS[kind][0]}的上级应是{fits}；a {WORDS[kind][1]} cannot lie in a {WORDS[above.kind][1]}",
        )
    return parent


def _check_children(db: Database, name: str, kind: AreaKind) -> None:
    for (below,) in db.execute("SELECT DISTINCT kind FROM areas WHERE parent = ?", [name]):
        if kind not in PARENTS[AreaKind(below)]:
            raise InvalidValueError(
                "kind",
                f"里面还有{WORDS[AreaKind(below)][0]}；there is a {WORDS[AreaKind(below)][1]} in it",
            )


def _name(value: str) -> str:
    """It stands in paths: /areas/桂花村."""
    named = limits.text("name", value, limits.AREA_CHARS_MAX, chars_min=1)
    if "/" in named or named in {".", ".."}:
        raise InvalidValueError("name", "不能有 /；must not have a /")
    return named


def _kind(value: str) -> AreaKind:
    if value not in set(AreaKind):
        raise InvalidValueError("kind", f"one of {', '.join(AreaKind)}")
    return AreaKind(value)


def _code(value: str) -> str:
    return limits.text("code", value, limits.CODE_CHARS_MAX)


def _get(db: Database, name: str) -> Area:
    found = get(db, name)
    if found is None:
        raise NotFoundError(f"没有片区 {name}；there is no area {name}")
    return found


def _area(row: dict[str, Any]) -> Area:
    return Area(**{**row, "kind": AreaKind(row["kind"])})
