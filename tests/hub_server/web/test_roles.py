"""Which role may use which route. The table is written by hand: a new route fails until somebody has said who may."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from web_hub import WebHub, csrf_of
from werkzeug.test import TestResponse

from hub_server.web.app import OPERATIONS, PAGES
from hub_server.web.scopes import Role

RULES = {**OPERATIONS, **PAGES}
A, M, W, T, V, U = Role
EVERYBODY: Final = frozenset(Role)
LOOKING: Final = frozenset({A, M, W, V, U})
"""Who is shown people. A technician is not."""
VISITING: Final = frozenset({A, M, W})
FILING: Final = frozenset({A, M})
FITTING: Final = frozenset({A, T})
AUDITING: Final = frozenset({A, U})
ADMINISTERING: Final = frozenset({A})
MAY: Final[dict[frozenset[Role], str]] = {
    EVERYBODY: """
        health.healthz openapi.show me.show me.change me.set_password me.sessions me.revoke more.show me_pages.show
        alarms.index devices.index devices.show quarantine.index quarantine.show conflicts.index conflicts.show
        commands.create commands.index commands.show courses.of_device pass_sheets.index pass_sheets.picture
        pass_sheets_pages.one stream.stream metrics.show devices_pages.index devices_pages.one
        certificates.index certificates.of_device certificates.issuing profiles.show join.enter
        releases.index releases.show releases.of_device rollouts.index rollouts.show
        rollouts_pages.index rollouts_pages.one
    """,
    LOOKING: """
        people.index people.show consents.index faces.show faces.erasures placements.index watches.index watches.show
        watches.explain pauses.index observations.index corrections.index hints.index alerts.index alerts.show
        alerts.who_was_watching courses.of_alert notices.index recipients.index recipients.show contacts.index
        ladder.show vehicles.index vehicles.show vehicles.changes plates.index plates.gates plates.series events.index
        events.show areas.index areas.show households.index households.show places.index places.show search.find
        histories.of_person histories.of_household histories.of_vehicle histories.of_place histories.of_area
        traffic.passages traffic.counts traffic.gates traffic.clinics page.show people_pages.index people_pages.one
        households_pages.index households_pages.one vehicles_pages.index vehicles_pages.one places_pages.index
        places_pages.one areas_pages.index areas_pages.one search_pages.index alerts_pages.index alerts_pages.one
        visits_pages.index passages_pages.show passages_pages.counts
    """,
    VISITING: """
        commands.picture people.private households.private pauses.create pauses.end observations.create
        observations.withdraw corrections.create alerts.change reports.report
    """,
    FILING: """
        people.create people.change people.remove people.restore people.erase consents.create consents.withdraw
        faces.enrol faces.erase faces.photo placements.put placements.remove watches.create watches.change
        contacts.create contacts.remove vehicles.create vehicles.change vehicles.remove vehicles.place vehicles.unplace
        households.create households.change households.remove places.create places.change places.remove
        retention.index retention.deletions people_pages.new people_pages.edit households_pages.new
        households_pages.edit vehicles_pages.new privacy_pages.index consents_pages.one consents_pages.form
        imports.bring imports.index imports.blank imports.show imports.mistakes imports.apply imports.remove
        exports.export subject_access.show subject_access.download imports_pages.index imports_pages.one
    """,
    FITTING: """
        releases.create rollouts.create rollouts.advance rollouts.stop
        profiles.put join_tokens.create join_tokens.void retiring.revoke retiring.retire retiring.unretire
        devices.create devices.change devices.renew quarantine.release quarantine.dismiss conflicts.settle
    """,
    AUDITING: "audit_log.index audit_log.head audit_pages.index",
    ADMINISTERING: """
        recipients.create recipients.change recipients.remove ladder.set_wait tokens.index tokens.create tokens.show
        tokens.revoke accounts.index accounts.create accounts.show accounts.change accounts.disable accounts.enable
        accounts.invite sessions.index sessions.revoke sessions.revoke_all areas.create areas.change
        areas.remove retention.change retention.run workers_pages.index workers_pages.one accounts_pages.index
        accounts_pages.one
    """,
    # Links that open the page as the owner of the data, or as somebody: programs and the owner of the data only.
    frozenset(): "login.create accounts.open_for",
}
WHO: Final = {endpoint: roles for roles, endpoints in MAY.items() for endpoint in endpoints.split()}
OPEN: Final = frozenset({"static", "login.show", "login.enter", "login.leave"})
"""Before anybody has said who they are."""
BY_CARD: Final = "join.enter"
"""Opened by the token of a device's card, which it reads first: without a body nobody is told anything."""
_NOBODYS: Final = {
    "device": "no-such",
    "person": "no-such",
    "account": "no-such",
    "place": "no-such",
    "area": "no-such",
}


