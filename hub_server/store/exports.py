"""Lists that go out as tables, row by row: read in pages, so that the memory stays flat and no reader is held long."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.reach import Reach, condition

Row = dict[str, Any]

_PEOPLE: Final = f"""
    SELECT p.id, p.name, p.kind, p.area, p.grid, h.number AS household, p.relation, p.address, p.phone, p.born, p.care,
        p.note, c.name AS contact_name, c.relation AS contact_relation, c.phone AS contact_phone,
        CASE WHEN w.active = 1 THEN w.period_s END AS watch_s
    FROM people p LEFT JOIN households h ON h.id = p.household
    LEFT JOIN contacts c ON c.id = (SELECT min(id) FROM contacts WHERE person = p.id)
    LEFT JOIN watches w ON w.person = p.id
    WHERE p.removed_us IS NULL AND p.id > :after AND {condition("p.area", "p.grid")} ORDER BY p.id LIMIT :limit
"""  # noqa: S608 our own words
_HOUSEHOLDS: Final = f"""
    SELECT id, number, area, grid, address, phone, note FROM households
    WHERE removed_us IS NULL AND id > :after AND {condition("area", "grid")} ORDER BY id LIMIT :limit
"""  # noqa: S608 our own words
_VEHICLES: Final = f"""
    SELECT v.id, v.plate, v.owner, v.label, v.person, h.number AS household, v.valid_from_us, v.valid_until_us
    FROM vehicle_rows v LEFT JOIN households h ON h.id = v.household
    WHERE v.removed_us IS NULL AND v.id > :after AND {condition("v.area", "v.grid")} ORDER BY v.id LIMIT :limit
"""  # noqa: S608 our own words
_ALERTS: Final = f"""
    SELECT a.id, a.person, a.person_name, a.area, a.grid, a.last_seen_us, a.due_us, a.raised_us, a.state, a.outcome,
        c.at_us, c.author, c.note
    FROM alert_rows a LEFT JOIN alert_changes c ON c.id = (SELECT max(id) FROM alert_changes WHERE alert = a.id)
    WHERE a.id > :after AND {condition("a.area", "a.grid")} ORDER BY a.id LIMIT :limit
"""  # noqa: S608 our own words


def people_page(db: Database, *, after: str, reach: Reach) -> list[Row]:
    """With the household's number, the first contact, and the watch that is on; by id, from the one behind `after`."""
    return _page(db, _PEOPLE, after, reach)


def households_page(db: Database, *, after: int, reach: Reach) -> list[Row]:
    return _page(db, _HOUSEHOLDS, after, reach)


def vehicles_page(db: Database, *, after: int, reach: Reach) -> list[Row]:
    return _page(db, _VEHICLES, after, reach)


def alerts_page(db: Database, *, after: int, reach: Reach) -> list[Row]:
    """Each with its last step."""
    return _page(db, _ALERTS, after, reach)


def all_of(page: Callable[[str | int], list[Row]], first: str | int) -> Iterator[Row]:
    """Every row of pages by id; `page` opens a reader for itself each time."""
    after = first
    while rows := page(after):
        yield from rows
        if len(rows) < PAGE_ROWS_MAX:
            return
        after = rows[-1]["id"]


def _page(db: Database, sql: str, after: str | int, reach: Reach) -> list[Row]:
    return list(db.query(sql, {"after": after, "limit": PAGE_ROWS_MAX, "reach": reach.value}))
