"""/api/v1/households: who shares a door, and what belongs to them."""

from http import HTTPStatus

import msgspec
from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import households, vehicles, whereabouts
from hub_server.store.errors import NotFoundError
from hub_server.store.households import Household
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.reach import Reach
from hub_server.web import fields, masking, master_resources, master_shapes, plate_shapes, shapes
from hub_server.web.auth import Caller, caller
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.reaching import demand_within
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("households", __name__)
_WITHIN = "`area` and `grid` are within the caller's reach."


class HouseholdsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`q`: a part of the number or the address."""

    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    area: fields.Area | None = None
    grid: fields.Area | None = None
    removed: fields.YesNo = "no"
    q: fields.SearchText | None = None


class NewHousehold(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without a `number` it gets the next."""

    number: fields.HouseholdNumber = ""
    address: fields.Address = ""
    area: fields.Area = ""
    grid: fields.Area = ""
    phone: fields.Phone = ""
    note: fields.Note = ""


class HouseholdChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. Members who live where it did move along. `by`: who says so; else the token's name."""

    number: fields.HouseholdNumber | UnsetType = UNSET
    address: fields.Address | UnsetType = UNSET
    area: fields.Area | UnsetType = UNSET
    grid: fields.Area | UnsetType = UNSET
    phone: fields.Phone | UnsetType = UNSET
    note: fields.Note | UnsetType = UNSET
    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/households",
        summary="Households by id",
        scope=Scope.READ,
        query=HouseholdsQuery,
        answer=master_resources.HouseholdPage,
        looks=True,
    )
)
def index(asked: HouseholdsQuery) -> Response:
    who = caller()
    with office().store.read() as db:
        rows = households.page(
            db,
            after=asked.after,
            limit=asked.limit,
            area=asked.area,
            grid=asked.grid,
            q=asked.q,
            removed=asked.removed == "yes",
            reach=who.reach,
        )
    return listed(rows, lambda row: _shown(row, who), limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/households",
        summary="A new household",
        scope=Scope.PEOPLE,
        body=NewHousehold,
        answer=master_resources.Household,
        status=HTTPStatus.CREATED,
        conflict="there is a household of this number already",
        rules=_WITHIN,
    )
)
def create(body: NewHousehold) -> Response:
    store, who = office().store, caller()

    def job(db: Database) -> Household:
        demand_within(db, who.reach, area=body.area, grid=body.grid)
        return households.create(db, now_us=store.now_us(), **msgspec.structs.asdict(body))

    row = write(job, made=lambda row: f"household/{row.id}")
    return answer(_shown(row, who), HTTPStatus.CREATED, location=f"/api/v1/households/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/households/<row_id:household>",
        summary="One household with its people and vehicles, also one that was removed",
        scope=Scope.READ,
        answer=master_resources.WholeHousehold,
        looks=True,
    )
)
def show(household: int) -> Response:
    store, who = office().store, caller()
    with store.read() as db:
        row = _get(db, household)
        members = households.members(db, household)
        cars = vehicles.page(db, after=None, limit=PAGE_ROWS_MAX, household=household, reach=who.reach)
    now_us = store.now_us()
    whole: master_resources.WholeHousehold = {
        **_shown(row, who),
        "members": [masking.person(shapes.person(one), who) for one in members if who.reach.covers(one.area, one.grid)],
        "cars": [plate_shapes.vehicle(one, now_us=now_us) for one in cars],
    }
    return answer(whole)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/households/<row_id:household>/private",
        summary="What is masked of a household, in the clear",
        scope=Scope.REVEAL,
        answer=master_resources.HouseholdPrivate,
        looks=True,
    )
)
def private(household: int) -> Response:
    with office().store.read() as db:
        return answer(master_shapes.household_private(_get(db, household)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/households/<row_id:household>",
        summary="Another number, address, area, grid, phone or note",
        scope=Scope.PEOPLE,
        body=HouseholdChange,
        answer=master_resources.Household,
        conflict="there is a household of this number already",
        versioned=True,
        rules=f"`number` is not empty. {_WITHIN}",
    )
)
def change(household: int, body: HouseholdChange) -> Response:
    store, seen, who = office().store, if_match(), caller()
    changes = msgspec.to_builtins(body)
    author = who.author(changes.pop("by"))

    def job(db: Database) -> Household:
        seen.demand(_shown(_get(db, household), who))
        row = households.change(db, household, by=author, now_us=store.now_us(), **changes)
        if changes.keys() & {"area", "grid"}:
            demand_within(db, who.reach, area=row.area, grid=row.grid)
        return row

    return answer(_shown(write(job), who))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/households/<row_id:household>",
        summary="Out of every list; it stays on file",
        scope=Scope.PEOPLE,
        answer=master_resources.Household,
        conflict="somebody or a vehicle belongs to it",
    )
)
def remove(household: int) -> Response:
    store, who = office().store, caller()
    author = who.author(None)
    return answer(_shown(write(lambda db: households.remove(db, household, by=author, now_us=store.now_us())), who))


def demand_household(db: Database, household: int | None, reach: Reach) -> None:
    """Before something joins it. Raises ProblemError (422) unless it is there and within reach."""
    if household is None:
        return
    row = households.get(db, household)
    within = whereabouts.is_within(db, "household", household, reach)
    if row is None or row.removed_us is not None or not within:
        raise invalid({"household": f"没有 {household} 号家庭；there is no household {household}"})


def _shown(row: Household, who: Caller) -> master_resources.Household:
    return masking.person(master_shapes.household(row), who)


def _get(db: Database, household: int) -> Household:
    row = households.get(db, household)
    if row is None:
        raise NotFoundError(f"没有 {household} 号家庭； there is no household {household}")
    return row
