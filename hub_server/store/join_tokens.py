"""Cards: a token by which one device may join, once. Only hashes are stored: 256 random bits need no slow one."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Literal

from sqlite_utils import Database

from hub_server.store import alarms, certificates, devices
from hub_server.store.alarms import AlarmKind
from hub_server.store.certificates import Certificate, NewCertificate
from hub_server.store.errors import ConflictingChangeError, InvalidValueError, NotFoundError
from hub_server.watch.due import US_PER_S

DAYS: Final = 14
DAYS_MAX: Final = 90
KEPT_MAX: Final = 20  # of one device; above it the oldest goes
CHARS_MAX: Final = 200  # what is longer is no token
_DAY_US: Final = 24 * 3600 * US_PER_S
_TOKEN_BYTES: Final = 32

State = Literal["live", "used", "expired", "void"]


class Outcome(Enum):
    """What becomes of somebody who joins."""

    JOINS = auto()
    AGAIN = auto()  # the same key: the first answer was lost on its way
    USED = auto()  # with another key: there are two of this card
    REFUSED = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinToken:
    """What is known of a token; not the secret."""

    id: int
    device: str
    created_us: int
    expires_us: int
    used_us: int | None
    void_us: int | None
    certificate: int | None  # that it was used for

    def state(self, *, now_us: int) -> State:
        if self.used_us is not None:
            return "used"
        if self.void_us is not None:
            return "void"
        return "expired" if self.expires_us <= now_us else "live"


def create(db: Database, device: str, *, days: int, now_us: int) -> tuple[JoinToken, str]:
    """A new token and its secret, which is shown this once; one that lived before is void.

    Raises NotFoundError, ConflictingChangeError (the device is retired), InvalidValueError.
    """
    _demand_active(db, device)
    if not 1 <= days <= DAYS_MAX:
        raise InvalidValueError("days", f"1 to {DAYS_MAX} days")
    void(db, device, now_us=now_us)
    alarms.clear(db, kind=AlarmKind.CARD, subject=device, now_us=now_us)
    db.execute("UPDATE devices SET barred_us = NULL, barred_reason = '' WHERE id = ? AND barred_us NOT NULL", [device])
    secret = secrets.token_urlsafe(_TOKEN_BYTES)
    db.execute(
        "INSERT INTO join_tokens (device, sha256, created_us, expires_us) VALUES (?, ?, ?, ?)",
        (device, _digest(secret), now_us, now_us + days * _DAY_US),
    )
    db.execute(
        "DELETE FROM join_tokens WHERE device = :device AND id NOT IN"
        " (SELECT id FROM join_tokens WHERE device = :device ORDER BY id DESC LIMIT :most)",
        {"device": device, "most": KEPT_MAX},
    )
    made = newest(db, device)
    assert made is not None
    return made, secret


def void(db: Database, device: str, *, now_us: int) -> bool:
    """The token that lives counts no more; False when there was none."""
    done = db.execute(
        "UPDATE join_tokens SET void_us = ? WHERE device = ? AND used_us IS NULL AND void_us IS NULL", (now_us, device)
    )
    return done.rowcount > 0


def newest(db: Database, device: str) -> JoinToken | None:
    return _first(db, "device = ? ORDER BY id DESC", device)


def look(db: Database, secret: str, *, device: str, key_sha256: str, now_us: int) -> Outcome:
    """What `spend` would do; changes nothing."""
    return _judged(db, secret, device=device, key_sha256=key_sha256, now_us=now_us)[0]


def spend(
    db: Database, secret: str, *, device: str, made: NewCertificate, seal_key: str, now_us: int
) -> tuple[Outcome, Certificate | None]:
    """Uses the token up for this certificate, wholly or not at all; of two at once, one does.

    AGAIN has the certificate that the same key got before. USED raises the alarm that somebody else holds this card.
    `seal_key`: 64 hex, X25519.
    """
    outcome, token = _judged(db, secret, device=device, key_sha256=made.key_sha256, now_us=now_us)
    if outcome is Outcome.USED:
        _alarm(db, device, now_us)
    if token is None or outcome in (Outcome.USED, Outcome.REFUSED):
        return outcome, None
    if outcome is Outcome.AGAIN:
        return outcome, certificates.get(db, token.certificate or 0)
    certificate = certificates.add(db, device, made, now_us=now_us)
    db.execute("UPDATE join_tokens SET used_us = ?, certificate = ? WHERE id = ?", (now_us, certificate.id, token.id))
    db.execute("UPDATE devices SET seal_key = ? WHERE id = ? AND seal_key IS NOT ?", (seal_key, device, seal_key))
    return outcome, certificate


def _judged(
    db: Database, secret: str, *, device: str, key_sha256: str, now_us: int
) -> tuple[Outcome, JoinToken | None]:
    # Found by the hash of what was sent: how long the search takes tells nothing about the secret.
    token = _first(db, "sha256 = ?", _digest(secret)) if len(secret) <= CHARS_MAX else None
    if token is None or token.device != device or token.expires_us <= now_us or not _is_active(db, device):
        return Outcome.REFUSED, None
    if token.void_us is not None:
        return Outcome.REFUSED, None
    if token.certificate is None:
        return Outcome.JOINS, token
    got = certificates.get(db, token.certificate)
    if got is None or got.key_sha256 != key_sha256:
        return Outcome.USED, token
    return (Outcome.AGAIN if got.revoked_us is None else Outcome.REFUSED), token


def _alarm(db: Database, device: str, now_us: int) -> None:
    row = devices.get(db, device)
    alarms.raise_(
        db,
        kind=AlarmKind.CARD,
        subject=device,
        detail="the card's token was used a second time, with another key",
        since_us=now_us,
        now_us=now_us,
        area="" if row is None else row.area,
    )


def _is_active(db: Database, device: str) -> bool:
    return db.execute("SELECT 1 FROM devices WHERE id = ? AND retired_us IS NULL", [device]).fetchone() is not None


def _demand_active(db: Database, device: str) -> None:
    if not devices.exists(db, device):
        raise NotFoundError(f"there is no device {device}")
    if not _is_active(db, device):
        raise ConflictingChangeError(f"{device} is retired: bring it back first")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _first(db: Database, where: str, value: str) -> JoinToken | None:
    for row in db.query(f"SELECT * FROM join_tokens WHERE {where} LIMIT 1", [value]):  # noqa: S608 our own words
        return _token(row)
    return None


def _token(row: dict[str, Any]) -> JoinToken:
    del row["sha256"]
    return JoinToken(**row)
