"""What a field was before, and who changed it: of people, households, vehicles, places and areas. Rows are only added.

A subject is written as in the audit: "person/p-li", "household/3", "vehicle/1", "place/东门", "area/桂花村". What is
erased takes its rows with it (`people.erase`); what gets another name takes them along.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from hub_server.store import limits


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field, once. None: it had no value, or has none any more."""

    id: int
    subject: str
    field: str
    before: str | None
    after: str | None
    author: str  # "" when nobody said
    at_us: int


def record(
    db: Database, *, subject: str, field: str, before: str | None, after: str | None, author: str, now_us: int
) -> None:
    """A row, unless nothing has changed."""
    if before != after:
        db.execute(
            "INSERT INTO field_changes (subject, field, before, after, author, at_us) VALUES (?, ?, ?, ?, ?, ?)",
            (subject, field, before, after, author, now_us),
        )


def record_all(
    db: Database,
    *,
    subject: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    author: str,
    now_us: int,
) -> None:
    """A row for each field of `after` that is not as it was."""
    for field, value in after.items():
        record(
            db,
            subject=subject,
            field=field,
            before=_text(before[field]),
            after=_text(value),
            author=author,
            now_us=now_us,
        )


def page(
    db: Database, subject: str, *, before: int | None = None, limit: int = limits.PAGE_ROWS_MAX
) -> list[FieldChange]:
    """The newest first, from the one behind `before`."""
    sql = "SELECT * FROM field_changes WHERE subject = ? AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?"
    return [FieldChange(**row) for row in db.query(sql, [subject, before, before, limits.page_rows(limit)])]


def renamed(db: Database, *, subject: str, name: str) -> None:
    """The subject is called `name` from now on ("area/桂花村"), and what was recorded of it goes along."""
    db.execute("UPDATE field_changes SET subject = ? WHERE subject = ?", (name, subject))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
