"""Anchors: what dates the events that a device stamped before its clock was right."""

from sqlite_utils import Database

from hub_server.store import alerts, observing, people_hours, plate_passages, signs
from hub_server.watch.clock import Anchor, earliest_us


def anchor_of(db: Database, *, device: str, boot: str) -> Anchor | None:
    """The most exact anchor that this boot of the device has told."""
    row = db.execute(
        "SELECT mono_us, wall_us, uncertainty_us FROM clock_anchors WHERE device = ? AND boot = ?", (device, boot)
    ).fetchone()
    return None if row is None else Anchor(mono_us=row[0], wall_us=row[1], uncertainty_us=row[2])


def take_anchor(db: Database, *, device: str, boot: str, anchor: Anchor, now_us: int) -> bool:
    """Dates by it what this boot stamped without a right clock, with all that follows for watches and alerts.

    False, and nothing has changed, when a more exact one is known.
    """
    if not anchor.replaces(anchor_of(db, device=device, boot=boot)):
        return False
    db.execute(
        "INSERT OR REPLACE INTO clock_anchors (device, boot, mono_us, wall_us, uncertainty_us) VALUES (?, ?, ?, ?, ?)",
        (device, boot, anchor.mono_us, anchor.wall_us, anchor.uncertainty_us),
    )
    observing.date(db, device=device, boot=boot, anchor=anchor)
    plate_passages.date(db, device=device, boot=boot, anchor=anchor)
    people_hours.date(db, device=device, boot=boot, anchor=anchor)
    dated = {*_date_events(db, device, boot, anchor), *signs.vehicle_people_of_boot(db, device=device, boot=boot)}
    for person in sorted(dated):
        alerts.recount_person(db, person=person, now_us=now_us)
    return True


def _date_events(db: Database, device: str, boot: str, anchor: Anchor) -> list[str]:
    """The people whose sightings that count have a date now, or another one."""
    rows = db.execute(
        "SELECT id, mono_us, received_us, qualifies, person FROM events WHERE device = ? AND boot = ? AND synced = 0",
        (device, boot),
    ).fetchall()
    for row_id, mono_us, received_us, _, _ in rows:
        db.execute(
            "UPDATE events SET captured_us = ?, clock_trusted = 1, counts = qualifies WHERE id = ?",
            (earliest_us(anchor, mono_us=mono_us, received_us=received_us), row_id),
        )
    return sorted({person for _, _, _, qualifies, person in rows if qualifies and person is not None})
