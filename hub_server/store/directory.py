"""People as a list: who lives where, of which kind, cared for why, watched or not; those who were removed apart."""

from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import limits, patterns
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import Person

_WATCHED: Final = "EXISTS (SELECT 1 FROM watches w WHERE w.person = p.id AND w.active = 1)"
_TESTS: Final = {
    "area": "p.area = :area",
    "grid": "p.grid = :grid",
    "kind": "p.kind = :kind",
    "household": "p.household = :household",
    # Words with a blank between: each stands between two blanks.
    "care": "instr(' ' || p.care || ' ', ' ' || :care || ' ') > 0",
    "watched": f"{_WATCHED} = :watched",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """What a list of people is narrowed to; None: not by that."""

    area: str | None = None
    grid: str | None = None
    kind: str | None = None
    care: str | None = None  # one reason of store/care.py
    household: int | None = None
    watched: bool | None = None  # has a watch that is on
    removed: bool = False  # those who were removed, and nobody else
    q: str | None = None  # what somebody typed: name, pinyin, initials, address, telephone, id


def page(
    db: Database, *, after: str | None, limit: int, sought: Sought = Sought(), reach: Reach = EVERYWHERE
) -> list[Person]:
    """By id, from the one behind `after`."""
    where, values = _where(sought, reach)
    values |= {"after": after or "", "limit": limits.page_rows(limit)}
    sql = f"SELECT p.* FROM people p WHERE {where} AND p.id > :after ORDER BY p.id LIMIT :limit"  # noqa: S608 our own
    return [Person(**row) for row in db.query(sql, values)]


def page_by_name(
    db: Database, *, after: str | None, limit: int, sought: Sought = Sought(), reach: Reach = EVERYWHERE
) -> list[Person]:
    """As they are called, from behind the person `after`: for people to read."""
    where, values = _where(sought, reach)
    values |= {"after": after, "limit": limits.page_rows(limit)}
    behind = "(:after IS NULL OR (p.pinyin, p.id) > (SELECT pinyin, id FROM people WHERE id = :after))"
    sql = f"SELECT p.* FROM people p WHERE {where} AND {behind} ORDER BY p.pinyin, p.id LIMIT :limit"  # noqa: S608 ours
    return [Person(**row) for row in db.query(sql, values)]


def count(db: Database, *, sought: Sought = Sought(), reach: Reach = EVERYWHERE) -> int:
    """How many `page` would list in all."""
    where, values = _where(sought, reach)
    (found,) = db.execute(f"SELECT count(*) FROM people p WHERE {where}", values).fetchone()  # noqa: S608 our own words
    return int(found)


def _where(sought: Sought, reach: Reach) -> tuple[str, dict[str, Any]]:
    asked: dict[str, Any] = {
        field: getattr(sought, field) for field in _TESTS if getattr(sought, field) not in (None, "")
    }
    tests = [_TESTS[field] for field in asked]
    tests += ["p.removed_us IS NOT NULL" if sought.removed else "p.removed_us IS NULL", condition("p.area", "p.grid")]
    typed = patterns.patterns(sought.q or "")
    if typed is not None:
        tests.append(patterns.person("p"))
        asked |= typed.values
    return " AND ".join(tests), {**asked, "reach": reach.value}
