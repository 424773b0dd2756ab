"""Lists of alerts for people: what waits, the most urgent first, and how many there are of each state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.alert_rows import get
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import Alert
from hub_server.watch.coverage import Verdict
from hub_server.watch.states import AlertState

NOT_CLOSED: Final = frozenset(AlertState) - {AlertState.CLOSED}

_WHERE: Final = f"""
    a.state IN (SELECT value FROM json_each(:states)) AND (:verdict IS NULL OR a.verdict = :verdict)
    AND (:area IS NULL OR p.area = :area OR p.grid = :area) AND {condition("p.area", "p.grid")}
"""  # noqa: S608 our own words
_URGENT: Final = f"""
    SELECT a.id FROM alerts a JOIN people p ON p.id = a.person WHERE {_WHERE}
    ORDER BY a.state <> 'open', a.due_us, a.id LIMIT :limit
"""  # noqa: S608 our own words
# Nearly every alert is closed: from the newest down, not by the index of states, which would read and sort them all.
_NEWEST: Final = f"""
    SELECT a.id FROM alerts a CROSS JOIN people p ON p.id = a.person
    WHERE {_WHERE.replace("a.state", "+a.state")} AND (:after IS NULL OR a.id < :after)
    ORDER BY a.id DESC LIMIT :limit
"""  # noqa: S608 our own words
_COUNTS: Final = f"""
    SELECT a.state, count(*) FROM alerts a JOIN people p ON p.id = a.person WHERE {_WHERE} GROUP BY a.state
"""  # noqa: S608 our own words


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which alerts. `area`: of a community, a village or a grid. None: all."""

    states: frozenset[AlertState] = NOT_CLOSED
    area: str | None = None
    verdict: Verdict | None = None


def urgent(db: Database, *, wanted: Wanted, limit: int, reach: Reach = EVERYWHERE) -> list[Alert]:
    """Those nobody has taken come first, each longest overdue first."""
    return _found(db, _URGENT, wanted, reach, limit=limits.page_rows(limit))


def newest(db: Database, *, wanted: Wanted, after: int | None, limit: int, reach: Reach = EVERYWHERE) -> list[Alert]:
    """Newest first, from the one behind `after`."""
    return _found(db, _NEWEST, wanted, reach, limit=limits.page_rows(limit), after=after)


def counts(db: Database, *, wanted: Wanted, reach: Reach = EVERYWHERE) -> Mapping[AlertState, int]:
    """How many there are of each of the states that are asked for."""
    found = {AlertState(state): count for state, count in db.execute(_COUNTS, _values(wanted, reach))}
    return {state: found.get(state, 0) for state in wanted.states}


def _found(db: Database, sql: str, wanted: Wanted, reach: Reach, **more: int | None) -> list[Alert]:
    ids = [row[0] for row in db.execute(sql, {**_values(wanted, reach), **more}).fetchall()]
    return [row for row in (get(db, id) for id in ids) if row is not None]  # noqa: A001 as the column


def _values(wanted: Wanted, reach: Reach) -> dict[str, str | None]:
    states = ",".join(f'"{state}"' for state in sorted(wanted.states))
    return {"states": f"[{states}]", "verdict": wanted.verdict, "area": wanted.area, "reach": reach.value}
