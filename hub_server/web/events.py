"""/api/v1/events: what the cameras said, as it was stored. To read only."""

from typing import NoReturn

from flask import Blueprint, Response
from msgspec import Struct
from werkzeug.exceptions import MethodNotAllowed

from hub_server.store import events
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, shapes
from hub_server.web.decode import query
from hub_server.web.lists import answer, listed
from hub_server.web.office import office

blueprint = Blueprint("events", __name__)


class _List(Struct, kw_only=True):
    after: fields.RowId | None = None
    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    device: fields.DeviceId | None = None
    person: fields.PersonId | None = None
    type: fields.EventType | None = None


@blueprint.get("/api/v1/events")
def index() -> Response:
    asked = query(_List)
    with office().store.read() as db:
        rows = events.page(
            db,
            after=asked.after,
            before=asked.before,
            limit=asked.limit,
            device=asked.device,
            person=asked.person,
            type=asked.type,
        )
    return listed(rows, shapes.event, limit=asked.limit)


@blueprint.post("/api/v1/events")
def create() -> NoReturn:
    raise MethodNotAllowed(["GET"], "events come over MQTT, from devices: see edge_agent/wire/PROTOCOL.md")


@blueprint.get("/api/v1/events/<row_id:event>")
def show(event: int) -> Response:
    with office().store.read() as db:
        row = events.get(db, event)
    if row is None:
        raise NotFoundError(f"there is no event {event}")
    return answer(shapes.event(row))
