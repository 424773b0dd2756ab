"""/vehicles: plates that may pass, whose they are, and at which gates."""

from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import devices, families, histories, households, people, vehicles
from hub_server.store.errors import NotFoundError
from hub_server.store.households import Household
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.rows import Person
from hub_server.store.vehicles import Vehicle
from hub_server.web import master_words
from hub_server.web.auth import Caller, caller
from hub_server.web.office import office
from hub_server.web.pages import lines
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("vehicles_pages", __name__)
PAGE_ROWS: Final = 50
RECENT: Final = 10
CHANGES: Final = 30


@blueprint.page(Page(path="/vehicles", scope=Scope.READ, looks=True))
def index() -> str | Response:
    who, after, q = caller(), request.args.get("after", type=int), request.args.get("q") or None
    now_us = office().store.now_us()
    with office().store.read() as db:
        rows = vehicles.page(db, after=after, limit=PAGE_ROWS, q=q, reach=who.reach)
        places = {device.id: device.place or device.id for device in devices.page(db, after=None, limit=PAGE_ROWS_MAX)}
        return shown(
            "vehicles/list.html",
            vehicles=[lines.vehicle(row, now_us) | _whose(db, row, who) for row in rows],
            count=vehicles.count(db, reach=who.reach),
            places=places,
            q=q or "",
            after=rows[-1].id if len(rows) == PAGE_ROWS else None,
            may_change=who.may(Scope.PEOPLE),
            may_exchange=who.may(Scope.EXCHANGE),
        )


@blueprint.page(Page(path="/vehicles/new", scope=Scope.PEOPLE))
def new() -> str | Response:
    who = caller()
    with office().store.read() as db:
        household = _household(db, request.args.get("household", type=int), who)
        person = _person(db, request.args.get("person"), who)
        return shown(
            "vehicles/new.html",
            household=household,
            person=person,
            label=household.address if household is not None else "",
            owner_options=master_words.options(master_words.OWNERS),
            bound=who.reach.areas is not None,
        )


@blueprint.page(Page(path="/vehicles/<row_id:vehicle>", scope=Scope.READ, looks=True))
def one(vehicle: int) -> str | Response:
    who, now_us = caller(), office().store.now_us()
    with office().store.read() as db:
        row = vehicles.get(db, vehicle)
        if row is None:
            raise NotFoundError(f"没有 {vehicle} 号车辆； there is no vehicle {vehicle}")
        return shown(
            "vehicles/one.html",
            vehicle=lines.vehicle(row, now_us) | _whose(db, row, who),
            row=row,
            gates=[device for device in (devices.get(db, name) for name in row.devices) if device is not None],
            others=[
                device
                for device in devices.page(db, after=None, limit=PAGE_ROWS_MAX, reach=who.reach)
                if device.id not in row.devices
            ],
            passages=[
                lines.passage(one, now_us) for one in families.passages(db, people=[], plates=[row.plate], limit=RECENT)
            ],
            changes=[
                master_words.change(change, who, now_s=now_us // 1_000_000)
                for change in histories.page(db, f"vehicle/{vehicle}", limit=CHANGES)
            ],
            may_change=who.may(Scope.PEOPLE),
        )


def _whose(db: Database, row: Vehicle, who: Caller) -> dict[str, Any]:
    """Household and person, as far as they are within reach."""
    return {"whose_household": _household(db, row.household, who), "whose_person": _person(db, row.person, who)}


def _household(db: Database, number: int | None, who: Caller) -> Household | None:
    found = None if number is None else households.get(db, number)
    if found is None or who.reach.areas is None or who.reach.covers(found.area, found.grid):
        return found
    return None


def _person(db: Database, name: str | None, who: Caller) -> Person | None:
    found = None if name is None else people.get(db, name)
    if found is None or who.reach.areas is None or who.reach.covers(found.area, found.grid):
        return found
    return None