def test_every_route_stands_in_the_table_once(hub: WebHub) -> None:
    endpoints = {rule.endpoint for rule in hub.app.url_map.iter_rules()}
    written = [endpoint for listed in MAY.values() for endpoint in listed.split()]
    assert sorted(written) == sorted(set(written))
    assert endpoints - set(RULES) == OPEN
    assert set(RULES) - set(WHO) == set(), "say in this table who may"
    assert set(WHO) - endpoints == set(), "these routes are no more"


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_the_table_says_and_nothing_else(hub: WebHub, role: Role) -> None:
    """An account bound to nothing: it reaches everywhere or nowhere, so the role alone decides about 403."""
    hub.account("one", role, areas=())
    browser = hub.log_in_as("one")
    wrong = []
    for endpoint, method, path in asked():
        sent: dict[str, Any] = {} if method == "GET" else {"json": {}}
        response = browser.open(path, method=method, headers=csrf_of(browser), buffered=False, **sent)
        if is_refused(response) is (role in WHO[endpoint]):
            wrong.append((endpoint, response.status_code))
        assert response.status_code not in {401, 500}, (endpoint, response.status_code)
        response.close()
        if endpoint == "me.set_password":
            assert response.status_code == 422
    assert wrong == []


@pytest.mark.parametrize("role", Role)
def test_no_change_is_made_without_the_token_of_the_page(hub: WebHub, role: Role) -> None:
    hub.account("one", role, areas=())
    browser = hub.log_in_as("one")
    tried = 0
    for endpoint, method, path in asked():
        if method != "GET" and endpoint != BY_CARD:
            for headers in ({}, {"X-CSRF-Token": "0" * 64}):
                response = browser.open(path, method=method, headers=headers, json={})
                assert response.status_code == 403, endpoint
            tried += 1
    assert tried >= 40


def test_a_stranger_sees_nothing(hub: WebHub) -> None:
    for endpoint, method, path in asked():
        response = hub.stranger.open(path, method=method)
        if endpoint in PAGES:
            assert response.status_code == 303, endpoint
            assert response.headers["Location"].startswith("/login"), endpoint
        elif OPERATIONS[endpoint].is_open:
            assert response.status_code == (415 if endpoint == BY_CARD else 200), endpoint
        else:
            assert response.status_code == 401, endpoint


def asked() -> Iterator[tuple[str, str, str]]:
    """Every route, with ids of what is not there."""
    for endpoint, rule in RULES.items():
        method = OPERATIONS[endpoint].method if endpoint in OPERATIONS else "GET"
        path = re.sub(r"<row_id:[a-z_]+>", "999999", rule.path)
        yield endpoint, method, re.sub(r"<([a-z_]+)>", lambda name: _NOBODYS.get(name[1], "no-such"), path)


def is_refused(response: TestResponse) -> bool:
    """By role; at the front door that is the way to where one may go."""
    elsewhere = response.status_code == 303 and not response.headers["Location"].startswith("/login")
    return response.status_code == 403 or elsewhere
