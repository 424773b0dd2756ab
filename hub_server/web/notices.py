"""/api/v1/alerts/<alert>/notices: who was told of an alert, by which channel, and who is told next."""

from flask import Response
from sqlite_utils import Database

from hub_server.store import alerts, recipients, told
from hub_server.store.errors import NotFoundError
from hub_server.store.recipients import Contact
from hub_server.store.rows import Alert
from hub_server.store.told import Told
from hub_server.watch.ladder import TOP, Rung, next_rung
from hub_server.watch.states import AlertState
from hub_server.web import ladder_resources, ladder_shapes, masking
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.shapes import RUNG_NAMES
from hub_server.web.times import rfc3339

blueprint = Routes("notices", __name__)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/alerts/<row_id:alert>/notices",
        summary="Who was told, when, by which channel, with what trouble; and who is told next",
        scope=Scope.READ,
        answer=ladder_resources.Notices,
        looks=True,
        urgent=True,
    )
)
def index(alert: int) -> Response:
    """Apart from the alert: what is sent must not move the alert's ETag."""
    with office().store.read() as db:
        row = alerts.get(db, alert)
        if row is None:
            raise NotFoundError(f"there is no alert {alert}")
        items = [_notice(db, one, row) for one in told.of_alert(db, alert)]
        return answer({"items": items, "upcoming": _upcoming(db, row)})


def _notice(db: Database, one: Told, alert: Alert) -> ladder_resources.Notice:
    """With the family's number as the caller is shown it; workers give theirs to be called."""
    to = recipients.addressed(db, one.addressee)
    shape = ladder_shapes.notice(one, to)
    if not isinstance(to, Contact):
        return shape
    return masking.contact(shape, caller(), needed=alert.state is not AlertState.CLOSED)


def _upcoming(db: Database, alert: Alert) -> ladder_resources.NextTold | None:
    """The next rung on which there is somebody, as the alert will climb; else the last one."""
    if alert.climb_us is None:
        return None
    wanted = [rung for rung in Rung if rung >= next_rung(Rung(alert.rung))]
    rung, names = next(((rung, names) for rung in wanted if (names := _names(db, alert, rung))), (TOP, []))
    return {"at": rfc3339(alert.climb_us), "rung": RUNG_NAMES[rung], "names": names}


def _names(db: Database, alert: Alert, rung: Rung) -> list[str]:
    if rung is TOP:
        return [one.name for one in recipients.contacts_of(db, alert.person) if one.urls]
    return [one.name for one in recipients.on_rung(db, rung=rung, area=alert.area)]
