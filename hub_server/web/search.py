"""/api/v1/search: one question over people, households, vehicles, places and devices."""

from flask import Response
from msgspec import Struct

from hub_server.store import searching
from hub_server.web import fields, master_resources, master_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope

blueprint = Routes("search", __name__)


class SearchQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`q`: a name, its pinyin or initials, digits of a telephone, a part of an address, a number, a plate."""

    q: fields.SearchText


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/search",
        summary="What may be meant, at most 10 of each kind, the likeliest first",
        scope=Scope.READ,
        query=SearchQuery,
        answer=master_resources.Hits,
        looks=True,
    )
)
def find(asked: SearchQuery) -> Response:
    who = caller()
    with office().store.read() as db:
        found = searching.find(db, asked.q, reach=who.reach)
    return answer({"items": master_shapes.hits(found, who)})
