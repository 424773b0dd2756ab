"""The outbox: what somebody must be told, written in the transaction of what it tells of. Sending comes after.

A notice is one thing for one addressee. Those that are ready together become one message, whose notices and key never
change from then on: a crash between sending and recording sends the same key again. A notice that nobody needs any
more is settled: somebody has the alert in hand, or it is closed.
"""

# ruff: noqa: A002 -- arguments are named as their columns: id, type, hash

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store.rows import Alert

MESSAGE_NOTICES_MAX: Final = 1000
"""One message tells of so many; the rest goes into the next."""
FORMED_AT_ONCE_MAX: Final = 5000
"""Notices that one transaction joins into messages."""
TROUBLE_CHARS_MAX: Final = 500


class NoticeKind(StrEnum):
    """What a notice tells. RAISED to REOPENED are of an alert that needs somebody."""

    RAISED = "raised"
    CLIMBED = "climbed"
    REMINDED = "reminded"
    REPORTED = "reported"
    REOPENED = "reopened"
    RETRACTED = "retracted"
    PAUSE_ENDING = "pause_ending"
    ALARM = "alarm"


CALLS: Final = (NoticeKind.RAISED, NoticeKind.CLIMBED, NoticeKind.REMINDED, NoticeKind.REOPENED)
"""They ask for somebody: once somebody has the alert in hand, the rest need not hear them."""
NEEDS: Final = (*CALLS, NoticeKind.REPORTED)
"""They are untrue once the alert is closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing that one addressee must be told. Exactly one of alert, alarm, pause is not None."""

    id: int
    key: str
    kind: NoticeKind
    alert: int | None
    alarm: int | None
    pause: int | None
    addressee: str  # "recipient/7" or "contact/3": store.recipients.addressed finds them
    created_us: int
    ready_us: int  # not told before: others may join it
    message: int | None
    settled_us: int | None  # since when nobody needs it any more


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One sending, of one notice or more. `key` goes out with every try."""

    id: int
    key: str
    addressee: str
    created_us: int
    next_us: int | None  # the next try; None: sent, or settled
    tries: int
    sent_us: int | None
    sent_by: str | None  # the channel that took it
    trouble: str  # of the last try; "" for none


def tell(
    db: Database,
    *,
    kind: NoticeKind,
    addressee: str,
    dedupe: str,
    now_us: int,
    ready_us: int,
    alert: Alert | None = None,
    alarm: int | None = None,
    pause: int | None = None,
) -> None:
    """Queues a notice, unless there is one under this key. Exactly one of alert, alarm, pause is given."""
    db.execute(
        "INSERT INTO notices (key, kind, alert, alarm, pause, addressee, created_us, ready_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        (dedupe, kind, None if alert is None else alert.id, alarm, pause, addressee, now_us, ready_us),
    )


def ready(db: Database, *, now_us: int) -> bool:
    """True when a notice may be joined into a message. Cheap: for a reader, before a write is asked for."""
    sql = "SELECT 1 FROM notices WHERE message IS NULL AND settled_us IS NULL AND ready_us <= ? LIMIT 1"
    return db.execute(sql, [now_us]).fetchone() is not None


def form(db: Database, *, now_us: int) -> list[Message]:
    """Joins the ready notices of each addressee into messages, by age. At most FORMED_AT_ONCE_MAX notices."""
    rows = db.execute(
        "SELECT addressee, id, key FROM notices WHERE message IS NULL AND settled_us IS NULL AND ready_us <= ?"
        " ORDER BY ready_us, id LIMIT ?",
        (now_us, FORMED_AT_ONCE_MAX),
    ).fetchall()
    rows.sort(key=lambda row: row[0])  # stable
    made = []
    for addressee, group in groupby(rows, key=lambda row: row[0]):
        theirs = list(group)
        parts = (theirs[first : first + MESSAGE_NOTICES_MAX] for first in range(0, len(theirs), MESSAGE_NOTICES_MAX))
        made += [_join(db, addressee, part, now_us) for part in parts]
    return made


def due(db: Database, *, now_us: int, limit: int) -> list[Message]:
    """The messages to try now, the longest due first."""
    rows = db.query(
        "SELECT m.* FROM messages m WHERE m.next_us <= ? AND EXISTS ("
        "SELECT 1 FROM notices n WHERE n.message = m.id AND n.settled_us IS NULL)"
        " ORDER BY m.next_us, m.id LIMIT ?",
        [now_us, limit],
    )
    return [Message(**row) for row in rows]


def get(db: Database, id: int) -> Message | None:
    for row in db.query("SELECT * FROM messages WHERE id = ?", [id]):
        return Message(**row)
    return None


def contents(db: Database, message_id: int) -> list[Notice]:
    """What a message still has to tell, by age. Empty when all of it was settled, or its people were erased."""
    rows = db.query("SELECT * FROM notices WHERE message = ? AND settled_us IS NULL ORDER BY id", [message_id])
    return [_notice(row) for row in rows]


def sent(db: Database, id: int, *, by: str, now_us: int) -> None:
    """A channel took it."""
    db.execute(
        "UPDATE messages SET next_us = NULL, tries = tries + 1, sent_us = ?, sent_by = ?, trouble = ''"
        " WHERE id = ? AND sent_us IS NULL",
        (now_us, by, id),
    )


def failed(db: Database, id: int, *, trouble: str, next_us: int, now_us: int) -> None:  # noqa: ARG001 the shape of every change
    """No channel took it: it is tried again at `next_us`, unless it was settled meanwhile."""
    db.execute(
        "UPDATE messages SET next_us = CASE WHEN next_us IS NULL THEN NULL ELSE ? END, tries = tries + 1, trouble = ?"
        " WHERE id = ? AND sent_us IS NULL",
        (next_us, trouble[:TROUBLE_CHARS_MAX], id),
    )


def settle_message(db: Database, id: int, *, now_us: int) -> None:
    """Nobody is there any more to whom it could be told, or nothing of what it told of is left."""
    db.execute("UPDATE messages SET next_us = NULL WHERE id = ? AND sent_us IS NULL", [id])
    db.execute("UPDATE notices SET settled_us = ? WHERE message = ? AND settled_us IS NULL", (now_us, id))


def unsent_since_us(db: Database) -> int | None:
    """When the oldest message was made that no channel has taken yet; None: none waits."""
    since_us: int | None = db.execute("SELECT min(created_us) FROM messages WHERE next_us NOT NULL").fetchone()[0]
    return since_us


def settle_alert(db: Database, alert: Alert, now_us: int, *, kinds: Iterable[NoticeKind] = CALLS) -> None:
    """What of these kinds was not sent yet is not needed any more."""
    _settle(db, "alert", alert.id, now_us, kinds)


def settle_alarm(db: Database, alarm: int, now_us: int) -> None:
    """The alarm is over before everybody was told."""
    _settle(db, "alarm", alarm, now_us, [NoticeKind.ALARM])


def settle_addressee(db: Database, addressee: str, now_us: int) -> None:
    """Who is removed hears nothing more."""
    _settle(db, "addressee", addressee, now_us, NoticeKind)


def told(db: Database, alert: Alert, *, or_waiting: bool) -> list[str]:
    """Whoever heard of an alert, or may have: a message with it was made. `or_waiting`: or was to hear."""
    rows = db.execute(
        "SELECT DISTINCT addressee FROM notices WHERE alert = ? AND (message NOT NULL OR ?) ORDER BY addressee",
        (alert.id, or_waiting),
    )
    return [addressee for (addressee,) in rows]


def waits_for(db: Database, alert: Alert, addressee: str) -> bool:
    """True while a call about this alert was not sent to them yet: another would say the same."""
    row = db.execute(
        "SELECT 1 FROM notices n LEFT JOIN messages m ON m.id = n.message WHERE n.alert = ? AND n.addressee = ?"  # noqa: S608 our own words
        f" AND n.kind IN ({_marks(CALLS)}) AND n.settled_us IS NULL AND m.sent_us IS NULL LIMIT 1",
        (alert.id, addressee, *CALLS),
    ).fetchone()
    return row is not None


def shift(db: Database, *, by_us: int) -> None:
    """The hub's clock stepped: what waits goes on waiting for as long as before."""
    db.execute("UPDATE notices SET ready_us = ready_us + ? WHERE message IS NULL AND settled_us IS NULL", [by_us])
    db.execute("UPDATE messages SET next_us = next_us + ? WHERE next_us NOT NULL", [by_us])


