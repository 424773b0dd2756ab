"""/api/v1/vehicles: plates that may pass, for how long, and at which gates."""

from http import HTTPStatus

from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import people, vehicles, whereabouts
from hub_server.store.errors import NotFoundError
from hub_server.store.reach import Reach
from hub_server.store.vehicles import Owner, Vehicle
from hub_server.web import fields, plate_resources, plate_shapes
from hub_server.web.auth import caller
from hub_server.web.conditional import if_match
from hub_server.web.households import demand_household
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds
from hub_server.web.writing import write

blueprint = Routes("vehicles", __name__)
_VALIDITY = (
    "`plate` must be one, `person` and `household` known; `valid_until` is later than `valid_from`, both 1970 to 2255."
)


class VehiclesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    plate: fields.Plate | None = None
    device: fields.DeviceId | None = None
    person: fields.PersonId | None = None
    household: fields.RowId | None = None
    q: fields.SearchText | None = None


class NewVehicle(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without an end it may pass until it is removed. `by`: who wrote it down; else the name of the token.

    `person`: whose own it is; counts as seen where their watch says so. Who is bound to areas names one of the two.
    """

    plate: fields.Plate
    owner: fields.OwnerName
    label: fields.Label
    person: fields.PersonId | None = None
    household: fields.RowId | None = None
    valid_from: fields.Moment | None = None
    valid_until: fields.Moment | None = None
    by: fields.Author | None = None


class VehicleAmendment(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays; `null` takes away the end on that side, or whose own it is."""

    label: fields.Label | UnsetType = UNSET
    person: fields.PersonId | UnsetType | None = UNSET
    household: fields.RowId | UnsetType | None = UNSET
    valid_from: fields.Moment | UnsetType | None = UNSET
    valid_until: fields.Moment | UnsetType | None = UNSET
    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/vehicles",
        summary="Current vehicles by id; those of a plate, a device, a person, a household",
        scope=Scope.READ,
        query=VehiclesQuery,
        answer=plate_resources.VehiclePage,
        looks=True,
        rules="`plate` must be one.",
    )
)
def index(asked: VehiclesQuery) -> Response:
    store = office().store
    with store.read() as db:
        rows = vehicles.page(
            db,
            after=asked.after,
            limit=asked.limit,
            plate=asked.plate,
            device=asked.device,
            person=asked.person,
            household=asked.household,
            q=asked.q,
            reach=caller().reach,
        )
    now_us = store.now_us()
    return listed(rows, lambda row: plate_shapes.vehicle(row, now_us=now_us), limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/vehicles",
        summary="A new vehicle; it passes nowhere until it is placed",
        scope=Scope.PEOPLE,
        body=NewVehicle,
        answer=plate_resources.Vehicle,
        status=HTTPStatus.CREATED,
        conflict="there is a current vehicle of this plate already",
        rules=_VALIDITY,
    )
)
def create(body: NewVehicle) -> Response:
    store, who = office().store, caller()
    author = who.author(body.by)

    def job(db: Database) -> Vehicle:
        _demand_owners(db, body.person, body.household, who.reach)
        if who.reach.areas is not None and body.person is None and body.household is None:
            raise invalid({"household": "请写明是哪户或哪个人的；say whose it is: a household or a person"})
        row = vehicles.add(
            db,
            plate=body.plate,
            owner=Owner(body.owner),
            label=body.label,
            valid_from_us=None if body.valid_from is None else microseconds(body.valid_from),
            valid_until_us=None if body.valid_until is None else microseconds(body.valid_until),
            by=author,
            now_us=store.now_us(),
        )
        if body.household is not None:
            row = vehicles.join(db, row.id, household=body.household, by=author, now_us=store.now_us())
        return row if body.person is None else _assign(db, row.id, body.person, author, store.now_us())

    row = write(job, made=lambda row: f"vehicle/{row.id}")
    shown = plate_shapes.vehicle(row, now_us=store.now_us())
    return answer(shown, HTTPStatus.CREATED, location=f"/api/v1/vehicles/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/vehicles/<row_id:vehicle>",
        summary="One vehicle, also one that was removed",
        scope=Scope.READ,
        answer=plate_resources.Vehicle,
        looks=True,
    )
)
def show(vehicle: int) -> Response:
    store = office().store
    with store.read() as db:
        return _answer(_get(db, vehicle))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/vehicles/<row_id:vehicle>",
        summary="Another label, person, household, or another time for which it is valid",
        scope=Scope.PEOPLE,
        body=VehicleAmendment,
        answer=plate_resources.Vehicle,
        versioned=True,
        rules=_VALIDITY,
    )
)
def change(vehicle: int, body: VehicleAmendment) -> Response:
    store, seen, who = office().store, if_match(), caller()
    author = who.author(body.by)
    changes: dict[str, str | int | None] = {} if body.label is UNSET else {"label": body.label}
    for field, moment in (("valid_from_us", body.valid_from), ("valid_until_us", body.valid_until)):
        if moment is not UNSET:
            changes[field] = None if moment is None else microseconds(moment)

    def job(db: Database) -> Vehicle:
        seen.demand(plate_shapes.vehicle(_get(db, vehicle), now_us=store.now_us()))
        _demand_owners(db, body.person or None, body.household or None, who.reach)
        row = vehicles.change(db, vehicle, by=author, now_us=store.now_us(), **changes)
        if body.household is not UNSET:
            row = vehicles.join(db, vehicle, household=body.household, by=author, now_us=store.now_us())
        return row if body.person is UNSET else _assign(db, vehicle, body.person, author, store.now_us())

    return _answer(write(job))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/vehicles/<row_id:vehicle>",
        summary="It passes nowhere any more; what it was stays on file",
        scope=Scope.PEOPLE,
        answer=plate_resources.Vehicle,
    )
)
def remove(vehicle: int) -> Response:
    store, author = office().store, caller().author(None)
    return _answer(write(lambda db: vehicles.remove(db, vehicle, by=author, now_us=store.now_us())))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/vehicles/<row_id:vehicle>/changes",
        summary="Who changed a vehicle, and how",
        scope=Scope.READ,
        answer=plate_resources.VehicleChanges,
        looks=True,
    )
)
def changes(vehicle: int) -> Response:
    with office().store.read() as db:
        rows = vehicles.changes(db, vehicle)
    return answer({"items": [plate_shapes.vehicle_change(row) for row in rows]})


