"""A device that is no more: what it has seen stays, it may not speak, and lists leave it out. It can come back."""

from sqlite_utils import Database

from hub_server.store import alarms, certificates, devices, join_tokens, limits
from hub_server.store.alarms import AlarmKind
from hub_server.store.certificates import Certificate
from hub_server.store.errors import ConflictingChangeError, NotFoundError
from hub_server.store.rows import Device


def revoke(db: Database, device: str, *, reason: str, now_us: int) -> list[Certificate]:
    """A stolen card: its certificates, and a token that lives, count no more, until it gets a new card.

    Those certificates. Raises NotFoundError, InvalidValueError (no reason).
    """
    _get(db, device)
    join_tokens.void(db, device, now_us=now_us)
    alarms.clear(db, kind=AlarmKind.CARD, subject=device, now_us=now_us)
    why = limits.text("reason", reason, limits.REASON_CHARS_MAX, chars_min=1)
    db.execute("UPDATE devices SET barred_us = ?, barred_reason = ? WHERE id = ?", (now_us, why, device))
    return certificates.revoke_all(db, device, reason=why, now_us=now_us)


def retire(db: Database, device: str, *, reason: str, now_us: int) -> tuple[Device, list[Certificate]]:
    """Its certificates and tokens count no more, and nobody is told that it does not watch.

    Raises NotFoundError, ConflictingChangeError (it is retired already), InvalidValueError (no reason).
    """
    if _get(db, device).retired_us is not None:
        raise ConflictingChangeError(f"{device} is retired already")
    void = revoke(db, device, reason=reason, now_us=now_us)
    db.execute("UPDATE devices SET retired_us = ?, online = 0 WHERE id = ?", (now_us, device))
    for subject in sorted(alarms.standing(db, AlarmKind.OBSERVER)):
        if subject.partition("/")[0] == device:
            alarms.clear(db, kind=AlarmKind.OBSERVER, subject=subject, now_us=now_us)
    return _get(db, device), void


def unretire(db: Database, device: str, *, now_us: int) -> Device:  # noqa: ARG001 the shape of every change
    """It is on the lists again; to speak it needs a new card. Raises NotFoundError, ConflictingChangeError."""
    if _get(db, device).retired_us is None:
        raise ConflictingChangeError(f"{device} is not retired")
    db.execute("UPDATE devices SET retired_us = NULL WHERE id = ?", [device])
    return _get(db, device)


def _get(db: Database, device: str) -> Device:
    row = devices.get(db, device)
    if row is None:
        raise NotFoundError(f"there is no device {device}")
    return row
