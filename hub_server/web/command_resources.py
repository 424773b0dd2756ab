"""What the API answers about commands, by type; as `resources.py` for the rest."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from hub_server.web.resources import At, Count

Kind = Literal["picture", "self_test"]
State = Literal["waiting", "done", "refused", "failed", "unsent", "unanswered"]
Why = Annotated[str, Meta(description="of a refusal the device's word for it, of a failure its sentence; else empty")]


class Command(TypedDict):
    """What somebody asked of a device, and what became of it. `unsent`: the device has not said that it takes commands.

    `picture`: where it lies, for an hour; null where there is none, or it is gone.
    """

    id: str
    device: str
    place: str
    kind: str
    reason: str
    asked_by: str
    asked_at: At
    sent_at: At | None
    settled_at: At | None
    state: State
    why: Why
    latency_ms: Count | None
    facts: dict[str, str]
    picture: str | None


class Commands(TypedDict):
    """The newest first."""

    items: list[Command]
    next: None
