"""What the API answers, by type. mypy holds `shapes.py` to these, and /openapi.json shows them to everybody."""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from edge_agent.wire.gallery import Purpose
from hub_server.store.care import Care
from hub_server.store.consents import Basis
from hub_server.store.limits import GRACE_S_MAX, PERIOD_S_MAX, PERIOD_S_MIN
from hub_server.watch.coverage import Verdict
from hub_server.watch.states import AlertState, Outcome, Report, WatchState
from hub_server.web.scopes import Scope

At = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z\Z",
        description="UTC with microseconds",
        extra_json_schema={"format": "date-time"},
    ),
]
Count = Annotated[int, Meta(ge=0)]
Key = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
SeenBy = Annotated[
    str,
    Meta(
        description="device/camera; 'visit: <author>', and so for phone, clinic, card and vehicle; "
        "'vehicle: device/camera'; 'given' (told at creation); or empty"
    ),
]
TokenState = Literal["live", "expired", "revoked"]
RungName = Literal["worker", "community", "office", "family"]
PersonKindName = Literal["resident", "tenant", "visitor"]


class Person(TypedDict):
    """Someone the office looks after. `id` is a pseudonym that also stands in galleries and events.

    `grid` lies in `area`; `relation` is that within the household; `care`: why they are cared for. People who see no
    personal data in the clear are shown phone, address, note and born masked. `removed_at` null: they are here.
    """

    id: str
    name: str
    address: str
    phone: str
    note: str
    area: str
    born: str | None
    created_at: At
    grid: str
    kind: PersonKindName
    household: Key | None
    relation: str
    care: list[Care]
    removed_at: At | None


class Consent(TypedDict):
    """One purpose that a person agreed to. Withdrawn, it stays on file as proof that it was given."""

    id: Key
    person: str
    purpose: Purpose
    basis: Basis
    text_version: str
    given_on: str
    collector: str
    guardian: str
    recorded_at: At
    withdrawn_at: At | None
    withdrawn_by: str


class Face(TypedDict):
    """Whether somebody is enrolled, and how well. `quality` is that of the worst photograph, 0 to 1."""

    person: str
    enrolled: bool
    embedder: str | None
    photos: Count
    photos_kept: Count
    quality: Annotated[float, Meta(ge=0, le=1)] | None
    enrolled_at: At | None
    enrolled_by: str


class Placement(TypedDict):
    """The device carries the person for the purpose, as long as the person agrees to that."""

    person: str
    purpose: Purpose
    device: str


class Placements(TypedDict):
    """By purpose and device."""

    items: list[Placement]


class Erased(TypedDict):
    """What was just erased. /api/v1/erasures tells which devices have said so."""

    erasure: str
    person: str


class Receipt(TypedDict):
    """A device's word: from gallery `version` on the person is not there. `received_at` null: it is waited for."""

    device: str
    version: Key | None
    received_at: At | None


class Erasure(TypedDict):
    """One erasure, and the devices that may have held the person."""

    id: Key
    erasure: str
    person: str
    scope: Literal["biometrics", "person"]
    at: At
    receipts: list[Receipt]


class Watch(TypedDict):
    """A promise that somebody notices when this person is not seen for `period_s` seconds, and `grace_s` more.

    `paused_until`: the end of the pause that is on.
    """

    id: Key
    person: str
    person_name: str
    area: str
    period_s: Annotated[int, Meta(ge=PERIOD_S_MIN, le=PERIOD_S_MAX)]
    grace_s: Annotated[int, Meta(ge=0, le=GRACE_S_MAX)]
    own_vehicle: bool
    active: bool
    created_at: At
    last_seen_at: At | None
    last_seen_by: SeenBy
    paused_until: At | None
    due_at: At
    state: WatchState


class Contact(TypedDict):
    """Whom to look for, and where."""

    address: str
    phone: str
    note: str


class Latest(TypedDict):
    """A step of an alert."""

    at: At
    author: str
    note: str


class Reported(Latest):
    """What a visit found that closed nothing."""

    report: Report


Step = TypedDict(
    "Step",
    {
        "at": At,
        "author": str,
        "from": AlertState | None,
        "to": AlertState,
        "outcome": Outcome | None,
        "report": Report | None,
        "rung": RungName | None,
        "note": str,
    },
)


class Alert(TypedDict):
    """A watch passed its due time. `verdict`: whether anybody was looking when it was raised; both are as urgent.

    `rung`: who has it now; at `climb_at` it goes on to the next by itself. `latest` is the newest step, `taken` the one
    that brought it into its state (null while it is as it was raised), `reported` the newest report.
    """

    id: Key
    person: str
    person_name: str
    area: str
    contact: Contact
    due_at: At
    raised_at: At
    last_seen_at: At | None
    last_seen_by: SeenBy
    state: AlertState
    outcome: Outcome | None
    verdict: Verdict
    rung: RungName
    climb_at: At | None
    latest: Latest
    taken: Latest | None
    reported: Reported | None


