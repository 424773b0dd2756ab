"""Corrections ("not this person"): a wrong sighting counts no longer, and a wider margin tells the two people apart.

The event stays as its device told it. A correction is not taken back: who was there after all is an observation.
"""

from sqlite_utils import Database

from hub_server.store import alerts, limits, people, people_hours
from hub_server.store.errors import ExistsError, InvalidValueError, NotFoundError
from hub_server.store.rows import Correction, Lookalikes
from hub_server.watch.observation import lookalike_margin


def not_this_person(db: Database, *, event: int, other: str | None, author: str, note: str, now_us: int) -> Correction:
    """The sighting `event` was not of the person it names. `other`: who it was, when somebody knows.

    It counts for nobody, even when an anchor dates it later: not for `other` either, whom no camera has named. Last
    seen goes back to the newest sign of life that is left, and an alert comes at the next look when that is too old.
    Raises NotFoundError, ExistsError (it was corrected before), InvalidValueError.
    """
    person = _person_of(db, event)
    named = limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    said = limits.text("note", note, limits.NOTE_CHARS_MAX)
    if get(db, event) is not None:
        raise ExistsError(f"{event} 号记录已经更正过； event {event} was corrected before")
    if other is not None:
        _tell_apart(db, person, other, named, now_us)
    db.execute(
        "INSERT INTO corrections (event, person, other, author, note, at_us) VALUES (?, ?, ?, ?, ?, ?)",
        (event, person, other, named, said, now_us),
    )
    if other is None:
        people_hours.mistaken(db, event)
    db.execute("UPDATE events SET counts = 0, qualifies = 0 WHERE id = ?", [event])
    alerts.recount_person(db, person=person, now_us=now_us)
    return Correction(event=event, person=person, other=other, author=named, note=said, at_us=now_us)


def get(db: Database, event: int) -> Correction | None:
    for row in db.query("SELECT * FROM corrections WHERE event = ?", [event]):
        return Correction(**row)
    return None


def among(db: Database, first: int, last: int) -> frozenset[int]:
    """The corrected ones of the events first to last."""
    rows = db.execute("SELECT event FROM corrections WHERE event BETWEEN ? AND ?", (first, last))
    return frozenset(event for (event,) in rows)


def of(db: Database, person: str) -> list[Correction]:
    """Of sightings that named the person; the newest PAGE_ROWS_MAX, newest first."""
    sql = "SELECT * FROM corrections WHERE person = ? ORDER BY at_us DESC, event DESC LIMIT ?"
    return [Correction(**row) for row in db.query(sql, [person, limits.PAGE_ROWS_MAX])]


def lookalikes(db: Database) -> list[Lookalikes]:
    """All pairs that a camera took for one another."""
    return [Lookalikes(**row) for row in db.query("SELECT * FROM lookalikes ORDER BY person, other")]


def _person_of(db: Database, event: int) -> str:
    row = db.execute("SELECT person FROM events WHERE id = ? AND type = 'passage'", [event]).fetchone()
    if row is None:
        raise NotFoundError(f"没有 {event} 号识别记录； there is no sighting {event}")
    if row[0] is None:
        raise InvalidValueError("event", "它没有认出任何人；it names nobody")
    return str(row[0])


def _tell_apart(db: Database, person: str, other: str, author: str, now_us: int) -> None:
    if other == person:
        raise InvalidValueError("other", "须是另一个人；must be somebody else")
    if people.get(db, other) is None:
        raise NotFoundError(f"没有 {other} 这个人； there is no person {other}")
    if people.get(db, person) is None:
        return  # a gallery named somebody whom this hub does not know
    pair = min(person, other), max(person, other)
    known = db.execute("SELECT margin FROM lookalikes WHERE person = ? AND other = ?", pair).fetchone()
    db.execute(
        "INSERT INTO lookalikes (person, other, margin, author, at_us) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (person, other) DO UPDATE SET margin = excluded.margin, author = excluded.author,"
        " at_us = excluded.at_us",
        (*pair, lookalike_margin(None if known is None else known[0]), author, now_us),
    )
