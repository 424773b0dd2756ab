"""/api/v1/recipients: who is told of the alerts of an area. The URLs of their channels are taken, and never shown."""

from http import HTTPStatus

from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import recipients
from hub_server.store.errors import NotFoundError
from hub_server.store.recipients import Recipient
from hub_server.web import fields, ladder_resources, ladder_shapes
from hub_server.web.auth import caller
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.reaching import demand_within
from hub_server.web.scopes import Scope
from hub_server.web.shapes import RUNGS
from hub_server.web.writing import write

blueprint = Routes("recipients", __name__)


class RecipientsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class NewRecipient(Struct, kw_only=True, forbid_unknown_fields=True):
    """`area` empty: of all areas. `urls`: the second when the first fails."""

    rung: fields.StaffedRungName
    name: fields.PersonName
    urls: fields.Urls
    area: fields.Area = ""
    phone: fields.Phone = ""


class RecipientChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    rung: fields.StaffedRungName | UnsetType = UNSET
    name: fields.PersonName | UnsetType = UNSET
    urls: fields.Urls | UnsetType = UNSET
    area: fields.Area | UnsetType = UNSET
    phone: fields.Phone | UnsetType = UNSET
    active: fields.Truth | UnsetType = UNSET


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/recipients",
        summary="Who is told, by id; those who are not active too",
        scope=Scope.READ,
        query=RecipientsQuery,
        answer=ladder_resources.RecipientPage,
    )
)
def index(asked: RecipientsQuery) -> Response:
    with office().store.read() as db:
        rows = recipients.page(db, after=asked.after, limit=asked.limit, reach=caller().reach)
    return listed(rows, ladder_shapes.recipient, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/recipients",
        summary="Somebody new on a rung of the ladder",
        scope=Scope.ADMIN,
        body=NewRecipient,
        answer=ladder_resources.Recipient,
        status=HTTPStatus.CREATED,
        rules="`area` lies in the caller's areas; only who is bound to none may leave it empty.",
    )
)
def create(body: NewRecipient) -> Response:
    store, reach = office().store, caller().reach

    def job(db: Database) -> Recipient:
        demand_within(db, reach, area=body.area)
        return recipients.add(
            db,
            area=body.area,
            rung=RUNGS[body.rung],
            name=body.name,
            phone=body.phone,
            urls=body.urls,
            now_us=store.now_us(),
        )

    row = write(job, made=lambda row: f"recipient/{row.id}")
    return answer(ladder_shapes.recipient(row), HTTPStatus.CREATED, location=f"/api/v1/recipients/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/recipients/<row_id:recipient>",
        summary="One of them",
        scope=Scope.READ,
        answer=ladder_resources.Recipient,
    )
)
def show(recipient: int) -> Response:
    with office().store.read() as db:
        return answer(ladder_shapes.recipient(_get(db, recipient)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/recipients/<row_id:recipient>",
        summary="Another rung, area, name, number or way; or not active for a while: told nothing then",
        scope=Scope.ADMIN,
        body=RecipientChange,
        answer=ladder_resources.Recipient,
        versioned=True,
        rules="`area` lies in the caller's areas.",
    )
)
def change(recipient: int, body: RecipientChange) -> Response:
    store, seen, reach = office().store, if_match(), caller().reach

    def job(db: Database) -> Recipient:
        seen.demand(ladder_shapes.recipient(_get(db, recipient)))
        if body.area is not UNSET:
            demand_within(db, reach, area=body.area)
        return recipients.change(
            db,
            recipient,
            now_us=store.now_us(),
            area=None if body.area is UNSET else body.area,
            rung=None if body.rung is UNSET else RUNGS[body.rung],
            name=None if body.name is UNSET else body.name,
            phone=None if body.phone is UNSET else body.phone,
            urls=None if body.urls is UNSET else body.urls,
            active=None if body.active is UNSET else body.active,
        )

    return answer(ladder_shapes.recipient(write(job)))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/recipients/<row_id:recipient>",
        summary="They are told nothing more",
        scope=Scope.ADMIN,
        answer=ladder_resources.Recipient,
    )
)
def remove(recipient: int) -> Response:
    store = office().store

    def job(db: Database) -> Recipient:
        found = _get(db, recipient)
        recipients.remove(db, recipient, now_us=store.now_us())
        return found

    return answer(ladder_shapes.recipient(write(job)))


def _get(db: Database, recipient: int) -> Recipient:
    row = recipients.get(db, recipient)
    if row is None:
        raise NotFoundError(f"没有 {recipient} 号接收人； there is no recipient {recipient}")
    return row
