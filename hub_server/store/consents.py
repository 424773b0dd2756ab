"""Consent: for what a person agreed to be recognised, on which text, and until when. Rows are added and withdrawn."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose
from hub_server.store import limits, people
from hub_server.store.errors import ExistsError, InvalidValueError, NotFoundError
from hub_server.store.rows import Person

GUARDIAN_UNTIL_YEARS: Final = 14
"""Under it a parent or guardian agrees: Measures on face recognition, in force since 2025-06-01, article 8."""
_OFFICE: Final = timezone(timedelta(hours=8))


class Basis(StrEnum):
    CONSENT = "consent"  # of the person, or of the guardian
    LEGAL = "legal"  # an order or a duty by law; for the watchlist only. `text_version` names it


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One purpose that a person agreed to. Withdrawn, it stays on file as proof that it was once given."""

    id: int
    person: str
    purpose: Purpose
    basis: Basis
    text_version: str  # of the text that was explained and signed, or the legal order
    given_on: str  # YYYY-MM-DD
    collector: str  # who explained it and took it
    guardian: str  # who agreed for a child; "" for none
    recorded_us: int
    withdrawn_us: int | None
    withdrawn_by: str


def give(
    db: Database,
    *,
    person: str,
    purpose: Purpose,
    basis: Basis,
    text_version: str,
    given_on: str,
    collector: str,
    guardian: str,
    now_us: int,
) -> Consent:
    """Records what was agreed. Raises NotFoundError, ExistsError (one is in force already), InvalidValueError.

    A person whose date of birth is not known cannot agree here: nobody could tell whether a guardian must.
    """
    somebody = people.get(db, person)
    if somebody is None:
        raise NotFoundError(f"there is no person {person}")
    if in_force(db, person, purpose) is not None:
        raise ExistsError(f"{person} has agreed to {purpose} already; withdraw it first")
    if basis is Basis.LEGAL and purpose is not Purpose.WATCHLIST:
        raise InvalidValueError("basis", "must be consent: only the watchlist has another basis")
    day = limits.day("given_on", given_on)
    if day > datetime.fromtimestamp(now_us / 1e6, UTC).astimezone(_OFFICE).date():
        raise InvalidValueError("given_on", "must not be in the future")
    named = limits.text("guardian", guardian, limits.AUTHOR_CHARS_MAX)
    if basis is Basis.CONSENT:
        _check_age(somebody, day, named)
    cursor = db.execute(
        "INSERT INTO consents (person, purpose, basis, text_version, given_on, collector, guardian, recorded_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            person,
            purpose,
            basis,
            limits.text("text_version", text_version, limits.TEXT_VERSION_CHARS_MAX, chars_min=1),
            given_on,
            limits.text("collector", collector, limits.AUTHOR_CHARS_MAX, chars_min=1),
            named,
            now_us,
        ),
    )
    (made,) = db.query("SELECT * FROM consents WHERE id = ?", [cursor.lastrowid])
    return _consent(made)


def withdraw(db: Database, *, person: str, purpose: Purpose, by: str, now_us: int) -> Consent:
    """It counts no longer. Raises NotFoundError, InvalidValueError. What must be erased then is custody's part."""
    current = in_force(db, person, purpose)
    if current is None:
        raise NotFoundError(f"{person} has not agreed to {purpose}")
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    db.execute("UPDATE consents SET withdrawn_us = ?, withdrawn_by = ? WHERE id = ?", (now_us, author, current.id))
    (withdrawn,) = db.query("SELECT * FROM consents WHERE id = ?", [current.id])
    return _consent(withdrawn)


def withdraw_all(db: Database, *, person: str, by: str, now_us: int) -> None:
    """All that are in force."""
    db.execute(
        "UPDATE consents SET withdrawn_us = ?, withdrawn_by = ? WHERE person = ? AND withdrawn_us IS NULL",
        (now_us, by, person),
    )


def withdraw_again(db: Database, *, person: str, purpose: Purpose, at_us: int) -> None:
    """A restored backup holds in force what was withdrawn at `at_us`; what was agreed after that stays."""
    db.execute(
        "UPDATE consents SET withdrawn_us = ?, withdrawn_by = 'restored'"
        " WHERE person = ? AND purpose = ? AND withdrawn_us IS NULL AND recorded_us <= ?",
        (at_us, person, purpose, at_us),
    )


def in_force(db: Database, person: str, purpose: Purpose) -> Consent | None:
    rows = db.query(
        "SELECT * FROM consents WHERE person = ? AND purpose = ? AND withdrawn_us IS NULL", [person, purpose]
    )
    return next((_consent(row) for row in rows), None)


def purposes_in_force(db: Database, person: str) -> frozenset[Purpose]:
    rows = db.execute("SELECT purpose FROM consents WHERE person = ? AND withdrawn_us IS NULL", [person])
    return frozenset(Purpose(row[0]) for row in rows)


def of_person(db: Database, person: str) -> list[Consent]:
    """All of them, the oldest first."""
    sql = "SELECT * FROM consents WHERE person = ? ORDER BY id LIMIT ?"
    return [_consent(row) for row in db.query(sql, [person, limits.PAGE_ROWS_MAX])]


def age_years(born: date, on: date) -> int:
    """Whole years lived; somebody born on 29 February has the birthday on 1 March in other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _check_age(somebody: Person, day: date, guardian: str) -> None:
    if somebody.born is None:
        raise InvalidValueError(
            "person", "has no date of birth here: without it nobody can tell whether a guardian must agree"
        )
    born = date.fromisoformat(somebody.born)
    if day < born:
        raise InvalidValueError("given_on", "lies before the person was born")
    if age_years(born, day) < GUARDIAN_UNTIL_YEARS and not guardian:
        raise InvalidValueError("guardian", f"must be named: the person was under {GUARDIAN_UNTIL_YEARS} on that day")


def _consent(row: dict[str, Any]) -> Consent:
    return Consent(**{**row, "purpose": Purpose(row["purpose"]), "basis": Basis(row["basis"])})
