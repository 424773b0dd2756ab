"""/people: who lives here; one person with all that is known of them; adding and changing."""

from collections.abc import Mapping
from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import (
    alert_rows,
    areas,
    care,
    directory,
    faces,
    families,
    histories,
    households,
    observations,
    pauses,
    people,
    recipients,
    vehicles,
)
from hub_server.store.areas import AreaKind
from hub_server.store.directory import Sought
from hub_server.store.errors import NotFoundError
from hub_server.store.people import PersonKind
from hub_server.store.rows import Person
from hub_server.watch.observation import Kind
from hub_server.web import ladder_shapes, masking, master_words, shapes
from hub_server.web.auth import Caller, caller
from hub_server.web.office import office
from hub_server.web.pages import lines
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("people_pages", __name__)
PAGE_ROWS: Final = 50
RECENT: Final = 10  # passages, visits and vehicles on one person's page
CHANGES: Final = 30
_FILTERS: Final = ("q", "area", "grid", "kind", "care", "watched", "removed")


@blueprint.page(Page(path="/people", scope=Scope.READ, looks=True))
def index() -> str | Response:
    asked, after, who = _sought(request.args), request.args.get("after"), caller()
    now_us = office().store.now_us()
    with office().store.read() as db:
        rows = directory.page_by_name(db, after=after, limit=PAGE_ROWS, sought=asked, reach=who.reach)
        return shown(
            "people/list.html",
            people=[lines.person(db, row, who, now_us) for row in rows],
            count=directory.count(db, sought=asked, reach=who.reach),
            args={name: request.args[name] for name in _FILTERS if request.args.get(name)},
            after=rows[-1].id if len(rows) == PAGE_ROWS else None,
            may_change=who.may(Scope.PEOPLE),
            may_exchange=who.may(Scope.EXCHANGE),
            **offered(db, who),
        )


@blueprint.page(Page(path="/people/new", scope=Scope.PEOPLE))
def new() -> str | Response:
    who, number = caller(), request.args.get("household", type=int)
    with office().store.read() as db:
        household = None if number is None else households.get(db, number)
        if household is not None and not who.reach.covers(household.area, household.grid):
            household = None if who.reach.areas is not None else household
        return shown("people/new.html", person=None, household=household, clear=True, **offered(db, who))


@blueprint.page(Page(path="/people/<person>", scope=Scope.READ, looks=True))
def one(person: str) -> str | Response:
    who, now_us = caller(), office().store.now_us()
    with office().store.read() as db:
        row = _get(db, person)
        return shown(
            "people/one.html",
            person=masking.person(shapes.person(row), who),
            row=row,
            care=master_words.cared(row.care),
            kind=master_words.KINDS[row.kind],
            watch=lines.watch(db, row, now_us),
            periods=master_words.PERIODS,
            alert=alert_rows.not_closed(db, person),
            contacts=[masking.contact(ladder_shapes.contact(one), who) for one in recipients.contacts_of(db, person)],
            household=None if row.household is None else households.get(db, row.household),
            enrolled=faces.get(db, person) is not None,
            who=who,
            **_seen(db, person, now_us),
            changes=[
                master_words.change(change, who, now_s=now_us // 1_000_000)
                for change in histories.page(db, f"person/{person}", limit=CHANGES)
            ],
        )


@blueprint.page(Page(path="/people/<person>/edit", scope=Scope.PEOPLE, looks=True))
def edit(person: str) -> str | Response:
    """In the clear for whoever may ask for that: what is masked could not be changed without being lost."""
    who = caller()
    with office().store.read() as db:
        row = _get(db, person)
        return shown(
            "people/edit.html",
            person=row,
            household=None if row.household is None else households.get(db, row.household),
            clear=who.may(Scope.REVEAL),
            **offered(db, who),
        )


def offered(db: Database, who: Caller) -> dict[str, Any]:
    """What the forms and filters about people and households offer."""
    return {
        "area_names": sorted(
            areas.names(db, AreaKind.VILLAGE, reach=who.reach) + areas.names(db, AreaKind.COMMUNITY, reach=who.reach)
        ),
        "grid_names": areas.names(db, AreaKind.GRID, reach=who.reach),
        "relations": master_words.RELATIONS,
        "kind_options": master_words.options(master_words.KINDS),
        "care_options": master_words.options({str(one): both for one, both in care.WORDS.items()}),
    }


def _seen(db: Database, person: str, now_us: int) -> dict[str, Any]:
    """What was seen of somebody, who came by, when they are away."""
    visits = [one for one in observations.of(db, person) if one.kind is not Kind.GIVEN]
    return {
        "passages": [
            lines.passage(one, now_us) for one in families.passages(db, people=[person], plates=[], limit=RECENT)
        ],
        "visits": [lines.visit(one, now_us) for one in visits[:RECENT]],
        "pauses": [lines.pause(one, now_us) for one in pauses.of(db, person) if one.ended_us is None],
        "cars": [lines.vehicle(one, now_us) for one in vehicles.page(db, after=None, limit=RECENT, person=person)],
    }


def _sought(args: Mapping[str, str]) -> Sought:
    """What the address asks for; what it cannot mean is not asked for."""
    kind, reason = args.get("kind", ""), args.get("care", "")
    return Sought(
        area=args.get("area") or None,
        grid=args.get("grid") or None,
        kind=kind if kind in set(PersonKind) else None,
        care=reason if reason in set(care.Care) else None,
        watched={"yes": True, "no": False}.get(args.get("watched", "")),
        removed=args.get("removed") == "yes",
        q=args.get("q") or None,
    )


def _get(db: Database, person: str) -> Person:
    row = people.get(db, person)
    if row is None:
        raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
    return row
