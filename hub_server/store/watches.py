"""Watches: the promise that somebody notices. Rules are those of hub_server.watch; here they meet the rows."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import fields, replace
from typing import Any

from sqlite_utils import Database

from hub_server.store import limits, people
from hub_server.store.errors import ExistsError, InvalidValueError, NotFoundError
from hub_server.store.rows import Watch
from hub_server.watch.due import due_us
from hub_server.watch.judge import Verdict, observe

GIVEN = "given"
_NAMES = tuple(field.name for field in fields(Watch))
_COLUMNS = ", ".join(_NAMES)


def create(db: Database, *, person: str, period_s: int, last_seen_us: int | None, now_us: int) -> Watch:
    """A watch over a person, from now on. It starts from the newest of `last_seen_us` and the stored sightings.

    Raises NotFoundError (no such person), ExistsError (the person has one), InvalidValueError.
    """
    if people.get(db, person) is None:
        raise NotFoundError(f"there is no person {person}")
    if get_by_person(db, person) is not None:
        raise ExistsError(f"{person} has a watch already")
    limits.period_s(period_s)
    seen_us, seen_by = _start(db, person, last_seen_us, now_us)
    due = due_us(created_us=now_us, last_seen_us=seen_us, paused_until_us=None, period_s=period_s)
    cursor = db.execute(
        "INSERT INTO watches (person, period_s, active, created_us, last_seen_us, last_seen_by, due_us, vouched_us,"
        " vouched_by) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)",
        (person, period_s, now_us, seen_us, seen_by, due, last_seen_us, "" if last_seen_us is None else GIVEN),
    )
    assert cursor.lastrowid is not None
    return _get(db, cursor.lastrowid)


def get(db: Database, id: int) -> Watch | None:
    return _first(db, "id = ?", id)


def get_by_person(db: Database, person: str) -> Watch | None:
    return _first(db, "person = ?", person)


def page(db: Database, *, after: int | None, limit: int) -> list[Watch]:
    """By id, from the one behind `after`."""
    rows = db.view("watch_rows").rows_where("id > ?", [after or 0], order_by="id", limit=limits.page_rows(limit))
    return [_watch(row) for row in rows]


def change(
    db: Database,
    id: int,
    *,
    now_us: int,  # noqa: ARG001 the shape of every change
    period_s: int | None = None,
    active: bool | None = None,
) -> Watch:
    """Another period, on or off; the due time follows. Raises NotFoundError, InvalidValueError."""
    before = _get(db, id)
    after = replace(
        before,
        period_s=before.period_s if period_s is None else limits.period_s(period_s),
        active=before.active if active is None else active,
    )
    _save(db, after)
    return _get(db, id)


def observe_person(db: Database, *, person: str, at_us: int, by: str, now_us: int) -> tuple[Watch, Verdict] | None:
    """A stored sighting that counts moves the person's watch. None: no watch, or it knows something as new."""
    watch = get_by_person(db, person)
    if watch is None:
        return None
    verdict = observe(
        at_us=at_us,
        now_us=now_us,
        created_us=watch.created_us,
        last_seen_us=watch.last_seen_us,
        paused_until_us=watch.paused_until_us,
        period_s=watch.period_s,
    )
    if verdict is None:
        return None
    moved = _save(db, replace(watch, last_seen_us=verdict.last_seen_us, last_seen_by=by))
    return moved, verdict


def vouch(db: Database, *, person: str, at_us: int, by: str, now_us: int) -> tuple[Watch, Verdict] | None:
    """The same for what a human vouches for. It is kept beside the stored sightings, whatever becomes of those."""
    db.execute(
        "UPDATE watches SET vouched_us = ?, vouched_by = ? WHERE person = ? AND coalesce(vouched_us, -1) < ?",
        (at_us, by, person, at_us),
    )
    return observe_person(db, person=person, at_us=at_us, by=by, now_us=now_us)


