"""In which areas and grids a thing lies: what decides whether somebody may know that there is one (store/reach.py)."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from collections.abc import Mapping
from typing import Final

from sqlite_utils import Database

from hub_server.store.reach import Reach

_OF_PEOPLE: Final = "SELECT p.area, p.grid FROM {} t JOIN people p ON p.id = t.person WHERE t.id = ?"
_QUERIES: Final[Mapping[str, str]] = {
    "person": "SELECT area, grid FROM people WHERE id = ?",
    **{
        kind: _OF_PEOPLE.format(table)
        for kind, table in (
            ("watch", "watches"),
            ("alert", "alerts"),
            ("pause", "pauses"),
            ("observation", "observations"),
            ("contact", "contacts"),
        )
    },
    "device": "SELECT area, grid FROM devices WHERE id = ?",
    "event": "SELECT device_area, device_grid, person_area, person_grid FROM event_rows WHERE id = ?",
    "conflict": "SELECT d.area, d.grid FROM conflicts c JOIN devices d ON d.id = c.device WHERE c.id = ?",
    "command": "SELECT d.area, d.grid FROM commands c JOIN devices d ON d.id = c.device WHERE c.id = ?",
    "vehicle": "SELECT area, grid FROM vehicle_rows WHERE id = ?",
    "household": "SELECT area, grid FROM households WHERE id = ?",
    "place": "SELECT area, grid FROM places WHERE name = ?",
    "area": "SELECT name FROM areas WHERE name = ?",
    "recipient": "SELECT area FROM recipients WHERE id = ?",
    # They reach everywhere: nobody who is bound to an area has anything to do with them.
    "token": "SELECT '' FROM tokens WHERE name = ?",
}
_ACCOUNT: Final = "account"
_ROLLOUT: Final = "rollout"
KINDS: Final = frozenset({*_QUERIES, _ACCOUNT, _ROLLOUT})
"""What `areas_of` knows, by the names that stand in paths."""


def areas_of(db: Database, kind: str, id: str | int) -> tuple[str, ...] | None:
    """The areas and grids that the thing names, perhaps none; None: there is no such thing. `kind` is one of KINDS."""
    if kind == _ACCOUNT:
        return _of_account(db, str(id))
    if kind == _ROLLOUT:
        return _of_rollout(db, id)
    row = db.execute(_QUERIES[kind], [id]).fetchone()
    return None if row is None else tuple(name for name in row if name)


def is_within(db: Database, kind: str, id: str | int, reach: Reach) -> bool:
    """True when there is such a thing and `reach` covers it; an account, when it covers all that the account reaches; a
    rollout, when it covers every device of it.

    What names no area belongs to the whole office: only whoever reaches everywhere sees it.
    """
    named = areas_of(db, kind, id)
    if named is None:
        return False
    if reach.areas is None:
        return True
    if kind == _ROLLOUT:
        return all(reach.covers(*pair) for pair in _devices_of(db, id))
    return bool(named) and reach.areas.issuperset(named) if kind == _ACCOUNT else reach.covers(*named)


def outside(db: Database, reach: Reach, *, area: str, grid: str = "") -> str | None:
    """Which of the two, "area" or "grid", keeps `reach` from putting something there; None when neither does.

    Whoever is bound to a grid may name the areas in which it lies.
    """
    if reach.areas is None:
        return None
    if grid and grid not in reach.areas:
        return "grid"
    if area in reach.areas or (grid and (not area or _lies_in(db, grid, area))):
        return None
    return "area"


def _lies_in(db: Database, name: str, area: str) -> bool:
    row = db.execute(
        """
        WITH RECURSIVE above (name) AS (
            SELECT parent FROM areas WHERE name = :name
            UNION SELECT a.parent FROM areas a JOIN above o ON a.name = o.name
        )
        SELECT 1 FROM above WHERE name = :area
        """,
        {"name": name, "area": area},
    ).fetchone()
    return row is not None


def _of_rollout(db: Database, id: str | int) -> tuple[str, ...] | None:
    if db.execute("SELECT 1 FROM rollouts WHERE id = ?", [id]).fetchone() is None:
        return None
    return tuple(sorted({name for pair in _devices_of(db, id) for name in pair if name}))


def _devices_of(db: Database, rollout: str | int) -> list[tuple[str, str]]:
    sql = "SELECT d.area, d.grid FROM rollout_devices p JOIN devices d ON d.id = p.device WHERE p.rollout = ?"
    return [(area, grid) for area, grid in db.execute(sql, [rollout])]


def _of_account(db: Database, account: str) -> tuple[str, ...] | None:
    if db.execute("SELECT 1 FROM accounts WHERE name = ?", [account]).fetchone() is None:
        return None
    rows = db.execute("SELECT area FROM account_areas WHERE account = ? ORDER BY area", [account])
    return tuple(area for (area,) in rows)
