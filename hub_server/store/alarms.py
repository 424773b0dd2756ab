"""What the office must know besides alerts: a dead observer, a stepping clock, messages that do not go out."""

# ruff: noqa: A001, A002 -- `open` reads well as alarms.open; arguments are named as their columns: id, type, hash

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from hub_server.store import limits, outbox, recipients
from hub_server.store.outbox import NoticeKind
from hub_server.store.recipients import Recipient
from hub_server.watch.ladder import Rung

DETAIL_CHARS_MAX = 500
_TOLD = (Rung.OFFICE, Rung.COMMUNITY, Rung.WORKER)
"""The first of these on which there is somebody hears of an alarm."""


class AlarmKind(StrEnum):
    OBSERVER = "observer"  # a camera that usually sees a watched person does not watch
    CLOCK = "clock"  # of the hub
    DELIVERY = "delivery"  # somebody cannot be told, or there is nobody to tell


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """At most one that is not cleared for a kind and subject."""

    id: int
    kind: AlarmKind
    subject: str  # what it is about: "door-east/east" (device/camera), "hub", "area/桂花村", "message/12"
    detail: str
    since_us: int  # when the trouble began
    raised_us: int
    cleared_us: int | None


def raise_(
    db: Database, *, kind: AlarmKind, subject: str, detail: str, since_us: int, now_us: int, area: str = ""
) -> Alarm:
    """Raises an alarm and tells the office of the area, of every area for "". One that is open stays as it is."""
    known = _open_one(db, kind, subject)
    if known is not None:
        return known
    cursor = db.execute(
        "INSERT INTO alarms (kind, subject, detail, since_us, raised_us) VALUES (?, ?, ?, ?, ?)",
        (kind, subject, detail[:DETAIL_CHARS_MAX], since_us, now_us),
    )
    id = cursor.lastrowid
    assert id is not None
    for recipient in _told(db, area):
        outbox.tell(
            db,
            kind=NoticeKind.ALARM,
            alarm=id,
            addressee=recipient.addressee,
            dedupe=f"alarm-{id}/raised-{now_us}/{recipient.addressee}",
            now_us=now_us,
            ready_us=now_us,
        )
    made = get(db, id)
    assert made is not None
    return made


def clear(db: Database, *, kind: AlarmKind, subject: str, now_us: int) -> None:
    """The trouble is over; nothing happens when there is no such alarm."""
    known = _open_one(db, kind, subject)
    if known is not None:
        db.execute("UPDATE alarms SET cleared_us = ? WHERE id = ?", (now_us, known.id))
        outbox.settle_alarm(db, known.id, now_us)


def get(db: Database, id: int) -> Alarm | None:
    for row in db.query("SELECT * FROM alarms WHERE id = ?", [id]):
        return _alarm(row)
    return None


def open(db: Database) -> list[Alarm]:
    """Those that are not cleared, oldest first; at most a page."""
    sql = "SELECT * FROM alarms WHERE cleared_us IS NULL ORDER BY id LIMIT ?"
    return [_alarm(row) for row in db.query(sql, [limits.PAGE_ROWS_MAX])]


def standing(db: Database, kind: AlarmKind) -> frozenset[str]:
    """The subjects of all alarms of this kind that are not cleared."""
    rows = db.execute("SELECT subject FROM alarms WHERE kind = ? AND cleared_us IS NULL", [kind])
    return frozenset(subject for (subject,) in rows)


def page(db: Database, *, after: int | None, limit: int) -> list[Alarm]:
    """Newest first, from the one behind `after`, those that are cleared too."""
    sql = "SELECT * FROM alarms WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?"
    return [_alarm(row) for row in db.query(sql, [after, after, limits.page_rows(limit)])]


def _told(db: Database, area: str) -> list[Recipient]:
    for rung in _TOLD:
        found = recipients.on_rung(db, rung=rung, area=area) if area else recipients.on_rung_anywhere(db, rung=rung)
        if found:
            return found
    return []


def _open_one(db: Database, kind: AlarmKind, subject: str) -> Alarm | None:
    sql = "SELECT * FROM alarms WHERE kind = ? AND subject = ? AND cleared_us IS NULL"
    for row in db.query(sql, [kind, subject]):
        return _alarm(row)
    return None


def _alarm(row: dict[str, Any]) -> Alarm:
    return Alarm(**{**row, "kind": AlarmKind(row["kind"])})
