"""/api/v1/events: what the cameras said, as it was stored. To read only."""

from flask import Response
from msgspec import Struct

from hub_server.store import events
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, resources, snapshot
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope

blueprint = Routes("events", __name__)
blueprint.absent["POST", "/api/v1/events"] = "events come over MQTT, from devices: see edge_agent/wire/PROTOCOL.md"


class EventsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    device: fields.DeviceId | None = None
    person: fields.PersonId | None = None
    type: fields.EventType | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/events",
        summary="Events, newest first; with `after` oldest first from there",
        rules="Those of devices in the caller's areas; with `person` or `device` also those of somebody in them that "
        "another device told.",
        scope=Scope.READ,
        query=EventsQuery,
        answer=resources.EventPage,
        looks=True,
    )
)
def index(asked: EventsQuery) -> Response:
    with office().store.read() as db:
        rows = events.page(
            db,
            after=asked.after,
            before=asked.before,
            limit=asked.limit,
            device=asked.device,
            person=asked.person,
            type=asked.type,
            reach=caller().reach,
        )
        shown = snapshot.shaped(db, rows)
    cursor = "before" if asked.after is None else "after"
    return listed(shown, lambda row: row, limit=asked.limit, cursor=cursor)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/events/<row_id:event>",
        summary="One event",
        scope=Scope.READ,
        answer=resources.Event,
        looks=True,
    )
)
def show(event: int) -> Response:
    with office().store.read() as db:
        row = events.get(db, event)
        if row is None:
            raise NotFoundError(f"there is no event {event}")
        (shown,) = snapshot.shaped(db, [row])
    return answer(shown)
