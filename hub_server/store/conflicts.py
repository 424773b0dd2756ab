"""Conflicts: an event that came for a place where another one stands. Both are kept, and a person looks into it."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.errors import NotFoundError
from hub_server.store.quarantine import signed
from hub_server.store.reach import DEVICES, EVERYWHERE, Reach


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptConflict:
    """The event that came second, beside the one that holds the place."""

    id: int
    device: str
    place: str
    epoch: str
    seq: int
    hash: str
    received_us: int
    size: int  # bytes; 0 when the person that they named was erased
    held_id: int | None  # of the event that holds the place; None: the store is damaged, and `verify` says so
    held_hash: str
    settled_us: int | None  # None: nobody has looked into it yet
    settled_by: str
    note: str


def get(db: Database, id: int) -> KeptConflict | None:
    for row in db.view("conflict_rows").rows_where("id = ?", [id], limit=1):
        return _conflict(db, row)
    return None


def page(
    db: Database,
    *,
    after: int | None,
    limit: int,
    settled: bool = False,
    device: str | None = None,
    reach: Reach = EVERYWHERE,
) -> list[KeptConflict]:
    """By id, from the one behind `after`: those that wait for a person, or those that one has settled."""
    where, values = "id > :after", {"after": after or 0, "device": device, "reach": reach.value}
    where += f" AND settled_us IS {'NOT ' if settled else ''}NULL"
    if device is not None:
        where += " AND device = :device"
    if reach.areas is not None:
        where += f" AND device IN {DEVICES}"
    rows = db.view("conflict_rows").rows_where(where, values, order_by="id", limit=limits.page_rows(limit))
    return [_conflict(db, row) for row in rows]


def raws_of(db: Database, row: KeptConflict) -> tuple[bytes, bytes]:
    """The bytes that came, and those that hold the place."""
    (came,) = db.execute("SELECT raw FROM conflicts WHERE id = ?", [row.id]).fetchone()
    held = db.execute("SELECT raw FROM events WHERE id = ?", [row.held_id]).fetchone()
    return bytes(came), b"" if held is None else bytes(held[0])


def settle(db: Database, id: int, *, author: str, note: str, now_us: int) -> KeptConflict:
    """A person has looked into it; again changes nothing. Raises NotFoundError, InvalidValueError."""
    row = _find(db, id)
    who, why = signed(author, note, note_chars_min=1)
    if row.settled_us is None:
        db.execute(
            "INSERT INTO conflicts_settled (conflict, at_us, author, note) VALUES (?, ?, ?, ?)", (id, now_us, who, why)
        )
    return _find(db, id)


def _find(db: Database, id: int) -> KeptConflict:
    row = get(db, id)
    if row is None:
        raise NotFoundError(f"没有 {id} 号冲突；there is no conflict {id}")
    return row


def _conflict(db: Database, row: dict[str, Any]) -> KeptConflict:
    held = db.execute(
        "SELECT id, hash, last_seq FROM events WHERE device = ? AND epoch = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
        (row["device"], row["epoch"], row["seq"]),
    ).fetchone()
    there = held is not None and held[2] >= row["seq"]
    return KeptConflict(**row, held_id=held[0] if there else None, held_hash=held[1] if there else "")
