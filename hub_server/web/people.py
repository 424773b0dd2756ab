"""/api/v1/people: who is looked after."""

from http import HTTPStatus
from typing import cast

import msgspec
from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import people
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Person
from hub_server.web import fields, resources, shapes
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("people", __name__)


class PeopleQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.PersonId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class NewPerson(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without an `id` a random one is given."""

    name: fields.PersonName
    id: fields.PersonId | None = None
    address: fields.Address = ""
    phone: fields.Phone = ""
    note: fields.Note = ""
    area: fields.Area = ""
    born: fields.Day | None = None


class PersonChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    name: fields.PersonName | UnsetType = UNSET
    address: fields.Address | UnsetType = UNSET
    phone: fields.Phone | UnsetType = UNSET
    note: fields.Note | UnsetType = UNSET
    area: fields.Area | UnsetType = UNSET
    born: fields.Day | UnsetType | None = UNSET


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people",
        summary="People by id",
        scope=Scope.READ,
        query=PeopleQuery,
        answer=resources.PeoplePage,
    )
)
def index(asked: PeopleQuery) -> Response:
    with office().store.read() as db:
        rows = people.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, shapes.person, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people",
        summary="A new person",
        scope=Scope.PEOPLE,
        body=NewPerson,
        answer=resources.Person,
        status=HTTPStatus.CREATED,
        conflict="there is a person of this id already",
        rules="`born` must be a day that exists.",
    )
)
def create(body: NewPerson) -> Response:
    store = office().store
    row = write(
        lambda db: people.create(
            db,
            id=body.id,
            name=body.name,
            address=body.address,
            phone=body.phone,
            note=body.note,
            area=body.area,
            born=body.born,
            now_us=store.now_us(),
        )
    )
    return answer(shapes.person(row), HTTPStatus.CREATED, location=f"/api/v1/people/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>",
        summary="One person",
        scope=Scope.READ,
        answer=resources.Person,
    )
)
def show(person: str) -> Response:
    with office().store.read() as db:
        return answer(shapes.person(_get(db, person)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/people/<person>",
        summary="Another name, address, phone, note, area or date of birth",
        scope=Scope.PEOPLE,
        body=PersonChange,
        answer=resources.Person,
        versioned=True,
        rules="`born` must be a day that exists.",
    )
)
def change(person: str, body: PersonChange) -> Response:
    changes = cast("dict[str, str | None]", msgspec.to_builtins(body))  # what is unset is left out
    store, seen = office().store, if_match()

    def job(db: Database) -> Person:
        seen.demand(shapes.person(_get(db, person)))
        return people.change(db, person, now_us=store.now_us(), **changes)

    return answer(shapes.person(write(job)))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/people/<person>",
        summary="Everything about a person is erased: here, on every device, and for every restored backup",
        scope=Scope.PEOPLE,
        answer=resources.Erased,
    )
)
def erase(person: str) -> Response:
    return answer(shapes.erased(office().custody.erase_person(person), person))


def _get(db: Database, person: str) -> Person:
    row = people.get(db, person)
    if row is None:
        raise NotFoundError(f"there is no person {person}")
    return row
