"""The simulated year itself: days go by against the real hub, from one thing that happens to the next."""

import random
from collections import deque
from pathlib import Path
from typing import Final

from year_cameras import Cameras
from year_day import Day, Days, Plan, Way
from year_faults import Outage, draw
from year_hub import YearHub
from year_ledger import Case, Emergency, Ledger, Letter
from year_naive import Naive
from year_people import Absence, Person, population
from year_rates import AREAS, CAMERAS, DAY_S, HOUR_S
from year_workers import HOSPITAL_DAYS, Workers

from hub_server.store.rows import Alert
from hub_server.watch.coverage import Verdict

LOOK_IN_S: Final = 1800  # so often the hub looks what a dead camera means for people
WINDOW_S: Final = 1800  # people pass; what the hub hears comes in together at the end, or before the next thing happens
DRAIN_LOOKS_S: Final = 3


class Town:
    """Live all its days; then `ledger` has what happened."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        rng = random.Random(plan.seed)  # noqa: S311 a year that can be repeated
        self._rng = rng
        self.people = population(plan.people, rng)
        self.outages = draw(plan.days, AREAS, rng)
        self.ledger = Ledger(self.people)
        self.hub = YearHub(folder)
        self.hub.watch(self.people)
        self._naive = Naive(plan.people)
        self._days = Days(plan, self.people, rng)
        self._by_id = {person.id: person for person in self.people}
        self._cameras = Cameras(self.hub, self.ledger, self._naive)
        self._workers = Workers(self.hub, self.ledger, self.people, rng, self._found)
        changes = [(o.from_s, 1, o) for o in self.outages] + [(o.until_s, -1, o) for o in self.outages]
        self._changes: deque[tuple[int, int, Outage]] = deque(sorted(changes, key=lambda change: change[:2]))
        self._looked_in_s = 0
        self._ways: deque[Way] = deque()
        self._told: deque[tuple[Person, Absence]] = deque()
        self._falls: deque[Person] = deque()

    def live(self, day: int) -> None:
        self._begin(self._days.draw(day))
        ends_s = (day + 1) * DAY_S
        while self.hub.now_s < ends_s:
            self._step(ends_s)

    def end(self) -> None:
        for person in self.people:
            due_s = self._naive.due_s(person.number)
            if due_s <= self.hub.now_s:
                self.ledger.naive_alert(person.number, due_s)
        self.ledger.now_s = self.hub.now_s
        for case in self.ledger.cases.values():
            outcome = self.hub.alert(case.id).outcome
            case.outcome = "" if outcome is None else outcome.value
        self.hub.close()

    def _begin(self, day: Day) -> None:
        self._ways.extend(day.ways)
        self._told.extend(day.told)
        self._falls.extend(day.falls)
        self._cameras.tell(range(CAMERAS))
        self._judge()

    def _step(self, ends_s: int) -> None:
        """As far as nothing happens but people passing; then what happens."""
        until_s = self._next_s(min(self.hub.now_s + WINDOW_S, ends_s))
        drains = self.hub.drains
        wakes_s = until_s if drains else self.hub.wakes_s(until_s)
        if wakes_s is not None and not drains:
            due = [self._by_id[person].number for person in self.hub.due_people(wakes_s)]
            until_s = wakes_s
        self._pass_until(until_s)
        while self._changes and self._changes[0][0] <= until_s:
            _, by, outage = self._changes.popleft()
            self._cameras.change(outage, by=by)
        self._enter_absences()
        self._workers.work()
        if self.hub.now_s - self._looked_in_s >= LOOK_IN_S and not self.hub.drains:
            self._looked_in_s = self.hub.now_s
            self._cameras.look_in()
            self._send()
        if wakes_s is not None:
            if not drains:
                self._cameras.tell({camera for person in due for camera in self._cameras.that_saw(person)})
            self._judge()

    def _next_s(self, until_s: int) -> int:
        """The next thing that happens by then; in a drain the hub looks all the time."""
        moments = [until_s]
        if self._changes:
            moments.append(self._changes[0][0])
        if self._workers.next_s is not None:
            moments.append(self._workers.next_s)
        if self._told:
            moments.append(self._told[0][1].from_s)
        if self.hub.drains:
            moments.append(self.hub.now_s + DRAIN_LOOKS_S)
        return max(min(moments), self.hub.now_s)

    def _pass_until(self, until_s: int) -> None:
        """Whoever passes by then; what reaches the hub comes in together."""
        heard: set[int] = set()
        while self._ways and self._ways[0].at_s <= until_s:
            way = self._ways.popleft()
            self._fall_until(way.at_s)
            person = self.people[way.person]
            if self._cameras.sees(way.camera, way.person, person.id, at_s=way.at_s, is_true=way.is_true):
                heard.add(way.camera)
        self._fall_until(until_s)
        self.hub.now_s = until_s
        self.hub.deliver(heard)

    def _fall_until(self, until_s: int) -> None:
        """What was promised to whom falls: an alert so long after they were truly seen, or expected back."""
        while self._falls and (self._falls[0].down_s or 0) <= until_s:
            person = self._falls.popleft()
            seen_s = self.ledger.seen_s[person.number]
            allowed_s = person.habit.period_s + person.habit.grace_s
            self.ledger.falls(
                Emergency(person=person.number, down_s=person.down_s or 0, seen_s=seen_s, promised_s=seen_s + allowed_s)
            )

    def _enter_absences(self) -> None:
        """Somebody tells the office; when there is an alert, its worker learns it on the telephone instead."""
        while self._told and self._told[0][1].from_s <= self.hub.now_s:
            person, absence = self._told.popleft()
            if self.hub.pause(person, absence, author="家属 family"):
                self.ledger.paused(person.number, absence.from_s, max(absence.planned_s, self.hub.now_s + 1))

    def _found(self, person: Person) -> None:
        """An ambulance comes; the worker enters the pause."""
        now_s = self.hub.now_s
        emergency = self.ledger.open_emergency(person.number)
        assert emergency is not None
        emergency.found_s = now_s
        person.down_s = None
        until_s = (now_s // DAY_S + self._rng.randint(*HOSPITAL_DAYS)) * DAY_S + 14 * HOUR_S
        absence = Absence(from_s=now_s, until_s=until_s, planned_s=until_s, told=True, reason="住院 in hospital")
        person.leaves_for(absence)
        self._told.appendleft((person, absence))

    def _judge(self) -> None:
        for alert in self.hub.tick():
            self._note(alert)
        self._send()

    def _send(self) -> None:
        copies = set()
        for told in self.hub.send():
            if not told.new and not told.asked:
                continue
            first = (told.new, told.asked) not in copies
            copies.add((told.new, told.asked))
            self.ledger.letters.append(
                Letter(at_s=self.hub.now_s, alerts=told.new, asked=told.asked, is_first_copy=first)
            )
            self._workers.hear(told.new)
            if first:
                self._workers.look_in([self._by_id[person] for person in told.asked])

    def _note(self, alert: Alert) -> None:
        person = self._by_id[alert.person]
        raised_s = self.hub.seconds(alert.raised_us)
        allowed_s = person.habit.period_s + person.habit.grace_s
        case = Case(
            id=alert.id,
            person=person.number,
            area=person.area,
            raised_s=raised_s,
            due_s=self.hub.seconds(alert.due_us),
            truth=person.truth(raised_s),
            watched=alert.verdict is Verdict.WATCHED,
            hidden=self.ledger.hidden_by(person.number, raised_s, allowed_s),
        )
        self.ledger.cases[case.id] = case
        emergency = self.ledger.open_emergency(person.number)
        if emergency is not None and emergency.alerted_s is None:
            emergency.alerted_s = raised_s
