"""The one page: a snapshot that stands without JavaScript, and comes alive with it."""

from werkzeug.wrappers import Response as AnyResponse

from hub_server.store import events
from hub_server.web import ladder_words, snapshot, words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.outlook import Watching, outlook
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope

blueprint = Pages("page", __name__)
SIGHTINGS_MAX = 60  # in the snapshot; the live list grows to ROWS_MAX
PLATES_MAX = 30  # vehicles on the page, the newest
CLOSED_MAX = 8  # alerts that have ended, the newest
WAITING_MAX = 20  # events in quarantine, and conflicts, that wait for a person's eye
ROWS_MAX = 200  # of sightings; of watches, those due soonest; of devices, those offline first


@blueprint.page(Page(path="/", scope=Scope.READ, looks=True, urgent=True))
def show() -> str | AnyResponse:
    store, who = office().store, caller()
    now_us = store.now_us()
    with store.read() as db:
        now = snapshot.take(
            db,
            who=who,
            reach=who.reach,
            now_us=now_us,
            events_max=SIGHTINGS_MAX,
            watches_max=ROWS_MAX,
            plates_max=PLATES_MAX,
            waiting_max=WAITING_MAX,
            closed_max=CLOSED_MAX,
            habits=office().habits,
        )
        last_event_id = events.last_id(db)
    now_s = now_us // 1_000_000
    places = {str(device["id"]): str(device["place"]) for device in now.devices}
    return shown(
        "page.html",
        now=now,
        places=places,
        words=words,
        ladder_words=ladder_words,
        outlook=outlook(
            alerts=now.alerts,
            alarms=now.alarms,
            watching=Watching(
                running=now.running,
                devices=len(now.devices),
                online=sum(device["online"] for device in now.devices),
            ),
            health=office().health(),
            now_s=now_s,
        ),
        last_event_id=last_event_id,
        rows_max=ROWS_MAX,
        plates_max=PLATES_MAX,
        waiting_max=WAITING_MAX,
        closed_max=CLOSED_MAX,
    )
