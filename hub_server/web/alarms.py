"""/api/v1/alarms: what the office must know besides alerts of people. They come and go by themselves."""

from typing import Annotated, Literal

from flask import Response
from msgspec import Meta, Struct

from hub_server.store import alarms
from hub_server.web import fields, ladder_resources, snapshot
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
        scope=Scope.READ,
        query=AlarmsQuery,
        answer=ladder_resources.AlarmPage,
    )
)
def index(asked: AlarmsQuery) -> Response:
    with office().store.read() as db:
        if asked.state == "open":
            return answer({"items": snapshot.open_alarms(db), "next": None})
        rows = alarms.page(db, after=asked.after, limit=asked.limit)
        return listed(rows, lambda row: snapshot.alarm(db, row), limit=asked.limit)
