"""GET .../history: what each field of a person, household, vehicle, place or area was before, and who changed it."""

from flask import Response
from msgspec import Struct

from hub_server.store import areas, histories, households, people, places, vehicles
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, master_resources, master_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope

blueprint = Routes("histories", __name__)


class HistoryQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


def _operation(path: str, noun: str, *, looks: bool = True) -> Operation:
    return Operation(
        method="GET",
        path=f"{path}/history",
        summary=f"What each field of a {noun} was before, and who changed it; the newest first",
        scope=Scope.READ,
        query=HistoryQuery,
        answer=master_resources.History,
        looks=looks,
    )


@blueprint.operation(_operation("/api/v1/people/<person>", "person"))
def of_person(person: str, asked: HistoryQuery) -> Response:
    with office().store.read() as db:
        return _answer(f"person/{person}", asked, is_there=people.get(db, person) is not None)


@blueprint.operation(_operation("/api/v1/households/<row_id:household>", "household"))
def of_household(household: int, asked: HistoryQuery) -> Response:
    with office().store.read() as db:
        return _answer(f"household/{household}", asked, is_there=households.get(db, household) is not None)


@blueprint.operation(_operation("/api/v1/vehicles/<row_id:vehicle>", "vehicle"))
def of_vehicle(vehicle: int, asked: HistoryQuery) -> Response:
    with office().store.read() as db:
        return _answer(f"vehicle/{vehicle}", asked, is_there=vehicles.get(db, vehicle) is not None)


@blueprint.operation(_operation("/api/v1/places/<place>", "place", looks=False))
def of_place(place: str, asked: HistoryQuery) -> Response:
    with office().store.read() as db:
        return _answer(f"place/{place}", asked, is_there=places.get(db, place) is not None)


@blueprint.operation(_operation("/api/v1/areas/<area>", "area", looks=False))
def of_area(area: str, asked: HistoryQuery) -> Response:
    with office().store.read() as db:
        return _answer(f"area/{area}", asked, is_there=areas.get(db, area) is not None)


def _answer(subject: str, asked: HistoryQuery, *, is_there: bool) -> Response:
    if not is_there:
        raise NotFoundError(f"there is no {subject}")
    with office().store.read() as db:  # the same moment as the caller's
        rows = histories.page(db, subject, before=asked.before, limit=asked.limit)
    items = [master_shapes.field_change(row, caller()) for row in rows]
    return answer({"items": items, "next": items[-1]["id"] if len(items) >= asked.limit else None})
