"""What the store gives and takes: frozen values. Every time is integer microseconds, UTC."""

from dataclasses import dataclass

from hub_server.watch.states import AlertState, Outcome


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A promise that somebody notices when this person is not seen for `period_s`. One per person."""

    id: int
    person: str
    person_name: str
    period_s: int
    active: bool
    created_us: int
    last_seen_us: int | None  # None: nothing that counts was ever seen; the watch then runs from created_us
    last_seen_by: (
        str  # where from: "door-east/east" (device/camera), "visit: <author>", "given" at creation, "" for None
    )
    paused_until_us: int | None
    due_us: int  # stored; hub_server.watch.due computes it


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """A watch passed its due time. At most one for a person and due time, and at most one that is not closed."""

    id: int
    person: str
    person_name: str
    due_us: int
    raised_us: int
    last_seen_us: int | None  # as known now: a late sighting that does not retract moves it
    last_seen_by: str
    state: AlertState
    outcome: Outcome | None


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
