"""People: who is looked after."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import secrets
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from hub_server.store import areas, histories, limits
from hub_server.store import care as reasons_of_care
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.rows import Person
from hub_server.store.spelling import spelled


class PersonKind(StrEnum):
    RESIDENT = "resident"
    TENANT = "tenant"
    VISITOR = "visitor"


_CHARS_MAX = {
    "name": limits.NAME_CHARS_MAX,
    "address": limits.ADDRESS_CHARS_MAX,
    "phone": limits.PHONE_CHARS_MAX,
    "note": limits.NOTE_CHARS_MAX,
    "area": limits.AREA_CHARS_MAX,
    "grid": limits.AREA_CHARS_MAX,
    "relation": limits.RELATION_CHARS_MAX,
}
_CHARS_MIN = {"name": 1}
_COLUMNS = (
    *("id", "name", "address", "phone", "note", "area", "born", "created_us"),
    *("grid", "kind", "household", "relation", "care", "pinyin"),
)
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
    # What they were called and where they lived before; and that a vehicle was theirs.
    "DELETE FROM field_changes WHERE subject = 'person/' || :id",
    "UPDATE field_changes SET before = NULL WHERE field = 'person' AND before = :id",
    "UPDATE field_changes SET after = NULL WHERE field = 'person' AND after = :id",
    # Tables that somebody has brought and not taken over, and that name them: they can be brought again.
    """
    DELETE FROM imports WHERE applied_us IS NULL AND EXISTS (SELECT 1 FROM people p WHERE p.id = :id
        AND (instr(imports.rows, p.name) > 0 OR instr(imports.rows, p.id) > 0))
    """,
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


def new_id() -> str:
    """One that nobody can guess and nothing follows from."""
    return f"p-{secrets.token_hex(6)}"


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
    grid: str = "",
    kind: str = PersonKind.RESIDENT,
    household: int | None = None,
    relation: str = "",
    care: Iterable[str] = (),
) -> Person:
    """A new person; without an id one that nobody can guess. Raises ExistsError, InvalidValueError.

    Who joins a household and names neither area nor grid has those of the household, and its address in place of none.
    """
    chosen = new_id() if id is None else limits.person_id(id)
    if get(db, chosen) is not None:
        raise ExistsError(f"there is a person {chosen} already")
    texts = {"name": name, "address": address, "phone": phone, "note": note, "area": area, "grid": grid}
    checked: dict[str, Any] = {field: _text(field, value) for field, value in (texts | {"relation": relation}).items()}
    checked |= {"born": limits.born(born), "kind": _kind(kind), "care": reasons_of_care.stored(care)}
    checked |= {"household": _household(db, household), "pinyin": spelled(checked["name"])}
    if household is not None:
        checked |= _from_household(db, household, checked)
    person = Person(id=chosen, created_us=now_us, **checked)
    db.execute(
        f"INSERT INTO people ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})",  # noqa: S608 as above
        [getattr(person, column) for column in _COLUMNS],
    )
    areas.demand_grid(db, area=person.area, grid=person.grid)
    return person


def get(db: Database, id: str) -> Person | None:
    """Also one who was removed."""
    for row in db.query("SELECT * FROM people WHERE id = ?", [id]):
        return Person(**row)
    return None


def page(db: Database, *, after: str | None, limit: int, reach: Reach = EVERYWHERE) -> list[Person]:
    """By id, from the one behind `after`; nobody who was removed. `directory` narrows it down."""
    sql = (
        "SELECT * FROM people p WHERE p.id > :after AND p.removed_us IS NULL"  # noqa: S608 our own words
        f" AND {condition('p.area', 'p.grid')} ORDER BY p.id LIMIT :limit"
    )
    given = {"after": after or "", "limit": limits.page_rows(limit), "reach": reach.value}
    return [Person(**row) for row in db.query(sql, given)]


def change(db: Database, id: str, *, now_us: int, by: str = "", **fields: str | int | Iterable[str] | None) -> Person:
    """Sets some of name, address, phone, note, area, grid, born, kind, household, relation, care.

    What each was before is kept (`histories`). Raises NotFoundError, InvalidValueError.
    """
    before = get(db, id)
    if before is None:
        raise NotFoundError(f"没有 {id} 这个人； there is no person {id}")
    changes: dict[str, Any] = {field: _changed(db, field, value) for field, value in fields.items()}
    histories.record_all(
        db,
        subject=f"person/{id}",
        before={field: getattr(before, field) for field in changes},
        after=changes,
        author=by,
        now_us=now_us,
    )
    if "name" in changes:
        changes["pinyin"] = spelled(changes["name"])
    db.table("people").update(id, changes)
    after = _get(db, id)
    if "area" in changes or "grid" in changes:
        areas.demand_grid(db, area=after.area, grid=after.grid, field="grid" if "grid" in changes else "area")
    return after


def remove(db: Database, id: str, *, by: str, now_us: int) -> Person:
    """Out of every list, search and gallery, with the watch switched off; all of it stays and may be brought back.

    Again changes nothing. Raises NotFoundError, ConflictingChangeError (an alert is not closed: first somebody looks).
    """
    before = _get(db, id)
    if before.removed_us is not None:
        return before
    if db.execute("SELECT 1 FROM alerts WHERE person = ? AND state <> 'closed'", [id]).fetchone() is not None:
        raise ConflictingChangeError(
            f"{before.name} 有未结束的警报，请先处理；{before.name} has an alert that is not closed: see to it first"
        )
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    db.execute("UPDATE watches SET active = 0 WHERE person = ?", [id])
    db.execute("UPDATE people SET removed_us = ?, removed_by = ? WHERE id = ?", (now_us, author, id))
    histories.record(
        db, subject=f"person/{id}", field="removed", before=None, after="yes", author=author, now_us=now_us
    )
    return _get(db, id)


def restore(db: Database, id: str, *, by: str, now_us: int) -> Person:
    """Back again; the watch stays off until somebody switches it on. Again changes nothing. Raises NotFoundError."""
    before = _get(db, id)
    if before.removed_us is None:
        return before
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    db.execute(
        "UPDATE people SET removed_us = NULL, removed_by = '', household ="
        " (SELECT h.id FROM households h WHERE h.id = people.household AND h.removed_us IS NULL) WHERE id = ?",
        [id],
    )
    histories.record(
        db, subject=f"person/{id}", field="removed", before="yes", after=None, author=author, now_us=now_us
    )
    return _get(db, id)


def all_ids(db: Database) -> list[str]:
    """Of everybody, also of those removed; the store's own use, no page shows it."""
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


