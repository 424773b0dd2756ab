"""What the store gives and takes: frozen values. Every time is integer microseconds, UTC."""

from dataclasses import dataclass

from hub_server.watch.coverage import Verdict
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Someone the office looks after, by a pseudonymous id that also stands in galleries and events."""

    id: str
    name: str
    address: str
    phone: str
    note: str
    created_us: int
    area: str  # the community (社区) or village (村) the person belongs to; "" for none
    born: str | None  # YYYY-MM-DD
    grid: str = ""  # the grid (网格) within the area; "" when nobody has said which
    kind: str = "resident"  # resident, tenant or visitor
    household: int | None = None
    relation: str = ""  # within the household: 户主, 配偶, 子 ...
    care: str = ""  # why they are cared for: words of store/care.py, sorted, a blank between
    pinyin: str = ""  # what search finds the name by: full pinyin and initials, lower case
    removed_us: int | None = None  # soft deleted: in no list, gallery or watch until brought back or erased
    removed_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A promise that somebody notices when this person is not seen for `period_s`. One per person."""

    id: int
    person: str
    person_name: str
    area: str
    period_s: int
    grace_s: int  # the alert waits for so long after the period
    own_vehicle: bool  # the person's own vehicle at a gate counts as a sighting
    active: bool
    created_us: int
    last_seen_us: int | None  # None: nothing that counts was ever seen; the watch then runs from created_us
    last_seen_by: str  # "door-east/east" (device/camera), "vehicle: gate/in", "visit: <author>", "given"; "" for None
    paused_until_us: int | None  # the end of the last pause, on, to come or over; None: never one. Rows in `pauses`
    due_us: int  # stored; hub_server.watch.due computes it
    grid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A time in which nobody expects to see the person, from_us <= t < until_us. It ends by itself."""

    id: int
    person: str
    from_us: int
    until_us: int
    reason: str
    author: str
    created_us: int
    ended_us: int | None  # ended early, or before it began: then it never was
    ended_by: str | None
    told_us: int | None  # when it was told that it ends soon
    alert: int | None  # that was closed as away by it; such a pause settles whatever came before


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """A sign of life that is in no event: what somebody vouches for."""

    id: int
    person: str
    kind: Kind
    at_us: int
    author: str
    note: str
    created_us: int
    withdrawn_us: int | None
    withdrawn_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """Not this person: an event whose word for `person` does not hold. `other`: who it was, when that is known."""

    event: int
    person: str
    other: str | None
    author: str
    note: str
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookalikes:
    """Two people whom a camera took for one another. `margin`: cosine, added to the welfare margin between them."""

    person: str  # person < other
    other: str
    margin: float
    author: str
    at_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """A watch passed its due time. At most one for a person and due time, and at most one that is not closed."""

    id: int
    person: str
    person_name: str
    area: str
    due_us: int
    raised_us: int
    last_seen_us: int | None  # as known now: a late sighting that does not retract moves it
    last_seen_by: str
    state: AlertState
    outcome: Outcome | None
    rung: int  # of the ladder: hub_server.watch.ladder.Rung
    climb_us: int | None  # when it climbs by itself, or is told again on the last rung; None: it is closed
    verdict: Verdict  # when it was raised: watched, or cannot_tell
    grid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertChange:
    """One step in an alert's life; rows are only ever added."""

    alert: int
    at_us: int
    author: str
    before: AlertState | None  # None: it was raised
    after: AlertState
    outcome: Outcome | None
    note: str
    report: Report | None  # what a visit found that closes nothing
    rung: int | None  # that the alert reached by this change


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A camera point and how its journal stands here."""

    id: str
    place: str  # for people: "东门 East gate"
    area: str  # the community or village whose people it watches over; "" for none
    created_us: int
    online: bool
    heard_us: int | None  # the last message of any kind
    agent: str  # software and version as it said in hello
    epoch: str | None  # of the last hello or batch
    high: int  # of that epoch: all up to here is stored
    last: int  # of that epoch: what the device said it has
    duplicates: int
    conflicts: int
    quarantined: int
    lost: int  # events named in tombstones
    refused: int  # payloads thrown away whole
    seal_key: str | None  # as its last hello said; None: it takes no galleries
    gallery_version: int | None  # the newest made for it; None: there was never anybody to recognise there
    gallery_people: int | None
    gallery_held_version: int | None  # the newest that it said is in force
    gallery_held_us: int | None
    gallery_trouble: str  # why it did not take the newest; "" for nothing
    grid: str = ""
    retired_us: int | None = None  # since when it speaks no more


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow:
    """A stored event. `body` is the event's JSON object as the device wrote it."""

    id: int  # rises in the order of storing; pages and streams go on from it
    device: str
    place: str
    epoch: str
    seq: int
    type: str  # "passage", "lost", ...; "quarantined" when the body could not be understood
    received_us: int
    captured_us: int | None  # its own time, the earliest it may have been, cut at receipt; None where the type has none
    clock_trusted: bool  # False: shown, but does not count for a watch
    camera: str
    person: str | None
    person_name: str | None
    score: float | None
    strict: bool
    body: str
    device_area: str = ""
    device_grid: str = ""
    person_area: str = ""
    person_grid: str = ""
