"""Look-ins as rows: who depends on cameras that do not watch, and the notice that names them. Rules: watch.look_in.

A list has no rows of its own: it is a notice about the camera's alarm to whoever sees to the people of an area, and
whom it names is read when it is sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from sqlite_utils import Database

from hub_server.store import alarms, coverage, outbox, watches
from hub_server.store.alarms import Alarm, AlarmKind
from hub_server.store.outbox import NoticeKind
from hub_server.store.roster import Roster
from hub_server.store.rows import Watch
from hub_server.watch import look_in
from hub_server.watch.coverage import USUAL_US
from hub_server.watch.ladder import Rung
from hub_server.watch.zone import OFFICE_ZONE

PEOPLE_MAX: Final = 500
"""Who depends on one camera; whoever falls due first."""

# From the few whom a camera sees to their watches: an office has many that fall due in a night.
_DEPENDS: Final = """
    SELECT w.person FROM (SELECT DISTINCT person FROM events INDEXED BY events_counting_camera
        WHERE device = :device AND camera = :camera AND counts = 1 AND captured_us > :since_us) seen
    CROSS JOIN watches w ON w.person = seen.person
    WHERE w.active = 1 AND w.alerted = 0 AND w.due_us > :now_us AND w.due_us <= :until_us
        AND NOT EXISTS (SELECT 1 FROM pauses s WHERE s.person = w.person AND s.from_us <= :now_us
            AND min(s.until_us, coalesce(s.ended_us, s.until_us)) > :now_us)
    ORDER BY w.due_us, w.person LIMIT :people
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A list to be told: those of this area who depend on the camera of this alarm."""

    alarm: int
    area: str


def awaited(db: Database, alarm: Alarm, *, now_us: int, area: str = "", zone: tzinfo = OFFICE_ZONE) -> list[Watch]:
    """Of an alarm about a camera: who falls due within the reach of a list, and of whom nobody can tell then.

    By due time; of this area, or of all for "". Empty for alarms of other kinds.
    """
    if alarm.kind is not AlarmKind.OBSERVER:
        return []
    dead = frozenset(_camera(subject) for subject in alarms.standing(db, AlarmKind.OBSERVER))
    until_us = now_us + look_in.reach_us(now_us, zone=zone)
    found = [watch for watch in _depend(db, alarm, now_us, until_us) if area in ("", watch.area)]
    return coverage.depending(db, found, by=_camera(alarm.subject), dead=dead, now_us=now_us)


def look(db: Database, *, now_us: int, zone: tzinfo = OFFICE_ZONE) -> list[Call]:
    """Which lists it is time to tell, of each area all that have somebody. Cheap while all cameras watch."""
    lead_us = look_in.lead_us(now_us, zone=zone)
    if lead_us is None:
        return []
    lists = {
        alarm.id: awaited(db, alarm, now_us=now_us, zone=zone)
        for alarm in alarms.of_observers(db, since_us=now_us - look_in.PAST_US)
        if (alarm.cleared_us or now_us) - alarm.since_us >= look_in.DEAD_US
    }
    told_us = _told_us(db, lists)
    wanted = {
        area
        for (area, _), (due_us, last_us) in told_us.items()
        if due_us <= now_us + lead_us and not look_in.is_told(due_us, told_us=last_us, zone=zone)
    }
    return [
        Call(alarm=alarm, area=area)
        for alarm, people in lists.items()
        for area in sorted({watch.area for watch in people} & wanted)
    ]


def tell(db: Database, calls: Iterable[Call], *, now_us: int) -> None:
    """To the workers of the area, or whoever stands lowest on its ladder."""
    roster = Roster(db, now_us=now_us)
    for call in calls:
        rung = roster.reached(Rung.WORKER, area=call.area, person="")
        for who in [] if rung is None else roster.on(rung, area=call.area, person=""):
            key = f"{_key(call)}{now_us}/{who}"
            outbox.tell(
                db, kind=NoticeKind.ALARM, alarm=call.alarm, addressee=who, dedupe=key, now_us=now_us, ready_us=now_us
            )


def _depend(db: Database, alarm: Alarm, now_us: int, until_us: int) -> list[Watch]:
    device, camera = _camera(alarm.subject)
    given = {
        "device": device,
        "camera": camera,
        "now_us": now_us,
        "until_us": until_us,
        "since_us": now_us - USUAL_US,
        "people": PEOPLE_MAX,
    }
    found = [watches.get_by_person(db, person) for (person,) in db.execute(_DEPENDS, given).fetchall()]
    return [watch for watch in found if watch is not None]


def _told_us(db: Database, lists: Mapping[int, list[Watch]]) -> dict[tuple[str, str], tuple[int, int | None]]:
    """By (area, person): when they are due, and when a list of any of their dead cameras was told there last."""
    found: dict[tuple[str, str], tuple[int, int | None]] = {}
    last_us = defaultdict[tuple[int, str], int | None](lambda: None)
    for alarm, people in lists.items():
        for area in {watch.area for watch in people}:
            last_us[alarm, area] = _last_us(db, Call(alarm=alarm, area=area))
        for watch in people:
            _, known_us = found.get((watch.area, watch.person), (0, None))
            newest_us = max(filter(None, (known_us, last_us[alarm, watch.area])), default=None)
            found[watch.area, watch.person] = watch.due_us, newest_us
    return found


def _last_us(db: Database, call: Call) -> int | None:
    key = _key(call)
    sql = "SELECT max(created_us) FROM notices WHERE alarm = ? AND substr(key, 1, length(?)) = ?"
    last_us: int | None = db.execute(sql, (call.alarm, key, key)).fetchone()[0]
    return last_us


def _key(call: Call) -> str:
    return f"alarm-{call.alarm}/look_in-{call.area}/"


def _camera(subject: str) -> tuple[str, str]:
    device, _, camera = subject.partition("/")
    return device, camera
