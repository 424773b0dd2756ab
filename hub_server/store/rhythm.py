"""Who is usually seen by now and was not yet: a gentle hint for the worker's page, never an alarm. Nothing is stored.

Only people who were not seen today are looked up, and of each only the first sighting of a day: 28 steps into an index.
For 3,000 people among 5 million events that is half a second and more, so `Habits` remembers them for a while.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.watch import rhythm
from hub_server.watch.rhythm import Day, Habit
from hub_server.watch.zone import OFFICE_ZONE

_WITHIN: Final = condition("p.area", "p.grid")
REMEMBERED_US: Final = 3_600_000_000
"""What came late, was corrected or paused about an earlier day shows in the hints after so long at the latest."""
PEOPLE_MAX: Final = 5_000
"""Of one look; those whose last sighting is the oldest come first."""

_NOT_SEEN_TODAY: Final = f"""
    SELECT w.person, p.name, p.area, w.last_seen_us
    FROM people p JOIN watches w ON w.person = p.id
    WHERE (:area IS NULL OR p.area = :area) AND {_WITHIN} AND w.active = 1 AND w.last_seen_us >= :known_from_us
        AND w.last_seen_us < :today_us
        AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.person = w.person AND a.state <> 'closed')
        AND NOT EXISTS (SELECT 1 FROM pauses s WHERE s.person = w.person AND s.from_us <= :now_us
            AND min(s.until_us, coalesce(s.ended_us, s.until_us)) > :now_us)
    ORDER BY w.last_seen_us, w.person LIMIT :people
"""  # noqa: S608 our own names

_FIRST_OF_DAYS: Final = """
    WITH days (n, from_us, until_us) AS (VALUES {days})
    SELECT who.value AS person, d.n,
        (SELECT e.captured_us FROM events e WHERE e.person = who.value AND e.counts = 1
            AND e.captured_us >= d.from_us AND e.captured_us < d.until_us
            ORDER BY e.captured_us LIMIT 1) AS first_us,
        EXISTS (SELECT 1 FROM pauses s WHERE s.person = who.value AND s.from_us < d.until_us
            AND min(s.until_us, coalesce(s.ended_us, s.until_us)) > max(s.from_us, d.from_us)) AS away
    FROM json_each(:people) who CROSS JOIN days d ORDER BY who.key, d.n
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hint:
    """Somebody who is usually first seen by `usual_by_us` of today, and was not."""

    person: str
    name: str
    area: str
    usual_by_us: int
    since_us: int  # the last sign of life
    share: float  # of the days looked back on: those on which they had been seen by then
    zh: str
    en: str


class Habits:
    """What people usually do, as it was looked up within REMEMBERED_US. Of many threads one looks, the others wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day_us = 0  # the first one looked back on: another one every day
        self._known: dict[str, tuple[int, Habit | None]] = {}  # by person: when it was looked up, and what was found

    def of(
        self, db: Database, people: Sequence[str], past: tuple[Day, ...], zone: tzinfo, *, now_us: int
    ) -> list[tuple[str, Habit]]:
        """Those of these people who have a habit, in their order."""
        with self._lock:
            if past[0].from_us != self._day_us:
                self._known.clear()
                self._day_us = past[0].from_us
            strange = [person for person in people if not self._is_fresh(person, now_us)]
            found = dict(_habits(db, strange, past, zone)) if strange else {}
            self._known |= {person: (now_us, found.get(person)) for person in strange}
            habits = [(person, self._known[person][1]) for person in people]
        return [(person, habit) for person, habit in habits if habit is not None]

    def _is_fresh(self, person: str, now_us: int) -> bool:
        at_us = self._known[person][0] if person in self._known else None
        return at_us is not None and 0 <= now_us - at_us < REMEMBERED_US


def hints(
    db: Database,
    *,
    now_us: int,
    area: str | None = None,
    zone: tzinfo = OFFICE_ZONE,
    reach: Reach = EVERYWHERE,
    habits: Habits | None = None,
) -> list[Hint]:
    """Who it is time to think of, whoever is missed the longest first; nobody from 21:00 to 07:00.

    `habits`: those that are remembered from the last look; None: all are looked up.

    Nobody whose watch is off, who is away, or who has an alert that is not closed: that says more.
    """
    if rhythm.is_quiet(now_us, zone=zone):
        return []
    today = rhythm.today(now_us, zone=zone)
    past = rhythm.before(today, zone=zone)
    where = {
        "area": area,
        "now_us": now_us,
        "today_us": today.from_us,
        "known_from_us": past[0].from_us,
        "people": PEOPLE_MAX,
        "reach": reach.value,
    }
    missing = {row["person"]: row for row in db.query(_NOT_SEEN_TODAY, where)}
    now_min = rhythm.minute(now_us, today, zone=zone)
    found = [
        _hint(missing[person], habit, today, zone)
        for person, habit in (habits or Habits()).of(db, list(missing), past, zone, now_us=now_us)
        if rhythm.is_late(habit, now_min=now_min)
    ]
    return sorted(found, key=lambda hint: (hint.usual_by_us, hint.person))


def _habits(db: Database, people: list[str], past: tuple[Day, ...], zone: tzinfo) -> Iterator[tuple[str, Habit]]:
    """Of those who have one."""
    days = ", ".join(f"({n}, {day.from_us}, {day.until_us})" for n, day in enumerate(past))
    rows = db.execute(_FIRST_OF_DAYS.format(days=days), {"people": json.dumps(people)})
    for person, of_person in groupby(rows, key=lambda row: row[0]):
        at_home = [(n, first_us) for _, n, first_us, away in of_person if not away]
        seen = [(n, rhythm.minute(first_us, past[n], zone=zone)) for n, first_us in at_home if first_us is not None]
        # Days before the first sighting may be days before the person came to live here.
        days_known = sum(n >= seen[0][0] for n, _ in at_home) if seen else 0
        habit = rhythm.habit([first_min for _, first_min in seen], days=days_known)
        if habit is not None:
            yield person, habit


def _hint(row: dict[str, Any], habit: Habit, today: Day, zone: tzinfo) -> Hint:
    usual = rhythm.clock(habit.usual_min)
    return Hint(
        person=row["person"],
        name=row["name"],
        area=row["area"],
        usual_by_us=rhythm.moment_us(habit.usual_min, today, zone=zone),
        since_us=row["last_seen_us"],
        share=habit.share,
        zh=f"平时 {usual} 前就能见到，今天还没有",
        en=f"Usually seen by {usual}, not yet today",
    )
