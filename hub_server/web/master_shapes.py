"""How households, areas, places, histories and what a search finds look in JSON. Pure."""

from collections.abc import Sequence
from urllib.parse import quote

from hub_server.store.areas import Area
from hub_server.store.histories import FieldChange
from hub_server.store.households import Household
from hub_server.store.places import Place
from hub_server.store.recipients import Contact
from hub_server.store.rows import Device, Person
from hub_server.store.searching import Found
from hub_server.store.vehicles import Vehicle
from hub_server.web import masking, master_resources, shapes
from hub_server.web.masking import Looker
from hub_server.web.times import rfc3339, rfc3339_or_none

_DOT = " · "


def private(row: Person, contacts: Sequence[Contact]) -> master_resources.Private:
    return {
        "person": row.id,
        "address": row.address,
        "phone": row.phone,
        "note": row.note,
        "born": row.born,
        "contacts": [{"id": contact.id, "phone": contact.phone} for contact in contacts],
    }


def household(row: Household) -> master_resources.Household:
    return {
        "id": row.id,
        "number": row.number,
        "address": row.address,
        "area": row.area,
        "grid": row.grid,
        "phone": row.phone,
        "note": row.note,
        "people": row.people,
        "vehicles": row.vehicles,
        "created_at": rfc3339(row.created_us),
        "removed_at": rfc3339_or_none(row.removed_us),
    }


def household_private(row: Household) -> master_resources.HouseholdPrivate:
    return {"household": row.id, "address": row.address, "phone": row.phone, "note": row.note}


def area(row: Area) -> master_resources.Area:
    return {
        "name": row.name,
        "kind": row.kind,
        "parent": row.parent,
        "code": row.code,
        "depth": row.depth,
        "people": row.inside.people,
        "households": row.inside.households,
        "devices": row.inside.devices,
        "places": row.inside.places,
    }


def place(row: Place) -> master_resources.Place:
    return {
        "name": row.name,
        "kind": row.kind,
        "area": row.area,
        "grid": row.grid,
        "longitude": row.longitude,
        "latitude": row.latitude,
        "note": row.note,
        "devices": row.devices,
        "created_at": rfc3339(row.created_us),
    }


def field_change(row: FieldChange, who: Looker) -> master_resources.FieldChange:
    """What was masked then is masked in what it was before, too."""
    before, after = (masking.person({row.field: value}, who)[row.field] for value in (row.before, row.after))
    return {
        "id": row.id,
        "field": row.field,
        "before": before,
        "after": after,
        "author": row.author,
        "at": rfc3339(row.at_us),
    }


def hits(found: Found, who: Looker) -> list[master_resources.Hit]:
    """People first. Addresses and telephones as `who` is shown them."""
    return [
        *(_person(row, who) for row in found.people),
        *(_household(row, who) for row in found.households),
        *(_vehicle(row) for row in found.vehicles),
        *(_place(row) for row in found.places),
        *(_device(row) for row in found.devices),
    ]


def _person(row: Person, who: Looker) -> master_resources.Hit:
    shown = masking.person(shapes.person(row), who)
    return {
        "kind": "person",
        "id": row.id,
        "title": row.name,
        "detail": _joined(row.grid or row.area, shown["address"], shown["phone"]),
        "path": f"/people/{row.id}",
    }


def _household(row: Household, who: Looker) -> master_resources.Hit:
    shown = masking.person(household(row), who)
    return {
        "kind": "household",
        "id": str(row.id),
        "title": row.number,
        "detail": _joined(row.grid or row.area, shown["address"], f"{row.people} 人"),
        "path": f"/households/{row.id}",
    }


def _vehicle(row: Vehicle) -> master_resources.Hit:
    return {
        "kind": "vehicle",
        "id": str(row.id),
        "title": row.plate,
        "detail": row.label,
        "path": f"/vehicles/{row.id}",
    }


def _place(row: Place) -> master_resources.Hit:
    return {
        "kind": "place",
        "id": row.name,
        "title": row.name,
        "detail": _joined(row.area, row.grid),
        "path": f"/places/{quote(row.name, safe='')}",
    }


def _device(row: Device) -> master_resources.Hit:
    return {
        "kind": "device",
        "id": row.id,
        "title": row.place or row.id,
        "detail": _joined(row.id, row.area),
        "path": f"/devices/{row.id}",
    }


def _joined(*parts: str) -> str:
    return _DOT.join(part for part in parts if part)
