"""/search: what the field in the header finds, for whoever presses Enter."""

from typing import Final

from flask import request
from werkzeug.wrappers import Response

from hub_server.store import searching
from hub_server.web import master_shapes
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("search_pages", __name__)
_KINDS: Final = (
    ("person", "居民", "People"),
    ("household", "家庭", "Households"),
    ("vehicle", "车辆", "Vehicles"),
    ("place", "地点", "Places"),
    ("device", "设备", "Devices"),
)


@blueprint.page(Page(path="/search", scope=Scope.READ, looks=True))
def index() -> str | Response:
    who, q = caller(), request.args.get("q", "")
    with office().store.read() as db:
        hits = master_shapes.hits(searching.find(db, q, reach=who.reach), who)
    groups = [(zh, en, [hit for hit in hits if hit["kind"] == kind]) for kind, zh, en in _KINDS]
    return shown(
        "search/found.html",
        q=q,
        groups=[group for group in groups if group[2]],
        full=searching.FOUND_MAX,
    )
