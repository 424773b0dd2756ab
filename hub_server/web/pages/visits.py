"""/visits: whom to call on, on paper and in large type; and, apart and gently, who to look in on today."""

from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import alert_lists, areas, devices, recipients, rhythm
from hub_server.store.alert_lists import Wanted
from hub_server.store.rows import Alert
from hub_server.web import ladder_shapes, ladder_words, masking, snapshot, watch_shapes, words
from hub_server.web.auth import Caller, caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("visits_pages", __name__)
VISITS_MAX: Final = 200
HINTS_MAX: Final = 100


@blueprint.page(Page(path="/visits", scope=Scope.READ, looks=True, urgent=True))
def index() -> str | Response:
    store, who = office().store, caller()
    area = request.args.get("area") or None
    now_us = store.now_us()
    with store.read() as db:
        rows = alert_lists.urgent(db, wanted=Wanted(area=area), limit=VISITS_MAX, reach=who.reach)
        hints = [
            watch_shapes.hint(row)
            for row in rhythm.hints(db, now_us=now_us, area=area, reach=who.reach, habits=office().habits)[:HINTS_MAX]
        ]
        return shown(
            "visits/list.html",
            visits=[_visit(db, row, who, now_us) for row in rows],
            hints=[{**hint, **ladder_words.hint(hint, now_us // 1_000_000)} for hint in hints],
            area=area,
            areas=areas.names(db, reach=who.reach),
            full=len(rows) == VISITS_MAX,
            words=words,
        )


def _visit(db: Database, row: Alert, who: Caller, now_us: int) -> dict[str, Any]:
    """A line of the list: the alert's words, and whom to call."""
    shape = masking.alert(snapshot.alert(db, row), who)
    device = devices.get(db, row.last_seen_by.rpartition(": ")[2].partition("/")[0])
    contacts = [
        masking.contact(ladder_shapes.contact(one), who, needed=True) for one in recipients.contacts_of(db, row.person)
    ]
    return {
        **words.alert(shape, {} if device is None else {device.id: device.place}, now_us // 1_000_000),
        "id": row.id,
        "area": row.area,
        "grid": row.grid,
        "contacts": [one for one in contacts if one["phone"]],
    }
