"""/api/v1/stream: what happens, as server-sent events."""

from http import HTTPStatus

from flask import Blueprint, Response, request
from msgspec import Struct

from hub_server.store import logins
from hub_server.web import fields
from hub_server.web.auth import session_token
from hub_server.web.decode import decode_fields, query
from hub_server.web.feed import STREAMS_MAX, Cursor
from hub_server.web.office import office
from hub_server.web.problems import ProblemError

blueprint = Blueprint("stream", __name__)
_RETRY_AFTER_S = 10


class _From(Struct, kw_only=True):
    after: fields.RowId | None = None


@blueprint.get("/api/v1/stream")
def stream() -> Response:
    """Goes on after the Last-Event-ID that a browser sends when it comes back, else after ?after=, else from now."""
    start = query(_From)
    last = request.headers.get("Last-Event-ID")
    if last:
        start = decode_fields({"after": last}, _From, strict=False)
    session = session_token()
    store, feed = office().store, office().feed

    def may_stay() -> bool:
        if session is None:
            return True  # a program with the API token
        with store.read() as db:
            return logins.session_valid(db, session, now_us=store.now_us())

    if not feed.enter():
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"all {STREAMS_MAX} streams are taken, or the hub is stopping",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        )
    response = Response(feed.frames(Cursor(event_id=start.after), may_stay), content_type="text/event-stream")
    response.call_on_close(feed.leave)
    return response
