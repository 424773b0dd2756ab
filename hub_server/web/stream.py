"""/api/v1/stream: what happens, as server-sent events."""

from http import HTTPStatus

from flask import Response, request
from msgspec import Struct

from hub_server.web import fields, masking
from hub_server.web.auth import caller
from hub_server.web.board import View
from hub_server.web.decode import query_fields
from hub_server.web.feed import STREAMS_MAX, Cursor
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import ProblemError
from hub_server.web.scopes import Scope

blueprint = Routes("stream", __name__)
_RETRY_AFTER_S = 10


class StreamQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/stream",
        summary="What happens, as server-sent events: event, alerts, alarms, watches, devices, gates, office",
        scope=Scope.EQUIPMENT,
        query=StreamQuery,
        answer=str,
        content="text/event-stream",
        looks=True,
        urgent=True,
        rules="What lies in the caller's areas. Without the scope `read` it tells of equipment only: alarms, devices.",
    )
)
def stream(asked: StreamQuery) -> Response:
    """Goes on after the Last-Event-ID that a browser sends when it comes back, else after ?after=, else from now."""
    last = request.headers.get("Last-Event-ID")
    if last:
        asked = query_fields({"after": last}, StreamQuery)
    feed = office().feed
    if not feed.enter():
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"all {STREAMS_MAX} streams are taken, or the hub is stopping",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        )
    who = caller()
    view = View(reach=who.reach, clear=masking.sees_contacts(who), people=who.may(Scope.READ))
    cursor = Cursor(event_id=asked.after, view=view)
    response = Response(feed.frames(cursor, who.stays), content_type="text/event-stream")
    response.call_on_close(feed.leave)
    return response
