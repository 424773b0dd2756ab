"""/api/v1/places: where cameras, speakers and people meet."""

from http import HTTPStatus

import msgspec
from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import places
from hub_server.store.errors import NotFoundError
from hub_server.store.places import Place
from hub_server.web import fields, master_resources, master_shapes
from hub_server.web.auth import caller
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.reaching import demand_within
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("places", __name__)
_RULES = "`longitude` and `latitude` go together. `area` and `grid` are within the caller's reach."


class PlacesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`q`: a part of the name."""

    after: fields.Place | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    area: fields.Area | None = None
    kind: fields.PlaceKindName | None = None
    q: fields.SearchText | None = None


class NewPlace(Struct, kw_only=True, forbid_unknown_fields=True):
    """Coordinates in degrees (WGS 84), for the map."""

    name: fields.PlaceName
    kind: fields.PlaceKindName = "other"
    area: fields.Area = ""
    grid: fields.Area = ""
    longitude: fields.Longitude | None = None
    latitude: fields.Latitude | None = None
    note: fields.Note = ""


class PlaceChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. Devices there take a new name along. `by`: who says so; else the name of the token."""

    name: fields.PlaceName | UnsetType = UNSET
    kind: fields.PlaceKindName | UnsetType = UNSET
    area: fields.Area | UnsetType = UNSET
    grid: fields.Area | UnsetType = UNSET
    longitude: fields.Longitude | UnsetType | None = UNSET
    latitude: fields.Latitude | UnsetType | None = UNSET
    note: fields.Note | UnsetType = UNSET
    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/places",
        summary="Places by name",
        scope=Scope.READ,
        query=PlacesQuery,
        answer=master_resources.PlacePage,
    )
)
def index(asked: PlacesQuery) -> Response:
    with office().store.read() as db:
        rows = places.page(
            db,
            after=asked.after,
            limit=asked.limit,
            area=asked.area,
            kind=asked.kind,
            q=asked.q,
            reach=caller().reach,
        )
    return listed(rows, master_shapes.place, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/places",
        summary="A new place",
        scope=Scope.PEOPLE,
        body=NewPlace,
        answer=master_resources.Place,
        status=HTTPStatus.CREATED,
        conflict="there is a place of this name already",
        rules=_RULES,
    )
)
def create(body: NewPlace) -> Response:
    store, reach = office().store, caller().reach

    def job(db: Database) -> Place:
        demand_within(db, reach, area=body.area, grid=body.grid)
        return places.create(db, now_us=store.now_us(), **msgspec.structs.asdict(body))

    row = write(job, made=lambda row: f"place/{row.name}")
    return answer(master_shapes.place(row), HTTPStatus.CREATED, location=f"/api/v1/places/{row.name}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/places/<place>",
        summary="One place",
        scope=Scope.READ,
        answer=master_resources.Place,
    )
)
def show(place: str) -> Response:
    with office().store.read() as db:
        return answer(master_shapes.place(_get(db, place)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/places/<place>",
        summary="Another name, kind, area, grid or note, or other coordinates",
        scope=Scope.PEOPLE,
        body=PlaceChange,
        answer=master_resources.Place,
        conflict="there is a place of this name already",
        versioned=True,
        rules=_RULES,
    )
)
def change(place: str, body: PlaceChange) -> Response:
    store, seen, who = office().store, if_match(), caller()
    changes = msgspec.to_builtins(body)
    author = who.author(changes.pop("by"))

    def job(db: Database) -> Place:
        seen.demand(master_shapes.place(_get(db, place)))
        row = places.change(db, place, by=author, now_us=store.now_us(), **changes)
        if changes.keys() & {"area", "grid"}:
            demand_within(db, who.reach, area=row.area, grid=row.grid)
        return row

    return answer(master_shapes.place(write(job)))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/places/<place>",
        summary="Off the list",
        scope=Scope.PEOPLE,
        answer=master_resources.Place,
        conflict="a device stands there",
    )
)
def remove(place: str) -> Response:
    store, author = office().store, caller().author(None)
    return answer(master_shapes.place(write(lambda db: places.remove(db, place, by=author, now_us=store.now_us()))))


def _get(db: Database, place: str) -> Place:
    row = places.get(db, place)
    if row is None:
        raise NotFoundError(f"没有地点 {place}；there is no place {place}")
    return row