@blueprint.operation(
    Operation(
        method="PUT",
        path="/api/v1/vehicles/<row_id:vehicle>/placements/<device>",
        summary="The vehicle may pass this gate; again changes nothing",
        scope=Scope.PEOPLE,
        answer=plate_resources.Vehicle,
        conflict="the device takes no more vehicles",
    )
)
def place(vehicle: int, device: str) -> Response:
    store, author = office().store, caller().author(None)
    return _answer(write(lambda db: vehicles.place(db, vehicle, device=device, by=author, now_us=store.now_us())))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/vehicles/<row_id:vehicle>/placements/<device>",
        summary="It may no longer pass this gate",
        scope=Scope.PEOPLE,
        answer=plate_resources.Vehicle,
    )
)
def unplace(vehicle: int, device: str) -> Response:
    store, author = office().store, caller().author(None)
    return _answer(write(lambda db: vehicles.unplace(db, vehicle, device=device, by=author, now_us=store.now_us())))


def _answer(row: Vehicle) -> Response:
    return answer(plate_shapes.vehicle(row, now_us=office().store.now_us()))


def _assign(db: Database, vehicle: int, person: str | None, author: str, now_us: int) -> Vehicle:
    if person is not None and people.get(db, person) is None:
        raise invalid({"person": f"没有 {person} 这个人；there is no person {person}"})
    return vehicles.assign(db, vehicle, person=person, by=author, now_us=now_us)


def _demand_owners(db: Database, person: str | None, household: int | None, reach: Reach) -> None:
    """Raises ProblemError (422) unless both, as far as they are named, are there and within reach."""
    demand_household(db, household, reach)
    if person is not None and reach.areas is not None and not whereabouts.is_within(db, "person", person, reach):
        raise invalid({"person": f"没有 {person} 这个人；there is no person {person}"})


def _get(db: Database, vehicle: int) -> Vehicle:
    row = vehicles.get(db, vehicle)
    if row is None:
        raise NotFoundError(f"没有 {vehicle} 号车辆； there is no vehicle {vehicle}")
    return row
