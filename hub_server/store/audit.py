"""Who looked at whom and who changed what, in a chain that shows every change of it (DESIGN, invariant 10).

digest = SHA-256(salt || payload); chain = SHA-256(previous chain || digest || time || actor), the time as 8 bytes, big
endian. Erasing a person deletes salt, payload and subject of the rows about them: the chain still verifies. How many
rows were blanked so, and up to which row the oldest ones were deleted, are rows of the chain themselves.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlite_utils import Database

GENESIS: Final = bytes(32)
FORGOTTEN: Final = "forgotten"
"""The action of a row whose payload is gone: nothing vouches for what it was."""
FORGET: Final = "audit.forget"
CUT: Final = "audit.cut"
HUB: Final = "hub"
"""The actor of what the hub does by itself."""
_SALT_BYTES: Final = 16


class _CutDetail(msgspec.Struct, frozen=True):
    below: int
    chain: str


class _CutPayload(msgspec.Struct, frozen=True):
    detail: _CutDetail


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
    digest = digest_of(salt, payload)
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


def forget(db: Database, subjects: Iterable[str], *, now_us: int) -> int:
    """What rows about these said is gone, that they were there is not; how many rows. The chain says how many."""
    forgotten = db.execute(
        "UPDATE audit SET salt = NULL, payload = NULL, subject = NULL, action = ?"
        " WHERE subject IN (SELECT value FROM json_each(?))",
        (FORGOTTEN, json.dumps(sorted(set(subjects)))),
    ).rowcount
    if forgotten:
        append(db, actor=HUB, action=FORGET, subject=None, detail={"rows": forgotten}, now_us=now_us)
    return int(forgotten)


def cut(db: Database, *, below: int, now_us: int) -> bool:
    """Says in the chain that the rows below this one go; `drop` deletes them. False: nothing is to be said.

    `below` is no place behind the head: a chain never ends with its own cut.
    """
    row = db.execute("SELECT chain FROM audit WHERE id = ?", [below - 1]).fetchone()
    if row is None or head(db).id < below:
        return False
    append(
        db, actor=HUB, action=CUT, subject=None, detail={"below": below, "chain": bytes(row[0]).hex()}, now_us=now_us
    )
    return True


def drop(db: Database, *, limit: int) -> int:
    """Deletes at most `limit` of the oldest rows below the newest cut; how many."""
    told = last_cut(db)
    if told is None:
        return 0
    return int(
        db.execute(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < ? ORDER BY id LIMIT ?)", (told[0], limit)
        ).rowcount
    )


def last_cut(db: Database) -> tuple[int, bytes] | None:
    """Below which row the oldest were deleted, and the chain of the one before it, as the chain itself says."""
    row = db.execute("SELECT payload FROM audit WHERE action = ? ORDER BY id DESC LIMIT 1", [CUT]).fetchone()
    if row is None or row[0] is None:
        return None
    try:
        detail = msgspec.json.decode(row[0], type=_CutPayload).detail
        return detail.below, bytes.fromhex(detail.chain)
    except (msgspec.MsgspecError, ValueError):
        return None  # somebody has edited it, and the chain shows that


def expired_below(db: Database, *, before_us: int) -> int | None:
    """The first row that is not older than this, when all before it are; None when no row is older. For a reader.

    The last row always stays: it is what the next one is chained to.
    """
    row = db.execute("SELECT id FROM audit WHERE at_us < ? ORDER BY at_us DESC LIMIT 1", [before_us]).fetchone()
    if row is None:
        return None
    # Not by the index of times, most of which is younger.
    (young,) = db.execute("SELECT min(id) FROM audit WHERE id <= ? AND +at_us >= ?", (row[0], before_us)).fetchone()
    (oldest, last) = db.execute("SELECT min(id), max(id) FROM audit").fetchone()
    below: int = min(row[0] + 1 if young is None else young, last)
    return below if below > oldest else None


def digest_of(salt: bytes, payload: bytes) -> bytes:
    """What vouches for the payload, 32 bytes."""
    return hashlib.sha256(salt + payload).digest()


def link(previous: bytes, *, digest: bytes, at_us: int, actor: str) -> bytes:
    """The chain's next value, 32 bytes."""
    return hashlib.sha256(previous + digest + at_us.to_bytes(8, "big", signed=True) + actor.encode()).digest()
