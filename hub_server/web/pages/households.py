"""/households: who shares a door; and each family's file (家庭档案), on the screen and on paper."""

from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import families, histories, households, vehicles
from hub_server.store.errors import NotFoundError
from hub_server.store.households import Household
from hub_server.web import masking, master_shapes, master_words
from hub_server.web.auth import Caller, caller
from hub_server.web.office import office
from hub_server.web.pages import lines
from hub_server.web.pages.people import offered
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("households_pages", __name__)
PAGE_ROWS: Final = 50
RECENT: Final = 15
CHANGES: Final = 30
_CARS_MAX: Final = 50


@blueprint.page(Page(path="/households", scope=Scope.READ, looks=True))
def index() -> str | Response:
    who, after = caller(), request.args.get("after", type=int)
    asked: dict[str, Any] = {name: request.args.get(name) or None for name in ("area", "grid", "q")}
    asked["removed"] = request.args.get("removed") == "yes"
    with office().store.read() as db:
        rows = households.page(db, after=after, limit=PAGE_ROWS, reach=who.reach, **asked)
        return shown(
            "households/list.html",
            households=[masking.person(master_shapes.household(row), who) for row in rows],
            count=households.count(db, reach=who.reach, **asked),
            args={name: request.args[name] for name in ("q", "area", "grid", "removed") if request.args.get(name)},
            after=rows[-1].id if len(rows) == PAGE_ROWS else None,
            may_change=who.may(Scope.PEOPLE),
            may_exchange=who.may(Scope.EXCHANGE),
            **offered(db, who),
        )


@blueprint.page(Page(path="/households/new", scope=Scope.PEOPLE))
def new() -> str | Response:
    with office().store.read() as db:
        return shown("households/new.html", household=None, clear=True, **offered(db, caller()))


@blueprint.page(Page(path="/households/<row_id:household>", scope=Scope.READ, looks=True))
def one(household: int) -> str | Response:
    who, now_us = caller(), office().store.now_us()
    with office().store.read() as db:
        row = _get(db, household)
        return shown(
            "households/one.html",
            household=masking.person(master_shapes.household(row), who),
            who=who,
            **_inside(db, row, who, now_us),
            changes=[
                master_words.change(change, who, now_s=now_us // 1_000_000)
                for change in histories.page(db, f"household/{household}", limit=CHANGES)
            ],
        )


@blueprint.page(Page(path="/households/<row_id:household>/edit", scope=Scope.PEOPLE, looks=True))
def edit(household: int) -> str | Response:
    who = caller()
    with office().store.read() as db:
        row = _get(db, household)
        return shown("households/edit.html", household=row, clear=who.may(Scope.REVEAL), **offered(db, who))


def _inside(db: Database, row: Household, who: Caller, now_us: int) -> dict[str, Any]:
    """People, vehicles, and what was seen of them; members who live beyond the reach of `who` are left out."""
    members = households.members(db, row.id)
    members = [one for one in members if who.reach.areas is None or who.reach.covers(one.area, one.grid)]
    within = {one.id for one in members}
    cars = vehicles.page(db, after=None, limit=_CARS_MAX, household=row.id, reach=who.reach)
    plates = [one.plate for one in cars]
    return {
        "people": [lines.person(db, one, who, now_us) | {"relation": one.relation} for one in members],
        "cars": [lines.vehicle(one, now_us) for one in cars],
        "passages": [
            lines.passage(one, now_us) for one in families.passages(db, people=within, plates=plates, limit=RECENT)
        ],
        "alerts": [
            lines.alert(one, now_us) for one in families.alerts(db, row.id, limit=RECENT) if one.person in within
        ],
        "visits": [
            lines.visit(one, now_us) for one in families.visits(db, row.id, limit=RECENT) if one.person in within
        ],
    }


def _get(db: Database, household: int) -> Household:
    row = households.get(db, household)
    if row is None:
        raise NotFoundError(f"没有 {household} 号家庭； there is no household {household}")
    return row
