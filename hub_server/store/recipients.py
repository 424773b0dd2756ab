"""Who is told: the workers of a rung and the contacts in a person's file. Their URLs hold secrets of the channels."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import limits, outbox
from hub_server.store.errors import InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.watch.ladder import Rung

URLS_MAX: Final = 5
URL_CHARS_MAX: Final = 1000
CONTACTS_MAX: Final = 10  # of one person
RELATION_CHARS_MAX: Final = 40
_RECIPIENT, _CONTACT = "recipient/", "contact/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Somebody who is told of the alerts of an area. `urls`: Apprise URLs, the second when the first fails."""

    id: int
    area: str  # "": of all areas
    rung: Rung  # worker, community or office
    name: str
    phone: str
    urls: tuple[str, ...]  # at least one: a message is how they hear of it
    active: bool
    created_us: int

    @property
    def addressee(self) -> str:
        return f"{_RECIPIENT}{self.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """Family or a neighbour, told on the last rung; without a URL only a telephone number that a worker may call."""

    id: int
    person: str
    name: str
    relation: str
    phone: str
    urls: tuple[str, ...]
    created_us: int

    @property
    def addressee(self) -> str:
        return f"{_CONTACT}{self.id}"


def add(db: Database, *, area: str, rung: Rung, name: str, phone: str, urls: Sequence[str], now_us: int) -> Recipient:
    """Somebody new on a rung below the family's. Raises InvalidValueError."""
    cursor = db.execute(
        "INSERT INTO recipients (area, rung, name, phone, urls, active, created_us) VALUES (?, ?, ?, ?, ?, 1, ?)",
        (_area(area), _rung(rung), _name(name), _phone(phone), _urls(urls, at_least=1), now_us),
    )
    assert cursor.lastrowid is not None
    return _get(db, cursor.lastrowid)


def change(
    db: Database,
    id: int,
    *,
    now_us: int,
    area: str | None = None,
    rung: Rung | None = None,
    name: str | None = None,
    phone: str | None = None,
    urls: Sequence[str] | None = None,
    active: bool | None = None,
) -> Recipient:
    """Sets what is not None. Who is no longer active hears nothing more. Raises NotFoundError, InvalidValueError."""
    before = _get(db, id)
    db.execute(
        "UPDATE recipients SET area = ?, rung = ?, name = ?, phone = ?, urls = ?, active = ? WHERE id = ?",
        (
            before.area if area is None else _area(area),
            before.rung if rung is None else _rung(rung),
            before.name if name is None else _name(name),
            before.phone if phone is None else _phone(phone),
            _urls(before.urls if urls is None else urls, at_least=1),
            before.active if active is None else active,
            id,
        ),
    )
    if active is False:
        outbox.settle_addressee(db, before.addressee, now_us)
    return _get(db, id)


def remove(db: Database, id: int, *, now_us: int) -> None:
    """They hear nothing more. Raises NotFoundError."""
    outbox.settle_addressee(db, _get(db, id).addressee, now_us)
    db.execute("DELETE FROM recipients WHERE id = ?", [id])


def get(db: Database, id: int) -> Recipient | None:
    for row in db.query("SELECT * FROM recipients WHERE id = ?", [id]):
        return _recipient(row)
    return None


def page(db: Database, *, after: int | None, limit: int, reach: Reach = EVERYWHERE) -> list[Recipient]:
    """By id, from the one behind `after`; those who are not active, too."""
    sql = f"SELECT * FROM recipients WHERE id > :after AND {condition('area')} ORDER BY id LIMIT :limit"  # noqa: S608 our own names
    given = {"after": after or 0, "limit": limits.page_rows(limit), "reach": reach.value}
    return [_recipient(row) for row in db.query(sql, given)]


def on_rung(db: Database, *, rung: Rung, area: str) -> list[Recipient]:
    """Who is told of an alert in this area on a rung below the family's, by id."""
    sql = "SELECT * FROM recipients WHERE active = 1 AND rung = ? AND area IN ('', ?) ORDER BY id"
    return [_recipient(row) for row in db.query(sql, [rung, area])]


