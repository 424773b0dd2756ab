"""How many people passed each camera's device: by the hour, kept up to date in the transaction of each event.

Known: the camera named somebody, and nobody has said since that it was not them. The hours name nobody, so they stay
when a person is erased, and when retention deletes the events themselves.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from sqlite_utils import Database

from hub_server.store.vehicle_hours import HOUR_US
from hub_server.watch.clock import Anchor, earliest_us

Hours = Mapping[tuple[str, int, bool], int]
"""People by device, beginning of the hour (microseconds), and whether they were known."""

# What was erased has no bytes any more: it was known then. What is corrected to nobody is a stranger.
KNOWN: Final = (
    "((e.person NOT NULL OR length(e.raw) = 0)"
    " AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.event = e.id AND c.other IS NULL))"
)
"""SQL of an event `e` of the type passage: whether its hour counts it as known."""


def count(db: Database, passed: Hours) -> None:
    """Adds these to their hours."""
    rows = _by_hour(passed)
    if rows:
        db.conn.executemany(
            "INSERT INTO people_hours (device, hour_us, known, strangers) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (device, hour_us) DO UPDATE SET"
            " known = known + excluded.known, strangers = strangers + excluded.strangers",
            rows,
        )


def uncount(db: Database, passed: Hours) -> None:
    """Takes back what `count` put there.

    Where somebody was counted as the other kind (erased, then corrected no longer), that one goes: the sum is right.
    """
    for device, hour_us, known, strangers in _by_hour(passed):
        key = {"device": device, "hour_us": hour_us, "known": known, "strangers": strangers}
        # An hour that is empty has no row, and none may say 0.
        db.execute(
            "DELETE FROM people_hours WHERE device = :device AND hour_us = :hour_us"
            " AND known + strangers <= :known + :strangers",
            key,
        )
        db.execute(
            "UPDATE people_hours SET known = max(known - :known, 0) - max(:strangers - strangers, 0),"
            " strangers = max(strangers - :strangers, 0) - max(:known - known, 0)"
            " WHERE device = :device AND hour_us = :hour_us",
            key,
        )


def mistaken(db: Database, event: int) -> None:
    """A passage of somebody known was of a stranger: to be told once, when it is corrected."""
    row = db.execute(
        "SELECT device, captured_us FROM events WHERE id = ? AND type = 'passage' AND clock_trusted = 1", [event]
    ).fetchone()
    if row is not None:
        uncount(db, {(row[0], hour(row[1]), True): 1})
        count(db, {(row[0], hour(row[1]), False): 1})


def date(db: Database, *, device: str, boot: str, anchor: Anchor) -> None:
    """Moves what this boot stamped without a right clock to the hour that is right; before its events are dated."""
    rows = db.execute(
        f"SELECT e.captured_us, e.clock_trusted, e.mono_us, e.received_us, {KNOWN} FROM events e"  # noqa: S608 our own SQL
        " WHERE e.device = ? AND e.boot = ? AND e.synced = 0 AND e.type = 'passage'",
        (device, boot),
    ).fetchall()
    before, after = Counter[tuple[str, int, bool]](), Counter[tuple[str, int, bool]]()
    for captured_us, was_counted, mono_us, received_us, known in rows:
        if was_counted:
            before[device, hour(captured_us), bool(known)] += 1
        after[device, hour(earliest_us(anchor, mono_us=mono_us, received_us=received_us)), bool(known)] += 1
    uncount(db, before - after)
    count(db, after - before)


def hour(at_us: int) -> int:
    """The beginning of its hour."""
    return at_us // HOUR_US * HOUR_US


def _by_hour(passed: Hours) -> Iterable[tuple[str, int, int, int]]:
    hours: dict[tuple[str, int], list[int]] = {}
    for (device, hour_us, known), people in passed.items():
        hours.setdefault((device, hour_us), [0, 0])[0 if known else 1] += people
    return [(device, hour_us, known, strangers) for (device, hour_us), (known, strangers) in hours.items()]
