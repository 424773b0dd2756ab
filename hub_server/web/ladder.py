"""/api/v1/ladder: who is told next when nobody has closed an alert, and after how long."""

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import ladder, recipients
from hub_server.store.errors import NotFoundError
from hub_server.store.recipients import Recipient
from hub_server.watch.ladder import TOP, Rung
from hub_server.web import fields, ladder_resources, ladder_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.reaching import demand_within
from hub_server.web.scopes import Scope
from hub_server.web.shapes import RUNGS
from hub_server.web.writing import write

blueprint = Routes("ladder", __name__)


class LadderQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    area: fields.Area = ""


class Wait(Struct, kw_only=True, forbid_unknown_fields=True):
    """`area` empty: where nothing else is set."""

    wait_s: fields.WaitS
    area: fields.Area = ""


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/ladder",
        summary="The rungs for an area: how long an alert waits on each, and who is told",
        scope=Scope.READ,
        query=LadderQuery,
        answer=ladder_resources.Ladder,
        rules="`area` lies in the caller's areas.",
    )
)
def show(asked: LadderQuery) -> Response:
    with office().store.read() as db:
        if asked.area:
            demand_within(db, caller().reach, area=asked.area.strip())
        return answer(_ladder(db, asked.area))


@blueprint.operation(
    Operation(
        method="PUT",
        path="/api/v1/ladder/<rung>",
        summary="Another wait on a rung; from the next step on, what an alert waits for now stays",
        scope=Scope.ADMIN,
        body=Wait,
        answer=ladder_resources.Ladder,
        anywhere="a rung belongs to every area; the view looks at the area that is sent",
        rules="`area` lies in the caller's areas.",
    )
)
def set_wait(rung: str, body: Wait) -> Response:
    if rung not in RUNGS:
        raise NotFoundError(f"there is no rung {rung}")

    reach = caller().reach

    def job(db: Database) -> ladder_resources.Ladder:
        demand_within(db, reach, area=body.area.strip())
        ladder.set_wait(db, area=body.area, rung=RUNGS[rung], wait_s=body.wait_s)
        return _ladder(db, body.area)

    return answer(write(job))


def _ladder(db: Database, area: str) -> ladder_resources.Ladder:
    named = area.strip()
    people: dict[Rung, list[Recipient]] = {
        rung: recipients.on_rung(db, rung=rung, area=named) for rung in Rung if rung is not TOP
    }
    return ladder_shapes.ladder(named, ladder.waits(db, named), people)
