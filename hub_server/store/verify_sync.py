"""What must hold of events, their effects and their dates: the part of `verify` that is about the sync protocol."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlite_utils import Database

from edge_agent.wire.codec import event_hash
from edge_agent.wire.limits import INTEGER_MAX
from hub_server.watch.clock import Anchor, earliest_us, span

Findings = tuple[str, list[str]]
"""What was looked at, and what is wrong."""

_YOUNGER: Final = "none in a store of this age"


def _counters(db: Database) -> Findings:
    """A counter may be above its rows: a backup that was restored has fewer of them."""
    released = "SELECT e.device FROM quarantine_steps s JOIN events e ON e.id = s.event WHERE s.step = 'released'"
    rows = {
        "quarantined": "SELECT device, count(*) FROM events WHERE type = 'quarantined' GROUP BY device",
        "lost": "SELECT device, total(last_seq - seq + 1) FROM events WHERE type = 'lost' GROUP BY device",
        "conflicts": "SELECT device, count(*) FROM conflicts GROUP BY device",
    }
    if _has(db, "quarantine_steps"):
        rows["quarantined"] = (
            "SELECT device, count(*) FROM (SELECT device FROM events WHERE type = 'quarantined'"  # noqa: S608 our own words
            f" UNION ALL {released}) GROUP BY device"
        )
    wrong = []
    for counter, sql in rows.items():
        told = dict(db.execute(f"SELECT id, {counter} FROM devices").fetchall())  # noqa: S608 our own names
        found = db.execute(sql).fetchall()
        wrong += [
            f"{device}: {told[device]} {counter}, {there:.0f} are stored"
            for device, there in found
            if min(there, INTEGER_MAX) > told[device]
        ]
    return "no device counts less than its rows show", wrong


def _conflicts(db: Database) -> Findings:
    rows = db.execute(
        "SELECT c.id, c.hash, c.raw, j.conflict_seq, (SELECT e.hash FROM events e WHERE e.device = c.device"
        " AND e.epoch = c.epoch AND e.seq <= c.seq AND e.last_seq >= c.seq)"
        " FROM conflicts c LEFT JOIN journals j ON j.device = c.device AND j.epoch = c.epoch"
    )
    wrong = []
    for number, came, raw, ended_by, held in rows:
        if held is None or held == came:
            wrong.append(f"conflict {number}: its place holds {'nothing' if held is None else 'the same event'}")
        if ended_by is None:
            wrong.append(f"conflict {number}: its journal goes on")
        if raw and event_hash(raw) != came:  # what was erased has no bytes any more
            wrong.append(f"conflict {number}: its bytes are not those of its hash")
    return "each is about a place that another event holds", wrong


def _quarantine(db: Database) -> Findings:
    effects = db.execute(
        "SELECT id FROM events WHERE type = 'quarantined' AND (counts OR qualifies OR strict OR clock_trusted"
        " OR person NOT NULL OR captured_us NOT NULL OR boot NOT NULL OR last_seq <> seq)"
    )
    wrong = [f"event {row[0]} is not understood, and says something" for row in effects]
    silent = db.execute("SELECT id FROM events WHERE type = 'quarantined' AND reason = ''")
    wrong += [f"event {row[0]} is in quarantine without a reason" for row in silent]
    if _has(db, "quarantine_steps"):
        steps = db.execute(
            "SELECT s.event FROM quarantine_steps s JOIN events e ON e.id = s.event"
            " WHERE s.step = 'released' AND e.type = 'quarantined'"
            " UNION SELECT s.event FROM quarantine_steps s JOIN events e ON e.id = s.event"
            " WHERE e.type <> 'quarantined' GROUP BY s.event HAVING sum(s.step = 'released') = 0"
        )
        wrong += [f"event {row[0]}: it is not what was decided about it" for row in steps]
    return "what is not understood has no effect, and what was released was", wrong


def _effects(db: Database) -> Findings:
    if not _has(db, "observing"):
        return _YOUNGER, []
    wrong = _belongs(db, "observing", "observing", "b.device <> e.device OR b.camera <> e.camera")
    if _has(db, "plate_passages"):
        differs = (
            "b.device <> e.device OR b.camera <> e.camera OR b.at_us <> e.captured_us"
            " OR b.clock_trusted <> e.clock_trusted"
        )
        wrong += _belongs(db, "plate_passages", "plate_read", differs)
    return "each stretch and each passage of a vehicle is of one event of its type", wrong


def _belongs(db: Database, table: str, kind: str, differs: str) -> list[str]:
    """Rows that are not their event's, and events without their row."""
    strange = db.execute(
        f"SELECT b.event FROM {table} b LEFT JOIN events e ON e.id = b.event"  # noqa: S608 our own names
        f" WHERE e.id IS NULL OR e.type <> '{kind}' OR {differs}"
    )
    bare = db.execute(
        f"SELECT id FROM events WHERE type = '{kind}' AND id NOT IN (SELECT event FROM {table})"  # noqa: S608 the same
    )
    return [f"{table} {row[0]} is not as its event" for row in strange] + [
        f"event {row[0]} has nothing in {table}" for row in bare
    ]


