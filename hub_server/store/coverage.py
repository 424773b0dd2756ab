"""Who was watching while a person was not seen: the cameras that usually see them, and what each really did."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from hub_server.store import observing, watches
from hub_server.store.rows import Alert, Watch
from hub_server.watch import coverage as rules
from hub_server.watch.coverage import Shares, Verdict, Window

_TOGETHER_US = 40 * 24 * 3600 * 1_000_000  # what cameras told in so long is read once for many; older for each alone
Camera = tuple[str, str]
"""(device, camera)"""
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
    return Coverage(window=window, verdict=_judged(cameras), cameras=cameras)


def for_watch(db: Database, watch: Watch, now_us: int) -> Coverage:
    """The same while there is no alert: since the person was last seen."""
    window = rules.window(
        last_seen_us=watch.last_seen_us, created_us=watch.created_us, due_us=watch.due_us, now_us=now_us
    )
    cameras = tuple(_usual_cameras(db, watch.person, window))
    return Coverage(window=window, verdict=_judged(cameras), cameras=cameras)


def verdicts(db: Database, due: Sequence[Watch], *, now_us: int) -> list[Verdict]:
    """What each of these alerts can say when it is raised: as `for_alert`, without telling the shares.

    What a camera did is read once for all of them.
    """
    asked = [
        rules.window(last_seen_us=w.last_seen_us, created_us=w.created_us, due_us=w.due_us, now_us=now_us) for w in due
    ]
    oldest_us = min((window.from_us for window in asked), default=now_us)
    told = _Told(db, max(oldest_us, now_us - _TOGETHER_US), now_us)
    return [
        rules.judge(
            (count, told.watching(device, camera, window)) for device, camera, count in _usual(db, watch.person, window)
        )
        for watch, window in zip(due, asked, strict=True)
    ]


def depending(db: Database, due: Sequence[Watch], *, by: Camera, dead: Collection[Camera], now_us: int) -> list[Watch]:
    """Those that `by` usually sees, of whom nobody can tell when they are due if `dead` stay so and no other dies."""
    asked = [
        rules.window(last_seen_us=w.last_seen_us, created_us=w.created_us, due_us=w.due_us, now_us=w.due_us)
        for w in due
    ]
    oldest_us = min((window.from_us for window in asked), default=now_us)
    told = _Told(db, max(oldest_us, now_us - _TOGETHER_US), now_us)
    found = []
    for watch, window in zip(due, asked, strict=True):
        usual = {(device, camera): count for device, camera, count in _usual(db, watch.person, window)}
        shares = ((count, told.will_watch(*camera, window, dead=camera in dead)) for camera, count in usual.items())
        if by in usual and rules.judge(shares) is Verdict.CANNOT_TELL:
            found.append(watch)
    return found


def _judged(cameras: Sequence[CameraCoverage]) -> Verdict:
    return rules.judge((camera.sightings, camera.shares.watching) for camera in cameras)


class _Told:
    """What cameras have told of a time, each read when it is first asked for."""

    def __init__(self, db: Database, from_us: int, until_us: int) -> None:
        self._db = db
        self._from_us = from_us
        self._until_us = until_us
        self._of: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def watching(self, device: str, camera: str, window: Window) -> float:
        """The share of the window that the camera watched."""
        return rules.watched_share(self._spans(device, camera, window), window)

    def will_watch(self, device: str, camera: str, window: Window, *, dead: bool) -> float:
        """The same of a window that ends later: a camera that is not dead goes on from what it told last."""
        spans = self._spans(device, camera, window)
        if spans and not dead:
            spans = [*spans[:-1], (spans[-1][0], max(spans[-1][1], window.until_us))]
        return rules.watched_share(spans, window)

    def _spans(self, device: str, camera: str, window: Window) -> list[tuple[int, int]]:
        if window.from_us < self._from_us:
            return self._read(device, camera, window.from_us)
        if (device, camera) not in self._of:
            self._of[device, camera] = self._read(device, camera, self._from_us)
        return self._of[device, camera]

    def _read(self, device: str, camera: str, from_us: int) -> list[tuple[int, int]]:
        return observing.watched_between(
            self._db, device=device, camera=camera, from_us=from_us, until_us=self._until_us
        )


def _usual(db: Database, person: str, window: Window) -> Iterator[tuple[str, str, int]]:
    seen = db.execute(
        "SELECT device, camera, count(*) AS sightings FROM events WHERE person = ? AND counts = 1"
        " AND captured_us > ? AND captured_us <= ?"
        " GROUP BY device, camera ORDER BY sightings DESC, device, camera LIMIT ?",
        (person, window.from_us - rules.USUAL_US, window.from_us, _CAMERAS_MAX),
    ).fetchall()
    yield from seen[: rules.usual([sightings for *_, sightings in seen])]


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
