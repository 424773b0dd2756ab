"""Old people who live alone: when they go out, when they are away, when they fall ill. Days are drawn one by one."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from year_rates import AREAS, CAMERAS, DAY_S, HOUR_S

TRIPS_A_YEAR: Final = 4.0
TRIP_DAYS: Final = (1, 2, 2, 3, 5, 7, 10)
TRIP_IS_TOLD: Final = 0.7  # somebody enters the pause
HOSPITAL_A_YEAR: Final = 0.3
HOSPITAL_DAYS: Final = (3, 5, 7, 10, 14)
HOSPITAL_IS_TOLD: Final = 0.85
IN_BED_A_YEAR: Final = 1.0  # a cold: well enough, and not seen
IN_BED_DAYS: Final = (1, 1, 2, 3)
RETURNS_LATE_DAYS: Final = (-1, 0, 0, 0, 0, 0, 0, 1)  # from what was planned
SECOND_CAMERA: Final = 0.3  # that a way leads past another one


class Truth(Enum):
    """How it stands with somebody, which nobody at the hub knows."""

    WELL = "at home or about"
    IN_BED = "in bed, and well enough"
    AWAY = "away"
    DOWN = "down: an emergency"


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """A way out and back. Hours of the day."""

    leaves: float
    spread: float
    lasts: float
    skipped: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """And the terms that a grid worker who knows the person would set for it."""

    share: float
    rounds: tuple[Round, ...]
    at_home_all_day: float
    period_s: int
    grace_s: int


HABITS: Final = (
    Habit(
        share=0.6,
        rounds=(
            Round(leaves=7.5, spread=0.7, lasts=1.5, skipped=0.06),
            Round(leaves=18.0, spread=0.8, lasts=1.0, skipped=0.2),
        ),
        at_home_all_day=0.005,
        period_s=DAY_S,
        grace_s=2 * HOUR_S,
    ),
    Habit(
        share=0.3,
        rounds=(Round(leaves=9.0, spread=1.2, lasts=2.0, skipped=0.0),),
        at_home_all_day=0.01,
        period_s=DAY_S,
        grace_s=10 * HOUR_S,
    ),
    Habit(
        share=0.1,
        rounds=(Round(leaves=10.0, spread=1.5, lasts=1.0, skipped=0.0),),
        at_home_all_day=0.2,
        period_s=2 * DAY_S,
        grace_s=16 * HOUR_S,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """From when to when somebody is away, until when they said, and whether the office was told."""

    from_s: int
    until_s: int
    planned_s: int
    told: bool
    reason: str


@dataclass(kw_only=True, slots=True)
class Person:
    """One watched person."""

    number: int
    area: int
    camera: int
    other_camera: int
    habit: Habit
    absence: Absence | None = None
    in_bed_until_s: int = 0
    down_s: int | None = None
    falls_s: int | None = None  # when they will
    absences: list[Absence] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"p-{self.number:05}"

    def truth(self, at_s: int) -> Truth:
        if self.down_s is not None and at_s >= self.down_s:
            return Truth.DOWN
        if self.absence is not None and self.absence.from_s <= at_s < self.absence.until_s:
            return Truth.AWAY
        return Truth.IN_BED if at_s < self.in_bed_until_s else Truth.WELL

    def day(self, day: int, rng: random.Random) -> list[tuple[int, int]]:
        """(second, camera) of each time that they pass one on this day, unless they fall before."""
        begins_s = day * DAY_S
        passes = [] if self._stays_in(begins_s, rng) else list(self._rounds(begins_s, rng))
        if self.absence is not None:
            here = self.absence
            passes = [way for way in passes if not here.from_s <= way[0] < here.until_s]
            passes += [
                (at_s, self.camera) for at_s in (here.from_s, here.until_s) if begins_s <= at_s < begins_s + DAY_S
            ]
        return passes

    def leaves_for(self, absence: Absence) -> None:
        self.absence = absence
        self.absences.append(absence)

    def _stays_in(self, begins_s: int, rng: random.Random) -> bool:
        return begins_s + DAY_S // 2 < self.in_bed_until_s or rng.random() < self.habit.at_home_all_day

    def _rounds(self, begins_s: int, rng: random.Random) -> Iterator[tuple[int, int]]:
        weekend = (begins_s // DAY_S) % 7 >= 5
        for way in self.habit.rounds:
            if rng.random() < way.skipped:
                continue
            leaves_h = rng.gauss(way.leaves + (0.7 if weekend else 0.0), way.spread * (1.4 if weekend else 1.0))
            out_s = begins_s + round(min(max(leaves_h, 0.1), 22.0) * HOUR_S)
            back_s = out_s + round(way.lasts * HOUR_S * rng.uniform(0.5, 1.5))
            for at_s in (out_s, back_s):
                yield at_s, self.camera
                if rng.random() < SECOND_CAMERA:
                    yield at_s + 120, self.other_camera


def population(count: int, rng: random.Random) -> list[Person]:
    """As many in each area, each with a camera by the door and another on the way."""
    shares = [habit.share for habit in HABITS]
    found = []
    for number in range(count):
        area = number % AREAS
        cameras = [camera for camera in range(10, CAMERAS) if camera % AREAS == area]
        camera, other = rng.sample(cameras, 2)
        habit = rng.choices(HABITS, shares)[0]
        found.append(Person(number=number, area=area, camera=camera, other_camera=other, habit=habit))
    return found


def draw_absence(day: int, rng: random.Random) -> Absence | None:
    """What takes somebody away from this day on; None on most days."""
    if rng.random() < TRIPS_A_YEAR / 365:
        days, told, reason = rng.choice(TRIP_DAYS), rng.random() < TRIP_IS_TOLD, "去儿子家 at the son's"
    elif rng.random() < HOSPITAL_A_YEAR / 365:
        days, told, reason = rng.choice(HOSPITAL_DAYS), rng.random() < HOSPITAL_IS_TOLD, "住院 in hospital"
    else:
        return None
    from_s = day * DAY_S + round(rng.uniform(8, 16) * HOUR_S)
    planned_s = (day + days) * DAY_S + round(rng.uniform(10, 19) * HOUR_S)
    until_s = max(from_s + 6 * HOUR_S, planned_s + rng.choice(RETURNS_LATE_DAYS) * DAY_S)
    return Absence(from_s=from_s, until_s=until_s, planned_s=planned_s, told=told, reason=reason)
