"""What the API answers about who is told: recipients, contacts, the ladder, notices, alarms; by type."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from hub_server.store.alarms import AlarmKind
from hub_server.store.ladder import WAIT_S_MAX, WAIT_S_MIN
from hub_server.store.outbox import NoticeKind
from hub_server.web.resources import At, Count, Key, RungName

Channels = Annotated[
    list[str], Meta(description="the kinds of its URLs, in order; the URLs hold secrets and never leave the hub")
]
NoticeState = Literal["waiting", "failing", "sent", "settled"]


class Recipient(TypedDict):
    """Somebody who is told of the alerts of an area; of all areas when `area` is empty."""

    id: Key
    area: str
    rung: RungName
    name: str
    phone: str
    channels: Channels
    active: bool
    created_at: At


class RecipientPage(TypedDict):
    """By id."""

    items: list[Recipient]
    next: int | None


class FamilyContact(TypedDict):
    """Family or a neighbour of a person. Without channels only a telephone number that a worker may call."""

    id: Key
    person: str
    name: str
    relation: str
    phone: str
    channels: Channels
    created_at: At


class FamilyContactPage(TypedDict):
    """All of a person; who was added first is called first."""

    items: list[FamilyContact]
    next: int | None


class LadderRung(TypedDict):
    """A rung, how long an alert waits on it, and who stands there; the family stands in each person's file."""

    rung: RungName
    wait_s: Annotated[int, Meta(ge=WAIT_S_MIN, le=WAIT_S_MAX)]
    people: list[str]


class Ladder(TypedDict):
    """From the first rung to the last, as it is for an area; for all areas when `area` is empty."""

    area: str
    rungs: list[LadderRung]


class Notice(TypedDict):
    """One thing that one addressee is told of an alert. `tries` and `trouble` are those of the message it goes in.

    `settled`: nobody needs to hear it any more. `rung` and `name` are null and empty when the addressee was removed.
    """

    id: Key
    kind: NoticeKind
    addressee: str
    name: str
    rung: RungName | None
    phone: str
    created_at: At
    sent_at: At | None
    channel: str
    tries: Count
    next_try_at: At | None
    trouble: str
    state: NoticeState


class NextTold(TypedDict):
    """Who is told when nothing has closed the alert by then; on the last rung everybody again."""

    at: At
    rung: RungName
    names: list[str]


class Notices(TypedDict):
    """All notices of an alert, the oldest first. `upcoming` is null when it is closed."""

    items: list[Notice]
    upcoming: NextTold | None


class Alarm(TypedDict):
    """What the office must know besides alerts: a camera that does not watch, a stepping clock, unsent messages."""

    id: Key
    kind: AlarmKind
    subject: str
    place: Annotated[str, Meta(description="of the camera, for people; empty where there is none")]
    detail: str
    since: At
    raised_at: At
    cleared_at: At | None


class AlarmPage(TypedDict):
    """Those that are open, the oldest first; or all, the newest first."""

    items: list[Alarm]
    next: int | None
