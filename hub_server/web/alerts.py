"""/api/v1/alerts: who was not seen in time, and what somebody did about it."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, NoReturn

from flask import Blueprint, Response
from msgspec import Meta, Struct
from sqlite_utils import Database
from werkzeug.exceptions import MethodNotAllowed

from hub_server.store import alerts
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Alert
from hub_server.watch.states import AlertState, Outcome
from hub_server.web import fields, shapes, snapshot
from hub_server.web.decode import json_body, query
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.times import microseconds

blueprint = Blueprint("alerts", __name__)
_AWAY_DAYS_MAX = 366
_STATES = "|".join(AlertState)

StateList = Annotated[
    str,
    Meta(pattern=rf"^({_STATES})(,({_STATES}))*\Z", description=f"one or more of {', '.join(AlertState)}, with commas"),
]
State = Annotated[AlertState, Meta(description=f"one of {', '.join(AlertState)}")]
HumanOutcome = Annotated[Outcome, Meta(description="one of well, helped, away")]


class _List(Struct, kw_only=True):
    state: StateList | None = None
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class _Step(Struct, kw_only=True):
    state: State
    outcome: HumanOutcome | None = None
    note: fields.Note = ""
    author: fields.Author = "api"
    until: fields.Moment | None = None


@blueprint.get("/api/v1/alerts")
def index() -> Response:
    asked = query(_List)
    states = None if asked.state is None else frozenset(AlertState(state) for state in asked.state.split(","))
    with office().store.read() as db:
        rows = alerts.page(db, states=states, after=asked.after, limit=asked.limit)
        return listed(rows, lambda row: snapshot.alert(db, row), limit=asked.limit)


@blueprint.post("/api/v1/alerts")
def create() -> NoReturn:
    raise MethodNotAllowed(["GET"], "alerts come from watches: create a watch, and the hub raises what falls due")


@blueprint.get("/api/v1/alerts/<row_id:alert>")
def show(alert: int) -> Response:
    with office().store.read() as db:
        row = alerts.get(db, alert)
        if row is None:
            raise NotFoundError(f"there is no alert {alert}")
        return answer(_whole(db, row))


@blueprint.patch("/api/v1/alerts/<row_id:alert>")
def change(alert: int) -> Response:
    step = json_body(_Step, _agree)
    until_us = None if step.until is None else microseconds(step.until)
    store = office().store

    def job(db: Database) -> shapes.Json:
        row = alerts.move(
            db,
            alert,
            to=step.state,
            outcome=step.outcome,
            author=step.author,
            note=step.note,
            until_us=until_us,
            now_us=store.now_us(),
        )
        return _whole(db, row)

    return answer(store.write(job), HTTPStatus.OK)


def _whole(db: Database, row: Alert) -> shapes.Json:
    return snapshot.alert(db, row) | {"history": shapes.history(alerts.history(db, row.id))}


def _agree(values: Mapping[str, object]) -> Mapping[str, str]:
    """What state, outcome and until must say together; the store judges the step itself."""
    errors = {}
    closes, outcome = values.get("state") is AlertState.CLOSED, values.get("outcome")
    if outcome is Outcome.RETRACTED:
        errors["outcome"] = "must be one of well, helped, away: only a late sighting retracts an alert"
    elif closes and outcome is None:
        errors["outcome"] = "is missing: say how it ended, well, helped or away"
    elif outcome is not None and "state" in values and not closes:
        errors["outcome"] = "belongs to the state closed only"
    until = values.get("until")
    if outcome is Outcome.AWAY and until is None:
        errors["until"] = "is missing: who is away comes back"
    elif isinstance(until, datetime):
        wrong = _until_mistake(outcome, microseconds(until))
        errors |= {"until": wrong} if wrong else {}
    return errors


def _until_mistake(outcome: object, until_us: int) -> str | None:
    if outcome is not Outcome.AWAY:
        return "belongs to the outcome away only"
    ahead_us = until_us - office().store.now_us()
    if 0 < ahead_us <= _AWAY_DAYS_MAX * 86400 * 1_000_000:
        return None
    return f"must be in the future, at most {_AWAY_DAYS_MAX} days"
