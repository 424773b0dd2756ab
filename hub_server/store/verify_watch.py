"""What must hold of watches, alerts and what is told of them: the part of `verify` that is about section 5."""

from collections.abc import Callable
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import signs
from hub_server.store.verify_sync import Findings
from hub_server.watch.due import US_PER_S, Span, Terms, due_us

_YOUNGER: Final = "none in a store of this age"


def _due(db: Database) -> Findings:
    """Also in a store from before there were pauses: then a watch has the end of one, and no grace."""
    expected = _due_by_rows if _has(db, "pauses") else _due_by_columns
    wrong = [
        f"watch {row['id']}: due {row['due_us']}, computed {expected(db, row)}"
        for row in list(db.query("SELECT * FROM watches"))
        if expected(db, row) != row["due_us"]
    ]
    return "every watch is due when it should be", wrong


def _due_by_rows(db: Database, row: dict[str, Any]) -> int:
    pauses = db.execute(
        "SELECT iif(alert IS NULL, from_us, 0), until_us, ended_us FROM pauses"
        " WHERE person = ? AND (ended_us IS NULL OR ended_us > from_us)",
        [row["person"]],
    )
    spans = tuple(Span(from_us=begun, until_us=min(until, ended or until)) for begun, until, ended in pauses)
    terms = Terms(period_s=row["period_s"], grace_s=row["grace_s"], pauses=spans)
    return due_us(created_us=row["created_us"], last_seen_us=row["last_seen_us"], terms=terms)


def _due_by_columns(_db: Database, row: dict[str, Any]) -> int:
    seen_us = row["created_us"] if row["last_seen_us"] is None else row["last_seen_us"]
    return int(max(seen_us, row["paused_until_us"] or 0) + row["period_s"] * US_PER_S)


def _last_seen(db: Database) -> Findings:
    if not _has(db, "observations"):
        return _YOUNGER, []
    wrong = []
    for number, person, own_vehicle, stored in db.execute(
        "SELECT id, person, own_vehicle, last_seen_us FROM watches"
    ).fetchall():
        newest = signs.newest(db, person, own_vehicle=bool(own_vehicle))
        there = None if newest is None else newest[0]
        if there != stored:
            wrong.append(f"watch {number}: last seen {stored}, the newest sign of life is {there}")
    return "each watch knows the newest sign of life, and none that is not there", wrong


def _pauses(db: Database) -> Findings:
    if not _has(db, "pauses"):
        return _YOUNGER, []
    rows = db.execute(
        "SELECT w.id, w.paused_until_us, (SELECT max(min(p.until_us, coalesce(p.ended_us, p.until_us))) FROM pauses p"
        " WHERE p.person = w.person AND (p.ended_us IS NULL OR p.ended_us > p.from_us)) AS last FROM watches w"
        " WHERE w.paused_until_us IS NOT last"
    )
    return "each watch knows when the last pause ends", [
        f"watch {number}: paused until {stored}, the last pause ends {last}" for number, stored, last in rows
    ]


def _corrections(db: Database) -> Findings:
    if not _has(db, "corrections"):
        return _YOUNGER, []
    rows = db.execute(
        "SELECT c.event FROM corrections c LEFT JOIN events e ON e.id = c.event"
        " WHERE e.counts OR e.qualifies OR e.person IS NOT c.person"
    )
    return "what was corrected counts for nobody", [f"event {row[0]} was corrected, and counts" for row in rows]


def _ladder(db: Database) -> Findings:
    if not _has(db, "ladder_waits"):
        return _YOUNGER, []
    rows = db.execute("SELECT id, state FROM alerts WHERE (state = 'closed') <> (climb_us IS NULL)")
    return "what is not closed climbs, and what is closed does not", [
        f"alert {number} is {state} and {'never climbs' if state != 'closed' else 'climbs'}" for number, state in rows
    ]


def _outbox(db: Database) -> Findings:
    if not _has(db, "messages"):
        return _YOUNGER, []
    strangers = db.execute(
        "SELECT n.id FROM notices n JOIN messages m ON m.id = n.message WHERE n.addressee <> m.addressee"
    )
    wrong = [f"notice {row[0]} is in the message to somebody else" for row in strangers]
    empty = db.execute("SELECT id FROM messages m WHERE NOT EXISTS (SELECT 1 FROM notices WHERE message = m.id)")
    wrong += [f"message {row[0]} tells of nothing" for row in empty]
    again = db.execute("SELECT id FROM messages WHERE sent_us NOT NULL AND next_us NOT NULL")
    wrong += [f"message {row[0]} is sent, and would be again" for row in again]
    return "each message tells its addressee, and is sent once it was", wrong


def _has(db: Database, table: str) -> bool:
    return db.table(table).exists()


WATCH_CHECKS: Final[dict[str, Callable[[Database], Findings]]] = {
    "due times": _due,
    "last seen": _last_seen,
    "pauses": _pauses,
    "corrections": _corrections,
    "ladder": _ladder,
    "outbox": _outbox,
}
