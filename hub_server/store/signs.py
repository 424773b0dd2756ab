"""Signs of life: the newest of what was seen, of what somebody vouched for, and of the person's own vehicle."""

from sqlite_utils import Database

from hub_server.store.rows import Alert
from hub_server.watch.observation import Kind


def newest(db: Database, person: str, *, own_vehicle: bool) -> tuple[int, str] | None:
    """When and by whom the person was last seen, of all that is stored and counts now."""
    known = [
        *db.execute(
            "SELECT captured_us, device || '/' || camera FROM events WHERE person = ? AND counts = 1"
            " ORDER BY captured_us DESC LIMIT 1",
            [person],
        ),
        *_vouched(db, person, own_vehicle=own_vehicle),
    ]
    if own_vehicle:
        known += db.execute(
            "SELECT at_us, 'vehicle: ' || seen_at FROM own_vehicle_signs WHERE person = ? ORDER BY at_us DESC LIMIT 1",
            [person],
        )
    return max(known, default=None)


def vouched_by(kind: Kind, author: str) -> str:
    """The `last_seen_by` of an observation."""
    return kind.value if kind is Kind.GIVEN else f"{kind}: {author}"


def insert(db: Database, *, person: str, kind: Kind, at_us: int, author: str, note: str, now_us: int) -> int:
    """The row alone, and its id: `observations.add` is what moves watches and alerts."""
    cursor = db.execute(
        "INSERT INTO observations (person, kind, at_us, author, note, created_us) VALUES (?, ?, ?, ?, ?, ?)",
        (person, kind, at_us, author, note, now_us),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def withdraw_visits(db: Database, alert: Alert, *, author: str, now_us: int) -> bool:
    """The visits that closed this alert as well or helped do not count any more; True when there was one."""
    # Another visit that the same worker noted in that very moment stays: closing stores its own last.
    cursor = db.execute(
        "UPDATE observations SET withdrawn_us = ?, withdrawn_by = ? WHERE withdrawn_us IS NULL AND id IN"
        " (SELECT max(o.id) FROM observations o JOIN alert_changes c ON c.at_us = o.created_us AND c.author = o.author"
        " WHERE c.alert = ? AND c.outcome IN ('well', 'helped') AND o.person = ? AND o.kind = 'visit'"
        " GROUP BY o.created_us, o.author)",
        (now_us, author, alert.id, alert.person),
    )
    return bool(cursor.rowcount > 0)


def vehicle_person(db: Database, event: int) -> tuple[str, str] | None:
    """Who is seen by the passage of their own vehicle, and the `last_seen_by` of it; None: it counts for nobody."""
    row = db.execute(
        "SELECT person, 'vehicle: ' || seen_at FROM own_vehicle_signs WHERE event = ? LIMIT 1", [event]
    ).fetchone()
    return None if row is None else (row[0], row[1])


def vehicle_people_of_boot(db: Database, *, device: str, boot: str) -> list[str]:
    """Who is seen by passages of this boot that the device stamped before its clock was right."""
    rows = db.execute(
        "SELECT DISTINCT s.person FROM events e CROSS JOIN own_vehicle_signs s ON s.event = e.id"
        " WHERE e.device = ? AND e.boot = ? AND e.synced = 0 ORDER BY s.person",
        (device, boot),
    )
    return [row[0] for row in rows]


def _vouched(db: Database, person: str, *, own_vehicle: bool) -> list[tuple[int, str]]:
    row = db.execute(
        "SELECT at_us, kind, author FROM observations WHERE person = ? AND withdrawn_us IS NULL"
        " AND (? OR kind <> 'vehicle') ORDER BY at_us DESC, id LIMIT 1",
        (person, own_vehicle),
    ).fetchone()
    return [] if row is None else [(row[0], vouched_by(Kind(row[1]), row[2]))]
