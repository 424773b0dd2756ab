"""Watches: the promise that somebody notices. Rules are those of hub_server.watch; here they meet the rows."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import fields, replace
from typing import Any

from sqlite_utils import Database

from hub_server.store import limits, people, signs
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, PEOPLE, Reach
from hub_server.store.rows import Watch
from hub_server.watch.due import US_PER_S, Span, Terms, due_us, pause_end_us
from hub_server.watch.judge import Verdict, observe
from hub_server.watch.observation import Kind, vouches
from hub_server.watch.states import WatchState, watch_state

GIVEN = "given"
_NAMES = tuple(field.name for field in fields(Watch))
_COLUMNS = ", ".join(_NAMES)
_THERE = "EXISTS (SELECT 1 FROM people p WHERE p.id = watch_rows.person AND p.removed_us IS NULL)"


def create(
    db: Database, *, person: str, period_s: int, last_seen_us: int | None, now_us: int, grace_s: int = 0
) -> Watch:
    """A watch over a person, from now on. It starts from the newest of `last_seen_us` and what is stored of them.

    Raises NotFoundError (no such person), ExistsError (the person has one), InvalidValueError.
    """
    known = people.get(db, person)
    if known is None or known.removed_us is not None:
        raise NotFoundError(f"there is no person {person}")
    if get_by_person(db, person) is not None:
        raise ExistsError(f"{person} has a watch already")
    if last_seen_us is not None and not 0 <= last_seen_us <= now_us:
        raise InvalidValueError("last_seen_at", "must not be in the future")
    cursor = db.execute(
        "INSERT INTO watches (person, period_s, grace_s, active, created_us, last_seen_by, due_us)"
        " VALUES (?, ?, ?, 1, ?, '', 0)",
        (person, limits.period_s(period_s), limits.grace_s(grace_s), now_us),
    )
    assert cursor.lastrowid is not None
    if last_seen_us is not None:
        signs.insert(db, person=person, kind=Kind.GIVEN, at_us=last_seen_us, author=GIVEN, note="", now_us=now_us)
    return _recounted(db, _get(db, cursor.lastrowid))


def get(db: Database, id: int) -> Watch | None:
    return _first(db, "id = ?", id)


def get_by_person(db: Database, person: str) -> Watch | None:
    return _first(db, "person = ?", person)


def page(db: Database, *, after: int | None, limit: int, reach: Reach = EVERYWHERE) -> list[Watch]:
    """By id, from the one behind `after`; nobody who was removed."""
    where = f"id > :after AND {_THERE}" if reach.areas is None else f"id > :after AND {_THERE} AND person IN {PEOPLE}"
    given = {"after": after or 0, "reach": reach.value}
    rows = db.view("watch_rows").rows_where(where, given, order_by="id", limit=limits.page_rows(limit))
    return [_watch(row) for row in rows]


def change(
    db: Database,
    id: int,
    *,
    now_us: int,  # noqa: ARG001 the shape of every change
    period_s: int | None = None,
    active: bool | None = None,
    grace_s: int | None = None,
    own_vehicle: bool | None = None,
) -> Watch:
    """Another period or grace, on or off, with or without the own vehicle; last seen and the due time follow.

    Raises NotFoundError, InvalidValueError.
    """
    before = _get(db, id)
    if active:
        _demand_there(db, before.person)
    after = replace(
        before,
        period_s=before.period_s if period_s is None else limits.period_s(period_s),
        active=before.active if active is None else active,
        grace_s=before.grace_s if grace_s is None else limits.grace_s(grace_s),
        own_vehicle=before.own_vehicle if own_vehicle is None else own_vehicle,
    )
    db.execute(
        "UPDATE watches SET period_s = ?, grace_s = ?, own_vehicle = ?, active = ? WHERE id = ?",
        (after.period_s, after.grace_s, after.own_vehicle, after.active, id),
    )
    return _save(db, after) if after.own_vehicle is before.own_vehicle else _recounted(db, after)


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
        terms=terms(db, watch, since_us=at_us),
    )
    if verdict is None:
        return None
    return _save(db, replace(watch, last_seen_us=verdict.last_seen_us, last_seen_by=by)), verdict


def vouch(
    db: Database, *, person: str, at_us: int, by: str, now_us: int, kind: Kind = Kind.VISIT, note: str = ""
) -> tuple[Watch, Verdict] | None:
    """The same for what somebody vouches for, `by` name. It is kept, whatever becomes of the stored sightings."""
    signs.insert(db, person=person, kind=kind, at_us=at_us, author=by, note=note, now_us=now_us)
    watch = get_by_person(db, person)
    if watch is None or not vouches(kind, own_vehicle=watch.own_vehicle):
        return None
    return observe_person(db, person=person, at_us=at_us, by=signs.vouched_by(kind, by), now_us=now_us)


def newest_observation(db: Database, person: str) -> tuple[int, str] | None:
    """When and by whom the person was last seen, of all that is stored and counts for the watch."""
    watch = get_by_person(db, person)
    return signs.newest(db, person, own_vehicle=watch is not None and watch.own_vehicle)


def wind_back(db: Database, watch: Watch, *, last_seen_us: int | None, last_seen_by: str) -> Watch:
    """What moved the watch was earlier than it was taken for, or did not happen. None: nothing that counts is left."""
    return _save(db, replace(watch, last_seen_us=last_seen_us, last_seen_by=last_seen_by))


def refresh(db: Database, person: str, now_us: int) -> Watch | None:  # noqa: ARG001 the shape of every change
    """The person's pauses have changed: the due time follows. None: no watch."""
    watch = get_by_person(db, person)
    if watch is None:
        return None
    (until_us,) = db.execute(
        "SELECT max(min(until_us, coalesce(ended_us, until_us))) FROM pauses"
        " WHERE person = ? AND (ended_us IS NULL OR ended_us > from_us)",
        [person],
    ).fetchone()
    return _save(db, replace(watch, paused_until_us=until_us))


