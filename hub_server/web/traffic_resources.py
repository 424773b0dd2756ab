"""What the API answers about passages and counts, by type; as `resources.py` for the rest."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from edge_agent.wire.messages import Direction, PlateVerdict
from hub_server.web.resources import At, Count, Key

PassageKindName = Literal["known", "stranger", "vehicle_known", "vehicle_unknown"]


class TrafficPassage(TypedDict):
    """Somebody, or a vehicle, past one camera, once. What belongs to the other kind is null, false or zero.

    `captured_at`: when it was, as far as `clock_trusted`. `corrected`: somebody has said that it was not this person.
    `vehicle`: on the list now, by the plate that is meant, else by the one that was read.
    """

    id: Key
    kind: PassageKindName
    captured_at: At
    clock_trusted: bool
    received_at: At
    device: str
    place: str
    camera: str
    person: str | None
    person_name: str | None
    score: Annotated[float, Meta(ge=-1, le=1)] | None
    strict: bool
    counts: bool
    corrected: bool
    direction: Direction | None
    text: str | None
    listed: str | None
    verdict: PlateVerdict | None
    vehicle: Key | None


class TrafficPassagePage(TypedDict):
    """By their time, the newest first; `next` goes to `before`."""

    items: list[TrafficPassage]
    next: int | None


TrafficCount = TypedDict(
    "TrafficCount",
    {
        "at": At | None,
        "weekday": Annotated[int, Meta(ge=1, le=7)] | None,
        "hour": Annotated[int, Meta(ge=0, le=23)] | None,
        "known": Count,
        "strangers": Count,
        "in": Count,
        "out": Count,
        "unknown": Count,
    },
)
TrafficCount.__doc__ = (
    "People known and not; vehicles in, out, and either way. One of `at` (an hour's or day's beginning), `weekday` (1"
    " is Monday) and `hour` (of the day) is not null."
)


class TrafficCounts(TypedDict):
    """In their order; those in which nobody passed are left out."""

    items: list[TrafficCount]


TrafficGate = TypedDict(
    "TrafficGate",
    {"id": str, "place": str, "known": Count, "strangers": Count, "in": Count, "out": Count, "unknown": Count},
)
TrafficGate.__doc__ = "A device, and who and what passed it."


class TrafficGatePage(TypedDict):
    """Those that counted somebody, by the device's name."""

    items: list[TrafficGate]
    next: str | None


class ClinicDay(TypedDict):
    """A clinic's day, by its beginning: how many different people were seen there, and how often."""

    place: str
    at: At
    people: Count
    passages: Count


class ClinicDays(TypedDict):
    """The newest first, at most 800."""

    items: list[ClinicDay]
