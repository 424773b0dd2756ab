"""/api/v1/areas: the sub-district, its villages and communities, and their grids."""

from http import HTTPStatus

import msgspec
from flask import Response
from msgspec import UNSET, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import areas
from hub_server.store.areas import Area
from hub_server.store.errors import NotFoundError
from hub_server.store.reach import Reach
from hub_server.web import fields, master_resources, master_shapes
from hub_server.web.auth import caller
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("areas", __name__)
_TREE = "A grid lies in a village or a community, these in a sub-district; `parent` is one that is there."


class NewArea(Struct, kw_only=True, forbid_unknown_fields=True):
    """`code`: of the civil register."""

    name: fields.AreaName
    kind: fields.AreaKindName
    parent: fields.AreaName | None = None
    code: fields.AreaCode = ""


class AreaChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. Everything that names it goes along. `by`: who says so; else the name of the token."""

    name: fields.AreaName | UnsetType = UNSET
    kind: fields.AreaKindName | UnsetType = UNSET
    parent: fields.AreaName | UnsetType | None = UNSET
    code: fields.AreaCode | UnsetType = UNSET
    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/areas",
        summary="All areas within reach, as a tree, with what lies in each",
        scope=Scope.READ,
        answer=master_resources.Areas,
    )
)
def index() -> Response:
    with office().store.read() as db:
        rows = areas.tree(db, reach=caller().reach)
    return answer({"items": [master_shapes.area(row) for row in rows]})


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/areas",
        summary="A new area",
        scope=Scope.ADMIN,
        body=NewArea,
        answer=master_resources.Area,
        status=HTTPStatus.CREATED,
        conflict="there is an area of this name already",
        unbound=True,
        rules=_TREE,
    )
)
def create(body: NewArea) -> Response:
    store = office().store
    row = write(
        lambda db: areas.create(db, now_us=store.now_us(), **msgspec.structs.asdict(body)),
        made=lambda row: f"area/{row.name}",
    )
    return answer(_found(row.name), HTTPStatus.CREATED, location=f"/api/v1/areas/{row.name}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/areas/<area>",
        summary="One area",
        scope=Scope.READ,
        answer=master_resources.Area,
    )
)
def show(area: str) -> Response:
    return answer(_found(area))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/areas/<area>",
        summary="Another name, kind, code, or another area that it lies in",
        scope=Scope.ADMIN,
        body=AreaChange,
        answer=master_resources.Area,
        conflict="there is an area of this name already",
        versioned=True,
        unbound=True,
        rules=_TREE,
    )
)
def change(area: str, body: AreaChange) -> Response:
    store, seen, reach = office().store, if_match(), caller().reach
    changes = msgspec.to_builtins(body)
    author = caller().author(changes.pop("by"))

    def job(db: Database) -> Area:
        seen.demand(master_shapes.area(_of_tree(db, area, reach)))
        return areas.change(db, area, by=author, now_us=store.now_us(), **changes)

    return answer(_found(write(job).name))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/areas/<area>",
        summary="Off the list",
        scope=Scope.ADMIN,
        answer=master_resources.Area,
        conflict="something names it, or lies in it",
        unbound=True,
    )
)
def remove(area: str) -> Response:
    store, author = office().store, caller().author(None)
    return answer(master_shapes.area(write(lambda db: areas.remove(db, area, by=author, now_us=store.now_us()))))


def _found(area: str) -> master_resources.Area:
    with office().store.read() as db:
        return master_shapes.area(_of_tree(db, area, caller().reach))


def _of_tree(db: Database, area: str, reach: Reach) -> Area:
    """With its depth and with what lies in it, which only the whole tree knows."""
    row = next((one for one in areas.tree(db, reach=reach) if one.name == area), None)
    if row is None:
        raise NotFoundError(f"没有片区 {area}；there is no area {area}")
    return row
