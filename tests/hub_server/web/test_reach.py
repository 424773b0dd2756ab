"""Who is bound to areas sees what lies in them, whatever way they ask; nothing tells them what lies elsewhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from two_communities import NOBODY, Community, Office
from web_hub import WebHub, value
from werkzeug.test import TestResponse

from hub_server.store import devices, events, people, whereabouts
from hub_server.store.reach import Reach
from hub_server.web.app import OPERATIONS, PAGES
from hub_server.web.operations import JSON
from hub_server.web.scopes import SCOPES_OF, Role

ROLES = tuple(Role)
RULES = {**OPERATIONS, **PAGES}
ASKED = (
    "/api/v1/alarms?state=all",
    "/api/v1/conflicts?device=far-gate",
    "/api/v1/events?after=0",
    "/api/v1/events?device=far-gate",
    "/api/v1/events?person=p-far-rests",
    "/api/v1/events?type=passage",
    "/api/v1/events?type=plate_read",
    "/api/v1/events?type=quarantined",
    "/api/v1/gates?since=2020-01-01T00:00:00Z",
    "/api/v1/hints?area=远山村",
    "/api/v1/passages?person=p-far-rests",
    "/api/v1/plate-passages?device=far-gate",
    "/api/v1/plate-passages?plate=粤B99999",
    "/api/v1/quarantine?device=far-gate",
    "/api/v1/search?q=远山",
    "/api/v1/search?q=粤B99999",
    "/api/v1/vehicles?device=far-gate",
    "/api/v1/vehicles?plate=粤B99999",
    "/api/v1/watches?person=p-far",
)
"""Questions that would find what is not there for them."""
MOVED: tuple[tuple[Role, str, str, dict[str, object], str], ...] = (
    (Role.COMMUNITY_MANAGER, "POST", "/api/v1/watches", {"person": "p-far"}, "person"),
    (Role.COMMUNITY_MANAGER, "POST", "/api/v1/people", {"name": "新", "area": "远山村"}, "area"),
    (Role.COMMUNITY_MANAGER, "PATCH", "/api/v1/people/p-near", {"area": "远山村"}, "area"),
    (Role.COMMUNITY_MANAGER, "PATCH", "/api/v1/people/p-near", {"grid": "远山村一格"}, "grid"),
    (Role.TECHNICIAN, "POST", "/api/v1/devices", {"id": "new", "area": "远山村"}, "area"),
    (Role.TECHNICIAN, "POST", "/api/v1/devices", {"id": "new"}, "area"),
    (Role.TECHNICIAN, "PATCH", "/api/v1/devices/near-gate", {"area": "远山村"}, "area"),
    (Role.TECHNICIAN, "PATCH", "/api/v1/devices/near-gate", {"grid": "远山村一格"}, "grid"),
    (
        Role.ADMINISTRATOR,
        "POST",
        "/api/v1/recipients",
        {"rung": "worker", "name": "新", "urls": ["json://a"], "area": "远山村"},
        "area",
    ),
    (Role.ADMINISTRATOR, "PUT", "/api/v1/ladder/worker", {"wait_s": 600}, "area"),
    (Role.ADMINISTRATOR, "PUT", "/api/v1/ladder/worker", {"wait_s": 600, "area": "远山村"}, "area"),
)
"""What would put or move something to where it is out of the own reach, and the field that is wrong then."""


@pytest.fixture
def office(hub: WebHub) -> Office:
    return Office(hub)


def method_of(endpoint: str) -> str:
    return OPERATIONS[endpoint].method if endpoint in OPERATIONS else "GET"


def may(role: Role, endpoint: str) -> bool:
    scope = RULES[endpoint].scope
    return scope is None or scope in SCOPES_OF[role]


def is_unbound(endpoint: str) -> bool:
    return bool(RULES[endpoint].unbound)


def guarded() -> Iterator[str]:
    """Everything whose path names a thing that lies somewhere."""
    for endpoint, rule in RULES.items():
        if "<" in rule.path and not rule.anywhere and not is_unbound(endpoint):
            yield endpoint


def lists() -> Iterator[str]:
    """What is read without naming a thing."""
    for endpoint, rule in RULES.items():
        is_read = method_of(endpoint) == "GET" and "<" not in rule.path
        is_whole = endpoint not in OPERATIONS or OPERATIONS[endpoint].content in {JSON, "text/plain"}
        if is_read and is_whole and not is_unbound(endpoint):
            yield endpoint


def test_every_route_says_who_may_use_it_and_where(hub: WebHub) -> None:
    """Whoever adds a route with a name in its path gives it a rule, or this fails."""
    for rule in hub.app.url_map.iter_rules():
        endpoint = rule.endpoint
        if endpoint not in RULES:
            assert not rule.rule.startswith("/api/"), rule
            assert not rule.arguments or endpoint == "static", rule
            continue
        names = re.findall(r"<(?:[a-z_]+:)?([a-z_]+)>", rule.rule)
        if names and not RULES[endpoint].anywhere and not is_unbound(endpoint):
            assert names[0] in whereabouts.KINDS, f"{rule}: say where a {names[0]} lies, or why anybody may"


@pytest.mark.parametrize("role", ROLES)
def test_what_lies_elsewhere_is_not_there_byte_for_byte(office: Office, role: Role) -> None:
    tried = 0
    for endpoint in guarded():
        if not may(role, endpoint):
            continue
        template, method = RULES[endpoint].path, method_of(endpoint)
        there = office.ask(role, method, office.far.path(template))
        nowhere = office.ask(role, method, NOBODY.path(template))
        assert "<" not in office.far.path(template), f"{endpoint}: two_communities has none of these"
        assert there.status_code == nowhere.status_code == 404, (endpoint, there.status_code, nowhere.status_code)
        assert there.data == nowhere.data, endpoint
        assert sorted(there.headers.to_wsgi_list()) == sorted(nowhere.headers.to_wsgi_list()), endpoint
        tried += 1
    assert tried >= (4 if role is Role.TECHNICIAN else 15)


@pytest.mark.parametrize("role", ROLES)
def test_what_lies_in_ones_areas_is_there(office: Office, role: Role) -> None:
    for endpoint in guarded():
        # The community itself, and whoever is told of all of it, are more than a grid.
        is_wider = role is Role.GRID_WORKER and re.search("<area>|<row_id:recipient>", RULES[endpoint].path)
        if may(role, endpoint) and method_of(endpoint) == "GET" and not is_wider:
            response = office.ask(role, "GET", office.near.path(RULES[endpoint].path))
            assert response.status_code == 200, (endpoint, response.status_code, response.text[:500])
            response.close()


@pytest.mark.parametrize("role", ROLES)
def test_no_list_and_no_page_tells_of_what_lies_elsewhere(office: Office, role: Role) -> None:
    telling = 0
    for endpoint in lists():
        if not may(role, endpoint):
            continue
        path = RULES[endpoint].path
        response = office.ask(role, "GET", path)
        assert not found(office.far, response), (endpoint, found(office.far, response))
        telling += bool(found(office.near, response))
    assert telling >= (3 if role is Role.TECHNICIAN else 10)


def test_no_question_finds_what_lies_elsewhere(office: Office) -> None:
    for path in ASKED:
        assert found(office.far, office.hub.get(path)) or "hints" in path, f"{path} finds nothing at all"
        for role in (Role.GRID_WORKER, Role.COMMUNITY_MANAGER):
            response = office.ask(role, "GET", path)
            assert response.status_code == 200, (path, response.text)
            assert not found(office.far, response), (path, response.text)


def found(community: Community, response: TestResponse) -> list[str]:
    return [mark for mark in community.marks if mark in response.text]


def test_a_cursor_of_elsewhere_is_no_cursor(office: Office) -> None:
    theirs = value(office.hub.get("/api/v1/plate-passages?device=far-gate"))["items"][0]["id"]
    refused = office.ask(Role.GRID_WORKER, "GET", f"/api/v1/plate-passages?before={theirs}")
    unknown = office.ask(Role.GRID_WORKER, "GET", "/api/v1/plate-passages?before=999999")
    assert refused.status_code == unknown.status_code == 422
    assert refused.data == unknown.data


def test_nothing_is_put_or_moved_into_areas_of_others(office: Office) -> None:
    for role, method, path, body, field in MOVED:
        response = office.ask(role, method, path, body)
        assert response.status_code == 422, (path, body, response.text)
        assert list(value_of(response)["errors"]) == [field], (path, body)


def test_within_ones_areas_things_are_made_and_moved(office: Office) -> None:
    made = office.ask(Role.TECHNICIAN, "POST", "/api/v1/devices", {"id": "new", "area": "近水村"})
    assert (made.status_code, value_of(made)["grid"]) == (201, "")
    moved = office.ask(Role.TECHNICIAN, "PATCH", "/api/v1/devices/new", {"grid": "近水村一格"})
    assert (moved.status_code, value_of(moved)["grid"]) == (200, "近水村一格")


def value_of(response: TestResponse) -> Any:
    return response.json


def test_what_no_area_has_is_the_whole_offices(office: Office) -> None:
    """A device without an area, and who reaches everywhere: an administrator without areas sees both sides."""
    office.hub.device("loose")
    assert office.ask(Role.TECHNICIAN, "GET", "/api/v1/devices/loose").status_code == 404
    office.hub.account("boss", Role.ADMINISTRATOR)
    boss = office.hub.log_in_as("boss")
    for device in ("loose", "near-gate", "far-gate"):
        assert boss.get(f"/api/v1/devices/{device}").status_code == 200


def test_whoever_is_bound_to_nothing_reaches_nothing(office: Office) -> None:
    office.hub.account("newcomer", Role.GRID_WORKER)
    newcomer = office.hub.log_in_as("newcomer")
    assert newcomer.get("/api/v1/people/p-near").status_code == 404
    assert value(newcomer.get("/api/v1/alerts"))["items"] == []
    assert value(newcomer.get("/api/v1/events"))["items"] == []


def test_a_grid_is_less_than_its_community(office: Office) -> None:
    def move(db: Any) -> None:
        people.create(db, id="p-other", name="隔壁", address="", phone="", note="", area="近水村", now_us=1)
        devices.create(db, id="other-gate", place="", area="近水村", now_us=1)

    office.hub.store.write(move)
    for path in ("/api/v1/people/p-other", "/api/v1/devices/other-gate"):
        assert office.ask(Role.GRID_WORKER, "GET", path).status_code == 404
        assert office.ask(Role.VIEWER, "GET", path).status_code == 200


def test_a_person_of_ones_own_at_somebody_elses_door_is_found_by_name(office: Office) -> None:
    """The list is what the own cameras told; what others told of somebody of ours is found by asking for them."""
    there = office.hub.passage("p-near-rests", device_id="far-gate", strict=False, synced=False)
    listed = value(office.ask(Role.GRID_WORKER, "GET", "/api/v1/events"))["items"]
    asked = value(office.ask(Role.GRID_WORKER, "GET", "/api/v1/events?person=p-near-rests"))["items"]
    assert there not in {row["id"] for row in listed}
    assert there in {row["id"] for row in asked}
    assert office.ask(Role.GRID_WORKER, "GET", f"/api/v1/events/{there}").status_code == 200


def test_pages_of_events_go_on_without_gap_or_repetition(office: Office) -> None:
    made = [office.hub.passage(device_id=gate) for _ in range(7) for gate in ("near-gate", "far-gate")]
    mine = made[::2]
    path, seen = "/api/v1/events?type=passage&limit=3", []
    while path:
        response = office.ask(Role.GRID_WORKER, "GET", path)
        seen += [row["id"] for row in value(response)["items"]]
        path = response.headers.get("Link", "").partition("<")[2].partition(">")[0]
    assert seen[:7] == mine[::-1]
    assert seen == sorted(set(seen), reverse=True)
    onward = value(office.ask(Role.GRID_WORKER, "GET", f"/api/v1/events?after={mine[2]}&limit=2"))["items"]
    assert [row["id"] for row in onward] == mine[3:5]


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        ({}, {"events_device"}),
        ({"type": "passage"}, {"events_device"}),
        ({"type": "lost"}, {"events_type"}),
    ],
)
def test_a_workers_events_are_found_by_an_index(office: Office, given: dict[str, str], steps: set[str]) -> None:
    said: list[str] = []
    reach = Reach(areas=frozenset({office.near.grid}))
    with office.hub.store.read() as db:
        db.conn.set_trace_callback(said.append)
        events.page(db, after=None, before=None, limit=100, reach=reach, **given)
        db.conn.set_trace_callback(None)
        plans = [
            row[3]
            for sql in said
            if sql.lstrip().startswith("SELECT")
            for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
    used = " ".join(plans)
    assert not re.search(r"SCAN (e|events)\b", used), plans
    assert all(f"INDEX {step}" in used for step in steps), plans


def test_the_openapi_document_names_no_area(office: Office) -> None:
    text = json.dumps(value(office.hub.get("/openapi.json")))
    assert not any(mark in text for mark in (*office.near.marks, *office.far.marks))
