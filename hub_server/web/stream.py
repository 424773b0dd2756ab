"""/api/v1/stream: what happens, as server-sent events."""

from http import HTTPStatus

from flask import Response, request
from msgspec import Struct

from hub_server.web import fields
from hub_server.web.auth import caller
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
        scope=Scope.READ,
        query=StreamQuery,
        answer=str,
        content="text/event-stream",
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
    response = Response(feed.frames(Cursor(event_id=asked.after), caller().stays), content_type="text/event-stream")
    response.call_on_close(feed.leave)
    return response
