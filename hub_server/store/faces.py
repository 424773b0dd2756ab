"""Templates and photos as rows: ciphertext only. Keys, and what opens them, are custody's part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from hub_server.store.erasures import Scope
from hub_server.store.reach import EVERYWHERE, PEOPLE, Reach


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """That somebody is enrolled, and how well; no template in it."""

    person: str
    record: str  # of this enrolment; stands in the associated data of its ciphertext
    key_id: str
    embedder: str
    template_length: int
    photos: int  # how many it was made of
    quality: float  # of the worst of them, 0 to 1
    enrolled_us: int
    enrolled_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Photo:
    """A kept photograph, encrypted."""

    person: str
    n: int
    record: str
    key_id: str
    ciphertext: bytes


_FACE = "person, record, key_id, embedder, template_length, photos, quality, enrolled_us, enrolled_by"


def get(db: Database, person: str) -> Face | None:
    for row in db.query(f"SELECT {_FACE} FROM templates WHERE person = ?", [person]):  # noqa: S608 names of columns
        return Face(**row)
    return None


def ciphertext(db: Database, record: str) -> bytes | None:
    """Of a template, float32 little-endian, one template after the other, once it is opened."""
    row = db.execute("SELECT ciphertext FROM templates WHERE record = ?", [record]).fetchone()
    return None if row is None else bytes(row[0])


def put(db: Database, face: Face, sealed: bytes, photos: Sequence[Photo]) -> None:
    """In the place of an older enrolment, whose photos go with it."""
    db.execute("DELETE FROM photos WHERE person = ?", [face.person])
    db.execute("DELETE FROM templates WHERE person = ?", [face.person])
    db.execute(
        f"INSERT INTO templates ({_FACE}, ciphertext) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 as above
        (
            face.person,
            face.record,
            face.key_id,
            face.embedder,
            face.template_length,
            face.photos,
            face.quality,
            face.enrolled_us,
            face.enrolled_by,
            sealed,
        ),
    )
    for photo in photos:
        db.execute(
            "INSERT INTO photos (record, person, n, key_id, ciphertext) VALUES (?, ?, ?, ?, ?)",
            (photo.record, photo.person, photo.n, photo.key_id, photo.ciphertext),
        )


def photo(db: Database, person: str, n: int) -> Photo | None:
    """Kept photograph `n` of a person, from 1."""
    sql = "SELECT person, n, record, key_id, ciphertext FROM photos WHERE person = ? AND n = ?"
    for row in db.query(sql, [person, n]):
        return Photo(**{**row, "ciphertext": bytes(row["ciphertext"])})
    return None


def kept_photos(db: Database, person: str) -> int:
    """How many are kept."""
    return int(db.execute("SELECT count(*) FROM photos WHERE person = ?", [person]).fetchone()[0])


def keys_held(db: Database) -> dict[str, frozenset[str]]:
    """Of everybody with a template or photo: the ids of the data keys that their rows lie under."""
    found: dict[str, set[str]] = {}
    for person, key_id in db.execute("SELECT person, key_id FROM templates UNION SELECT person, key_id FROM photos"):
        found.setdefault(person, set()).add(key_id)
    return {person: frozenset(keys) for person, keys in found.items()}


def erase(db: Database, *, erasure: str, person: str, scope: Scope, now_us: int) -> None:
    """Template and photos are no more, and every device that may hold the person owes a receipt for it.

    The same erasure again, as after a crash or on a restored backup, erases again and asks nobody twice.
    """
    db.execute("DELETE FROM photos WHERE person = ?", [person])
    db.execute("DELETE FROM templates WHERE person = ?", [person])
    db.execute(
        "INSERT OR IGNORE INTO erasures (erasure, person, scope, at_us) VALUES (?, ?, ?, ?)",
        (erasure, person, scope, now_us),
    )
    db.execute(
        # Gone already from a gallery that the device has not confirmed yet: that one's receipt will do.
        "INSERT OR IGNORE INTO receipts (erasure, device, version)"
        " SELECT ?, device, gone_version FROM gallery_members WHERE person = ?",
        (erasure, person),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """One device's word that an erased person is in no gallery there any more."""

    device: str
    version: int | None  # the first gallery without the person; None: it is not made yet
    received_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """One erasure and the receipts of the devices that held the person."""

    n: int  # the order in which they were recorded here
    erasure: str
    person: str
    scope: Scope
    at_us: int
    receipts: tuple[Receipt, ...]


def erasures(db: Database, *, after: int | None, limit: int, reach: Reach = EVERYWHERE) -> list[Erased]:
    """The oldest first, from the one behind `after`. Nobody knows any more where somebody lived who is erased whole."""
    within = "1" if reach.areas is None else f"person IN {PEOPLE}"
    rows = db.query(
        "SELECT rowid AS n, erasure, person, scope, at_us FROM erasures"  # noqa: S608 our own names
        f" WHERE rowid > :after AND {within} ORDER BY rowid LIMIT :limit",
        {"after": after or 0, "limit": limit, "reach": reach.value},
    )
    return [_erased(db, row) for row in rows]


def _erased(db: Database, row: dict[str, Any]) -> Erased:
    sql = "SELECT device, version, received_us FROM receipts WHERE erasure = ? ORDER BY device"
    receipts = tuple(Receipt(**receipt) for receipt in db.query(sql, [row["erasure"]]))
    return Erased(**{**row, "scope": Scope(row["scope"]), "receipts": receipts})
