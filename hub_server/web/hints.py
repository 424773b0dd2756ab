"""/api/v1/hints: who is usually seen by now and was not yet today. Gentle: never an alarm, and quiet at night."""

from flask import Response
from msgspec import Struct

from hub_server.store import rhythm
from hub_server.web import fields, watch_resources, watch_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope

blueprint = Routes("hints", __name__)


class HintsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    area: fields.Area | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/hints",
        summary="Who is usually seen by now and was not yet today; those of an area",
        scope=Scope.READ,
        query=HintsQuery,
        answer=watch_resources.HintPage,
        looks=True,
    )
)
def index(asked: HintsQuery) -> Response:
    store = office().store
    with store.read() as db:
        found = rhythm.hints(db, now_us=store.now_us(), area=asked.area, reach=caller().reach, habits=office().habits)
    return answer({"items": [watch_shapes.hint(row) for row in found], "next": None})
