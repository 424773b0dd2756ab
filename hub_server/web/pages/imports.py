"""/imports: tables in, with everything that is wrong in them said before anything is done; lists out."""

from typing import Final

from flask import request
from werkzeug.wrappers import Response

from hub_server.store.imports import ImportKind
from hub_server.tables import limits
from hub_server.web import exchange_shapes, words
from hub_server.web.auth import caller
from hub_server.web.exchange_words import day
from hub_server.web.imports import OWN, applying, listed, own
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("imports_pages", __name__)
KINDS: Final = {
    "people": ("居民", "people", "人", "/people"),
    "households": ("家庭", "households", "户", "/households"),
    "vehicles": ("车辆", "vehicles", "辆", "/vehicles"),
    "devices": ("设备", "devices", "台", "/devices"),
}
"""Of a table: what its rows are, in Chinese and in English, how they are counted, and where they are found."""
LISTS: Final = (
    ("people", "居民", "People", "改好后可以再导入", "may be changed and brought back"),
    ("households", "家庭", "Households", "改好后可以再导入", "may be changed and brought back"),
    ("vehicles", "车辆", "Vehicles", "改好后可以再导入", "may be changed and brought back"),
    ("alerts", "警报", "Alerts", "每次警报，最后一步和结果", "each with its last step and outcome"),
)


@blueprint.page(Page(path="/imports", scope=Scope.EXCHANGE))
def index() -> str | Response:
    now_us = office().store.now_us()
    with office().store.read() as db:
        rows = [exchange_shapes.summary(row) for row in listed(db)]
    kind = request.args.get("kind", "people")
    return shown(
        "imports/index.html",
        rows=rows,
        kinds=KINDS,
        kind=kind if kind in KINDS else "people",
        lists=LISTS,
        limits=limits,
        words=words,
        today=day(now_us, exclusive=False),
        clear=caller().may(Scope.REVEAL),
    )


@blueprint.page(Page(path="/imports/<row_id:table>", scope=Scope.EXCHANGE, looks=True, anywhere=OWN))
def one(table: int) -> str | Response:
    with office().store.read() as db:
        row = exchange_shapes.whole(own(db, table))
    counts = row["counts"]
    return shown(
        "imports/one.html",
        row=row,
        counts=counts,
        right=counts["new"] + counts["update"] + counts["unchanged"],
        changes=counts["new"] + counts["update"],
        kind=KINDS[row["kind"]],
        rows_shown=exchange_shapes.ROWS_SHOWN,
        mistakes_shown=exchange_shapes.MISTAKES_SHOWN,
        words=words,
        may_apply=caller().may(applying(ImportKind(row["kind"]))),
    )
