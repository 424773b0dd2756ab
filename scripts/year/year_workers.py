"""What grid workers do once a message has come: acknowledge, telephone, knock. They learn the truth only there."""

import heapq
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from year_hub import YearHub
from year_ledger import Asked, Case, Ledger
from year_people import Absence, Person, Truth
from year_rates import DAY_S, HOUR_S

from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, Report

ACKNOWLEDGED_S: Final = (240, 600)  # median, by day and by night
SPREAD: Final = 0.6  # of its logarithm
NEXT_OF_A_LIST_S: Final = 60  # who gets a list goes through it
TELEPHONE_S: Final = 120
ANSWERS: Final = 0.8  # who is well and at home, or has the telephone along
AWAY_ANSWERS: Final = 0.85
WAY_S: Final = (15 * 60, 40 * 60)
FAMILY_S: Final = (HOUR_S, 4 * HOUR_S)  # until somebody knows that the person is away
HOSPITAL_DAYS: Final = (5, 21)


@dataclass(frozen=True, order=True)
class Step:
    """Something to do at `at_s`."""

    at_s: int
    serial: int
    does: Callable[[], None]


class Workers:
    """All of them. `hub.now_s` is the time; `found` is called when somebody who lay there is found."""

    def __init__(
        self, hub: YearHub, ledger: Ledger, people: list[Person], rng: random.Random, found: Callable[[Person], None]
    ) -> None:
        self._hub = hub
        self._ledger = ledger
        self._people = people
        self._rng = rng
        self._found = found
        self._agenda: list[Step] = []
        self._serial = 0

    @property
    def next_s(self) -> int | None:
        return self._agenda[0].at_s if self._agenda else None

    def hear(self, alerts: tuple[int, ...]) -> None:
        """A message has come; of those that it tells of for the first time they take care."""
        for place, alert in enumerate(alerts):
            case = self._ledger.cases[alert]
            if case.told_s is None:
                case.told_s, case.with_others = self._hub.now_s, len(alerts)
                night = not 6 <= self._hub.now_s % DAY_S / HOUR_S < 22
                takes_s = ACKNOWLEDGED_S[night] * math.exp(self._rng.gauss(0, SPREAD))
                self._later(takes_s + place * NEXT_OF_A_LIST_S, alert, self._acknowledge)

    def work(self) -> None:
        """What is to be done by now."""
        while self._agenda and self._agenda[0].at_s <= self._hub.now_s:
            heapq.heappop(self._agenda).does()

    def look_in(self, people: Sequence[Person]) -> None:
        """A list has come: they telephone one after the other, and go to see who does not answer."""
        takes_s = ACKNOWLEDGED_S[0] * math.exp(self._rng.gauss(0, SPREAD))
        for place, person in enumerate(people):
            one = Asked(at_s=self._hub.now_s)
            self._ledger.look_ins.append(one)
            self._after(takes_s + (place + 1) * TELEPHONE_S, partial(self._call, one, person))

    def _call(self, one: Asked, person: Person) -> None:
        truth = person.truth(self._hub.now_s)
        if self._hub.has_alert(person.id):
            return  # which they see to instead
        if truth is Truth.DOWN or self._rng.random() > (AWAY_ANSWERS if truth is Truth.AWAY else ANSWERS):
            self._after(self._rng.uniform(*WAY_S), partial(self._see, one, person))
        elif truth is Truth.AWAY:
            self._learns(one, person)
        else:
            self._reaches(one, person, Kind.PHONE)

    def _see(self, one: Asked, person: Person) -> None:
        truth = person.truth(self._hub.now_s)
        if self._hub.has_alert(person.id):
            return
        one.visited = True
        if truth is Truth.AWAY:
            return  # nobody is there, and nobody knows: an alert will come
        emergency = self._ledger.open_emergency(person.number) if truth is Truth.DOWN else None
        self._reaches(one, person, Kind.VISIT)
        if emergency is not None:
            emergency.looked_in, emergency.alerted_s = True, self._hub.now_s
            self._found(person)

    def _reaches(self, one: Asked, person: Person, kind: Kind) -> None:
        one.reached_s = self._hub.now_s
        self._hub.reached(person.id, kind)
        self._ledger.seen_s[person.number] = self._hub.now_s

    def _learns(self, one: Asked, person: Person) -> None:
        one.reached_s = self._hub.now_s
        known = person.absence
        if known is not None and not known.told:
            until_s = max(known.planned_s, known.until_s, self._hub.now_s + HOUR_S)
            told = Absence(from_s=self._hub.now_s, until_s=until_s, planned_s=until_s, told=True, reason=known.reason)
            self._hub.pause(person, told, author="网格员 grid worker")
            self._ledger.paused(person.number, told.from_s, told.until_s)

    def _acknowledge(self, case: Case) -> None:
        case.acknowledged_s = self._hub.now_s
        self._hub.move(case.id, AlertState.ACKNOWLEDGED)
        self._later(TELEPHONE_S, case.id, self._telephone)

    def _telephone(self, case: Case) -> None:
        truth = self._truth(case)
        if truth is Truth.DOWN or self._rng.random() > (AWAY_ANSWERS if truth is Truth.AWAY else ANSWERS):
            self._hub.move(case.id, AlertState.ON_THE_WAY)
            self._later(self._rng.uniform(*WAY_S), case.id, self._knock)
        elif truth is Truth.AWAY:
            self._is_away(case)
        else:
            self._is_well(case, "电话 by telephone")

    def _knock(self, case: Case) -> None:
        case.visited = True
        truth = self._truth(case)
        if truth is Truth.AWAY:
            self._hub.report(case.id, Report.NOT_FOUND)
            self._later(self._rng.uniform(*FAMILY_S), case.id, self._is_away)
        elif truth is Truth.DOWN:
            self._hub.move(case.id, AlertState.CLOSED, outcome=Outcome.HELPED)
            self._found(self._people[case.person])
        else:
            self._is_well(case, "")

    def _is_well(self, case: Case, note: str) -> None:
        self._hub.move(case.id, AlertState.CLOSED, outcome=Outcome.WELL, note=note)
        self._ledger.seen_s[case.person] = self._hub.now_s

    def _is_away(self, case: Case) -> None:
        """Until the evening of the day on which they mean to come back."""
        absence = self._people[case.person].absence
        planned_s = self._hub.now_s if absence is None else max(absence.planned_s, absence.until_s)
        until_s = max(planned_s, self._hub.now_s + HOUR_S)
        self._hub.move(case.id, AlertState.CLOSED, outcome=Outcome.AWAY, until_s=until_s)
        self._ledger.paused(case.person, self._hub.now_s, until_s)

    def _truth(self, case: Case) -> Truth:
        return self._people[case.person].truth(self._hub.now_s)

    def _later(self, seconds: float, alert: int, does: Callable[[Case], None]) -> None:
        """Of an alert that is closed by then nothing is left to do."""

        def if_open() -> None:
            if self._hub.alert(alert).state is not AlertState.CLOSED:
                does(self._ledger.cases[alert])

        self._after(seconds, if_open)

    def _after(self, seconds: float, does: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._agenda, Step(self._hub.now_s + max(1, round(seconds)), self._serial, does))