def newest_observation(db: Database, person: str) -> tuple[int, str] | None:
    """When and by whom the person was last seen, of the stored sightings that count and of what was vouched for."""
    known = [
        *db.execute(
            "SELECT captured_us, device || '/' || camera FROM events WHERE person = ? AND counts = 1"
            " ORDER BY captured_us DESC LIMIT 1",
            [person],
        ),
        *db.execute("SELECT vouched_us, vouched_by FROM watches WHERE person = ? AND vouched_us NOT NULL", [person]),
    ]
    return max(known, default=None)


def wind_back(db: Database, watch: Watch, *, last_seen_us: int, last_seen_by: str) -> Watch:
    """The sighting that moved the watch was earlier than its clock had said."""
    return _save(db, replace(watch, last_seen_us=last_seen_us, last_seen_by=last_seen_by))


def pause(db: Database, *, person: str, until_us: int) -> None:
    """The watch sleeps until then; a person without one is left alone."""
    watch = get_by_person(db, person)
    if watch is not None:
        _save(db, replace(watch, paused_until_us=until_us))


def restart(db: Database, id: int, *, last_seen_us: int) -> Watch:
    """Sets the last sighting by hand, back in time too: for the demonstration. Raises NotFoundError."""
    db.execute("UPDATE watches SET vouched_us = ?, vouched_by = ? WHERE id = ?", (last_seen_us, GIVEN, id))
    return _save(db, replace(_get(db, id), last_seen_us=last_seen_us, last_seen_by=GIVEN, paused_until_us=None))


def due(db: Database, *, now_us: int, limit: int) -> list[Watch]:
    """Active watches past their due time without an alert: none that is not closed, none for this due time.

    At most `limit`, the longest due first.
    """
    rows = db.query(
        "SELECT w.* FROM watch_rows w WHERE w.active = 1 AND w.due_us <= :now_us AND NOT EXISTS ("
        "SELECT 1 FROM alerts a WHERE a.person = w.person AND (a.state <> 'closed' OR a.due_us = w.due_us))"
        " ORDER BY w.due_us LIMIT :limit",
        {"now_us": now_us, "limit": limit},
    )
    return [_watch(row) for row in rows]


def _start(db: Database, person: str, given_us: int | None, now_us: int) -> tuple[int | None, str]:
    if given_us is not None and not 0 <= given_us <= now_us:
        raise InvalidValueError("last_seen_at", "must not be in the future")
    stored = newest_observation(db, person)
    if stored is not None and (given_us is None or stored[0] > given_us):
        return stored[0], stored[1]
    return given_us, "" if given_us is None else GIVEN


def _save(db: Database, watch: Watch) -> Watch:
    """Stores what may change of a watch, with the due time that follows from it."""
    due = due_us(
        created_us=watch.created_us,
        last_seen_us=watch.last_seen_us,
        paused_until_us=watch.paused_until_us,
        period_s=watch.period_s,
    )
    db.execute(
        "UPDATE watches SET period_s = ?, active = ?, last_seen_us = ?, last_seen_by = ?, paused_until_us = ?,"
        " due_us = ? WHERE id = ?",
        (
            watch.period_s,
            watch.active,
            watch.last_seen_us,
            watch.last_seen_by,
            watch.paused_until_us,
            due,
            watch.id,
        ),
    )
    return replace(watch, due_us=due)


def _get(db: Database, id: int) -> Watch:
    watch = get(db, id)
    if watch is None:
        raise NotFoundError(f"there is no watch {id}")
    return watch


def _first(db: Database, where: str, value: str | int) -> Watch | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM watch_rows WHERE {where}", [value]).fetchone()  # noqa: S608 our own words
    return None if row is None else _watch(dict(zip(_NAMES, row, strict=True)))


def _watch(row: dict[str, Any]) -> Watch:
    return Watch(**{**row, "active": bool(row["active"])})
