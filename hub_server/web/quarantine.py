"""/api/v1/quarantine: events that were not understood; and what a person, or a newer hub, makes of them."""

from typing import Annotated, Literal

from flask import Response
from msgspec import Meta, Struct

from hub_server.store import quarantine
from hub_server.store.quarantine import State
from hub_server.web import fields, quarantine_resources, quarantine_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import note, write

blueprint = Routes("quarantine", __name__)

StateName = Annotated[Literal["waiting", "dismissed", "released"], Meta(description="waiting, dismissed or released")]


class QuarantineQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    device: fields.DeviceId | None = None
    state: StateName = "waiting"


class Release(Struct, kw_only=True, forbid_unknown_fields=True):
    """`by`: who releases it; else the name of the token."""

    by: fields.Author | None = None
    note: fields.Note = ""


class Dismissal(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who has looked at it, and what they found."""

    by: fields.Author
    note: fields.NoteNotBlank


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/quarantine",
        summary="Events that were not understood, by id: those that wait, unless another state is asked for",
        scope=Scope.EQUIPMENT,
        query=QuarantineQuery,
        answer=quarantine_resources.QuarantinePage,
    )
)
def index(asked: QuarantineQuery) -> Response:
    with office().store.read() as db:
        rows = quarantine.page(
            db,
            after=asked.after,
            limit=asked.limit,
            state=State(asked.state),
            device=asked.device,
            reach=caller().reach,
        )
    return listed(rows, quarantine_shapes.quarantined, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/quarantine/<row_id:event>",
        summary="One of them, with its bytes",
        scope=Scope.EQUIPMENT,
        answer=quarantine_resources.WholeQuarantined,
        looks=True,
    )
)
def show(event: int) -> Response:
    with office().store.read() as db:
        row = quarantine.find(db, event)
        return answer(quarantine_shapes.whole_quarantined(row, quarantine.raw_of(db, event)))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/quarantine/<row_id:event>/release",
        summary="Reads it again: what is understood now takes effect, once; what is not stays, and the answer says why",
        scope=Scope.DEVICES,
        body=Release,
        answer=quarantine_resources.Released,
    )
)
def release(event: int, body: Release) -> Response:
    done = office().release(event, caller().author(body.by), body.note)
    note({"fields": ["by", "note"], "done": done.done})
    return answer(quarantine_shapes.released(done))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/quarantine/<row_id:event>/dismiss",
        summary="It stays stored, and is no longer shown; again changes nothing",
        scope=Scope.DEVICES,
        body=Dismissal,
        answer=quarantine_resources.Quarantined,
        conflict="it was released",
    )
)
def dismiss(event: int, body: Dismissal) -> Response:
    store, author = office().store, caller().author(body.by)
    row = write(lambda db: quarantine.dismiss(db, event, author=author, note=body.note, now_us=store.now_us()))
    return answer(quarantine_shapes.quarantined(row))