def spell_all(db: Database) -> None:
    """For a store from before names were spelled."""
    for person, name in db.execute("SELECT id, name FROM people WHERE pinyin = ''").fetchall():
        db.execute("UPDATE people SET pinyin = ? WHERE id = ?", (spelled(name), person))


def _get(db: Database, id: str) -> Person:
    person = get(db, id)
    if person is None:
        raise NotFoundError(f"没有 {id} 这个人； there is no person {id}")
    return person


def _changed(db: Database, field: str, value: Any) -> Any:
    if field == "born":
        return limits.born(value)
    if field == "household":
        return _household(db, value)
    if field == "care":
        return reasons_of_care.stored(value or ())
    if field == "kind":
        return _kind(value)
    if field not in _CHARS_MAX or value is None:
        raise InvalidValueError(field, "cannot be changed")
    return _text(field, value)


def _text(field: str, value: str) -> str:
    return limits.text(field, value, _CHARS_MAX[field], chars_min=_CHARS_MIN.get(field, 0))


def _kind(value: str) -> str:
    if value not in set(PersonKind):
        raise InvalidValueError("kind", f"one of {', '.join(PersonKind)}")
    return str(value)


def _household(db: Database, household: int | None) -> int | None:
    if household is None:
        return None
    known = db.execute("SELECT 1 FROM households WHERE id = ? AND removed_us IS NULL", [household]).fetchone()
    if known is None:
        raise InvalidValueError("household", f"没有 {household} 号家庭；there is no household {household}")
    return household


def _from_household(db: Database, household: int, person: dict[str, Any]) -> dict[str, str]:
    address, area, grid = db.execute("SELECT address, area, grid FROM households WHERE id = ?", [household]).fetchone()
    found = {} if person["area"] or person["grid"] else {"area": area, "grid": grid}
    return found if person["address"] else found | {"address": address}
