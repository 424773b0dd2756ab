"""The certificates that this hub has issued to devices. A device has at most one that is good."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.watch.due import US_PER_S

REPLACED: Final = "replaced"
"""Why a certificate was revoked whose device has got another one: nobody has stolen it."""

ENDING_US: Final = 60 * 24 * 3600 * US_PER_S
"""A certificate that ends within this time is for the office to know."""
State = Literal["good", "expired", "revoked"]
_STATES: Final = {
    "good": "c.revoked_us IS NULL AND c.ends_us > :now_us",
    "expired": "c.revoked_us IS NULL AND c.ends_us <= :now_us",
    "revoked": "c.revoked_us NOT NULL",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCertificate:
    """As the issuing key has made it."""

    serial: str  # lower-case hex
    key_sha256: str  # of the device's key, as SubjectPublicKeyInfo in DER; hex
    pem: str  # the device's own, and the issuing one behind it
    ends_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """One that was issued; it counts while it is neither revoked nor at its end."""

    id: int
    device: str
    serial: str
    key_sha256: str
    pem: str
    issued_us: int
    ends_us: int
    revoked_us: int | None
    reason: str

    def state(self, *, now_us: int) -> State:
        if self.revoked_us is not None:
            return "revoked"
        return "expired" if self.ends_us <= now_us else "good"


def add(db: Database, device: str, new: NewCertificate, *, now_us: int) -> Certificate:
    """The device's certificate from now on; those it had before are revoked as REPLACED."""
    revoke_all(db, device, reason=REPLACED, now_us=now_us)
    cursor = db.execute(
        "INSERT INTO certificates (device, serial, key_sha256, pem, issued_us, ends_us) VALUES (?, ?, ?, ?, ?, ?)",
        (device, new.serial, new.key_sha256, new.pem, now_us, new.ends_us),
    )
    made = get(db, int(cursor.lastrowid or 0))
    assert made is not None
    return made


def get(db: Database, id: int) -> Certificate | None:
    for row in db.query("SELECT * FROM certificates WHERE id = ?", [id]):
        return _certificate(row)
    return None


def of_device(db: Database, device: str, *, limit: int) -> list[Certificate]:
    """Newest first."""
    rows = db.query(
        "SELECT * FROM certificates WHERE device = ? ORDER BY id DESC LIMIT ?", [device, limits.page_rows(limit)]
    )
    return [_certificate(row) for row in rows]


def page(
    db: Database,
    *,
    after: int | None,
    limit: int,
    now_us: int,
    state: State | None = None,
    ends_before_us: int | None = None,
    reach: Reach = EVERYWHERE,
) -> list[Certificate]:
    """By id, from the one behind `after`."""
    tests = ["c.id > :after", "(:before_us IS NULL OR c.ends_us < :before_us)", condition("d.area", "d.grid")]
    if state is not None:
        tests.append(_STATES[state])
    rows = db.query(
        "SELECT c.* FROM certificates c JOIN devices d ON d.id = c.device"  # noqa: S608 our own names
        f" WHERE {' AND '.join(tests)} ORDER BY c.id LIMIT :limit",
        {
            "after": after or 0,
            "before_us": ends_before_us,
            "now_us": now_us,
            "reach": reach.value,
            "limit": limits.page_rows(limit),
        },
    )
    return [_certificate(row) for row in rows]


def revoke_all(db: Database, device: str, *, reason: str, now_us: int) -> list[Certificate]:
    """Every certificate of the device that was not revoked yet counts no more. Those it was."""
    rows = db.query("SELECT * FROM certificates WHERE device = ? AND revoked_us IS NULL ORDER BY id", [device])
    found = [_certificate(row) for row in rows]
    db.execute(
        "UPDATE certificates SET revoked_us = ?, reason = ? WHERE device = ? AND revoked_us IS NULL",
        (now_us, limits.text("reason", reason, limits.REASON_CHARS_MAX), device),
    )
    return found


def revoked(db: Database, *, now_us: int) -> list[Certificate]:
    """Those that a list of revoked ones must name: one that is at its end is refused anyway."""
    rows = db.query("SELECT * FROM certificates WHERE revoked_us NOT NULL AND ends_us > ? ORDER BY id", [now_us])
    return [_certificate(row) for row in rows]


def ending(db: Database, *, before_us: int) -> list[Certificate]:
    """Those that are not revoked and have ended, or end before then: the first to end first; at most a page."""
    rows = db.query(
        "SELECT * FROM certificates WHERE revoked_us IS NULL AND ends_us < ? ORDER BY ends_us, id LIMIT ?",
        [before_us, limits.PAGE_ROWS_MAX],
    )
    return [_certificate(row) for row in rows]


def count_ended(db: Database, *, from_us: int, before_us: int) -> int:
    """How many that are not revoked have ended in that time."""
    row = db.execute(
        "SELECT count(*) FROM certificates WHERE revoked_us IS NULL AND ends_us >= ? AND ends_us < ?",
        (from_us, before_us),
    ).fetchone()
    return int(row[0])


def count_ending(db: Database, *, before_us: int, reach: Reach = EVERYWHERE) -> int:
    """How many of them there are within reach."""
    row = db.execute(
        "SELECT count(*) FROM certificates c JOIN devices d ON d.id = c.device"  # noqa: S608 our own names
        f" WHERE c.revoked_us IS NULL AND c.ends_us < :before_us AND {condition('d.area', 'd.grid')}",
        {"before_us": before_us, "reach": reach.value},
    ).fetchone()
    return int(row[0])


def _certificate(row: dict[str, Any]) -> Certificate:
    return Certificate(**row)
