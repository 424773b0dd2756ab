"""The factory: one Flask application over one store."""

from collections.abc import Callable, Collection, Mapping

from flask import Flask
from werkzeug.routing import BaseConverter

from hub_server.store.custody import Custody
from hub_server.store.quarantine import Released
from hub_server.store.store import Store
from hub_server.web import (
    accounts,
    alarms,
    alerts,
    areas,
    audit_log,
    auth,
    certificates,
    commands,
    conflicts,
    consents,
    contacts,
    corrections,
    courses,
    devices,
    events,
    exports,
    faces,
    guards,
    health,
    hints,
    histories,
    households,
    imports,
    join,
    join_tokens,
    ladder,
    login,
    looking,
    me,
    metrics,
    notices,
    observations,
    openapi,
    page,
    pass_sheets,
    pauses,
    people,
    placements,
    places,
    plates,
    problems,
    profiles,
    quarantine,
    reaching,
    recipients,
    releases,
    reports,
    retention,
    retiring,
    rollouts,
    search,
    sessions,
    stream,
    subject_access,
    tokens,
    traffic,
    vehicles,
    watches,
)
from hub_server.web.certifying import Issuing, NoIssuing
from hub_server.web.commanding import Devices, NobodyListens
from hub_server.web.decode import BODY_BYTES_MAX
from hub_server.web.enrolling import Enrol
from hub_server.web.feed import Feed
from hub_server.web.office import EXTENSION, MqttAddress, Office
from hub_server.web.pages import accounts as accounts_pages
from hub_server.web.pages import alerts as alerts_pages
from hub_server.web.pages import areas as areas_pages
from hub_server.web.pages import audit as audit_pages
from hub_server.web.pages import consents as consents_pages
from hub_server.web.pages import devices as devices_pages
from hub_server.web.pages import households as households_pages
from hub_server.web.pages import imports as imports_pages
from hub_server.web.pages import me as me_pages
from hub_server.web.pages import menu, more, rules
from hub_server.web.pages import pass_sheets as pass_sheets_pages
from hub_server.web.pages import passages as passages_pages
from hub_server.web.pages import people as people_pages
from hub_server.web.pages import places as places_pages
from hub_server.web.pages import privacy as privacy_pages
from hub_server.web.pages import rollouts as rollouts_pages
from hub_server.web.pages import search as search_pages
from hub_server.web.pages import vehicles as vehicles_pages
from hub_server.web.pages import visits as visits_pages
from hub_server.web.pages import workers as workers_pages
from hub_server.web.running import Figures

_API = (
    people,
    consents,
    faces,
    placements,
    watches,
    pauses,
    observations,
    corrections,
    hints,
    alerts,
    courses,
    reports,
    notices,
    recipients,
    contacts,
    ladder,
    alarms,
    devices,
    commands,
    pass_sheets,
    profiles,
    join,
    join_tokens,
    certificates,
    retiring,
    releases,
    rollouts,
    quarantine,
    conflicts,
    vehicles,
    plates,
    events,
    stream,
    login,
    tokens,
    health,
    metrics,
    openapi,
    accounts,
    sessions,
    me,
    audit_log,
    areas,
    households,
    places,
    search,
    histories,
    imports,
    exports,
    retention,
    traffic,
    subject_access,
)
_PAGES = (
    page,
    more,
    people_pages,
    households_pages,
    vehicles_pages,
    places_pages,
    areas_pages,
    search_pages,
    alerts_pages,
    visits_pages,
    passages_pages,
    devices_pages,
    pass_sheets_pages,
    rollouts_pages,
    workers_pages,
    imports_pages,
    privacy_pages,
    consents_pages,
    accounts_pages,
    me_pages,
    audit_pages,
)
OPERATIONS = {name: one for part in _API for name, one in part.blueprint.operations.items()}
"""Every operation of the API, by Flask's name of its endpoint."""
PAGES = {name: one for part in _PAGES for name, one in part.blueprint.pages.items()}
"""Every page, the same."""


class _RowId(BaseConverter):
    """A number that fits into a row's id; anything else is a path that does not exist."""

    regex = "[0-9]{1,15}"

    def to_python(self, value: str) -> int:
        return int(value)


def create_app(
    *,
    store: Store,
    mqtt: MqttAddress,
    health: Callable[[], Mapping[str, object]],
    custody: Custody,
    enrol: Enrol,
    release: Callable[[int, str, str], Released],
    figures: Callable[[], Figures] = Figures,
    hosts: Collection[str] = (),
    page_url: str | None = None,
    issuing: Issuing | None = None,
    asked_devices: Devices | None = None,
) -> Flask:
    """A WSGI application. `app.extensions["shouwang"].stop()` ends its streams; call it before the store closes.

    Programs ask with the tokens of the store. `health` answers at once, with at least `status`: "ok" or "degraded", and
    `broker`: "connected" or what is wrong. `release` reads a quarantined event again: its id, by whom, a note.
    `figures` answers at once, too: what the running parts count of themselves. `hosts`: names that the page goes by
    besides the loopback's. `page_url`: of the page as others reach it, for links that are given to them. `issuing`: who
    signs devices' certificates; None: nobody does. `asked_devices`: who asks them for a picture; None: nobody listens.
    """
    app = Flask(__name__)
    # A body without a length is cut here in silence, so it may be one byte longer than what the decoder takes.
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX + 1
    app.url_map.converters["row_id"] = _RowId
    app.extensions[EXTENSION] = Office(
        store=store,
        operations=OPERATIONS,
        pages=PAGES,
        mqtt=mqtt,
        health=health,
        feed=Feed(store, health),
        custody=custody,
        enrol=enrol,
        release=release,
        figures=figures,
        home=menu.home,
        hosts=frozenset(host.lower() for host in hosts),
        page_url=page_url,
        issuing=NoIssuing() if issuing is None else issuing,
        asked_devices=NobodyListens() if asked_devices is None else asked_devices,
    )
    problems.register(
        app, {key: why for part in _API for key, why in part.blueprint.absent.items()}, page=rules.refused
    )
    app.before_request(guards.demand_known_host)
    app.before_request(auth.demand_caller)
    app.before_request(reaching.demand_reach)
    app.after_request(looking.record)
    app.after_request(guards.harden)
    for part in (*_API, *_PAGES):
        app.register_blueprint(part.blueprint)
    return app
