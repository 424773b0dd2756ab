"""/api/v1/alerts/<alert>/report: what a visit found that closes nothing. The alert climbs, others are told at once."""

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import alerts
from hub_server.watch.states import Report
from hub_server.web import fields, masking, resources
from hub_server.web.alerts import whole
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("reports", __name__)


class NewReport(Struct, kw_only=True, forbid_unknown_fields=True):
    """`not_found`: nobody opened; `emergency`: help is needed at once."""

    report: fields.ReportName
    note: fields.Note = ""
    author: fields.Author = "api"


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/alerts/<row_id:alert>/report",
        summary="Not found, or an emergency: nothing is closed, the next on the ladder are told at once",
        scope=Scope.ALERTS,
        body=NewReport,
        answer=resources.WholeAlert,
        conflict="the alert is closed: open it again first",
    )
)
def report(alert: int, body: NewReport) -> Response:
    store, who = office().store, caller()
    author = who.author(body.author)

    def job(db: Database) -> resources.WholeAlert:
        row = alerts.report(db, alert, report=Report(body.report), author=author, note=body.note, now_us=store.now_us())
        return masking.whole_alert(whole(db, row), who)

    return answer(write(job))
