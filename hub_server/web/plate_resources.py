"""What the API answers about vehicles and plates, by type; as `resources.py` for the rest."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from edge_agent.wire.messages import Direction, PlateVerdict
from edge_agent.wire.plate import PlateKind
from hub_server.store.vehicles import Change, Owner
from hub_server.web.resources import At, Count, Key

VehicleState = Literal["waiting", "valid", "expired", "removed"]


class Vehicle(TypedDict):
    """A plate that may pass the gates in `devices`. `state`: waiting for `valid_from`, valid, expired or removed.

    `person`: whose own it is, when that was said; it counts as seen where their watch says `own_vehicle`. `area` and
    `grid` are the person's, else the household's; a vehicle without either is the whole office's.
    """

    id: Key
    plate: str
    owner: Owner
    label: str
    person: str | None
    household: Key | None
    area: str
    grid: str
    valid_from: At | None
    valid_until: At | None
    state: VehicleState
    devices: list[str]
    created_at: At
    created_by: str
    removed_at: At | None
    removed_by: str


class VehiclePage(TypedDict):
    """The current ones, by id."""

    items: list[Vehicle]
    next: int | None


class VehicleChange(TypedDict):
    """Who changed what; label and validity as they were after it. `device`: of a placement."""

    at: At
    author: str
    change: Change
    device: str | None
    label: str
    valid_from: At | None
    valid_until: At | None


class VehicleChanges(TypedDict):
    """The newest first, at most 500."""

    items: list[VehicleChange]


class PlatePassage(TypedDict):
    """One vehicle past one camera, once. `text` null: seen, not readable. `listed`: the vehicle that is meant."""

    id: Key
    device: str
    place: str
    camera: str
    direction: Direction
    captured_at: At
    clock_trusted: bool
    received_at: At
    duration_ms: Count
    frames: Count
    reads: Count
    text: str | None
    kind: PlateKind | None
    score: Annotated[float, Meta(ge=0, le=1)] | None
    verdict: PlateVerdict | None
    listed: str | None


class PlatePassagePage(TypedDict):
    """By their time, the newest first; `next` goes to `before`."""

    items: list[PlatePassage]
    next: int | None


Gate = TypedDict(
    "Gate",
    {"id": str, "place": str, "in": Count, "out": Count, "unknown": Count, "undated": Count},
)
Gate.__doc__ = (
    "A device that has seen vehicles, and how many passed. `unknown`: which way, nobody could tell."
    " `undated`: passages whose time is not known yet; they are in none of the other three."
)


class GatePage(TypedDict):
    """By the device's name."""

    items: list[Gate]
    next: str | None


GateBucket = TypedDict("GateBucket", {"at": At, "in": Count, "out": Count, "unknown": Count})
GateBucket.__doc__ = "An hour or a day, by its beginning."


class GateSeries(TypedDict):
    """Oldest first; hours and days without a vehicle are left out."""

    items: list[GateBucket]
