"""What the API answers about pauses, observations, corrections, explanations and hints, by type."""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from hub_server.watch.observation import Kind
from hub_server.web.resources import At, Key, Share

PauseState = Literal["to_come", "on", "over"]

Pause = TypedDict(
    "Pause",
    {
        "id": Key,
        "person": str,
        "from": At,
        "until": At,
        "reason": str,
        "author": str,
        "recorded_at": At,
        "ended_at": At | None,
        "ended_by": str,
        "alert": Key | None,
        "state": PauseState,
    },
)


class PausePage(TypedDict):
    """All of a person, by their ends."""

    items: list[Pause]
    next: int | None


class Observation(TypedDict):
    """A sign of life that is in no event: `author` vouches for it."""

    id: Key
    person: str
    kind: Kind
    at: At
    author: str
    note: str
    recorded_at: At
    withdrawn_at: At | None
    withdrawn_by: str


class ObservationPage(TypedDict):
    """Of a person, the newest first; withdrawn ones too."""

    items: list[Observation]
    next: int | None


class Correction(TypedDict):
    """The sighting `event` was not of `person`. `other`: who it was, when somebody knows."""

    event: Key
    person: str
    other: str | None
    author: str
    note: str
    at: At


class CorrectionPage(TypedDict):
    """Of sightings that named the person, the newest first."""

    items: list[Correction]
    next: int | None


class Sentence(TypedDict):
    """One link of the chain; `key` names what it says, for programs."""

    key: str
    zh: str
    en: str


class Explanation(TypedDict):
    """Why there is an alert for this person, or none. `facts`: what the sentences are made from."""

    person: str
    sentences: list[Sentence]
    facts: Annotated[dict[str, Any], Meta(description="names and values may grow; the sentences say what they mean")]


class Hint(TypedDict):
    """Somebody who is usually seen by `usual_by` and was not yet today. `share`: of the days looked back on."""

    person: str
    person_name: str
    area: str
    usual_by: At
    last_seen_at: At
    share: Share
    zh: str
    en: str


class HintPage(TypedDict):
    """Whoever is missed the longest first. Never an alarm."""

    items: list[Hint]
    next: None
