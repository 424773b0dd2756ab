"""People: who is looked after."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import secrets
from typing import Any

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.errors import ExistsError, InvalidValueError, NotFoundError
from hub_server.store.rows import Person

_CHARS_MAX = {
    "name": limits.NAME_CHARS_MAX,
    "address": limits.ADDRESS_CHARS_MAX,
    "phone": limits.PHONE_CHARS_MAX,
    "note": limits.NOTE_CHARS_MAX,
    "area": limits.AREA_CHARS_MAX,
}
_CHARS_MIN = {"name": 1}
# In this order: what refers to a row goes before it.
_ERASE = (
    """
    DELETE FROM notices WHERE alert IN (SELECT id FROM alerts WHERE person = :id)
    OR pause IN (SELECT id FROM pauses WHERE person = :id)
    OR addressee IN (SELECT 'contact/' || id FROM contacts WHERE person = :id)
    """,
    "DELETE FROM messages WHERE id NOT IN (SELECT message FROM notices WHERE message NOT NULL)",
    *(
        f"DELETE FROM {table} WHERE person = :id"  # noqa: S608 our own names
        for table in ("consents", "placements", "templates", "photos", "pauses", "observations", "contacts")
    ),
    "DELETE FROM corrections WHERE person = :id",
    "UPDATE corrections SET other = NULL WHERE other = :id",
    "DELETE FROM lookalikes WHERE person = :id OR other = :id",
    "UPDATE vehicles SET person = NULL WHERE person = :id",
    "DELETE FROM alert_changes WHERE alert IN (SELECT id FROM alerts WHERE person = :id)",
    "DELETE FROM alerts WHERE person = :id",
    "DELETE FROM watches WHERE person = :id",
    "DELETE FROM people WHERE id = :id",
    # The bytes name the person, so they go; the hash stays, by which a repeated event is known.
    """
    UPDATE events SET person = NULL, score = NULL, strict = 0, qualifies = 0, counts = 0, raw = X''
    WHERE person = :id
    """,
)
# What was quarantined or kept aside was never read, but it may name the person all the same.
_NOT_READ = (
    """
    UPDATE events SET raw = X'' WHERE type = 'quarantined'
    AND CASE WHEN json_valid(CAST(raw AS TEXT)) THEN json_extract(CAST(raw AS TEXT), '$.sighting.person') END = ?
    """,
    """
    UPDATE conflicts SET raw = X''
    WHERE CASE WHEN json_valid(CAST(raw AS TEXT)) THEN json_extract(CAST(raw AS TEXT), '$.sighting.person') END = ?
    """,
)


def create(
    db: Database,
    *,
    id: str | None,
    name: str,
    address: str,
    phone: str,
    note: str,
    now_us: int,
    area: str = "",
    born: str | None = None,
) -> Person:
    """A new person; without an id one that nobody can guess. Raises ExistsError, InvalidValueError."""
    chosen = f"p-{secrets.token_hex(6)}" if id is None else limits.person_id(id)
    if get(db, chosen) is not None:
        raise ExistsError(f"there is a person {chosen} already")
    texts = {"name": name, "address": address, "phone": phone, "note": note, "area": area}
    checked: dict[str, Any] = {field: _text(field, value) for field, value in texts.items()}
    person = Person(id=chosen, created_us=now_us, born=limits.born(born), **checked)
    db.execute(
        "INSERT INTO people (id, name, address, phone, note, area, born, created_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (person.id, person.name, person.address, person.phone, person.note, person.area, born, person.created_us),
    )
    return person


def get(db: Database, id: str) -> Person | None:
    for row in db.query("SELECT * FROM people WHERE id = ?", [id]):
        return Person(**row)
    return None


def page(db: Database, *, after: str | None, limit: int) -> list[Person]:
    """By id, from the one behind `after`."""
    sql = "SELECT * FROM people WHERE id > ? ORDER BY id LIMIT ?"
    return [Person(**row) for row in db.query(sql, [after or "", limits.page_rows(limit)])]


def change(db: Database, id: str, *, now_us: int, **fields: str | None) -> Person:  # noqa: ARG001 the shape of every change
    """Sets some of name, address, phone, note, area, born. Raises NotFoundError, InvalidValueError."""
    if get(db, id) is None:
        raise NotFoundError(f"there is no person {id}")
    changes: dict[str, Any] = {field: _changed(field, value) for field, value in fields.items()}
    db.table("people").update(id, changes)
    changed = get(db, id)
    assert changed is not None
    return changed


def all_ids(db: Database) -> list[str]:
    """Of everybody; the store's own use, no page shows it."""
    return [row[0] for row in db.execute("SELECT id FROM people ORDER BY id")]


def erase(db: Database, id: str) -> None:
    """The person, the watch and its alerts are no more, nor what was to be told of them.

    Events hold their place without saying who it was, and messages that tell of others, too, go on without them.

    Nothing happens when there is no such person and no event that names one. The line in the file of erasures comes
    before this, keys are destroyed beside it, and devices owe receipts (`faces.erase`): that is the caller's part.
    """
    for statement in _ERASE:
        db.execute(statement, {"id": id})
    for statement in _NOT_READ:
        db.execute(statement, [id])


def _changed(field: str, value: str | None) -> str | None:
    if field == "born":
        return limits.born(value)
    if field not in _CHARS_MAX or value is None:
        raise InvalidValueError(field, "cannot be changed")
    return _text(field, value)


def _text(field: str, value: str) -> str:
    return limits.text(field, value, _CHARS_MAX[field], chars_min=_CHARS_MIN.get(field, 0))
