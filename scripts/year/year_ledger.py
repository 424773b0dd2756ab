"""What happened to whom, and what the hub and the naive code said of it. It knows the truth; the hub does not."""

from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

from year_people import Person, Truth
from year_rates import DAY_S

REMEMBERED_S: Final = 5 * DAY_S
NEVER_S: Final = 10**12


class Hidden(Enum):
    """Whether a true sighting that would have kept an alert away was lost or held up."""

    NOT = "no fault"
    BY_CAMERA = "a camera failed"
    BY_OUTAGE = "an outage"


@dataclass(kw_only=True, slots=True)
class Emergency:
    """`seen_s`: the last true sighting before, by its capture. `promised_s`: when the alert must be there."""

    person: int
    down_s: int
    seen_s: int
    promised_s: int
    misled: int = 0  # false sightings since they were truly seen
    alerted_s: int | None = None
    found_s: int | None = None
    looked_in: bool = False  # found by a look-in, before there was an alert


@dataclass(kw_only=True, slots=True)
class Asked:
    """Somebody whom a list named: before any alert, because a camera does not watch."""

    at_s: int
    reached_s: int | None = None
    visited: bool = False


@dataclass(kw_only=True, slots=True)
class Case:
    """One alert of the hub."""

    id: int
    person: int
    area: int
    raised_s: int
    due_s: int
    truth: Truth
    watched: bool  # the verdict; else: cannot tell
    hidden: Hidden
    told_s: int | None = None
    with_others: int = 0  # alerts in the first message that told of it
    acknowledged_s: int | None = None
    visited: bool = False
    outcome: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A message. Several people get the same one; the first copy of it is counted."""

    at_s: int
    alerts: tuple[int, ...]  # newly raised
    asked: tuple[str, ...]  # people to look in on
    is_first_copy: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NaiveCase:
    """An alert of the naive code, with the same judgement."""

    person: int
    at_s: int
    truth: Truth
    hidden: Hidden


@dataclass(kw_only=True, slots=True)
class Missed:
    """A sighting that the hub did not get, or not at once."""

    at_s: int
    came_s: int
    of_many: bool  # the broker was away or the area dark; else a single camera point failed


class Ledger:
    """Of one year."""

    def __init__(self, everybody: list[Person]) -> None:
        self._people = everybody
        self.now_s = 0  # at the end
        self.cases: dict[int, Case] = {}
        self.letters: list[Letter] = []
        self.look_ins: list[Asked] = []
        self.naive: list[NaiveCase] = []
        self.emergencies: list[Emergency] = []
        self.sightings = 0
        self.false_sightings = 0
        self.late = 0
        self.lost = 0
        self.pauses: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._missed: dict[int, deque[Missed]] = defaultdict(deque)
        self._downs: dict[int, list[Emergency]] = defaultdict(list)
        self.seen_s = [0] * len(everybody)  # truly: by a camera that sees, whatever the hub knows, or by a worker
        self.mistaken_s = [-1] * len(everybody)

    def was_missed(self, person: int, at_s: int, *, of_many: bool) -> Missed:
        """By a fault: lost, or held up until it comes."""
        known = self._missed[person]
        while known and known[0].at_s < at_s - REMEMBERED_S:
            known.popleft()
        missed = Missed(at_s=at_s, came_s=NEVER_S, of_many=of_many)
        known.append(missed)
        return missed

    def hidden_by(self, person: int, at_s: int, allowed_s: int) -> Hidden:
        """Whether there was a sighting within the time allowed that had not come in by then, and through what."""
        found = [one for one in self._missed[person] if at_s - allowed_s < one.at_s <= at_s < one.came_s]
        if not found:
            return Hidden.NOT
        return Hidden.BY_OUTAGE if any(one.of_many for one in found) else Hidden.BY_CAMERA

    def was_mistaken(self, person: int, at_s: int) -> None:
        """Somebody else was taken for this person."""
        self.false_sightings += 1
        self.mistaken_s[person] = at_s
        emergency = self.open_emergency(person)
        if emergency is not None and emergency.alerted_s is None:
            emergency.misled += 1

    def paused(self, person: int, from_s: int, until_s: int) -> None:
        """The office was told; so long nobody expects to see them."""
        self.pauses[person].append((from_s, until_s))

    def falls(self, emergency: Emergency) -> None:
        emergency.misled = int(self.mistaken_s[emergency.person] > emergency.seen_s)
        self.emergencies.append(emergency)
        self._downs[emergency.person].append(emergency)

    def open_emergency(self, person: int) -> Emergency | None:
        """Of somebody who lies there now."""
        return next((one for one in self._downs[person] if one.found_s is None), None)

    def truth_at(self, person: int, at_s: int) -> Truth:
        """Also of the past, when it is known how it went on."""
        for emergency in self._downs[person]:
            if emergency.down_s <= at_s < (NEVER_S if emergency.found_s is None else emergency.found_s):
                return Truth.DOWN
        for absence in self._people[person].absences:
            if absence.from_s <= at_s < absence.until_s:
                return Truth.AWAY
        return Truth.WELL

    def naive_alert(self, person: int, at_s: int) -> None:
        case = NaiveCase(
            person=person,
            at_s=at_s,
            truth=self.truth_at(person, at_s),
            hidden=self.hidden_by(person, at_s, DAY_S),
        )
        self.naive.append(case)
