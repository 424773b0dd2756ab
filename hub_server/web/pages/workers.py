"""/workers: who is told of an alert, in which order and after how long; the ways to them are never shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import accounts, areas, ladder, limits, recipients
from hub_server.store.areas import AreaKind
from hub_server.store.errors import NotFoundError
from hub_server.store.reach import Reach
from hub_server.store.recipients import Recipient
from hub_server.watch.ladder import TOP, Rung
from hub_server.web import ladder_shapes, words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope
from hub_server.web.shapes import RUNG_NAMES

blueprint = Pages("workers_pages", __name__)
WAITS_MIN: Final = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240)
"""Minutes that the form offers; the API takes any."""
STAFFED: Final = tuple(rung for rung in Rung if rung is not TOP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A rung as it is reached. `after_min`: minutes since the alert began; `names`: of the family, nobody by name."""

    rung: str
    words: tuple[str, str]
    after_min: int
    wait_min: int
    names: tuple[str, ...]


@blueprint.page(Page(path="/workers", scope=Scope.ADMIN))
def index() -> str | Response:
    who = caller()
    with office().store.read() as db:
        people = list(_everybody(db, who.reach))
        named = areas.names(db, reach=who.reach)
        matrix = _matrix(db, people, who.reach)
        area = _area(who.reach, matrix[0]["area"] if matrix else "")
        return shown(
            "workers/list.html",
            steps=_steps(db, area),
            area=area,
            areas=named,
            matrix=matrix,
            people=[_line(row) for row in sorted(people, key=lambda row: (row.area, row.rung, row.name))],
            accounts=_accounts(db),
            waits_min=WAITS_MIN,
            **_choices(named),
        )


@blueprint.page(Page(path="/workers/<row_id:recipient>", scope=Scope.ADMIN))
def one(recipient: int) -> str | Response:
    with office().store.read() as db:
        row = recipients.get(db, recipient)
        if row is None:
            raise NotFoundError(f"没有 {recipient} 号接收人；there is no recipient {recipient}")
        return shown(
            "workers/one.html",
            person=_line(row),
            accounts=_accounts(db).get(row.id, ()),
            **_choices(areas.names(db, reach=caller().reach)),
        )


def _area(reach: Reach, first: str) -> str:
    """The area that is asked for, when it is within reach; else the first. "": where an area says nothing itself."""
    asked = request.args.get("area")
    return asked if asked is not None and (reach.areas is None or reach.covers(asked)) else first


def _choices(named: Sequence[str]) -> dict[str, Any]:
    """What the form of a recipient offers."""
    return {
        "rung_options": [(RUNG_NAMES[rung], *words.RUNGS[RUNG_NAMES[rung]]) for rung in STAFFED],
        "area_options": [("", "所有片区", "all areas"), *((name, name, "") for name in named)],
    }


def _everybody(db: Database, reach: Reach) -> Iterator[Recipient]:
    after: int | None = None
    while rows := recipients.page(db, after=after, limit=limits.PAGE_ROWS_MAX, reach=reach):
        yield from rows
        after = rows[-1].id


def _line(row: Recipient) -> dict[str, Any]:
    """Without the URLs: there are keys and passwords in them."""
    shape = ladder_shapes.recipient(row)
    return {**shape, "rung_words": words.RUNGS[shape["rung"]], "phone_link": words.telephone(shape["phone"])}


def _steps(db: Database, area: str) -> list[Step]:
    waits, after_min, found = ladder.waits(db, area), 0, []
    for rung in Rung:
        named = () if rung is TOP else tuple(one.name for one in recipients.on_rung(db, rung=rung, area=area))
        name = RUNG_NAMES[rung]
        wait_min = round(waits[rung] / 60)
        found.append(Step(rung=name, words=words.RUNGS[name], after_min=after_min, wait_min=wait_min, names=named))
        after_min += wait_min
    return found


def _matrix(db: Database, people: Sequence[Recipient], reach: Reach) -> list[dict[str, Any]]:
    """Of each village and community: who hears of its alerts, rung by rung, with those who hear of all areas."""
    named = [name for kind in (AreaKind.VILLAGE, AreaKind.COMMUNITY) for name in areas.names(db, kind, reach=reach)]
    return [
        {
            "area": name,
            "cells": [
                [one.name for one in people if one.active and one.rung is rung and one.area in ("", name)]
                for rung in STAFFED
            ],
        }
        for name in sorted(named)
    ]


def _accounts(db: Database) -> dict[int, tuple[str, ...]]:
    """By recipient: the accounts that are theirs."""
    found: dict[int, tuple[str, ...]] = {}
    for row in accounts.page(db, after=None, limit=limits.PAGE_ROWS_MAX):
        if row.recipient is not None and row.disabled_us is None:
            found[row.recipient] = (*found.get(row.recipient, ()), row.name)
    return found
