"""/areas: the sub-district, its villages and communities, and their grids, with what lies in each."""

from typing import Final

from werkzeug.wrappers import Response

from hub_server.store import areas, histories
from hub_server.store.areas import PARENTS, AreaKind
from hub_server.store.errors import NotFoundError
from hub_server.web import master_words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("areas_pages", __name__)
CHANGES: Final = 30
_WORDS: Final = {str(kind): words for kind, words in areas.WORDS.items()}


@blueprint.page(Page(path="/areas", scope=Scope.READ))
def index() -> str | Response:
    who = caller()
    with office().store.read() as db:
        rows = areas.tree(db, reach=who.reach)
        return shown(
            "areas/list.html",
            areas=rows,
            area_kinds=_WORDS,
            area_kind_options=master_words.options(_WORDS),
            parents=[row for row in rows if row.kind is not AreaKind.GRID],
            may_change=who.may(Scope.ADMIN) and who.reach.areas is None,
        )


@blueprint.page(Page(path="/areas/<area>", scope=Scope.READ))
def one(area: str) -> str | Response:
    who, now_s = caller(), office().store.now_us() // 1_000_000
    with office().store.read() as db:
        rows = areas.tree(db, reach=who.reach)
        row = next((one for one in rows if one.name == area), None)
        if row is None:
            raise NotFoundError(f"没有片区 {area}；there is no area {area}")
        return shown(
            "areas/one.html",
            area=row,
            inside=[one for one in rows if one.parent == area],
            area_kinds=_WORDS,
            area_kind_options=master_words.options(_WORDS),
            parents=[one for one in rows if one.kind in PARENTS[row.kind] and one.name != area],
            changes=[
                master_words.change(change, who, now_s=now_s)
                for change in histories.page(db, f"area/{area}", limit=CHANGES)
            ],
            may_change=who.may(Scope.ADMIN) and who.reach.areas is None,
        )
