"""What the API answers about quarantine and conflicts, by type; as `resources.py` for the rest."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from hub_server.store.quarantine import Decision, State
from hub_server.web.resources import At, Count, Key

Text = Annotated[
    str, Meta(description="the bytes as text; what is no UTF-8, and control characters, as \\xNN; empty when erased")
]
ReleaseOutcome = Literal["released", "released_before", "not_understood"]


class QuarantineStep(TypedDict):
    """Who decided what about an event that was not understood."""

    at: At
    author: str
    step: Decision
    note: str


class Quarantined(TypedDict):
    """An event that was not understood when it came, and why. `type` is "quarantined" until it is released."""

    id: Key
    device: str
    place: str
    epoch: str
    seq: Key
    type: str
    reason: str
    received_at: At
    bytes: Count
    state: State
    steps: list[QuarantineStep]


class WholeQuarantined(Quarantined):
    """The same with its bytes."""

    text: Text


class QuarantinePage(TypedDict):
    """By id."""

    items: list[Quarantined]
    next: int | None


class Released(TypedDict):
    """What became of a release. `why`: what is still not understood, else empty."""

    outcome: ReleaseOutcome
    why: str
    event: Quarantined


class Conflict(TypedDict):
    """Two events for one place of one journal. `held`: the one that stands there; `hash` is of the one that came."""

    id: Key
    device: str
    place: str
    epoch: str
    seq: Key
    hash: str
    received_at: At
    bytes: Count
    held: Key | None
    held_hash: str
    settled_at: At | None
    settled_by: str
    note: str


class WholeConflict(Conflict):
    """The same with the bytes of both."""

    text: Text
    held_text: Text


class ConflictPage(TypedDict):
    """By id."""

    items: list[Conflict]
    next: int | None
