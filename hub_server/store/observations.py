"""Observations: signs of life that stand in no event; somebody vouches for them. Rows are added and withdrawn."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from typing import Any

from sqlite_utils import Database

from hub_server.store import alerts, limits, people
from hub_server.store.errors import ConflictingChangeError, InvalidValueError, NotFoundError
from hub_server.store.rows import Observation
from hub_server.watch.observation import Kind


def add(db: Database, *, person: str, kind: Kind, at_us: int, author: str, note: str, now_us: int) -> Observation:
    """Moves the person's watch, and moves or retracts the alert that is not closed, as a late sighting does.

    Raises NotFoundError (no such person), InvalidValueError.
    """
    if people.get(db, person) is None:
        raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
    if not 0 <= at_us <= now_us:
        raise InvalidValueError("at", "不能在将来；must not be in the future")
    alerts.vouch_for_person(
        db,
        person=person,
        at_us=at_us,
        by=limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1),
        now_us=now_us,
        kind=kind,
        note=limits.text("note", note, limits.NOTE_CHARS_MAX),
    )
    (made,) = db.execute("SELECT max(id) FROM observations").fetchone()
    return _get(db, made)


def withdraw(db: Database, id: int, *, author: str, now_us: int) -> Observation:
    """It was a mistake: last seen goes back to the newest sign of life that is left.

    Raises NotFoundError, InvalidValueError, ConflictingChangeError (it is withdrawn already).
    """
    before = _get(db, id)
    named = limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    if before.withdrawn_us is not None:
        raise ConflictingChangeError(f"{id} 号记录已经撤回； observation {id} is withdrawn already")
    db.execute("UPDATE observations SET withdrawn_us = ?, withdrawn_by = ? WHERE id = ?", (now_us, named, id))
    alerts.recount_person(db, person=before.person, now_us=now_us)
    return _get(db, id)


def get(db: Database, id: int) -> Observation | None:
    for row in db.query("SELECT * FROM observations WHERE id = ?", [id]):
        return _observation(row)
    return None


def of(db: Database, person: str) -> list[Observation]:
    """The newest PAGE_ROWS_MAX by when they were stored, newest first; withdrawn ones too."""
    sql = "SELECT * FROM observations WHERE person = ? ORDER BY id DESC LIMIT ?"
    return [_observation(row) for row in db.query(sql, [person, limits.PAGE_ROWS_MAX])]


def _get(db: Database, id: int) -> Observation:
    observation = get(db, id)
    if observation is None:
        raise NotFoundError(f"没有 {id} 号记录； there is no observation {id}")
    return observation


def _observation(row: dict[str, Any]) -> Observation:
    return Observation(**{**row, "kind": Kind(row["kind"])})
