"""Alerts and their changes as rows. What may change, and what follows from it: store.alerts."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from typing import Any

from sqlite_utils import Database

from edge_agent.wire.limits import INTEGER_MAX
from hub_server.store import limits
from hub_server.store.errors import NotFoundError
from hub_server.store.reach import EVERYWHERE, PEOPLE, Reach
from hub_server.store.rows import Alert, AlertChange
from hub_server.watch.coverage import Verdict
from hub_server.watch.states import AlertState, Outcome, Report


def get(db: Database, id: int) -> Alert | None:
    for row in db.query("SELECT * FROM alert_rows WHERE id = ?", [id]):
        return _alert(row)
    return None


def demand(db: Database, id: int) -> Alert:
    """Raises NotFoundError."""
    alert = get(db, id)
    if alert is None:
        raise NotFoundError(f"there is no alert {id}")
    return alert


def not_closed(db: Database, person: str) -> Alert | None:
    """The person's one alert that still needs somebody."""
    row = db.execute("SELECT id FROM alerts WHERE person = ? AND state <> 'closed'", [person]).fetchone()
    return None if row is None else get(db, row[0])


def page(
    db: Database,
    *,
    states: frozenset[AlertState] | None,
    after: int | None,
    limit: int,
    reach: Reach = EVERYWHERE,
) -> list[Alert]:
    """Newest first, from the one behind `after`; of these states, or of all when None."""
    wanted = {f"state_{n}": state for n, state in enumerate(sorted(states or ()))}
    given = {**wanted, "after": INTEGER_MAX if after is None else after, "reach": reach.value}
    where = "id < :after"
    if states is not None:
        # One by one: of a single state the index is in the order that is asked for.
        where += f" AND state IN ({', '.join(f':{name}' for name in wanted)})"
    if reach.areas is not None:
        # From the people to their alerts: an office has many alerts, a grid has few people.
        where += f" AND id IN (SELECT id FROM alerts WHERE person IN {PEOPLE})"  # noqa: S608 our own names
    rows = db.view("alert_rows").rows_where(where, given, order_by="id DESC", limit=limits.page_rows(limit))
    return [_alert(row) for row in rows]


def history(db: Database, alert_id: int) -> list[AlertChange]:
    """Every step, oldest first."""
    sql = (
        "SELECT alert, at_us, author, before, after, outcome, note, report, rung FROM alert_changes WHERE alert = ?"
        " ORDER BY id LIMIT ?"
    )
    return [_change(row) for row in db.query(sql, [alert_id, limits.PAGE_ROWS_MAX])]


def climbing(db: Database, *, now_us: int, limit: int) -> list[Alert]:
    """Those that have waited on their rung for long enough, the longest first."""
    rows = db.query("SELECT * FROM alert_rows WHERE climb_us <= ? ORDER BY climb_us, id LIMIT ?", [now_us, limit])
    return [_alert(row) for row in rows]


def record(
    db: Database,
    alert_id: int,
    *,
    before: AlertState | None,
    after: AlertState,
    author: str,
    note: str,
    now_us: int,
    outcome: Outcome | None = None,
    report: Report | None = None,
    rung: int | None = None,
) -> int:
    """One more line of an alert's history, and its id."""
    cursor = db.execute(
        "INSERT INTO alert_changes (alert, at_us, author, before, after, outcome, note, report, rung)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (alert_id, now_us, author, before, after, outcome, note, report, rung),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _alert(row: dict[str, Any]) -> Alert:
    typed = {
        "state": AlertState(row["state"]),
        "outcome": None if row["outcome"] is None else Outcome(row["outcome"]),
        "verdict": Verdict(row["verdict"]),
    }
    return Alert(**{**row, **typed})


def _change(row: dict[str, Any]) -> AlertChange:
    typed = {
        "before": None if row["before"] is None else AlertState(row["before"]),
        "after": AlertState(row["after"]),
        "outcome": None if row["outcome"] is None else Outcome(row["outcome"]),
        "report": None if row["report"] is None else Report(row["report"]),
    }
    return AlertChange(**{**row, **typed})
