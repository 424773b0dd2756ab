"""/places: where cameras, speakers and people meet."""

from typing import Final

from flask import request
from werkzeug.wrappers import Response

from hub_server.store import devices, histories, places
from hub_server.store.errors import NotFoundError
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.places import PlaceKind
from hub_server.web import master_words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.people import offered
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("places_pages", __name__)
PAGE_ROWS: Final = 100
CHANGES: Final = 30
_WORDS: Final = {str(kind): words for kind, words in places.WORDS.items()}


@blueprint.page(Page(path="/places", scope=Scope.READ))
def index() -> str | Response:
    who, after = caller(), request.args.get("after")
    kind = request.args.get("kind", "")
    with office().store.read() as db:
        rows = places.page(
            db,
            after=after,
            limit=PAGE_ROWS,
            area=request.args.get("area") or None,
            kind=kind if kind in set(PlaceKind) else None,
            q=request.args.get("q") or None,
            reach=who.reach,
        )
        return shown(
            "places/list.html",
            places=rows,
            args={name: request.args[name] for name in ("q", "area", "kind") if request.args.get(name)},
            after=rows[-1].name if len(rows) == PAGE_ROWS else None,
            place_kinds=_WORDS,
            may_change=who.may(Scope.PEOPLE),
            **offered(db, who),
            place_kind_options=master_words.options(_WORDS),
        )


@blueprint.page(Page(path="/places/<place>", scope=Scope.READ))
def one(place: str) -> str | Response:
    who, now_s = caller(), office().store.now_us() // 1_000_000
    with office().store.read() as db:
        row = places.get(db, place)
        if row is None:
            raise NotFoundError(f"没有地点 {place}；there is no place {place}")
        return shown(
            "places/one.html",
            place=row,
            place_kinds=_WORDS,
            place_kind_options=master_words.options(_WORDS),
            devices=[
                device
                for device in devices.page(db, after=None, limit=PAGE_ROWS_MAX, reach=who.reach)
                if device.place == place
            ],
            changes=[
                master_words.change(change, who, now_s=now_s)
                for change in histories.page(db, f"place/{place}", limit=CHANGES)
            ],
            may_change=who.may(Scope.PEOPLE),
            **offered(db, who),
        )
