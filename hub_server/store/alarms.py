"""What the office must know besides alerts: a dead observer, a stepping clock, messages that do not go out."""

# ruff: noqa: A001, A002 -- `open` reads well as alarms.open; arguments are named as their columns: id, type, hash

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import limits, outbox, recipients
from hub_server.store.outbox import NoticeKind
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.recipients import Recipient
from hub_server.watch.ladder import Rung

DETAIL_CHARS_MAX = 500
HUB: Final = "hub"
"""The subject of what is wrong with the hub itself."""
_TOLD = (Rung.OFFICE, Rung.COMMUNITY, Rung.WORKER)
"""The first of these on which there is somebody hears of an alarm."""


class AlarmKind(StrEnum):
    OBSERVER = "observer"  # a camera that usually sees a watched person does not watch
    CLOCK = "clock"  # of the hub
    DELIVERY = "delivery"  # somebody cannot be told, or there is nobody to tell
    CARD = "card"  # there are two of a card by which a device joins
    ROLLOUT = "rollout"  # settings or models stopped on their way: a device did not take them, or was not well
    CERTIFICATE = "certificate"  # one ends soon, or the broker's files cannot be written


ALL_KINDS: Final = frozenset(AlarmKind)
OF_EQUIPMENT: Final = ALL_KINDS - {AlarmKind.DELIVERY}
"""Those that say nothing about people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """At most one that is not cleared for a kind and subject."""

    id: int
    kind: AlarmKind
    subject: str  # what it is about: "door-east/east" (device/camera), "door-east", "hub", "area/桂花村", "message/12"
    detail: str
    since_us: int  # when the trouble began
    raised_us: int
    cleared_us: int | None
    area: str = ""  # of what it is about, as `grid`; "" for the whole office
    grid: str = ""

    def concerns(self, reach: Reach) -> bool:
        """What is wrong with the hub itself concerns everybody."""
        return self.subject == HUB or reach.covers(self.area, self.grid)


_ROWS: Final = """
    SELECT a.*, coalesce(d.area, r.area, p.area, iif(a.subject GLOB 'area/*', substr(a.subject, 6), '')) AS area,
        coalesce(d.grid, p.grid, '') AS grid
    FROM alarms a
    LEFT JOIN devices d ON a.kind IN ('observer', 'card', 'certificate')
        AND d.id = substr(a.subject, 1, instr(a.subject || '/', '/') - 1)
    LEFT JOIN recipients r ON r.id = iif(a.subject GLOB 'recipient/*', CAST(substr(a.subject, 11) AS INTEGER), NULL)
    LEFT JOIN contacts c ON c.id = iif(a.subject GLOB 'contact/*', CAST(substr(a.subject, 9) AS INTEGER), NULL)
    LEFT JOIN people p ON p.id = c.person
"""
_CONCERNS: Final = f"(subject = :hub OR {condition('area', 'grid')})"
_OF_KINDS: Final = "kind IN (SELECT value FROM json_each(:kinds))"


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
    for row in db.query(f"{_ROWS} WHERE a.id = ?", [id]):
        return _alarm(row)
    return None


def open(db: Database, *, reach: Reach = EVERYWHERE, kinds: Collection[AlarmKind] = ALL_KINDS) -> list[Alarm]:
    """Those of these kinds that are not cleared and concern somebody of this reach, oldest first; at most a page."""
    rows = db.query(
        f"SELECT * FROM ({_ROWS} WHERE a.cleared_us IS NULL)"  # noqa: S608 our own names
        f" WHERE {_CONCERNS} AND {_OF_KINDS} ORDER BY id LIMIT :limit",
        {**_given(reach, kinds), "limit": limits.PAGE_ROWS_MAX},
    )
    return [_alarm(row) for row in rows]


def of_observers(db: Database, *, since_us: int) -> list[Alarm]:
    """Those about cameras that are not cleared, or were since then; oldest first, at most a page."""
    rows = db.query(
        f"{_ROWS} WHERE a.kind = 'observer' AND (a.cleared_us IS NULL OR a.cleared_us > ?) ORDER BY a.id LIMIT ?",
        [since_us, limits.PAGE_ROWS_MAX],
    )
    return [_alarm(row) for row in rows]


def standing(db: Database, kind: AlarmKind) -> frozenset[str]:
    """The subjects of all alarms of this kind that are not cleared."""
    rows = db.execute("SELECT subject FROM alarms WHERE kind = ? AND cleared_us IS NULL", [kind])
    return frozenset(subject for (subject,) in rows)


def page(
    db: Database,
    *,
    after: int | None,
    limit: int,
    reach: Reach = EVERYWHERE,
    kinds: Collection[AlarmKind] = ALL_KINDS,
) -> list[Alarm]:
    """Newest first, from the one behind `after`, those that are cleared too."""
    rows = db.query(
        f"SELECT * FROM ({_ROWS}) WHERE (:after IS NULL OR id < :after)"  # noqa: S608 our own names
        f" AND {_CONCERNS} AND {_OF_KINDS} ORDER BY id DESC LIMIT :limit",
        {**_given(reach, kinds), "after": after, "limit": limits.page_rows(limit)},
    )
    return [_alarm(row) for row in rows]


def _given(reach: Reach, kinds: Collection[AlarmKind]) -> dict[str, object]:
    return {"reach": reach.value, "hub": HUB, "kinds": json.dumps(list(kinds))}


def _told(db: Database, area: str) -> list[Recipient]:
    for rung in _TOLD:
        found = recipients.on_rung(db, rung=rung, area=area) if area else recipients.on_rung_anywhere(db, rung=rung)
        if found:
            return found
    return []


def _open_one(db: Database, kind: AlarmKind, subject: str) -> Alarm | None:
    sql = f"{_ROWS} WHERE a.kind = ? AND a.subject = ? AND a.cleared_us IS NULL"
    for row in db.query(sql, [kind, subject]):
        return _alarm(row)
    return None


def _alarm(row: dict[str, Any]) -> Alarm:
    return Alarm(**{**row, "kind": AlarmKind(row["kind"])})
