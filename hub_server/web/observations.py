"""/api/v1/people/<person>/observations and /api/v1/observations: signs of life that somebody vouches for."""

from http import HTTPStatus

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import observations
from hub_server.store.rows import Observation
from hub_server.watch.observation import Kind
from hub_server.web import fields, watch_resources, watch_shapes
from hub_server.web.auth import caller
from hub_server.web.consents import demand_person
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds
from hub_server.web.writing import write

blueprint = Routes("observations", __name__)


class NewObservation(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without `at` it was now. `by`: who vouches for it; else the name of the token."""

    kind: fields.KindName
    at: fields.Moment | None = None
    note: fields.Note = ""
    by: fields.Author | None = None


class ObservationWithdrawal(Struct, kw_only=True, forbid_unknown_fields=True):
    """`by`: who takes it back; else the name of the token."""

    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/observations",
        summary="What people vouched for, the newest first; what was withdrawn too",
        scope=Scope.READ,
        answer=watch_resources.ObservationPage,
        looks=True,
    )
)
def index(person: str) -> Response:
    with office().store.read() as db:
        demand_person(db, person)
        rows = observations.of(db, person)
    return listed(rows, watch_shapes.observation, limit=len(rows) + 1)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/observations",
        summary="A visit, a call, a check-in, a card: counts as seen, and may end an alert",
        scope=Scope.ALERTS,
        body=NewObservation,
        answer=watch_resources.Observation,
        status=HTTPStatus.CREATED,
        rules="`at` is not in the future, nor before 1970.",
    )
)
def create(person: str, body: NewObservation) -> Response:
    store, author = office().store, caller().author(body.by)

    def job(db: Database) -> Observation:
        now_us = store.now_us()
        return observations.add(
            db,
            person=person,
            kind=Kind(body.kind),
            at_us=now_us if body.at is None else microseconds(body.at),
            author=author,
            note=body.note,
            now_us=now_us,
        )

    made = watch_shapes.observation(write(job))
    return answer(made, HTTPStatus.CREATED, location=f"/api/v1/people/{person}/observations")


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/observations/<row_id:observation>/withdraw",
        summary="It was a mistake: last seen goes back to the newest sign of life that is left",
        scope=Scope.ALERTS,
        body=ObservationWithdrawal,
        answer=watch_resources.Observation,
        conflict="it is withdrawn already",
    )
)
def withdraw(observation: int, body: ObservationWithdrawal) -> Response:
    store, author = office().store, caller().author(body.by)
    row = write(lambda db: observations.withdraw(db, observation, author=author, now_us=store.now_us()))
    return answer(watch_shapes.observation(row))
