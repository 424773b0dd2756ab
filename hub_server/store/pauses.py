"""Pauses: times in which nobody expects to see a person (hospital, at the son's). They end by themselves.

A row changes only by its early end and by having been told. The due time of the watch follows each change.
"""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from sqlite_utils import Database

from hub_server.store import limits, watches
from hub_server.store.errors import ConflictingChangeError, InvalidValueError, NotFoundError
from hub_server.store.rows import Alert, Pause
from hub_server.watch.due import TELL_BEFORE_US, US_PER_S, Span, tell_us


def add(db: Database, *, person: str, from_us: int, until_us: int, reason: str, author: str, now_us: int) -> Pause:
    """Nobody is expected from `from_us`, which may be past, until `until_us`, which may not.

    Raises NotFoundError (no watch), InvalidValueError, ConflictingChangeError (an alert is not closed: it is closed as
    away, which makes the pause).
    """
    if watches.get_by_person(db, person) is None:
        raise NotFoundError(f"{person} 没有关注； {person} has no watch")
    if watches.has_alert(db, person):
        raise ConflictingChangeError(
            f"{person} 有未结束的警报，请以“外出”结束它； {person} has an alert that is not closed: close it as away"
        )
    _check(from_us, until_us, now_us)
    return _insert(
        db,
        person=person,
        from_us=from_us,
        until_us=until_us,
        reason=limits.text("reason", reason, limits.REASON_CHARS_MAX, chars_min=1),
        author=limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1),
        alert=None,
        now_us=now_us,
    )


def away(db: Database, alert: Alert, *, until_us: int, reason: str, author: str, now_us: int) -> Pause:
    """The pause of an alert that is closed as away, from now. Raises InvalidValueError."""
    _check(now_us, until_us, now_us)
    return _insert(
        db,
        person=alert.person,
        from_us=now_us,
        until_us=until_us,
        reason=reason,
        author=author,
        alert=alert.id,
        now_us=now_us,
    )


def take_back(db: Database, alert: Alert, *, author: str, now_us: int) -> None:
    """The alert that was closed as away by it is reopened: the pause never was."""
    db.execute(
        "UPDATE pauses SET ended_us = from_us, ended_by = ?"
        " WHERE alert = ? AND (ended_us IS NULL OR ended_us > from_us)",
        (author, alert.id),
    )
    watches.refresh(db, alert.person, now_us)


def end(db: Database, id: int, *, author: str, now_us: int) -> Pause:
    """Back early: expected from now on. One that has not begun is taken back.

    Raises NotFoundError, InvalidValueError, ConflictingChangeError (it is over).
    """
    before = _get(db, id)
    named = limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    if before.ended_us is not None or before.until_us <= now_us:
        raise ConflictingChangeError(f"{id} 号外出已经结束； pause {id} is over")
    db.execute("UPDATE pauses SET ended_us = ?, ended_by = ? WHERE id = ?", (now_us, named, id))
    watches.refresh(db, before.person, now_us)
    return _get(db, id)


def get(db: Database, id: int) -> Pause | None:
    for row in db.query("SELECT * FROM pauses WHERE id = ?", [id]):
        return Pause(**row)
    return None


def of(db: Database, person: str) -> list[Pause]:
    """On, to come and over: the PAGE_ROWS_MAX that end last, by their ends."""
    sql = "SELECT * FROM pauses WHERE person = ? ORDER BY until_us DESC, id DESC LIMIT ?"
    return [Pause(**row) for row in db.query(sql, [person, limits.PAGE_ROWS_MAX])][::-1]


def ending(db: Database, *, now_us: int) -> list[Pause]:
    """Those that end soon (`tell_us`) and were not told; of pauses that go on one from another, the last.

    At most PAGE_ROWS_MAX, the first to end first.
    """
    rows = db.query(
        "SELECT * FROM pauses p WHERE told_us IS NULL AND ended_us IS NULL AND until_us > :now AND until_us <= :soon"
        " AND NOT EXISTS (SELECT 1 FROM pauses o WHERE o.person = p.person AND o.until_us >= p.until_us"
        " AND (o.until_us > p.until_us OR o.id < p.id) AND o.ended_us IS NULL AND o.from_us <= p.until_us)"
        " ORDER BY until_us LIMIT :limit",
        {"now": now_us, "soon": now_us + TELL_BEFORE_US, "limit": limits.PAGE_ROWS_MAX},
    )
    found = [Pause(**row) for row in rows]
    return [p for p in found if tell_us(Span(from_us=p.from_us, until_us=p.until_us)) <= now_us]


def told(db: Database, id: int, *, now_us: int) -> None:
    """It has been told that this pause ends. Raises NotFoundError."""
    if db.execute("UPDATE pauses SET told_us = ? WHERE id = ?", (now_us, id)).rowcount == 0:
        raise _missing(id)


def _insert(
    db: Database,
    *,
    person: str,
    from_us: int,
    until_us: int,
    reason: str,
    author: str,
    alert: int | None,
    now_us: int,
) -> Pause:
    cursor = db.execute(
        "INSERT INTO pauses (person, from_us, until_us, reason, author, created_us, alert)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (person, from_us, until_us, reason, author, now_us, alert),
    )
    assert cursor.lastrowid is not None
    watches.refresh(db, person, now_us)
    return _get(db, cursor.lastrowid)


def _check(from_us: int, until_us: int, now_us: int) -> None:
    if until_us <= now_us:
        raise InvalidValueError("until", "须在将来；must be in the future")
    if not 0 <= from_us < until_us:
        raise InvalidValueError("from", "须早于结束时间；must be before the end")
    if until_us - from_us > limits.PAUSE_S_MAX * US_PER_S:
        days = limits.PAUSE_S_MAX // (24 * 3600)
        raise InvalidValueError("until", f"最长 {days} 天；at most {days} days")


def _get(db: Database, id: int) -> Pause:
    pause = get(db, id)
    if pause is None:
        raise _missing(id)
    return pause


def _missing(id: int) -> NotFoundError:
    return NotFoundError(f"没有 {id} 号外出； there is no pause {id}")
