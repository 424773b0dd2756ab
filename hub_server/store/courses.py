"""What cameras did in the course of time: for the picture of who was watching, and for a device's blind times."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.store import observing
from hub_server.store.coverage import Coverage
from hub_server.store.observers import DEAD_US, SILENT
from hub_server.watch import coverage as rules
from hub_server.watch.coverage import Shares, Stretch, Window

CAMERAS_MAX: Final = 20  # of one device

# Steps from one camera of the device to the next in the index of stretches.
_CAMERAS: Final = """
    WITH RECURSIVE cameras (camera) AS (
        SELECT * FROM (SELECT camera FROM observing WHERE device = :device ORDER BY camera LIMIT 1)
        UNION ALL
        SELECT (SELECT camera FROM observing WHERE device = :device AND camera > c.camera ORDER BY camera LIMIT 1)
        FROM cameras c WHERE c.camera NOT NULL
    )
    SELECT camera FROM cameras WHERE camera NOT NULL LIMIT :limit
"""
_LAST_WORDS: Final = """
    WITH RECURSIVE cameras (device, camera) AS (
        SELECT d.value, (SELECT camera FROM observing WHERE device = d.value ORDER BY camera LIMIT 1)
        FROM json_each(:devices) d
        UNION ALL
        SELECT c.device,
            (SELECT camera FROM observing WHERE device = c.device AND camera > c.camera ORDER BY camera LIMIT 1)
        FROM cameras c WHERE c.camera NOT NULL
    )
    SELECT c.device, c.camera, o.state, o.cause, o.ended_us FROM cameras c LEFT JOIN observing o ON o.event = (
        SELECT event FROM observing WHERE device = c.device AND camera = c.camera AND ended_us NOT NULL
        ORDER BY ended_us DESC, event DESC LIMIT 1)
    WHERE c.camera NOT NULL ORDER BY c.device, c.camera
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What one camera did, without gaps, in order. `shares`: of the same time."""

    device: str
    place: str  # for people
    camera: str
    parts: tuple[Stretch, ...]
    shares: Shares


@dataclass(frozen=True, kw_only=True, slots=True)
class LastWord:
    """What a camera told last. `state`: watching, blind, ... or silent when that is over half an hour ago."""

    camera: str
    state: str
    cause: str
    until_us: int | None  # None: nothing that it told has a date yet

    @property
    def watches(self) -> bool:
        return self.state == rules.WATCHING


def of_usual(db: Database, told: Coverage) -> tuple[Course, ...]:
    """Of the cameras that usually see a person, in the window of a coverage and in its order."""
    return tuple(
        _course(db, device=one.device, place=one.place, camera=one.camera, window=told.window) for one in told.cameras
    )


def of_device(db: Database, device: str, *, from_us: int, until_us: int) -> tuple[Course, ...]:
    """Of every camera that the device ever told of, at most CAMERAS_MAX, by name."""
    window = Window(from_us=from_us, until_us=until_us)
    return tuple(
        _course(db, device=device, place="", camera=camera, window=window)
        for (camera,) in db.execute(_CAMERAS, {"device": device, "limit": CAMERAS_MAX}).fetchall()
    )


def last_words(db: Database, of_devices: Iterable[str], *, now_us: int) -> Mapping[str, tuple[LastWord, ...]]:
    """Of each of these devices whose cameras ever told anything: each camera's last word, by name."""
    found: dict[str, list[LastWord]] = {}
    asked = {"devices": json.dumps(sorted(set(of_devices)))}
    for device, camera, state, cause, ended_us in db.execute(_LAST_WORDS, asked).fetchall():
        fresh = ended_us is not None and ended_us > now_us - DEAD_US
        found.setdefault(device, []).append(
            LastWord(
                camera=camera,
                state=state if fresh else SILENT,
                cause=cause if fresh else "",
                until_us=ended_us,
            )
        )
    return {device: tuple(words) for device, words in found.items()}


def _course(db: Database, *, device: str, place: str, camera: str, window: Window) -> Course:
    told = observing.between(db, device=device, camera=camera, from_us=window.from_us, until_us=window.until_us)
    return Course(
        device=device,
        place=place,
        camera=camera,
        parts=rules.course(told, window),
        shares=rules.shares(told, window),
    )
