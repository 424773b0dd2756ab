"""Who belongs into the gallery of a device, what was made for it, and what the device says it holds.

DESIGN section 5: `door` entries go to the gates the person may use, `welfare` entries to every camera of the person's
area and to added places, the watchlist to every device. A gallery has the templates of one embedder. Vehicles go to the
gates they are placed at and nowhere else. Lookalikes go wherever both of them do.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose

_MEMBERS: Final = """
    SELECT t.person, t.record, t.key_id, belongs.purpose FROM (
        SELECT id AS person, 'welfare' AS purpose FROM people WHERE area = :area AND area <> ''
        UNION SELECT person, purpose FROM placements WHERE device = :device
        UNION SELECT person, purpose FROM consents WHERE purpose = 'watchlist' AND withdrawn_us IS NULL
    ) AS belongs
    JOIN consents c ON c.person = belongs.person AND c.purpose = belongs.purpose AND c.withdrawn_us IS NULL
    JOIN templates t ON t.person = belongs.person
    JOIN people p ON p.id = belongs.person AND p.removed_us IS NULL
    WHERE t.embedder = :embedder AND t.template_length = :template_length
    ORDER BY t.person, belongs.purpose
"""

_VEHICLES: Final = """
    SELECT v.plate, v.valid_from_us, v.valid_until_us
    FROM vehicle_placements p JOIN vehicles v ON v.id = p.vehicle
    WHERE p.device = ? AND v.removed_us IS NULL AND (v.valid_until_us IS NULL OR v.valid_until_us > ?)
    ORDER BY v.plate
