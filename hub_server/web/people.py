"""/api/v1/people: who is looked after."""

from http import HTTPStatus

import msgspec
from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import directory, people, recipients
from hub_server.store.directory import Sought
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Person
from hub_server.web import fields, masking, master_resources, master_shapes, resources, shapes
from hub_server.web.auth import Caller, caller
from hub_server.web.conditional import if_match
from hub_server.web.households import demand_household
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.reaching import demand_within
from hub_server.web.scopes import Scope
from hub_server.web.writing import note, write

blueprint = Routes("people", __name__)
_RULES = "`born` must be a day that exists, `household` one that is there; `area` and `grid` are within reach."


class PeopleQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`watched`: has a watch that is on. `q`: a name, its pinyin or initials, digits of a telephone, an address."""

    after: fields.PersonId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    area: fields.Area | None = None
    grid: fields.Area | None = None
    kind: fields.PersonKindName | None = None
    care: fields.CareName | None = None
    household: fields.RowId | None = None
    watched: fields.YesNo | None = None
    removed: fields.YesNo = "no"
    q: fields.SearchText | None = None

    @property
    def sought(self) -> Sought:
        return Sought(
            area=self.area,
            grid=self.grid,
            kind=self.kind,
            care=self.care,
            household=self.household,
            watched=None if self.watched is None else self.watched == "yes",
            removed=self.removed == "yes",
            q=self.q,
        )


class NewPerson(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without an `id` a random one is given. Who joins a household without area and grid has those of the household."""

    name: fields.PersonName
    id: fields.PersonId | None = None
    address: fields.Address = ""
    phone: fields.Phone = ""
    note: fields.Note = ""
    area: fields.Area = ""
    born: fields.Day | None = None
    grid: fields.Area = ""
    kind: fields.PersonKindName = "resident"
    household: fields.RowId | None = None
    relation: fields.HouseholdRelation = ""
    care: fields.CareList = []


class PersonChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. `by`: who says so; else the name of the token."""

    name: fields.PersonName | UnsetType = UNSET
    address: fields.Address | UnsetType = UNSET
    phone: fields.Phone | UnsetType = UNSET
    note: fields.Note | UnsetType = UNSET
    area: fields.Area | UnsetType = UNSET
    born: fields.Day | UnsetType | None = UNSET
    grid: fields.Area | UnsetType = UNSET
    kind: fields.PersonKindName | UnsetType = UNSET
    household: fields.RowId | UnsetType | None = UNSET
    relation: fields.HouseholdRelation | UnsetType = UNSET
    care: fields.CareList | UnsetType = UNSET
    by: fields.Author | None = None


class Removal(Struct, kw_only=True, forbid_unknown_fields=True):
    """`by`: who says so; else the name of the token."""

    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people",
        summary="People by id",
        scope=Scope.READ,
        query=PeopleQuery,
        answer=resources.PeoplePage,
        looks=True,
    )
)
def index(asked: PeopleQuery) -> Response:
    who = caller()
    with office().store.read() as db:
        rows = directory.page(db, after=asked.after, limit=asked.limit, sought=asked.sought, reach=who.reach)
    return listed(rows, lambda row: _shown(row, who), limit=asked.limit)


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
        rules=_RULES,
    )
)
def create(body: NewPerson) -> Response:
    store, who = office().store, caller()

    def job(db: Database) -> Person:
        demand_household(db, body.household, who.reach)
        row = people.create(db, now_us=store.now_us(), **msgspec.structs.asdict(body))
        demand_within(db, who.reach, area=row.area, grid=row.grid)
        return row

    row = write(job, made=lambda row: f"person/{row.id}")
    return answer(_shown(row, who), HTTPStatus.CREATED, location=f"/api/v1/people/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>",
        summary="One person, also one who was removed",
        scope=Scope.READ,
        answer=resources.Person,
        looks=True,
    )
)
def show(person: str) -> Response:
    with office().store.read() as db:
        return answer(_shown(_get(db, person), caller()))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/private",
        summary="What is masked of a person, in the clear",
        scope=Scope.REVEAL,
        answer=master_resources.Private,
        looks=True,
    )
)
def private(person: str) -> Response:
    with office().store.read() as db:
        return answer(master_shapes.private(_get(db, person), recipients.contacts_of(db, person)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/people/<person>",
        summary="Another name, address, phone, note, area, grid, date of birth, kind, household or reasons of care",
        scope=Scope.PEOPLE,
        body=PersonChange,
        answer=resources.Person,
        versioned=True,
        rules=_RULES,
    )
)
def change(person: str, body: PersonChange) -> Response:
    changes = msgspec.to_builtins(body)  # what is unset is left out
    store, seen, who = office().store, if_match(), caller()
    author = who.author(changes.pop("by"))

    def job(db: Database) -> Person:
        seen.demand(_shown(_get(db, person), who))
        demand_household(db, changes.get("household"), who.reach)
        row = people.change(db, person, now_us=store.now_us(), by=author, **changes)
        if changes.keys() & {"area", "grid"}:
            demand_within(db, who.reach, area=row.area, grid=row.grid)
        return row

    return answer(_shown(write(job), who))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/remove",
        summary="Out of every list, search and gallery, with the watch switched off; may be brought back",
        scope=Scope.PEOPLE,
        body=Removal,
        answer=resources.Person,
        conflict="an alert of the person is not closed",
    )
)
def remove(person: str, body: Removal) -> Response:
    store, who = office().store, caller()
    author = who.author(body.by)
    return answer(_shown(write(lambda db: people.remove(db, person, by=author, now_us=store.now_us())), who))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/restore",
        summary="Back again; the watch stays off until somebody switches it on",
        scope=Scope.PEOPLE,
        body=Removal,
        answer=resources.Person,
    )
)
def restore(person: str, body: Removal) -> Response:
    store, who = office().store, caller()
    author = who.author(body.by)
    return answer(_shown(write(lambda db: people.restore(db, person, by=author, now_us=store.now_us())), who))


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
    erasure = office().custody.erase_person(person)
    note()
    return answer(shapes.erased(erasure, person))


def _shown(row: Person, who: Caller) -> resources.Person:
    return masking.person(shapes.person(row), who)


def _get(db: Database, person: str) -> Person:
    row = people.get(db, person)
    if row is None:
        raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
    return row
