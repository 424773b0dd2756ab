"""Alerts and their history. Steps are judged by hub_server.watch.life; here they meet the rows."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from typing import Any

from sqlite_utils import Database

from hub_server.store import limits, watches
from hub_server.store.errors import ConflictingChangeError, NotFoundError
from hub_server.store.rows import Alert, AlertChange, Watch
from hub_server.watch.errors import IllegalTransitionError
from hub_server.watch.judge import Verdict
from hub_server.watch.life import Step, human_step, retraction
from hub_server.watch.states import AlertState, Outcome

WATCH = "watch"
"""The author of what no person did."""


def get(db: Database, id: int) -> Alert | None:
    for row in db.view("alert_rows").rows_where("id = ?", [id], limit=1):
        return _alert(row)
    return None


def not_closed(db: Database, person: str) -> Alert | None:
    """The person's one alert that still needs somebody."""
    row = db.execute("SELECT id FROM alerts WHERE person = ? AND state <> 'closed'", [person]).fetchone()
    return None if row is None else get(db, row[0])


def page(db: Database, *, states: frozenset[AlertState] | None, after: int | None, limit: int) -> list[Alert]:
    """Newest first, from the one behind `after`; of these states, or of all when None."""
    wanted = sorted(AlertState if states is None else states)
    where = f"state IN ({', '.join('?' * len(wanted))})"
    args: list[str | int] = list(wanted)
    if after is not None:
        where += " AND id < ?"
        args.append(after)
    rows = db.view("alert_rows").rows_where(where, args, order_by="id DESC", limit=limits.page_rows(limit))
    return [_alert(row) for row in rows]


def history(db: Database, alert_id: int) -> list[AlertChange]:
    """Every step, oldest first."""
    sql = (
        "SELECT alert, at_us, author, before, after, outcome, note FROM alert_changes WHERE alert = ?"
        " ORDER BY id LIMIT ?"
    )
    return [_change(row) for row in db.query(sql, [alert_id, limits.PAGE_ROWS_MAX])]


def raise_due(db: Database, *, now_us: int, limit: int) -> list[Alert]:
    """An alert for each watch that is due and has none; at most `limit`, the longest due first."""
    return [_raise(db, watch, now_us) for watch in watches.due(db, now_us=now_us, limit=limit)]


def move(
    db: Database,
    id: int,
    *,
    to: AlertState,
    outcome: Outcome | None,
    author: str,
    note: str,
    until_us: int | None,
    now_us: int,
) -> Alert:
    """A person's step, with what it means for the watch. `until_us`: the end of the pause when the outcome is away.

    Raises NotFoundError, InvalidValueError, ConflictingChangeError (an illegal step); nothing has changed then.
    """
    alert = _get(db, id)
    named = limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    said = limits.text("note", note, limits.NOTE_CHARS_MAX)
    try:
        step = human_step(alert.state, to, outcome=outcome, until_us=until_us, now_us=now_us)
    except IllegalTransitionError as error:
        raise ConflictingChangeError(str(error)) from error
    _take(db, alert, step, author=named, note=said, now_us=now_us)
    if step.observed_at_us is not None:
        _visited(db, alert, at_us=step.observed_at_us, by=f"visit: {named}")
    if step.paused_until_us is not None:
        watches.pause(db, person=alert.person, until_us=step.paused_until_us)
    return _get(db, id)


def observe_person(db: Database, *, person: str, at_us: int, by: str, now_us: int) -> None:
    """A stored sighting that counts: moves the watch, and moves or retracts the person's alert that is not closed."""
    _follow(db, watches.observe_person(db, person=person, at_us=at_us, by=by, now_us=now_us), now_us)


def vouch_for_person(db: Database, *, person: str, at_us: int, by: str, now_us: int) -> None:
    """The same for what a human says."""
    _follow(db, watches.vouch(db, person=person, at_us=at_us, by=by, now_us=now_us), now_us)


