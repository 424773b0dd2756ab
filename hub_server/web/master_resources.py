"""What the API answers about households, areas, places, histories and the search, by type; as `resources.py`."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from hub_server.store.areas import AreaKind
from hub_server.store.places import PlaceKind
from hub_server.web.plate_resources import Vehicle
from hub_server.web.resources import At, Count, Key, Person

Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]


class ContactPhone(TypedDict):
    """A contact's telephone number, in the clear."""

    id: Key
    phone: str


class Private(TypedDict):
    """What is masked of a person, in the clear. Each look is a row of the audit."""

    person: str
    address: str
    phone: str
    note: str
    born: str | None
    contacts: list[ContactPhone]


class Household(TypedDict):
    """Who shares a door. `people` and `vehicles`: how many belong to it now."""

    id: Key
    number: str
    address: str
    area: str
    grid: str
    phone: str
    note: str
    people: Count
    vehicles: Count
    created_at: At
    removed_at: At | None


class WholeHousehold(Household):
    """A household with whom and what belongs to it: its head first, then by when they were written down."""

    members: list[Person]
    cars: list[Vehicle]


class HouseholdPrivate(TypedDict):
    """What is masked of a household, in the clear. Each look is a row of the audit."""

    household: Key
    address: str
    phone: str
    note: str


class HouseholdPage(TypedDict):
    """By id. `next` is null at the end."""

    items: list[Household]
    next: int | None


class Area(TypedDict):
    """`people` and the others: how many name it, or what lies in it. `depth` 0: it lies in nothing that is shown."""

    name: str
    kind: AreaKind
    parent: str | None
    code: str
    depth: Count
    people: Count
    households: Count
    devices: Count
    places: Count


class Areas(TypedDict):
    """Each before what lies in it."""

    items: list[Area]


class Place(TypedDict):
    """Where cameras, speakers and people meet. `devices`: how many stand there."""

    name: str
    kind: PlaceKind
    area: str
    grid: str
    longitude: Longitude | None
    latitude: Latitude | None
    note: str
    devices: Count
    created_at: At


class PlacePage(TypedDict):
    """By name. `next` is null at the end."""

    items: list[Place]
    next: str | None


class FieldChange(TypedDict):
    """One field, as it was before and after; null: nothing. `author` is empty when nobody said who."""

    id: Key
    field: str
    before: str | None
    after: str | None
    author: str
    at: At


class History(TypedDict):
    """The newest first; `next` goes to `before`."""

    items: list[FieldChange]
    next: int | None


class Hit(TypedDict):
    """Something that was found. `path`: its page."""

    kind: Literal["person", "household", "vehicle", "place", "device"]
    id: str
    title: str
    detail: str
    path: str


class Hits(TypedDict):
    """At most 10 of each kind: people, households, vehicles, places, devices."""

    items: list[Hit]