def _hours(db: Database) -> Findings:
    if not _has(db, "vehicle_hours"):
        return _YOUNGER, []
    hour_us = 3_600_000_000
    counted = {tuple(row[:3]): row[3] for row in db.execute("SELECT * FROM vehicle_hours")}
    there = {
        tuple(row[:3]): row[3]
        for row in db.execute(
            "SELECT device, at_us / :hour * :hour, direction, count(*) FROM plate_passages WHERE clock_trusted"
            " GROUP BY 1, 2, 3",
            {"hour": hour_us},
        )
    }
    # Retention deletes passages; the hours that have counted them stay.
    deleted_us = _deleted_before_us(db)
    wrong = [
        f"{key[0]} {key[2]} at {key[1]}: {counted.get(key, 0)} counted, {there.get(key, 0)} passed"
        for key in sorted(counted.keys() | there.keys())
        if counted.get(key, 0) < there.get(key, 0) or (counted.get(key) != there.get(key) and key[1] >= deleted_us)
    ]
    return "each vehicle is counted once, in its hour", wrong


def _deleted_before_us(db: Database) -> int:
    """Passages of vehicles received before this may be gone; 0: none is."""
    if not _has(db, "deletions"):
        return 0
    row = db.execute(
        "SELECT max(before_us) FROM deletions WHERE data_class IN ('plates_listed', 'plates_others')"
    ).fetchone()
    return int(row[0] or 0)


def _people_hours(db: Database) -> Findings:
    """An hour may count more than is stored once retention has deleted something; never less."""
    if not _has(db, "people_hours"):
        return _YOUNGER, []
    counted = {
        tuple(row[:2]): row[2] for row in db.execute("SELECT device, hour_us, known + strangers FROM people_hours")
    }
    there = {
        tuple(row[:2]): row[2]
        for row in db.execute(
            "SELECT device, captured_us / 3600000000 * 3600000000, count(*) FROM events"
            " WHERE type = 'passage' AND clock_trusted = 1 GROUP BY 1, 2"
        )
    }
    is_whole = db.execute("SELECT NOT EXISTS (SELECT 1 FROM deletions)").fetchone()[0]
    wrong = [
        f"{key[0]} at {key[1]}: {counted.get(key, 0)} people counted, {there.get(key, 0)} passed"
        for key in sorted(counted.keys() | there.keys())
        if counted.get(key, 0) < there.get(key, 0) or (is_whole and counted.get(key, 0) > there.get(key, 0))
    ]
    return "each person who passed is counted once, in their hour", wrong


def _dates(db: Database) -> Findings:
    if not _has(db, "clock_anchors"):
        return _YOUNGER, []
    anchors = {
        (device, boot): Anchor(mono_us=mono_us, wall_us=wall_us, uncertainty_us=uncertainty_us)
        for device, boot, mono_us, wall_us, uncertainty_us in db.execute("SELECT * FROM clock_anchors")
    }
    told = {tuple(row) for row in db.execute("SELECT DISTINCT device, boot FROM events WHERE type = 'clock_anchor'")}
    # What is dated outlives the event of its anchor, where retention has been.
    old = _reached_by_retention(db)
    wrong = [
        f"{device}: an anchor of {boot[:8]} that no event told"
        for device, boot in anchors.keys() - told
        if device not in old
    ]
    wrong += _events_dated(db, anchors)
    wrong += _stretches_dated(db, anchors)
    return "what a clock was not right for is dated by the anchor of its boot, or not at all", wrong


def _reached_by_retention(db: Database) -> set[str]:
    if "kept_from" not in db.table("journals").columns_dict:
        return set()
    return {row[0] for row in db.execute("SELECT DISTINCT device FROM journals WHERE kept_from > 1")}


def _events_dated(db: Database, anchors: dict[tuple[str, str], Anchor]) -> Iterable[str]:
    rows = db.execute(
        "SELECT id, device, boot, mono_us, received_us, captured_us, clock_trusted, counts, qualifies, synced"
        " FROM events WHERE boot NOT NULL"
    )
    for number, device, boot, mono_us, received_us, captured_us, trusted, counts, qualifies, synced in rows:
        anchor = None if synced else anchors.get((device, boot))
        if trusted != (synced or anchor is not None):
            yield f"event {number}: its time is {'' if trusted else 'not '}believed"
        if counts != (trusted and qualifies):
            yield f"event {number}: it counts {counts}"
        if anchor is not None and captured_us != earliest_us(anchor, mono_us=mono_us, received_us=received_us):
            yield f"event {number}: {captured_us} is not what its anchor says"
        if captured_us is not None and captured_us > received_us:
            yield f"event {number}: it was seen after it was received"


def _stretches_dated(db: Database, anchors: dict[tuple[str, str], Anchor]) -> Iterable[str]:
    rows: Iterable[Any] = db.execute(
        "SELECT event, device, boot, began_mono_us, ended_mono_us, received_us, began_us, ended_us FROM observing"
        " WHERE synced = 0"
    )
    for number, device, boot, began_mono_us, ended_mono_us, received_us, began_us, ended_us in rows:
        anchor = anchors.get((device, boot))
        wanted: tuple[int | None, int | None] = (None, None)
        if anchor is not None:
            dated = span(
                ended_us=anchor.at_us(ended_mono_us), lasted_us=ended_mono_us - began_mono_us, received_us=received_us
            )
            wanted = (dated.began_us, dated.ended_us)
        if (began_us, ended_us) != wanted:
            yield f"stretch {number}: it is not where its anchor says"


def _has(db: Database, table: str) -> bool:
    return db.table(table).exists()


SYNC_CHECKS: Final[dict[str, Callable[[Database], Findings]]] = {
    "counters": _counters,
    "conflicts": _conflicts,
    "quarantine": _quarantine,
    "effects": _effects,
    "vehicle hours": _hours,
    "people hours": _people_hours,
    "dates": _dates,
}
