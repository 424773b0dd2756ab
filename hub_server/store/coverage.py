"""Who was watching while a person was not seen: the cameras that usually see them, and what each really did."""

from dataclasses import dataclass

from sqlite_utils import Database

from hub_server.store import observing, watches
from hub_server.store.rows import Alert
from hub_server.watch import coverage as rules
from hub_server.watch.coverage import Shares, Verdict, Window

_CAMERAS_MAX = 100  # that saw one person in two weeks; the most frequent ones


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraCoverage:
    """One usual camera. `sightings`: how often it saw the person in the two weeks before the window."""

    device: str
    place: str  # for people
    camera: str
    sightings: int
    shares: Shares


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """What an alert can say about who was watching. `cameras`: the one that saw the person most often first."""

    window: Window
    verdict: Verdict
    cameras: tuple[CameraCoverage, ...]


def for_alert(db: Database, alert: Alert, now_us: int) -> Coverage:
    """From the cameras' own words alone: what they have not told yet is unknown."""
    watch = watches.get_by_person(db, alert.person)
    window = rules.window(
        last_seen_us=alert.last_seen_us,
        created_us=alert.raised_us if watch is None else watch.created_us,
        due_us=alert.due_us,
        now_us=now_us,
    )
    cameras = tuple(_usual_cameras(db, alert.person, window))
    return Coverage(window=window, verdict=rules.judge(camera.shares.watching for camera in cameras), cameras=cameras)


def _usual_cameras(db: Database, person: str, window: Window) -> list[CameraCoverage]:
    seen = db.execute(
        "SELECT e.device, d.place, e.camera, count(*) AS sightings FROM events e JOIN devices d ON d.id = e.device"
        " WHERE e.person = ? AND e.counts = 1 AND e.captured_us > ? AND e.captured_us <= ?"
        " GROUP BY e.device, e.camera ORDER BY sightings DESC, e.device, e.camera LIMIT ?",
        (person, window.from_us - rules.USUAL_US, window.from_us, _CAMERAS_MAX),
    ).fetchall()
    usual = seen[: rules.usual([sightings for *_, sightings in seen])]
    return [
        CameraCoverage(
            device=device,
            place=place,
            camera=camera,
            sightings=sightings,
            shares=rules.shares(
                observing.between(db, device=device, camera=camera, from_us=window.from_us, until_us=window.until_us),
                window,
            ),
        )
        for device, place, camera, sightings in usual
    ]
