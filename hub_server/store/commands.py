"""Commands: who asked which device for what and why, and what became of it. What a device does is not this file's."""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import devices, limits
from hub_server.store.errors import InvalidValueError, NotFoundError

WHY_CHARS_MAX: Final = 200
RESTARTED: Final = "the hub was started again before an answer came"
_ID: Final = re.compile(r"[0-9a-f]{32}")


class Outcome(StrEnum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"  # by the device: it was not even tried
    FAILED = "failed"
    UNSENT = "unsent"  # the device said no challenge that could be quoted: nothing ever left the hub
    UNANSWERED = "unanswered"


HEARD: Final = frozenset({Outcome.DONE, Outcome.REFUSED, Outcome.FAILED})
"""What a device has said itself. It takes the place of what the hub only guessed, however late it comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    id: str
    device: str
    place: str  # of the device
    kind: str
    arguments: Mapping[str, object]
    reason: str
    asked_by: str
    asked_us: int
    sent_us: int | None
    settled_us: int | None
    outcome: Outcome | None  # None: it waits
    why: str  # of a refusal one word of the wire's, of a failure a sentence
    latency_ms: int | None  # at the device
    facts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a device has journaled. `id` is None for what no hub has signed."""

    id: str | None
    outcome: Outcome
    why: str
    latency_ms: int
    times: int
    facts: Mapping[str, str]


def create(
    db: Database,
    *,
    id: str,
    device: str,
    kind: str,
    arguments: Mapping[str, object],
    reason: str,
    asked_by: str,
    now_us: int,
) -> Command:
    """Somebody asks; nothing has been sent yet. Raises NotFoundError, InvalidValueError."""
    if not devices.exists(db, device):
        raise NotFoundError(f"there is no device {device}")
    if _ID.fullmatch(id) is None:
        raise InvalidValueError("id", "32 hex digits")
    why = limits.text("reason", reason, limits.REASON_CHARS_MAX, chars_min=1)
    db.execute(
        "INSERT INTO commands (id, device, kind, arguments, reason, asked_by, asked_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            id,
            device,
            kind,
            json.dumps(dict(arguments)),
            why,
            limits.text("by", asked_by, limits.AUTHOR_CHARS_MAX),
            now_us,
        ),
    )
    return find(db, id)


def sent(db: Database, id: str, *, now_us: int) -> bool:
    """It may leave the hub now, this once. False: it has left before, or nobody waits for it any more."""
    cursor = db.execute(
        "UPDATE commands SET sent_us = ? WHERE id = ? AND sent_us IS NULL AND outcome IS NULL", (now_us, id)
    )
    return bool(cursor.rowcount)


def give_up(db: Database, id: str, *, now_us: int, why: str = "") -> bool:
    """No answer came in time. False: one has."""
    cursor = db.execute(
        "UPDATE commands SET outcome = CASE WHEN sent_us IS NULL THEN 'unsent' ELSE 'unanswered' END,"
        " settled_us = ?, why = ? WHERE id = ? AND outcome IS NULL",
        (now_us, why[:WHY_CHARS_MAX], id),
    )
    return bool(cursor.rowcount)


def give_up_all(db: Database, *, now_us: int) -> int:
    """A hub that starts knows nothing of what was under way: nothing of it is ever sent again. How many."""
    waiting = db.execute("SELECT id FROM commands WHERE outcome IS NULL").fetchall()
    return sum(give_up(db, row[0], now_us=now_us, why=RESTARTED) for row in waiting)


def answered(db: Database, *, device: str, result: Result, at_us: int) -> bool:
    """What a device has journaled; true where a command of this hub to this device waited for it.

    Done or failed stays what it is: that a copy of it was refused later is counted beside, as is every other refusal.
    """
    row = db.execute("SELECT outcome FROM commands WHERE id = ? AND device = ?", (result.id, device)).fetchone()
    before = None if row is None or row[0] is None else Outcome(row[0])
    if row is None or (before in HEARD and not (before is Outcome.REFUSED and result.outcome is not Outcome.REFUSED)):
        if result.outcome is Outcome.REFUSED:
            _count(db, device, result, at_us)
        return False
    db.execute(
        "UPDATE commands SET outcome = ?, settled_us = ?, why = ?, latency_ms = ?, facts = ? WHERE id = ?",
        (
            result.outcome.value,
            at_us,
            result.why[:WHY_CHARS_MAX],
            result.latency_ms,
            json.dumps(dict(result.facts), ensure_ascii=False),
            result.id,
        ),
    )
    return True


def get(db: Database, id: str) -> Command | None:
    for row in db.query(f"{_SELECT} WHERE c.id = ?", [id]):
        return _command(row)
    return None


def find(db: Database, id: str) -> Command:
    """Raises NotFoundError."""
    row = get(db, id)
    if row is None:
        raise NotFoundError("there is no such command")
    return row


def of_device(db: Database, device: str, *, kinds: Iterable[str], limit: int) -> list[Command]:
    """The newest first, of these kinds."""
    where = "c.device = ? AND c.kind IN (SELECT value FROM json_each(?))"
    sql = f"{_SELECT} WHERE {where} ORDER BY c.asked_us DESC, c.id LIMIT ?"
    rows = db.query(sql, [device, json.dumps(sorted(kinds)), limits.page_rows(limit)])
    return [_command(row) for row in rows]


def refusals(db: Database, device: str, *, since_us: int) -> dict[str, int]:
    """How often the device refused what no command of this hub explains, by its word for it."""
    rows = db.execute(
        "SELECT reason, sum(times) FROM command_refusals WHERE device = ? AND at_us >= ?"
        " GROUP BY reason ORDER BY reason",
        (device, since_us),
    )
    return {reason: int(times) for reason, times in rows}


_SELECT: Final = "SELECT c.*, d.place FROM commands c JOIN devices d ON d.id = c.device"


def _count(db: Database, device: str, result: Result, at_us: int) -> None:
    db.execute(
        "INSERT INTO command_refusals (device, at_us, reason, times) VALUES (?, ?, ?, ?)",
        (device, at_us, result.why[:WHY_CHARS_MAX], result.times),
    )


def _command(row: Mapping[str, Any]) -> Command:
    return Command(
        id=row["id"],
        device=row["device"],
        place=row["place"],
        kind=row["kind"],
        arguments=json.loads(row["arguments"]),
        reason=row["reason"],
        asked_by=row["asked_by"],
        asked_us=row["asked_us"],
        sent_us=row["sent_us"],
        settled_us=row["settled_us"],
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        why=row["why"],
        latency_ms=row["latency_ms"],
        facts=json.loads(row["facts"]),
    )