class WholeAlert(Alert):
    """An alert with every step of it, oldest first."""

    history: list[Step]


class Missing(TypedDict):
    """A share of the window in which the camera said that it was not watching."""

    state: str
    cause: str
    share: Share


class CameraCoverage(TypedDict):
    """A camera that usually sees the person. `watching`, `unknown` and the shares of `missing` add up to 1."""

    device: str
    place: str
    camera: str
    sightings: Count
    watching: Share
    unknown: Share
    missing: list[Missing]


Coverage = TypedDict(
    "Coverage",
    {
        "from": At,
        "until": At,
        "verdict": Verdict,
        "cameras": list[CameraCoverage],
    },
)


class Sync(TypedDict):
    """How the device's journal stands at the hub: `high` of `last` events are stored."""

    epoch: str | None
    high: Count
    last: Count
    duplicates: Count
    conflicts: Count
    quarantined: Count
    lost: Count
    refused: Count


class Gallery(TypedDict):
    """Who may be recognised at the device. `taken` false: it takes no galleries; `version` null: none was needed yet.

    `held_version` is in force there. `trouble` says why it did not take the newest.
    """

    taken: bool
    version: Key | None
    people: Count | None
    held_version: Key | None
    held_at: At | None
    trouble: str


class Device(TypedDict):
    """A camera point. `area`: the community or village whose people it watches over; `grid` lies in it."""

    id: str
    place: str
    area: str
    grid: str
    created_at: At
    retired_at: Annotated[At | None, Meta(description="since when it is no more; lists leave it out")]
    online: bool
    heard_at: At | None
    agent: str
    sync: Sync
    gallery: Gallery


class Mqtt(TypedDict):
    """Where and as whom the device speaks. The password is shown this once: the hub keeps a hash."""

    host: str
    port: int
    site: str
    username: str
    password: str


class CreatedDevice(Device):
    """A device just created."""

    mqtt: Mqtt


class DeviceSecret(TypedDict):
    """A device's new password; the old one is void."""

    id: str
    mqtt: Mqtt


class Event(TypedDict):
    """A stored event. `counts`: it may end an alarm. `body` is what the device wrote, or its text when unreadable.

    `corrected`: somebody said that it was not this person.
    """

    id: Key
    device: str
    place: str
    camera: str
    epoch: str
    seq: Count
    type: str
    received_at: At
    captured_at: At | None
    clock_trusted: bool
    person: str | None
    person_name: str | None
    score: float | None
    strict: bool
    counts: bool
    corrected: bool
    body: Any


class LoginLink(TypedDict):
    """Opens one session within 15 minutes."""

    url: str


class Token(TypedDict):
    """What is known of a token. It opens nothing once it has expired or was revoked."""

    name: str
    scopes: list[Scope]
    created_at: At
    expires_at: At | None
    last_used_at: Annotated[At | None, Meta(description="behind by up to a minute")]
    revoked_at: At | None
    state: TokenState


class CreatedToken(Token):
    """A token just created. The secret is shown this once: the hub keeps a hash."""

    secret: str


class Alarms(TypedDict):
    """What an operator should look into, summed over all devices."""

    conflicts: Count
    quarantined: Count
    lost: Count
    refused: Count


class Health(TypedDict):
    """How the hub itself is."""

    status: Literal["ok", "degraded"]
    store: str
    broker: str
    watch: str
    alarms: Alarms | None
    tick_age_s: Annotated[float | None, Meta(description="since the watch last judged; null: it does not run")]
    write_age_s: Annotated[float | None, Meta(description="since the disk last took a write; one is made every 30 s")]
    unsent_age_s: Annotated[
        float | None, Meta(description="of the oldest notice that should be out and is not; null: there is none")
    ]
    failing: Annotated[Count, Meta(description="messages that were tried and are not out")]


class Problem(TypedDict):
    """A refusal (RFC 9457). `errors` names each wrong field and what is wrong with it."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    errors: dict[str, str]


class PeoplePage(TypedDict):
    """By id. `next` is null at the end."""

    items: list[Person]
    next: str | None


class ConsentPage(TypedDict):
    """All of a person, the oldest first."""

    items: list[Consent]
    next: int | None


class ErasurePage(TypedDict):
    """The oldest first."""

    items: list[Erasure]
    next: int | None


class WatchPage(TypedDict):
    """By id."""

    items: list[Watch]
    next: int | None


class AlertPage(TypedDict):
    """Newest first."""

    items: list[Alert]
    next: int | None


class DevicePage(TypedDict):
    """By id."""

    items: list[Device]
    next: str | None


class EventPage(TypedDict):
    """Newest first, `next` goes to `before`; with `after` oldest first, and `next` goes to `after`."""

    items: list[Event]
    next: int | None


class TokenPage(TypedDict):
    """By name."""

    items: list[Token]
    next: str | None
