"""/api/v1/conflicts: two events for one place of a journal; a person looks into each."""

from typing import Annotated, Literal

from flask import Response
from msgspec import Meta, Struct

from hub_server.store import conflicts
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, quarantine_resources, quarantine_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("conflicts", __name__)

StateName = Annotated[Literal["waiting", "settled"], Meta(description="waiting or settled")]


class ConflictsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    device: fields.DeviceId | None = None
    state: StateName = "waiting"


class Settlement(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who has looked into it, and what they found."""

    by: fields.Author
    note: fields.NoteNotBlank


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/conflicts",
        summary="Conflicts by id: those that wait for a person, unless the settled ones are asked for",
        scope=Scope.EQUIPMENT,
        query=ConflictsQuery,
        answer=quarantine_resources.ConflictPage,
    )
)
def index(asked: ConflictsQuery) -> Response:
    with office().store.read() as db:
        rows = conflicts.page(
            db,
            after=asked.after,
            limit=asked.limit,
            settled=asked.state == "settled",
            device=asked.device,
            reach=caller().reach,
        )
    return listed(rows, quarantine_shapes.conflict, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/conflicts/<row_id:conflict>",
        summary="One of them, with the bytes of both events",
        scope=Scope.EQUIPMENT,
        answer=quarantine_resources.WholeConflict,
        looks=True,
    )
)
def show(conflict: int) -> Response:
    with office().store.read() as db:
        row = conflicts.get(db, conflict)
        if row is None:
            raise NotFoundError(f"没有 {conflict} 号冲突；there is no conflict {conflict}")
        return answer(quarantine_shapes.whole_conflict(row, *conflicts.raws_of(db, row)))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/conflicts/<row_id:conflict>/settle",
        summary="A person has looked into it; again changes nothing",
        scope=Scope.DEVICES,
        body=Settlement,
        answer=quarantine_resources.Conflict,
    )
)
def settle(conflict: int, body: Settlement) -> Response:
    store, author = office().store, caller().author(body.by)
    row = write(lambda db: conflicts.settle(db, conflict, author=author, note=body.note, now_us=store.now_us()))
    return answer(quarantine_shapes.conflict(row))