def on_rung_anywhere(db: Database, *, rung: Rung) -> list[Recipient]:
    """The same for what concerns every area."""
    sql = "SELECT * FROM recipients WHERE active = 1 AND rung = ? ORDER BY id"
    return [_recipient(row) for row in db.query(sql, [rung])]


def addressed(db: Database, addressee: str) -> Recipient | Contact | None:
    """Who "recipient/7" or "contact/3" is; None when they are not there any more."""
    if addressee.startswith(_RECIPIENT):
        return get(db, int(addressee.removeprefix(_RECIPIENT)))
    for row in db.query("SELECT * FROM contacts WHERE id = ?", [int(addressee.removeprefix(_CONTACT))]):
        return _contact(row)
    return None


def contacts_of(db: Database, person: str) -> list[Contact]:
    """By id: who was added first is called first."""
    return [_contact(row) for row in db.query("SELECT * FROM contacts WHERE person = ? ORDER BY id", [person])]


def add_contact(
    db: Database, *, person: str, name: str, relation: str, phone: str, urls: Sequence[str], now_us: int
) -> Contact:
    """Raises NotFoundError (no such person), InvalidValueError."""
    if db.execute("SELECT 1 FROM people WHERE id = ?", [person]).fetchone() is None:
        raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
    if len(contacts_of(db, person)) >= CONTACTS_MAX:
        raise InvalidValueError("person", f"最多 {CONTACTS_MAX} 位联系人；at most {CONTACTS_MAX} contacts")
    related = limits.text("relation", relation, RELATION_CHARS_MAX)
    cursor = db.execute(
        "INSERT INTO contacts (person, name, relation, phone, urls, created_us) VALUES (?, ?, ?, ?, ?, ?)",
        (person, _name(name), related, _phone(phone), _urls(urls, at_least=0), now_us),
    )
    made = addressed(db, f"{_CONTACT}{cursor.lastrowid}")
    assert isinstance(made, Contact)
    return made


def remove_contact(db: Database, id: int, *, now_us: int) -> None:
    """They hear nothing more. Raises NotFoundError."""
    found = addressed(db, f"{_CONTACT}{id}")
    if found is None:
        raise NotFoundError(f"没有 {id} 号联系人； there is no contact {id}")
    outbox.settle_addressee(db, found.addressee, now_us)
    db.execute("DELETE FROM contacts WHERE id = ?", [id])


def _get(db: Database, id: int) -> Recipient:
    found = get(db, id)
    if found is None:
        raise NotFoundError(f"没有 {id} 号接收人； there is no recipient {id}")
    return found


def _area(value: str) -> str:
    return limits.text("area", value, limits.AREA_CHARS_MAX)


def _name(value: str) -> str:
    return limits.text("name", value, limits.NAME_CHARS_MAX, chars_min=1)


def _phone(value: str) -> str:
    return limits.text("phone", value, limits.PHONE_CHARS_MAX)


def _rung(rung: Rung) -> int:
    if rung is Rung.FAMILY:
        raise InvalidValueError(
            "rung", "家属请记在本人档案里；the family stands in the person's file: add a contact there"
        )
    return int(rung)


def _urls(urls: Sequence[str], *, at_least: int) -> str:
    if not at_least <= len(urls) <= URLS_MAX:
        raise InvalidValueError("urls", f"需要 {at_least} 到 {URLS_MAX} 个；{at_least} to {URLS_MAX} of them")
    checked = [limits.text("urls", url, URL_CHARS_MAX, chars_min=1) for url in urls]
    if any("://" not in url for url in checked):
        raise InvalidValueError("urls", "写法是 scheme://……；each is written scheme://...")
    return json.dumps(checked, ensure_ascii=False)


def _recipient(row: dict[str, Any]) -> Recipient:
    told = {"rung": Rung(row["rung"]), "urls": tuple(json.loads(row["urls"])), "active": bool(row["active"])}
    return Recipient(**{**row, **told})


def _contact(row: dict[str, Any]) -> Contact:
    return Contact(**{**row, "urls": tuple(json.loads(row["urls"]))})
