"""Events that were not understood: they hold their place, and wait for a person or for a hub that knows more."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from hub_server.store import events, limits
from hub_server.store.errors import ConflictingChangeError, NotFoundError
from hub_server.store.events import NewEvent
from hub_server.store.reach import DEVICES, EVERYWHERE, Reach

QUARANTINED = "quarantined"
"""The type of an event while it is not understood."""


class State(StrEnum):
    WAITING = "waiting"
    DISMISSED = "dismissed"  # stored, and no longer shown; it may be released all the same
    RELEASED = "released"


class Decision(StrEnum):
    DISMISSED = "dismissed"
    RELEASED = "released"


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineStep:
    """Who decided what; there is at most one of each kind for an event."""

    at_us: int
    author: str
    step: Decision
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarantined:
    """An event that is or was in quarantine."""

    id: int
    device: str
    place: str
    epoch: str
    seq: int
    type: str  # what it was read as; "quarantined" while it is not understood
    reason: str  # why it was not understood when it came
    received_us: int
    size: int  # bytes; 0 when the person that they named was erased
    state: State
    steps: tuple[QuarantineStep, ...]  # oldest first


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """What became of a release. Not `done`: `why` says what is not understood; empty, it was released before."""

    row: Quarantined
    done: bool
    why: str


def get(db: Database, id: int) -> Quarantined | None:
    """None also for an event that was understood at once."""
    for row in db.view("quarantine_rows").rows_where("id = ?", [id], limit=1):
        return _quarantined(db, row)
    return None


def page(
    db: Database,
    *,
    after: int | None,
    limit: int,
    state: State = State.WAITING,
    device: str | None = None,
    reach: Reach = EVERYWHERE,
) -> list[Quarantined]:
    """By id, from the one behind `after`."""
    where, values = "id > :after AND state = :state", {"after": after or 0, "state": state, "reach": reach.value}
    if device is not None:
        where, values = f"{where} AND device = :device", {**values, "device": device}
    if reach.areas is not None:
        where = f"{where} AND device IN {DEVICES}"
    rows = db.view("quarantine_rows").rows_where(where, values, order_by="id", limit=limits.page_rows(limit))
    return [_quarantined(db, row) for row in rows]


def raw_of(db: Database, id: int) -> bytes:
    """The bytes of an event that `get` finds: up to a whole payload, so no page carries them."""
    (raw,) = db.execute("SELECT raw FROM events WHERE id = ?", [id]).fetchone()
    return bytes(raw)


def dismiss(db: Database, id: int, *, author: str, note: str, now_us: int) -> Quarantined:
    """Nobody need look at it any more. Again changes nothing.

    Raises NotFoundError, InvalidValueError, ConflictingChangeError (it was released).
    """
    row = find(db, id)
    who, why = signed(author, note, note_chars_min=1)
    if row.state is State.RELEASED:
        raise ConflictingChangeError(f"{id} 号已放行，不能再搁置；event {id} was released: it is a {row.type} now")
    if row.state is State.WAITING:
        record(db, id, Decision.DISMISSED, author=who, note=why, now_us=now_us)
    return find(db, id)


def reread(db: Database, event: NewEvent, *, id: int, author: str, note: str, now_us: int) -> bool:
    """The row becomes what its bytes say; False, and nothing has changed, when it is no longer in quarantine.

    Its effects are the caller's part, in the same transaction.
    """
    changed = db.execute(
        "UPDATE events SET last_seq = ?, type = ?, boot = ?, mono_us = ?, synced = ?, captured_us = ?,"
        " clock_trusted = ?, camera = ?, person = ?, score = ?, strict = ?, qualifies = ?, counts = ?"
        " WHERE id = ? AND type = 'quarantined'",
        (
            event.last_seq,
            event.type,
            event.boot,
            event.mono_us,
            event.synced,
            event.captured_us,
            event.clock_trusted,
            event.camera,
            event.person,
            event.score,
            event.strict,
            event.qualifies,
            event.counts,
            id,
        ),
    ).rowcount
    if changed:
        events.count_people(db, [event])
        record(db, id, Decision.RELEASED, author=author, note=note, now_us=now_us)
    return bool(changed)


def find(db: Database, id: int) -> Quarantined:
    """The same as `get`. Raises NotFoundError."""
    row = get(db, id)
    if row is None:
        raise NotFoundError(f"隔离区里没有 {id} 号；there is no event {id} in quarantine")
    return row


def signed(author: str, note: str, *, note_chars_min: int = 0) -> tuple[str, str]:
    """Name and note as they are stored. Raises InvalidValueError."""
    return (
        limits.text("by", author, limits.AUTHOR_CHARS_MAX, chars_min=1),
        limits.text("note", note, limits.NOTE_CHARS_MAX, chars_min=note_chars_min),
    )


def record(db: Database, id: int, step: Decision, *, author: str, note: str, now_us: int) -> None:
    db.execute(
        "INSERT INTO quarantine_steps (event, at_us, author, step, note) VALUES (?, ?, ?, ?, ?)",
        (id, now_us, author, step, note),
    )


def _quarantined(db: Database, row: dict[str, Any]) -> Quarantined:
    steps = db.query("SELECT at_us, author, step, note FROM quarantine_steps WHERE event = ? ORDER BY id", [row["id"]])
    return Quarantined(
        **{
            **row,
            "state": State(row["state"]),
            "steps": tuple(QuarantineStep(**{**step, "step": Decision(step["step"])}) for step in steps),
        }
    )
