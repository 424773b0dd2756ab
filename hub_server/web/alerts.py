"""/api/v1/alerts: who was not seen in time, and what somebody did about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from flask import Response
from msgspec import Meta, Struct
from sqlite_utils import Database

from hub_server.store import alert_lists, alerts, coverage
from hub_server.store.alert_lists import Wanted
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Alert
from hub_server.watch.coverage import Verdict
from hub_server.watch.states import AlertState, Outcome
from hub_server.web import fields, masking, resources, shapes, snapshot
from hub_server.web.auth import caller
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import microseconds
from hub_server.web.writing import write

blueprint = Routes("alerts", __name__)
blueprint.absent["POST", "/api/v1/alerts"] = (
    "alerts come from watches: create a watch, and the hub raises what falls due"
)
_AWAY_DAYS_MAX = 366
_STATES = "|".join(AlertState)

StateList = Annotated[
    str,
    Meta(pattern=rf"^({_STATES})(,({_STATES}))*\Z", description=f"one or more of {', '.join(AlertState)}, with commas"),
]
State = Annotated[AlertState, Meta(description=f"one of {', '.join(AlertState)}")]
HumanOutcome = Annotated[
    Literal["well", "helped", "away"],
    Meta(description="one of well, helped, away; retracted comes from a late sighting only"),
]


VerdictName = Annotated[Verdict, Meta(description=f"one of {', '.join(Verdict)}")]


class AlertsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`area`: of a community, a village or a grid; `verdict`: as it was when the alert was raised."""

    state: StateList | None = None
    area: fields.Area | None = None
    verdict: VerdictName | None = None
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class AlertStep(Struct, kw_only=True, forbid_unknown_fields=True):
    """What somebody does about an alert."""

    state: State
    outcome: HumanOutcome | None = None
    note: fields.Note = ""
    author: fields.Author = "api"
    until: fields.Moment | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/alerts",
        summary="Alerts, newest first",
        scope=Scope.READ,
        query=AlertsQuery,
        answer=resources.AlertPage,
        looks=True,
        urgent=True,
    )
)
def index(asked: AlertsQuery) -> Response:
    states = AlertState if asked.state is None else (AlertState(state) for state in asked.state.split(","))
    wanted = Wanted(states=frozenset(states), area=asked.area, verdict=asked.verdict)
    who = caller()
    with office().store.read() as db:
        rows = alert_lists.newest(db, wanted=wanted, after=asked.after, limit=asked.limit, reach=who.reach)
        return listed(rows, lambda row: masking.alert(snapshot.alert(db, row), who), limit=asked.limit)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/alerts/<row_id:alert>",
        summary="One alert with its history",
        scope=Scope.READ,
        answer=resources.WholeAlert,
        looks=True,
        urgent=True,
    )
)
def show(alert: int) -> Response:
    with office().store.read() as db:
        return answer(masking.whole_alert(whole(db, _get(db, alert)), caller()))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/alerts/<row_id:alert>/coverage",
        summary="Who was watching while the person was not seen",
        scope=Scope.READ,
        answer=resources.Coverage,
    )
)
def who_was_watching(alert: int) -> Response:
    """Apart from the alert: shares move as cameras tell more, and must not move the alert's ETag."""
    store = office().store
    with store.read() as db:
        return answer(shapes.coverage(coverage.for_alert(db, _get(db, alert), store.now_us())))


def _agree(values: Mapping[str, object]) -> Mapping[str, str]:
    """What state, outcome and until must say together; the store judges the step itself."""
    errors = {}
    if values.get("state") is AlertState.OPEN and not str(values.get("note", "")).strip():
        errors["note"] = "is missing: say why it is opened again"
    closes, outcome = values.get("state") is AlertState.CLOSED, values.get("outcome")
    if closes and outcome is None:
        errors["outcome"] = "is missing: say how it ended, well, helped or away"
    elif outcome is not None and "state" in values and not closes:
        errors["outcome"] = "belongs to the state closed only"
    until = values.get("until")
    if outcome == Outcome.AWAY and until is None:
        errors["until"] = "is missing: who is away comes back"
    elif isinstance(until, datetime):
        wrong = _until_mistake(outcome, microseconds(until))
        errors |= {"until": wrong} if wrong else {}
    return errors


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/alerts/<row_id:alert>",
        summary="A step: taken, on the way, closed, opened again",
        scope=Scope.ALERTS,
        body=AlertStep,
        answer=resources.WholeAlert,
        conflict="the alert's state does not allow this step, or another alert of the person is not closed",
        versioned=True,
        rules="`closed` needs an `outcome`, no other state has one; `away` needs `until`, in the future and at most "
        f"{_AWAY_DAYS_MAX} days ahead, no other outcome has it; `open` is for a closed alert and needs a `note`.",
    ),
    check=_agree,
)
def change(alert: int, body: AlertStep) -> Response:
    until_us = None if body.until is None else microseconds(body.until)
    store, seen, who = office().store, if_match(), caller()
    author = who.author(body.author)

    def job(db: Database) -> resources.WholeAlert:
        seen.demand(masking.whole_alert(whole(db, _get(db, alert)), who))
        row = alerts.move(
            db,
            alert,
            to=body.state,
            outcome=None if body.outcome is None else Outcome(body.outcome),
            author=author,
            note=body.note,
            until_us=until_us,
            now_us=store.now_us(),
        )
        return masking.whole_alert(whole(db, row), who)

    return answer(write(job))


def whole(db: Database, row: Alert) -> resources.WholeAlert:
    """An alert with every step of it, and with all personal data: masking.whole_alert shows it to somebody."""
    return {**snapshot.alert(db, row), "history": shapes.history(alerts.history(db, row.id))}


def _get(db: Database, alert: int) -> Alert:
    row = alerts.get(db, alert)
    if row is None:
        raise NotFoundError(f"there is no alert {alert}")
    return row


def _until_mistake(outcome: object, until_us: int) -> str | None:
    if outcome != Outcome.AWAY:
        return "belongs to the outcome away only"
    ahead_us = until_us - office().store.now_us()
    if 0 < ahead_us <= _AWAY_DAYS_MAX * 86400 * 1_000_000:
        return None
    return f"must be in the future, at most {_AWAY_DAYS_MAX} days"
