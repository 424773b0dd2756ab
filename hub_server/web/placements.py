"""/api/v1/people/<person>/placements: gates a person may use, places beyond the own area where somebody looks."""

from flask import Response

from edge_agent.wire.gallery import Purpose
from hub_server.store import placements
from hub_server.store.errors import NotFoundError
from hub_server.store.placements import PLACED, Placement
from hub_server.web import resources
from hub_server.web.consents import demand_person
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("placements", __name__)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/placements",
        summary="Where a person may be recognised beyond the own area",
        scope=Scope.READ,
        answer=resources.Placements,
        looks=True,
    )
)
def index(person: str) -> Response:
    with office().store.read() as db:
        demand_person(db, person)
        rows = placements.of_person(db, person)
    return answer({"items": [_shape(row) for row in rows]})


@blueprint.operation(
    Operation(
        method="PUT",
        path="/api/v1/people/<person>/placements/<purpose>/<device>",
        summary="The device carries the person for the purpose, door or welfare; again changes nothing",
        scope=Scope.PEOPLE,
        answer=resources.Placement,
    )
)
def put(person: str, purpose: str, device: str) -> Response:
    wanted = _placed(purpose)
    row = write(lambda db: placements.put(db, person=person, purpose=wanted, device=device))
    return answer(_shape(row))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/people/<person>/placements/<purpose>/<device>",
        summary="No longer there",
        scope=Scope.PEOPLE,
        answer=resources.Placement,
    )
)
def remove(person: str, purpose: str, device: str) -> Response:
    wanted = _placed(purpose)
    write(lambda db: placements.remove(db, person=person, purpose=wanted, device=device))
    return answer(_shape(Placement(person=person, purpose=wanted, device=device)))


def _placed(purpose: str) -> Purpose:
    """Raises NotFoundError for what nobody is placed for."""
    if purpose not in PLACED:
        raise NotFoundError(f"nobody is placed for {purpose}: door or welfare")
    return Purpose(purpose)


def _shape(row: Placement) -> resources.Placement:
    return {"person": row.person, "purpose": row.purpose, "device": row.device}
