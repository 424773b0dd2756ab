"""/api/v1/people/<person>/pauses and /api/v1/pauses: when nobody expects to see somebody. They end by themselves."""

from http import HTTPStatus

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import pauses
from hub_server.store.rows import Pause
from hub_server.web import fields, watch_resources, watch_shapes
from hub_server.web.auth import caller
from hub_server.web.consents import demand_person
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds
from hub_server.web.writing import write

blueprint = Routes("pauses", __name__)


class NewPause(Struct, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Without `from` it begins now. `by`: who says so; else the name of the token."""

    until: fields.Moment
    reason: fields.Reason
    from_: fields.Moment | None = None
    by: fields.Author | None = None


class PauseEnd(Struct, kw_only=True, forbid_unknown_fields=True):
    """`by`: who says that they are back; else the name of the token."""

    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/pauses",
        summary="A person's pauses: on, to come and over, by their ends",
        scope=Scope.READ,
        answer=watch_resources.PausePage,
        looks=True,
    )
)
def index(person: str) -> Response:
    with office().store.read() as db:
        demand_person(db, person)
        rows = pauses.of(db, person)
    return listed(rows, _shape, limit=len(rows) + 1)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/pauses",
        summary="Nobody expects the person until then; it ends by itself, and says so before",
        scope=Scope.ALERTS,
        body=NewPause,
        answer=watch_resources.Pause,
        status=HTTPStatus.CREATED,
        conflict="an alert of the person is not closed: close it as away",
        rules="`until` is in the future, `from` before it; at most 366 days lie between.",
    )
)
def create(person: str, body: NewPause) -> Response:
    store, author = office().store, caller().author(body.by)

    def job(db: Database) -> Pause:
        now_us = store.now_us()
        return pauses.add(
            db,
            person=person,
            from_us=now_us if body.from_ is None else microseconds(body.from_),
            until_us=microseconds(body.until),
            reason=body.reason,
            author=author,
            now_us=now_us,
        )

    return answer(_shape(write(job)), HTTPStatus.CREATED, location=f"/api/v1/people/{person}/pauses")


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/pauses/<row_id:pause>/end",
        summary="Back early: expected from now on; one that has not begun is taken back",
        scope=Scope.ALERTS,
        body=PauseEnd,
        answer=watch_resources.Pause,
        conflict="it is over",
    )
)
def end(pause: int, body: PauseEnd) -> Response:
    store, author = office().store, caller().author(body.by)
    return answer(_shape(write(lambda db: pauses.end(db, pause, author=author, now_us=store.now_us()))))


def _shape(row: Pause) -> watch_resources.Pause:
    return watch_shapes.pause(row, now_us=office().store.now_us())