def recount_person(db: Database, *, person: str, now_us: int) -> None:
    """Stored sightings have got a date, or a better one: last seen is the newest of all that is known now.

    It may lie earlier than before. An alert that was retracted stays closed; the next one is raised when it is due.
    """
    watch, newest = watches.get_by_person(db, person), watches.newest_observation(db, person)
    if watch is None or newest is None:
        return
    at_us, by = newest
    if watch.last_seen_us is None or at_us > watch.last_seen_us:
        observe_person(db, person=person, at_us=at_us, by=by, now_us=now_us)
    elif at_us < watch.last_seen_us:
        _wind_back(db, watch, at_us, by)


def _wind_back(db: Database, watch: Watch, at_us: int, by: str) -> None:
    wound = watches.wind_back(db, watch, last_seen_us=at_us, last_seen_by=by)
    closed = db.execute(
        "SELECT 1 FROM alerts WHERE person = ? AND due_us = ? AND outcome = 'retracted'", (watch.person, wound.due_us)
    )
    if closed.fetchone() is not None:
        # One alert for a due time; but what retracted this one was wrong: the next gets a due time of its own.
        wound = watches.wind_back(db, wound, last_seen_us=at_us - 1, last_seen_by=by)
    alert = not_closed(db, watch.person)
    if alert is not None:
        _see(db, alert, wound)


def _follow(db: Database, moved: tuple[Watch, Verdict] | None, now_us: int) -> None:
    if moved is None:
        return
    watch, verdict = moved
    alert = not_closed(db, watch.person)
    if alert is None:
        return
    _see(db, alert, watch)
    if verdict.retracts:
        note = f"seen by {watch.last_seen_by}"
        _take(db, alert, retraction(alert.state), author=WATCH, note=note, now_us=now_us)


def _raise(db: Database, watch: Watch, now_us: int) -> Alert:
    cursor = db.execute(
        "INSERT INTO alerts (person, due_us, raised_us, last_seen_us, last_seen_by, state) VALUES (?, ?, ?, ?, ?, ?)",
        (watch.person, watch.due_us, now_us, watch.last_seen_us, watch.last_seen_by, AlertState.OPEN),
    )
    assert cursor.lastrowid is not None
    _record(db, cursor.lastrowid, None, AlertState.OPEN, None, author=WATCH, note="", now_us=now_us)
    return _get(db, cursor.lastrowid)


def _visited(db: Database, alert: Alert, *, at_us: int, by: str) -> None:
    moved = watches.vouch(db, person=alert.person, at_us=at_us, by=by, now_us=at_us)
    if moved is not None:
        _see(db, alert, moved[0])


def _see(db: Database, alert: Alert, watch: Watch) -> None:
    db.execute(
        "UPDATE alerts SET last_seen_us = ?, last_seen_by = ? WHERE id = ?",
        (watch.last_seen_us, watch.last_seen_by, alert.id),
    )


def _take(db: Database, alert: Alert, step: Step, *, author: str, note: str, now_us: int) -> None:
    db.execute("UPDATE alerts SET state = ?, outcome = ? WHERE id = ?", (step.after, step.outcome, alert.id))
    _record(db, alert.id, step.before, step.after, step.outcome, author=author, note=note, now_us=now_us)


def _record(
    db: Database,
    alert_id: int,
    before: AlertState | None,
    after: AlertState,
    outcome: Outcome | None,
    *,
    author: str,
    note: str,
    now_us: int,
) -> None:
    db.execute(
        "INSERT INTO alert_changes (alert, at_us, author, before, after, outcome, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (alert_id, now_us, author, before, after, outcome, note),
    )


def _get(db: Database, id: int) -> Alert:
    alert = get(db, id)
    if alert is None:
        raise NotFoundError(f"there is no alert {id}")
    return alert


def _alert(row: dict[str, Any]) -> Alert:
    outcome = None if row["outcome"] is None else Outcome(row["outcome"])
    return Alert(**{**row, "state": AlertState(row["state"]), "outcome": outcome})


def _change(row: dict[str, Any]) -> AlertChange:
    return AlertChange(
        alert=row["alert"],
        at_us=row["at_us"],
        author=row["author"],
        before=None if row["before"] is None else AlertState(row["before"]),
        after=AlertState(row["after"]),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        note=row["note"],
    )
