"""Dead observers: cameras that see watched people and do not watch. Each is an alarm of its own, and ends by itself."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.store import alarms
from hub_server.store.alarms import AlarmKind
from hub_server.watch.coverage import USUAL_US, WATCHING
from hub_server.watch.due import US_PER_S

DEAD_US: Final = 30 * 60 * US_PER_S
"""A camera tells every 15 minutes that it watches; one that has not for so long does not."""
SILENT: Final = "silent"
_LOOKED_AT_MAX: Final = 5000  # stretches that tell since when a camera has not watched: seven weeks of them

# Steps from one camera to the next in the index of stretches, instead of reading them all.
_CAMERAS = """
    WITH RECURSIVE cameras (device, camera) AS (
        SELECT * FROM (SELECT device, camera FROM observing ORDER BY device, camera LIMIT 1)
        UNION ALL
        SELECT n.device, n.camera FROM cameras c JOIN observing n ON n.event = coalesce(
            (SELECT event FROM observing WHERE device = c.device AND camera > c.camera ORDER BY camera LIMIT 1),
            (SELECT event FROM observing WHERE device > c.device ORDER BY device, camera LIMIT 1))
    )
    SELECT device, camera, EXISTS (SELECT 1 FROM observing o WHERE o.device = cameras.device
        AND o.camera = cameras.camera AND o.ended_us > ? AND o.state = 'watching') AS watches
    FROM cameras JOIN devices d ON d.id = cameras.device AND d.retired_us IS NULL
"""
_SEES_SOMEBODY = """
    SELECT 1 FROM events e JOIN watches w ON w.person = e.person AND w.active = 1
    WHERE e.device = ? AND e.camera = ? AND e.counts = 1 AND e.captured_us > ? LIMIT 1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What changed since the last look. Cameras are (device, camera)."""

    died: tuple[tuple[str, str], ...]
    revived: tuple[tuple[str, str], ...]


def look(db: Database, *, now_us: int) -> Round:
    """Who does not watch any more and has no alarm, and who watches again. Cheap: for a reader, every minute."""
    known = alarms.standing(db, AlarmKind.OBSERVER)
    seen = db.execute(_CAMERAS, [now_us - DEAD_US]).fetchall()
    dead = [(device, camera) for device, camera, watches in seen if not watches]
    return Round(
        died=tuple(one for one in dead if _subject(*one) not in known and _sees_somebody(db, *one, now_us)),
        revived=tuple(
            (device, camera) for device, camera, watches in seen if watches and f"{device}/{camera}" in known
        ),
    )


def tell(db: Database, found: Round, *, now_us: int) -> None:
    """Raises and clears the alarms of a round; the office of the camera's area hears of each."""
    for device, camera in found.died:
        state, cause, since_us = _last(db, device, camera, now_us)
        row = db.execute("SELECT area FROM devices WHERE id = ?", [device]).fetchone()
        alarms.raise_(
            db,
            kind=AlarmKind.OBSERVER,
            subject=_subject(device, camera),
            detail=f"{state}: {cause}" if cause else state,
            since_us=since_us,
            now_us=now_us,
            area="" if row is None else row[0],
        )
    for device, camera in found.revived:
        alarms.clear(db, kind=AlarmKind.OBSERVER, subject=_subject(device, camera), now_us=now_us)


def _subject(device: str, camera: str) -> str:
    return f"{device}/{camera}"


def _sees_somebody(db: Database, device: str, camera: str, now_us: int) -> bool:
    return db.execute(_SEES_SOMEBODY, (device, camera, now_us - USUAL_US)).fetchone() is not None


def _last(db: Database, device: str, camera: str, now_us: int) -> tuple[str, str, int]:
    """What the camera said last and why, and until when it watched; SILENT when that is too long ago."""
    told = db.execute(
        "SELECT state, cause, ended_us FROM observing WHERE device = ? AND camera = ? AND ended_us NOT NULL"
        " ORDER BY ended_us DESC LIMIT ?",
        (device, camera, _LOOKED_AT_MAX),
    ).fetchall()
    if not told:
        return SILENT, "", now_us
    state, cause, ended_us = told[0]
    since_us = next((ended for watched, _, ended in told if watched == WATCHING), told[-1][2])
    return (state, cause, since_us) if ended_us > now_us - DEAD_US else (SILENT, "", since_us)
