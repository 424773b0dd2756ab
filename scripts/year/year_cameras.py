"""All camera points: which see, which reach the hub, what they hold back, and what they say that they watched."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from year_faults import Fault, Outage, Standing
from year_hub import YearHub
from year_ledger import Ledger, Missed
from year_naive import Naive
from year_rates import CAMERAS

TOLD_EVERY_S: Final = 900
"""A camera tells so often what it watched. Here stretches of one state go into one row, told when somebody whom
it saw is due, or the day begins: the shares of a window are the same, and the year fits into minutes."""


class Cameras:
    """What happens to them, at `hub.now_s`."""

    def __init__(self, hub: YearHub, ledger: Ledger, naive: Naive) -> None:
        self._hub = hub
        self._ledger = ledger
        self._naive = naive
        self._standing = Standing()
        self._saw: dict[int, set[int]] = defaultdict(set)  # by which each person was ever recognised
        self._told_s = [0] * CAMERAS  # until when it has told what it watched
        self._down_s: dict[int, int] = {}  # since when the hub hears of nothing that each sees
        self._held: list[list[tuple[int, Missed]]] = [[] for _ in range(CAMERAS)]

    def sees(self, camera: int, person: int, name: str, *, at_s: int, is_true: bool) -> bool:
        """Somebody passes and is recognised. True when the hub hears of it at once."""
        if not self._standing.sees(camera):
            if is_true:
                self._ledger.lost += 1
                self._ledger.was_missed(person, at_s, of_many=self._standing.is_dark(camera))
            return False
        if is_true:
            self._ledger.sightings += 1
            self._ledger.seen_s[person] = at_s
        else:
            self._ledger.was_mistaken(person, at_s)
        self._saw[person].add(camera)
        self._hub.passes(camera, at_s, name)
        if self._standing.reaches(camera):
            self._naive_hears(person, at_s)
            return True
        self._ledger.late += 1
        of_many = bool(self._standing.broker_away)
        missed = Missed(at_s=at_s, came_s=at_s, of_many=of_many)
        if is_true:
            missed = self._ledger.was_missed(person, at_s, of_many=of_many)
        self._held[camera].append((person, missed))
        return False

    def change(self, outage: Outage, *, by: int) -> None:
        """Something breaks (+1), or works again (-1)."""
        broker = outage.fault is Fault.BROKER
        was_away = bool(self._standing.broker_away)
        touched = self._standing.touched(outage)
        if not broker:
            self._say(touched, self._hub.now_s)
        self._standing.change(outage, by=by)
        if not broker:
            for camera in touched:
                self._told_s[camera] = self._hub.now_s
        for camera in touched:
            if self._standing.sees(camera) and self._standing.reaches(camera):
                self._down_s.pop(camera, None)
            else:
                self._down_s.setdefault(camera, self._hub.now_s)
        reached = [camera for camera in touched if self._standing.reaches(camera)]
        if self._standing.broker_away:
            self._hub.listening_since_s = None
        elif was_away:
            self._hub.connect(reached)
        for camera in reached:
            self._lets_go(camera)
        self._hub.deliver(reached)

    def that_saw(self, person: int) -> set[int]:
        """Those whose word counts when this person is due."""
        return self._saw[person]

    def look_in(self) -> None:
        """What the hub does about those that do not watch."""
        self._hub.look_in(self._down_s)

    def tell(self, cameras: Iterable[int]) -> None:
        """What was watched until the last quarter of an hour."""
        told = list(cameras)
        self._say(told, self._hub.now_s // TOLD_EVERY_S * TOLD_EVERY_S)
        self._hub.deliver(camera for camera in told if self._standing.reaches(camera))

    def _say(self, cameras: Iterable[int], until_s: int) -> None:
        for camera in cameras:
            from_s = self._told_s[camera]
            if from_s < until_s and not self._standing.is_dead(camera):
                self._hub.looked(camera, from_s, until_s, watching=not self._standing.is_blind(camera))
                self._told_s[camera] = until_s

    def _lets_go(self, camera: int) -> None:
        held, self._held[camera] = self._held[camera], []
        for person, missed in held:
            self._naive_hears(person, self._hub.now_s)
            missed.came_s = self._hub.now_s

    def _naive_hears(self, person: int, at_s: int) -> None:
        due_s = self._naive.due_s(person)
        if due_s <= at_s:
            self._ledger.naive_alert(person, due_s)
        self._naive.sees(person, at_s)
