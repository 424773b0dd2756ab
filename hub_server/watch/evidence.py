"""What is known about a watched person at one moment: what an explanation is made from. Microseconds UTC."""

from dataclasses import dataclass

from hub_server.watch.coverage import Verdict
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, WatchState


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """A sign of life. `place`: for people, where a camera or a vehicle was seen; "" for what somebody vouches for."""

    at_us: int
    kind: Kind | None  # None: a camera recognised them
    author: str  # who vouches; "" for a camera
    place: str
    event: int | None  # the sighting's; its evidence lies on the device
    score: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Away:
    from_us: int
    until_us: int
    reason: str
    author: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """The person's alert that is not closed."""

    id: int
    raised_us: int
    state: AlertState
    rung: int
    climb_us: int | None
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Observer:
    """A camera that usually sees the person, and what it did since they were last seen; shares 0 to 1."""

    place: str
    camera: str
    watching: float
    unknown: float
    missing: tuple[tuple[str, float], ...]  # state of the wire, share


@dataclass(frozen=True, kw_only=True, slots=True)
class Corrected:
    """Not this person. `other_name`: "" when nobody knows who it was."""

    event: int
    seen_us: int | None
    other_name: str
    author: str
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawn:
    kind: Kind
    at_us: int
    author: str  # who withdrew it
    withdrawn_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """All that the sentences are made from, as it stood at `now_us`."""

    person: str
    name: str
    now_us: int
    state: WatchState
    created_us: int
    period_s: int
    grace_s: int
    own_vehicle: bool
    due_us: int
    last: Sign | None
    pauses: tuple[Away, ...]  # that moved the due time, are on, or come
    alert: Raised | None
    verdict: Verdict  # of the time since the last sign of life
    observers: tuple[Observer, ...]
    corrected: tuple[Corrected, ...]  # newer than the last sign of life
    withdrawn: tuple[Withdrawn, ...]  # the same
    unsure: int  # sightings since then that were not sure enough to count
    undated: int  # sightings that may count once it is known when they were