def _join(db: Database, addressee: str, rows: list[tuple[str, int, str]], now_us: int) -> Message:
    digest = sha256("\n".join(key for _, _, key in rows).encode()).hexdigest()[:16]
    cursor = db.execute(
        "INSERT INTO messages (key, addressee, created_us, next_us) VALUES (?, ?, ?, ?)",
        (f"m-{rows[0][1]}-{digest}", addressee, now_us, now_us),
    )
    message = cursor.lastrowid
    assert message is not None
    for _, notice, _ in rows:
        db.execute("UPDATE notices SET message = ? WHERE id = ?", (message, notice))
    made = get(db, message)
    assert made is not None
    return made


def _settle(db: Database, column: str, value: int | str, now_us: int, kinds: Iterable[NoticeKind]) -> None:
    wanted = tuple(kinds)
    rows = db.execute(
        "SELECT n.id, n.message FROM notices n LEFT JOIN messages m ON m.id = n.message"  # noqa: S608 our own words
        f" WHERE n.{column} = ? AND n.kind IN ({_marks(wanted)}) AND n.settled_us IS NULL AND m.sent_us IS NULL",
        (value, *wanted),
    ).fetchall()
    for notice, _ in rows:
        db.execute("UPDATE notices SET settled_us = ? WHERE id = ?", (now_us, notice))
    for message in {message for _, message in rows if message is not None}:
        db.execute(
            "UPDATE messages SET next_us = NULL WHERE id = ?"
            " AND NOT EXISTS (SELECT 1 FROM notices WHERE message = ? AND settled_us IS NULL)",
            (message, message),
        )


def _marks(values: tuple[NoticeKind, ...]) -> str:
    return ", ".join("?" * len(values))


def _notice(row: dict[str, Any]) -> Notice:
    return Notice(**{**row, "kind": NoticeKind(row["kind"])})
