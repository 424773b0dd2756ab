"""What the store does when the hub's own clock steps."""

from typing import Final

from sqlite_utils import Database

from edge_agent.wire.messages import Direction
from hub_server.store import alarms, outbox, vehicle_hours, watches
from hub_server.store.alarms import HUB, AlarmKind
from hub_server.watch.due import US_PER_S
from hub_server.watch.hub_clock import CALM_S, Step

_WRITTEN: Final = (
    ("events", "received_us"),
    ("watches", "created_us"),
    ("observations", "created_us"),
    ("pauses", "created_us"),
    ("alert_changes", "at_us"),
    ("messages", "created_us"),
)
_LAST: Final = " UNION ALL ".join(
    f"SELECT * FROM (SELECT {us} FROM {table} ORDER BY id DESC LIMIT 1)"  # noqa: S608 our own names
    for table, us in _WRITTEN
)


def newest_known_us(db: Database) -> int | None:
    """The latest moment that the hub wrote down by its own clock; None: it has written nothing yet."""
    sql = f"SELECT max(us) FROM (SELECT max(heard_us) AS us FROM devices UNION ALL {_LAST})"  # noqa: S608 our own names
    newest_us: int | None = db.execute(sql).fetchone()[0]
    return newest_us


def stepped(db: Database, step: Step, *, now_us: int) -> None:
    """Tells the office of a large one. What was stored as later than now is of now, and what waits goes on waiting.

    So nobody is taken for seen later than they were: a wrong clock delays an alert by a period, and never hides it.
    `wind_back` then follows for the watches.
    """
    if step.is_large:
        alarms.clear(db, kind=AlarmKind.CLOCK, subject=HUB, now_us=now_us)
        told = f"{step.by_us // US_PER_S:+d} s"
        alarms.raise_(db, kind=AlarmKind.CLOCK, subject=HUB, detail=told, since_us=now_us, now_us=now_us)
    if step.is_back:
        db.execute("UPDATE alerts SET climb_us = climb_us + ? WHERE climb_us NOT NULL", [step.by_us])
        outbox.shift(db, by_us=step.by_us)
        _cut_at(db, now_us)


def wind_back(db: Database, *, last_seen_us: int, limit: int) -> int:
    """Whoever was seen later than that was seen then; how many watches it moved, at most `limit`."""
    later = watches.seen_after(db, last_seen_us, limit=limit)
    for watch in later:
        cut = watches.cut_at(db, watch, last_seen_us)
        db.execute(
            "UPDATE alerts SET last_seen_us = ? WHERE person = ? AND state <> 'closed'", (cut.last_seen_us, cut.person)
        )
    return len(later)


def calmed(db: Database, *, now_us: int) -> bool:
    """True when the alarm about the clock has stood for long enough. Cheap: for a reader."""
    calm_from_us = now_us - CALM_S * US_PER_S
    sql = "SELECT 1 FROM alarms WHERE kind = ? AND subject = ? AND cleared_us IS NULL AND raised_us <= ?"
    return db.execute(sql, (AlarmKind.CLOCK, HUB, calm_from_us)).fetchone() is not None


def settle(db: Database, *, now_us: int) -> None:
    """The clock has kept its step since: the alarm is over."""
    alarms.clear(db, kind=AlarmKind.CLOCK, subject=HUB, now_us=now_us)


def _cut_at(db: Database, now_us: int) -> None:
    """What the hub took in by the wrong clock it took in by now, and so it was captured by now."""
    row = db.execute("SELECT id FROM events WHERE received_us <= ? ORDER BY id DESC LIMIT 1", [now_us]).fetchone()
    last_id = 0 if row is None else row[0]
    passages = db.execute(
        "SELECT event, device, direction, at_us, clock_trusted FROM plate_passages WHERE event > ? AND at_us > ?",
        (last_id, now_us),
    ).fetchall()
    for event, device, direction, at_us, counted in passages:
        if counted:
            vehicle_hours.uncount(db, device=device, direction=Direction(direction), at_us=at_us)
            vehicle_hours.count(db, device=device, direction=Direction(direction), at_us=now_us)
        db.execute("UPDATE plate_passages SET at_us = ? WHERE event = ?", (now_us, event))
    cut = {"now": now_us, "last": last_id}
    db.execute(
        "UPDATE observing SET began_us = min(began_us, :now), ended_us = min(ended_us, :now), received_us = :now"
        " WHERE event > :last",
        cut,
    )
    db.execute("UPDATE observations SET at_us = :now WHERE at_us > :now", {"now": now_us})
    db.execute("UPDATE events SET received_us = :now, captured_us = min(captured_us, :now) WHERE id > :last", cut)