"""


_LOOKALIKES: Final = "SELECT person, other, margin FROM lookalikes ORDER BY person, other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Embedder:
    """What templates are made with; those of different ones are never compared."""

    id: str
    template_length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MayPass:
    """A vehicle of a gallery. It may be valid from later on: the device knows what time it is without us."""

    plate: str
    valid_from_us: int | None
    valid_until_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One person of a gallery, and the row that has the template."""

    person: str
    record: str
    key_id: str
    purposes: tuple[Purpose, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TellApart:
    """Two members whom a camera took for one another: the welfare watch wants a margin wider by so much, cosine."""

    person: str
    other: str
    wider_by: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What should be on a device."""

    device: str
    seal_key: str
    embedder: str
    template_length: int
    members: tuple[Member, ...]
    vehicles: tuple[MayPass, ...] = ()
    lookalikes: tuple[TellApart, ...] = ()

    @property
    def digest(self) -> str:
        """Changes whenever the gallery must be made anew; says nothing about a template."""
        members = [(member.person, member.record, member.purposes) for member in self.members]
        told: tuple[object, ...] = (self.seal_key, self.embedder, self.template_length, members)
        if self.vehicles:  # without any it stays what it was before there were vehicles: nothing is made anew
            told += ([(one.plate, one.valid_from_us, one.valid_until_us) for one in self.vehicles],)
        if self.lookalikes:  # the same
            told += ("lookalikes", [(one.person, one.other, one.wider_by) for one in self.lookalikes])
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """The newest gallery of a device as it is on record."""

    device: str
    version: int
    plan: str  # the digest of its plan; "": it must be made anew
    sha256: str  # of the sealed bytes
    embedder: str
    template_length: int


def revision(db: Database) -> int:
    """Grows with everything that may change a gallery."""
    return int(db.execute("SELECT n FROM gallery_revision").fetchone()[0])


def takers(db: Database) -> list[str]:
    """The devices that take galleries."""
    sql = "SELECT id FROM devices WHERE seal_key IS NOT NULL AND retired_us IS NULL ORDER BY id"
    return [row[0] for row in db.execute(sql)]


def ending(db: Database, *, after_us: int, until_us: int) -> list[str]:
    """The devices from which a vehicle must go because its time ended, after `after_us` and by `until_us`."""
    rows = db.execute(
        "SELECT DISTINCT p.device FROM vehicles v JOIN vehicle_placements p ON p.vehicle = v.id"
        " WHERE v.removed_us IS NULL AND v.valid_until_us > ? AND v.valid_until_us <= ? ORDER BY p.device",
        (after_us, until_us),
    )
    return [row[0] for row in rows]


def plan(db: Database, device: str, *, now_us: int, fallback: Embedder | None = None) -> Plan | None:
    """None: it takes no galleries, or nobody and no vehicle was ever known there. From the first one on it gets all.

    The embedder is that of the newest enrolment; who was enrolled with an older one is left out until enrolled again.
    `fallback` is told where nobody was ever enrolled; without it no gallery can be made then.
    """
    row = db.execute("SELECT seal_key, area FROM devices WHERE id = ?", [device]).fetchone()
    if row is None or row[0] is None:
        return None
    before = made(db, device)
    embedder = _embedder(db, before, fallback)
    if embedder is None:
        return None
    members = _members(db, device=device, area=row[1], embedder=embedder.id, template_length=embedder.template_length)
    vehicles = _vehicles(db, device, now_us)
    if before is None and not members and not vehicles:
        return None
    return Plan(
        device=device,
        seal_key=row[0],
        embedder=embedder.id,
        template_length=embedder.template_length,
        members=members,
        vehicles=vehicles,
        lookalikes=_lookalikes(db, members),
    )


def made(db: Database, device: str) -> Made | None:
    sql = "SELECT device, version, plan, sha256, embedder, template_length FROM galleries WHERE device = ?"
    return next((Made(**row) for row in db.query(sql, [device])), None)


def record(db: Database, wanted: Plan, *, version: int, sha256: str, now_us: int) -> bool:
    """A gallery was made by this plan. False, and nothing is recorded, when the plan has changed meanwhile.

    From here on the device may hold these people, until it gives its receipt for a gallery without them.
    """
    told = Embedder(id=wanted.embedder, template_length=wanted.template_length)
    current = plan(db, wanted.device, now_us=now_us, fallback=told)
    if current is None or current.digest != wanted.digest:
        return False
    db.execute(
        "INSERT INTO galleries (device, version, plan, sha256, embedder, template_length, people, made_us)"
        " VALUES (:device, :version, :plan, :sha256, :embedder, :template_length, :people, :made_us)"
        " ON CONFLICT (device) DO UPDATE SET version = :version, plan = :plan, sha256 = :sha256,"
        " embedder = :embedder, template_length = :template_length, people = :people, made_us = :made_us,"
        " trouble = ''",
        {
            "device": wanted.device,
            "version": version,
            "plan": wanted.digest,
            "sha256": sha256,
            "embedder": wanted.embedder,
            "template_length": wanted.template_length,
            "people": len(wanted.members),
            "made_us": now_us,
        },
    )
    _note_members(db, wanted, version)
    db.execute(
        # What was erased before this transaction is not in it, whoever has enrolled again since.
        "UPDATE receipts SET version = ? WHERE device = ? AND version IS NULL",
        (version, wanted.device),
    )
    return True


def held(db: Database, device: str, *, version: int, now_us: int) -> None:
    """The device says that this version is in force there: receipts, and who is certainly gone from it."""
    db.execute(
        "UPDATE galleries SET held_version = ?, held_us = ?, trouble = '' WHERE device = ?", (version, now_us, device)
    )
    db.execute(
        "UPDATE receipts SET received_us = ? WHERE device = ? AND received_us IS NULL AND version <= ?",
        (now_us, device, version),
    )
    db.execute("DELETE FROM gallery_members WHERE device = ? AND gone_version <= ?", (device, version))


def refused(db: Database, device: str, *, version: int, trouble: str) -> None:
    """The device did not take it, and says why."""
    db.execute("UPDATE galleries SET trouble = ? WHERE device = ? AND version = ?", (trouble, device, version))


def make_above(db: Database, device: str, version: int) -> None:
    """The device is ahead, as after a restore: the next gallery is made anew, with a version above this one."""
    db.execute(
        "UPDATE galleries SET version = ?, plan = '' WHERE device = ? AND version <= ?", (version, device, version)
    )


def _embedder(db: Database, before: Made | None, fallback: Embedder | None) -> Embedder | None:
    newest = db.execute(
        "SELECT embedder, template_length FROM templates ORDER BY enrolled_us DESC, person LIMIT 1"
    ).fetchone()
    if newest is not None:
        return Embedder(id=newest[0], template_length=newest[1])
    if before is not None:
        return Embedder(id=before.embedder, template_length=before.template_length)
    return fallback


def _vehicles(db: Database, device: str, now_us: int) -> tuple[MayPass, ...]:
    rows = db.execute(_VEHICLES, (device, now_us))
    return tuple(MayPass(plate=row[0], valid_from_us=row[1], valid_until_us=row[2]) for row in rows)


def _lookalikes(db: Database, members: tuple[Member, ...]) -> tuple[TellApart, ...]:
    """A hub has few pairs and many people: the pairs are gone through, not the people."""
    inside = {member.person for member in members}
    return tuple(
        TellApart(person=person, other=other, wider_by=margin)
        for person, other, margin in db.execute(_LOOKALIKES)
        if person in inside and other in inside
    )


def _members(db: Database, **where: object) -> tuple[Member, ...]:
    found: dict[str, tuple[str, str, list[Purpose]]] = {}
    for person, row_record, key_id, purpose in db.execute(_MEMBERS, where):
        found.setdefault(person, (row_record, key_id, []))[2].append(Purpose(purpose))
    return tuple(
        Member(person=person, record=row_record, key_id=key_id, purposes=tuple(purposes))
        for person, (row_record, key_id, purposes) in found.items()
    )


def _note_members(db: Database, wanted: Plan, version: int) -> None:
    inside = {member.person for member in wanted.members}
    noted = {
        row[0]: row[1]
        for row in db.execute("SELECT person, gone_version FROM gallery_members WHERE device = ?", [wanted.device])
    }
    _each(
        db,
        "INSERT INTO gallery_members (device, person) VALUES (?, ?)"
        " ON CONFLICT (device, person) DO UPDATE SET gone_version = NULL",
        ((wanted.device, person) for person in sorted(inside)),
    )
    gone = (person for person, since in noted.items() if person not in inside and since is None)
    _each(
        db,
        "UPDATE gallery_members SET gone_version = ? WHERE device = ? AND person = ?",
        ((version, wanted.device, person) for person in gone),
    )


def _each(db: Database, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
    db.conn.executemany(sql, rows)