def restart(db: Database, id: int, *, last_seen_us: int) -> Watch:
    """Sets the last sighting by hand, back in time too: for the demonstration. Raises NotFoundError.

    What is stored of the person does not count any more, and no pause ever was.
    """
    watch = _get(db, id)
    db.execute("UPDATE events SET counts = 0, qualifies = 0 WHERE person = ? AND qualifies = 1", [watch.person])
    db.execute(
        "UPDATE observations SET withdrawn_us = ?, withdrawn_by = ? WHERE person = ? AND withdrawn_us IS NULL",
        (last_seen_us, GIVEN, watch.person),
    )
    db.execute("UPDATE pauses SET ended_us = from_us, ended_by = ? WHERE person = ?", (GIVEN, watch.person))
    signs.insert(
        db, person=watch.person, kind=Kind.GIVEN, at_us=last_seen_us, author=GIVEN, note="", now_us=last_seen_us
    )
    return _save(db, replace(watch, last_seen_us=last_seen_us, last_seen_by=GIVEN, paused_until_us=None))


def due(db: Database, *, now_us: int, limit: int) -> list[Watch]:
    """Active watches past their due time whose person has no alert that is not closed; the longest due first.

    At most `limit`. When the due time had an alert before, and what closed it has proved wrong, the `due_us` given is
    the next microsecond that had none: one alert for a due time, and none is lost.
    """
    rows = db.query(
        "SELECT w.*, EXISTS (SELECT 1 FROM alerts a WHERE a.person = w.person AND a.due_us = w.due_us) AS had_alert"
        " FROM watches i JOIN watch_rows w ON w.id = i.id WHERE i.active = 1 AND i.alerted = 0 AND i.due_us <= :now_us"
        " AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.person = i.person AND a.state <> 'closed')"
        " ORDER BY i.due_us LIMIT :limit",
        {"now_us": now_us, "limit": limit},
    )
    found = [(row.pop("had_alert"), _watch(row)) for row in rows]
    return [replace(watch, due_us=_free_due_us(db, watch)) if had_alert else watch for had_alert, watch in found]


def seen_after(db: Database, last_seen_us: int, *, limit: int) -> list[Watch]:
    """Those seen, or begun, later than that: reads all watches, for the rare day when the hub's clock was wrong."""
    rows = db.query(
        "SELECT * FROM watch_rows WHERE last_seen_us > :us OR created_us > :us LIMIT :limit",
        {"us": last_seen_us, "limit": limit},
    )
    return [_watch(row) for row in rows]


