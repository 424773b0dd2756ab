"""/api/v1/people: who is looked after."""

from http import HTTPStatus
from typing import cast

import msgspec
from flask import Blueprint, Response
from msgspec import UNSET, Struct, UnsetType

from hub_server.store import people
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, shapes
from hub_server.web.decode import json_body, query
from hub_server.web.lists import answer, listed
from hub_server.web.office import office

blueprint = Blueprint("people", __name__)


class _List(Struct, kw_only=True):
    after: fields.PersonId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class _New(Struct, kw_only=True):
    name: fields.PersonName
    id: fields.PersonId | None = None
    address: fields.Address = ""
    phone: fields.Phone = ""
    note: fields.Note = ""


class _Change(Struct, kw_only=True):
    name: fields.PersonName | UnsetType = UNSET
    address: fields.Address | UnsetType = UNSET
    phone: fields.Phone | UnsetType = UNSET
    note: fields.Note | UnsetType = UNSET


@blueprint.get("/api/v1/people")
def index() -> Response:
    asked = query(_List)
    with office().store.read() as db:
        rows = people.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, shapes.person, limit=asked.limit)


@blueprint.post("/api/v1/people")
def create() -> Response:
    new = json_body(_New)
    store = office().store
    row = store.write(
        lambda db: people.create(
            db, id=new.id, name=new.name, address=new.address, phone=new.phone, note=new.note, now_us=store.now_us()
        )
    )
    return answer(shapes.person(row), HTTPStatus.CREATED, location=f"/api/v1/people/{row.id}")


@blueprint.get("/api/v1/people/<person>")
def show(person: str) -> Response:
    with office().store.read() as db:
        row = people.get(db, person)
    if row is None:
        raise NotFoundError(f"there is no person {person}")
    return answer(shapes.person(row))


@blueprint.patch("/api/v1/people/<person>")
def change(person: str) -> Response:
    changes = cast("dict[str, str]", msgspec.to_builtins(json_body(_Change)))  # what is unset is left out
    store = office().store
    row = store.write(lambda db: people.change(db, person, now_us=store.now_us(), **changes))
    return answer(shapes.person(row))
