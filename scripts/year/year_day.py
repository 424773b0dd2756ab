"""What a day brings: who passes where, who leaves, who falls, whom a camera takes for somebody else."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fleet_day import passages_an_hour
from year_people import IN_BED_A_YEAR, IN_BED_DAYS, Absence, Person, Truth, draw_absence
from year_rates import AREAS, CAMERAS, DAY_S, HOUR_S, area, false_sightings_a_passage, passages_a_day, site

PASSAGES_AN_HOUR_MAX: Final = 260  # of any place at any hour


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large, how long. `false_match`: of one comparison."""

    people: int
    days: int
    emergencies: int
    seed: int
    true_match: float
    false_match: float


@dataclass(frozen=True, order=True, slots=True)
class Way:
    """Somebody passes a camera and is recognised; not `is_true`: it was somebody else."""

    at_s: int
    camera: int
    person: int
    is_true: bool


@dataclass(frozen=True, kw_only=True)
class Day:
    """By time."""

    ways: list[Way]
    told: list[tuple[Person, Absence]]
    falls: list[Person]  # `down_s` says when


class Days:
    """Drawn one after the other, because who fell and who left does not go out."""

    def __init__(self, plan: Plan, people: list[Person], rng: random.Random) -> None:
        self._plan = plan
        self._people = people
        self._rng = rng
        self._residents = [[person for person in people if person.area == number] for number in range(AREAS)]
        for person in rng.sample(people, min(plan.emergencies, len(people))):
            day = rng.randrange(3, max(4, plan.days - 5))
            person.falls_s = day * DAY_S + rng.randrange(DAY_S)

    def draw(self, day: int) -> Day:
        told = [
            (person, left) for person in self._people if (left := self._leaves(person, day)) is not None and left.told
        ]
        falls = [person for person in self._people if self._falls(person, day)]
        ways = [way for person in self._people for way in self._ways_of(person, day)]
        ways += self._mistakes(day)
        return Day(
            ways=sorted(ways),
            told=sorted(told, key=lambda one: one[1].from_s),
            falls=sorted(falls, key=lambda person: person.down_s or 0),
        )

    def _leaves(self, person: Person, day: int) -> Absence | None:
        begins_s = day * DAY_S
        if person.absence is not None and person.absence.until_s < begins_s:
            person.absence = None
        if person.absence is not None or person.down_s is not None or begins_s < person.in_bed_until_s:
            return None
        absence = draw_absence(day, self._rng)
        if absence is not None:
            person.leaves_for(absence)
        elif self._rng.random() < IN_BED_A_YEAR / 365:
            person.in_bed_until_s = begins_s + self._rng.choice(IN_BED_DAYS) * DAY_S
        return absence

    def _falls(self, person: Person, day: int) -> bool:
        """At home: who is away then falls a day later."""
        falls_s = person.falls_s
        if falls_s is None or falls_s >= (day + 1) * DAY_S:
            return False
        if person.truth(falls_s) is Truth.AWAY:
            person.falls_s = falls_s + DAY_S
            return False
        person.falls_s, person.down_s = None, falls_s
        return True

    def _ways_of(self, person: Person, day: int) -> Iterator[Way]:
        """Of whom lies there since an earlier day nothing more is seen."""
        begins_s = day * DAY_S
        for at_s, camera in person.day(day, self._rng):
            here = begins_s <= at_s < begins_s + DAY_S and (person.down_s is None or at_s < person.down_s)
            if here and self._rng.random() < self._plan.true_match:
                yield Way(at_s=at_s, camera=camera, person=person.number, is_true=True)

    def _mistakes(self, day: int) -> Iterator[Way]:
        """Somebody else passes, and is taken for one of the area's watched people."""
        for camera in range(CAMERAS):
            watched = self._residents[area(camera)]
            rate = false_sightings_a_passage(len(watched), self._plan.false_match)
            for _ in range(self._poisson(passages_a_day(camera) * rate)):
                at_s = day * DAY_S + round(self._hour(camera) * HOUR_S)
                yield Way(at_s=at_s, camera=camera, person=self._rng.choice(watched).number, is_true=False)

    def _hour(self, camera: int) -> float:
        """By the day's curve of the place."""
        while True:
            hour = self._rng.uniform(0, 24)
            if self._rng.uniform(0, PASSAGES_AN_HOUR_MAX) < passages_an_hour(site(camera), hour):
                return hour

    def _poisson(self, mean: float) -> int:
        at, count = self._rng.expovariate(1.0), 0
        while at < mean:
            at += self._rng.expovariate(1.0)
            count += 1
        return count
