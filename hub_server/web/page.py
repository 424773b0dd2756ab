"""The one page: a snapshot that stands without JavaScript, and comes alive with it."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from hub_server.store import events
from hub_server.web import ladder_words, snapshot, words
from hub_server.web.auth import csrf_token, session_token
from hub_server.web.office import office
from hub_server.web.outlook import outlook
from hub_server.web.times import OFFICE_ZONE, rfc3339

blueprint = Blueprint("page", __name__)
SIGHTINGS_MAX = 60  # in the snapshot; the live list grows to ROWS_MAX
PLATES_MAX = 30  # vehicles on the page, the newest
CLOSED_MAX = 8  # alerts that have ended, the newest
WAITING_MAX = 20  # events in quarantine, and conflicts, that wait for a person's eye
ROWS_MAX = 200  # of sightings; of watches, those due soonest; of devices, those offline first


@blueprint.get("/")
def show() -> str | AnyResponse:
    session = session_token()
    if session is None:
        return redirect("/login", HTTPStatus.SEE_OTHER)
    store = office().store
    now_us = store.now_us()
    with store.read() as db:
        now = snapshot.take(
            db,
            now_us=now_us,
            events_max=SIGHTINGS_MAX,
            plates_max=PLATES_MAX,
            waiting_max=WAITING_MAX,
            closed_max=CLOSED_MAX,
        )
        last_event_id = events.last_id(db)
    now_s = now_us // 1_000_000
    places = {str(device["id"]): str(device["place"]) for device in now.devices}
    return render_template(
        "page.html",
        now=now,
        now_at=rfc3339(now_us),
        now_s=now_s,
        places=places,
        words=words,
        ladder_words=ladder_words,
        outlook=outlook(
            alerts=now.alerts,
            alarms=now.alarms,
            watches=now.watches,
            devices=now.devices,
            health=office().health(),
            now_s=now_s,
        ),
        last_event_id=last_event_id,
        csrf=csrf_token(session),
        rows_max=ROWS_MAX,
        plates_max=PLATES_MAX,
        waiting_max=WAITING_MAX,
        closed_max=CLOSED_MAX,
        zone=OFFICE_ZONE.tzname(None),
        zone_s=int(OFFICE_ZONE.utcoffset(None).total_seconds()),
    )
