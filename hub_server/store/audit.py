"""Who looked at whom and who changed what, in a chain that shows every change of it (DESIGN, invariant 10).

digest = SHA-256(salt || payload); chain = SHA-256(previous chain || digest || time || actor), the time as 8 bytes, big
endian. Erasing a person deletes salt, payload and subject of the rows about them: the chain still verifies.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlite_utils import Database

GENESIS: Final = bytes(32)
_SALT_BYTES: Final = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Where the chain ends. Kept elsewhere, it shows whether rows were cut off at its end, or all of it made anew."""

    id: int  # 0: nothing was ever written
    at_us: int
    chain: bytes  # 32 bytes


def append(
    db: Database,
    *,
    actor: str,
    action: str,
    subject: str | None,
    detail: Mapping[str, object],
    now_us: int,
) -> int:
    """One row more; its id. `action`: "people.change"; `subject`: "person/p-li", or None for what is about nobody.

    `detail` names fields, counts and filters; what people wrote, and values of fields, have no place in it.
    """
    payload = msgspec.json.encode({"action": action, "subject": subject, "detail": dict(detail)}, order="sorted")
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.sha256(salt + payload).digest()
    chain = link(head(db).chain, digest=digest, at_us=now_us, actor=actor)
    cursor = db.execute(
        "INSERT INTO audit (at_us, actor, action, subject, salt, payload, digest, chain)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (now_us, actor, action, subject, salt, payload, digest, chain),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def head(db: Database) -> Head:
    """The last row's; GENESIS before the first."""
    row = db.execute("SELECT id, at_us, chain FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return Head(id=0, at_us=0, chain=GENESIS) if row is None else Head(id=row[0], at_us=row[1], chain=bytes(row[2]))


def forget(db: Database, *, subject: str) -> int:
    """What rows about the subject said is gone, that they were there is not; how many rows."""
    return db.execute(
        "UPDATE audit SET salt = NULL, payload = NULL, subject = NULL WHERE subject = ?", [subject]
    ).rowcount


def link(previous: bytes, *, digest: bytes, at_us: int, actor: str) -> bytes:
    """The chain's next value, 32 bytes."""
    return hashlib.sha256(previous + digest + at_us.to_bytes(8, "big", signed=True) + actor.encode()).digest()
