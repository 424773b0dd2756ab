"""What breaks in a year: cameras, cables, the power of an area, the broker. Intervals are drawn before it begins."""

import random
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Final

from year_rates import CAMERAS, DAY_S, HOUR_S, area


class Fault(Enum):
    """What it does to a camera point. `a_year` is how often, for one camera, one area, or the site."""

    DEAD = "a dead camera point"  # nothing is seen or told until it is repaired
    BLIND = "a blind camera"  # covered, dirty, glare: it says so, and sees nobody
    CUT_OFF = "a camera point cut off"  # it sees, and tells all of it late
    POWER = "an area without power"
    BROKER = "the broker is away"  # all see, and tell late


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How often a year, and between how many hours it lasts; long ones are rare."""

    a_year: float
    hours: tuple[float, float]


HABITS: Final = {
    Fault.DEAD: Habits(a_year=1.5, hours=(4, 72)),
    Fault.BLIND: Habits(a_year=2.0, hours=(1, 36)),
    Fault.CUT_OFF: Habits(a_year=2.0, hours=(0.5, 36)),
    Fault.POWER: Habits(a_year=2.0, hours=(0.5, 10)),
    Fault.BROKER: Habits(a_year=8.0, hours=(0.2, 16)),
}

FORCED_LENGTH: Final = 0.8  # of the one outage that a short run must have


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """`subject`: the camera, the area, or 0."""

    fault: Fault
    subject: int
    from_s: int
    until_s: int

    @property
    def is_of_many(self) -> bool:
        return self.fault in {Fault.POWER, Fault.BROKER}


def draw(days: int, areas: int, rng: random.Random) -> list[Outage]:
    """All of them. However short the run, the broker is away once and an area is dark once."""
    subjects = {Fault.POWER: areas, Fault.BROKER: 1}
    found = []
    for fault, habits in HABITS.items():
        for subject in range(subjects.get(fault, CAMERAS)):
            times = _poisson(habits.a_year * days / 365, rng)
            found += [_one(fault, subject, habits, days, rng.random(), rng) for _ in range(times)]
            if times == 0 and subject == 0 and fault in subjects:
                found.append(_one(fault, subject, habits, days, FORCED_LENGTH, rng))
    return sorted(found, key=lambda outage: (outage.from_s, outage.fault.value, outage.subject))


def _one(fault: Fault, subject: int, habits: Habits, days: int, length: float, rng: random.Random) -> Outage:
    """`length`: 0 the shortest, 1 the longest."""
    low, high = habits.hours
    from_s = rng.randrange(2 * DAY_S, max(2 * DAY_S + 1, (days - 2) * DAY_S))
    lasts_h = low * (high / low) ** length
    return Outage(fault=fault, subject=subject, from_s=from_s, until_s=from_s + round(lasts_h * HOUR_S))


def _poisson(mean: float, rng: random.Random) -> int:
    at, count = rng.expovariate(1.0), 0
    while at < mean:
        at += rng.expovariate(1.0)
        count += 1
    return count


class Standing:
    """Which faults are on. Several may hit one camera."""

    def __init__(self) -> None:
        self._on: list[Counter[Fault]] = [Counter() for _ in range(CAMERAS)]
        self.broker_away = 0

    def touched(self, outage: Outage) -> list[int]:
        """The cameras."""
        if outage.fault is Fault.BROKER:
            return list(range(CAMERAS))
        if outage.fault is Fault.POWER:
            return [camera for camera in range(CAMERAS) if area(camera) == outage.subject]
        return [outage.subject]

    def change(self, outage: Outage, *, by: int) -> None:
        """Begins (+1) or ends (-1)."""
        if outage.fault is Fault.BROKER:
            self.broker_away += by
            return
        for camera in self.touched(outage):
            self._on[camera][outage.fault] += by

    def is_dead(self, camera: int) -> bool:
        on = self._on[camera]
        return on[Fault.DEAD] + on[Fault.POWER] > 0

    def is_dark(self, camera: int) -> bool:
        """With its whole area."""
        return self._on[camera][Fault.POWER] > 0

    def is_blind(self, camera: int) -> bool:
        return self._on[camera][Fault.BLIND] > 0

    def sees(self, camera: int) -> bool:
        return not self.is_dead(camera) and not self.is_blind(camera)

    def reaches(self, camera: int) -> bool:
        return not self.broker_away and not self.is_dead(camera) and not self._on[camera][Fault.CUT_OFF]