def cut_at(db: Database, watch: Watch, us: int) -> Watch:
    """It was seen, and began, by then: the clock that said later was wrong."""
    db.execute("UPDATE watches SET created_us = min(created_us, ?) WHERE id = ?", (us, watch.id))
    seen_us = None if watch.last_seen_us is None else min(watch.last_seen_us, us)
    return _save(db, replace(watch, created_us=min(watch.created_us, us), last_seen_us=seen_us))


def terms(db: Database, watch: Watch, *, since_us: int | None = None) -> Terms:
    """What was agreed, with the pauses that reach beyond `since_us`: all that matter to a sign of life from then."""
    if watch.paused_until_us is None or (since_us is not None and watch.paused_until_us <= since_us):
        return Terms(period_s=watch.period_s, grace_s=watch.grace_s)
    rows = db.execute(
        "SELECT iif(alert IS NULL, from_us, 0), min(until_us, coalesce(ended_us, until_us)) FROM pauses"
        " WHERE person = ? AND until_us > ? AND (ended_us IS NULL OR ended_us > from_us)",
        (watch.person, since_us or 0),
    )
    spans = tuple(Span(from_us=from_us, until_us=until_us) for from_us, until_us in rows)
    return Terms(period_s=watch.period_s, grace_s=watch.grace_s, pauses=spans)


def paused_until_us(db: Database, watch: Watch, now_us: int) -> int | None:
    """The end of the pause that is on, with those that go on from it; None: the person is not away now."""
    if watch.paused_until_us is None or watch.paused_until_us <= now_us:
        return None
    return pause_end_us(terms(db, watch, since_us=now_us).pauses, now_us=now_us)


def has_alert(db: Database, person: str) -> bool:
    """True while an alert of the person is not closed."""
    row = db.execute("SELECT 1 FROM alerts WHERE person = ? AND state <> 'closed'", [person]).fetchone()
    return row is not None


def state_of(db: Database, watch: Watch, now_us: int) -> WatchState:
    """How it stands with the person, by the table of `WatchState`."""
    return watch_state(
        active=watch.active,
        alerted=has_alert(db, watch.person),
        paused=paused_until_us(db, watch, now_us) is not None,
        last_seen_us=watch.last_seen_us,
        due_us=watch.due_us,
        grace_us=watch.grace_s * US_PER_S,
        now_us=now_us,
    )


def _recounted(db: Database, watch: Watch) -> Watch:
    """With the newest of all that is stored and counts."""
    newest = signs.newest(db, watch.person, own_vehicle=watch.own_vehicle)
    at_us, by = (None, "") if newest is None else newest
    return wind_back(db, watch, last_seen_us=at_us, last_seen_by=by)


def _save(db: Database, watch: Watch) -> Watch:
    """Stores when the person was seen and is expected back, with the due time that follows from it."""
    due = due_us(
        created_us=watch.created_us,
        last_seen_us=watch.last_seen_us,
        terms=terms(db, watch, since_us=watch.last_seen_us),
    )
    db.execute(
        "UPDATE watches SET last_seen_us = ?, last_seen_by = ?, paused_until_us = ?, due_us = ? WHERE id = ?",
        (watch.last_seen_us, watch.last_seen_by, watch.paused_until_us, due, watch.id),
    )
    return replace(watch, due_us=due)


def _free_due_us(db: Database, watch: Watch) -> int:
    free_us = watch.due_us
    for (taken_us,) in db.execute(
        "SELECT due_us FROM alerts WHERE person = ? AND due_us >= ? ORDER BY due_us", (watch.person, watch.due_us)
    ):
        if taken_us != free_us:
            break
        free_us += 1
    return free_us


def _demand_there(db: Database, person: str) -> None:
    known = people.get(db, person)
    if known is not None and known.removed_us is not None:
        raise ConflictingChangeError(f"{known.name} 已移除，请先恢复；{known.name} was removed: bring them back first")


def _get(db: Database, id: int) -> Watch:
    watch = get(db, id)
    if watch is None:
        raise NotFoundError(f"there is no watch {id}")
    return watch


def _first(db: Database, where: str, value: str | int) -> Watch | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM watch_rows WHERE {where}", [value]).fetchone()  # noqa: S608 our own words
    return None if row is None else _watch(dict(zip(_NAMES, row, strict=True)))


def _watch(row: dict[str, Any]) -> Watch:
    return Watch(**{**row, "active": bool(row["active"]), "own_vehicle": bool(row["own_vehicle"])})
