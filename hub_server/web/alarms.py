"""/api/v1/alarms: what the office must know besides alerts of people. They come and go by themselves."""

from typing import Annotated, Literal

from flask import Response
from msgspec import Meta, Struct

from hub_server.store import alarms
from hub_server.store.alarms import ALL_KINDS, OF_EQUIPMENT
from hub_server.web import fields, ladder_resources, snapshot
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope

blueprint = Routes("alarms", __name__)

StateName = Annotated[Literal["open", "all"], Meta(description="open or all")]


class AlarmsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`after` and `limit` are for all of them."""

    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    state: StateName = "open"


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/alarms",
        summary="Alarms that are open, the oldest first; with state=all every one, the newest first",
        scope=Scope.EQUIPMENT,
        query=AlarmsQuery,
        answer=ladder_resources.AlarmPage,
        rules="Without the scope `read` those of cameras and of the hub's clock only.",
    )
)
def index(asked: AlarmsQuery) -> Response:
    who = caller()
    kinds = ALL_KINDS if who.may(Scope.READ) else OF_EQUIPMENT
    with office().store.read() as db:
        if asked.state == "open":
            return answer({"items": snapshot.open_alarms(db, reach=who.reach, kinds=kinds), "next": None})
        rows = alarms.page(db, after=asked.after, limit=asked.limit, reach=who.reach, kinds=kinds)
        return listed(rows, lambda row: snapshot.alarm(db, row), limit=asked.limit)
