from typing import Any

import pytest
from web_hub import WebHub, csrf_of, problem, value

HOME = {"address": "桂花村 3 组 12 号", "area": "桂花村", "grid": "一网格", "phone": "0755-2600 0000", "note": "有狗"}


def home(hub: WebHub, **given: object) -> Any:
    return value(hub.post("/api/v1/households", HOME | given), 201)


def test_a_household_is_created_read_changed_and_listed(hub: WebHub) -> None:
    response = hub.post("/api/v1/households", HOME)
    made = value(response, 201)
    assert response.headers["Location"] == "/api/v1/households/1"
    assert {name: field for name, field in made.items() if name != "created_at"} == {
        **HOME,
        "id": 1,
        "number": "00001",
        "people": 0,
        "vehicles": 0,
        "removed_at": None,
    }
    assert value(hub.patch("/api/v1/households/1", {"phone": "110"})) == {**made, "phone": "110"}
    assert value(hub.get("/api/v1/households")) == {"items": [{**made, "phone": "110"}], "next": None}


def test_a_household_shows_its_people_and_vehicles(hub: WebHub) -> None:
    home(hub)
    value(hub.post("/api/v1/people", {"id": "p-li", "name": "李秀兰", "household": 1, "relation": "户主"}), 201)
    value(hub.post("/api/v1/vehicles", {"plate": "粤B12345", "owner": "household", "label": "x", "household": 1}), 201)
    whole = value(hub.get("/api/v1/households/1"))
    assert (whole["people"], whole["vehicles"]) == (1, 1)
    assert [(one["id"], one["relation"], one["address"]) for one in whole["members"]] == [
        ("p-li", "户主", "桂花村 3 组 12 号")
    ]
    assert [(one["plate"], one["area"], one["grid"]) for one in whole["cars"]] == [("粤B12345", "桂花村", "一网格")]


def test_a_number_that_is_taken_and_one_that_is_empty_are_refused(hub: WebHub) -> None:
    home(hub, number="7")
    problem(hub.post("/api/v1/households", {"number": "7"}), 409)
    assert set(problem(hub.patch("/api/v1/households/1", {"number": " "}), 422)["errors"]) == {"number"}


def test_a_household_with_people_is_not_removed_and_an_empty_one_is(hub: WebHub) -> None:
    home(hub)
    value(hub.post("/api/v1/people", {"id": "p-li", "name": "李", "household": 1}), 201)
    problem(hub.call("DELETE", "/api/v1/households/1"), 409)
    value(hub.patch("/api/v1/people/p-li", {"household": None}))
    assert value(hub.call("DELETE", "/api/v1/households/1"))["removed_at"] is not None
    assert value(hub.get("/api/v1/households"))["items"] == []
    assert [one["id"] for one in value(hub.get("/api/v1/households?removed=yes"))["items"]] == [1]
    problem(hub.patch("/api/v1/households/1", {"phone": "1"}), 404)
    errors = problem(hub.post("/api/v1/people", {"name": "王", "household": 1}), 422)["errors"]
    assert set(errors) == {"household"}


def test_the_history_names_the_account_whatever_the_body_says(hub: WebHub) -> None:
    home(hub)
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    sent = {"phone": "0755-1", "by": "别人"}
    assert browser.patch("/api/v1/households/1", json=sent, headers=csrf_of(browser)).status_code == 200
    (row,) = value(hub.get("/api/v1/households/1/history"))["items"]
    assert (row["field"], row["before"], row["after"], row["author"]) == ("phone", HOME["phone"], "0755-1", "王敏")


def test_what_is_personal_is_masked_until_it_is_asked_for(hub: WebHub) -> None:
    home(hub)
    value(hub.patch("/api/v1/households/1", {"phone": "0755-2600 1111"}))
    browser = hub.log_in_as(hub.account(areas=["桂花村"]))
    for path in ("/api/v1/households/1", "/api/v1/households", "/api/v1/households/1/history", "/api/v1/search?q=12"):
        text = browser.get(path).text
        for secret in ("12 号", "2600 0000", "2600 1111", "有狗"):
            assert secret not in text, (path, secret)
    shown = value(browser.get("/api/v1/households/1/private"))
    assert (shown["address"], shown["phone"], shown["note"]) == (HOME["address"], "0755-2600 1111", "有狗")
    viewer = hub.log_in_as(hub.account("looker", "viewer", areas=["桂花村"]))
    problem(viewer.get("/api/v1/households/1/private"), 403)


def test_whoever_is_bound_sees_and_touches_only_what_is_theirs(hub: WebHub) -> None:
    home(hub)
    home(hub, area="柳荫村", grid="")
    hub.person("p-far", area="柳荫村")
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    assert [one["id"] for one in value(browser.get("/api/v1/households"))["items"]] == [1]
    for method, path in (
        ("GET", ""),
        ("GET", "/history"),
        ("GET", "/private"),
        ("PATCH", ""),
        ("DELETE", ""),
    ):
        response = browser.open(f"/api/v1/households/2{path}", method=method, json={}, headers=csrf_of(browser))
        problem(response, 404)
    for sent, field in (
        ({"area": "柳荫村"}, "area"),
        ({"area": ""}, "area"),
        ({"area": "桂花村", "grid": "别的网格"}, "grid"),
    ):
        errors = problem(browser.post("/api/v1/households", json=sent, headers=csrf_of(browser)), 422)["errors"]
        assert set(errors) == {field}, sent
    moved = browser.patch("/api/v1/households/1", json={"area": "柳荫村", "grid": ""}, headers=csrf_of(browser))
    assert set(problem(moved, 422)["errors"]) == {"area"}
    assert value(hub.get("/api/v1/households/1"))["area"] == "桂花村", "nothing has changed"
    joined = browser.post("/api/v1/people", json={"name": "王", "household": 2}, headers=csrf_of(browser))
    assert set(problem(joined, 422)["errors"]) == {"household"}


def test_a_member_who_lives_beyond_ones_reach_is_not_shown(hub: WebHub) -> None:
    home(hub)
    value(hub.post("/api/v1/people", {"id": "p-li", "name": "李秀兰", "household": 1}), 201)
    value(hub.post("/api/v1/people", {"id": "p-far", "name": "远方", "household": 1, "area": "柳荫村"}), 201)
    browser = hub.log_in_as(hub.account(areas=["桂花村"]))
    assert [one["id"] for one in value(browser.get("/api/v1/households/1"))["members"]] == ["p-li"]


@pytest.mark.parametrize("role", ["grid_worker", "viewer", "auditor", "technician"])
def test_only_who_looks_after_people_changes_households(hub: WebHub, role: str) -> None:
    home(hub)
    browser = hub.log_in_as(hub.account(role=role, areas=["桂花村"]))
    problem(browser.post("/api/v1/households", json=HOME, headers=csrf_of(browser)), 403)
    problem(browser.patch("/api/v1/households/1", json={"phone": "1"}, headers=csrf_of(browser)), 403)
    problem(browser.delete("/api/v1/households/1", headers=csrf_of(browser)), 403)


def test_each_look_at_a_household_is_a_row_of_the_audit(hub: WebHub) -> None:
    home(hub)
    browser = hub.log_in_as(hub.account(areas=["桂花村"]))
    for path in ("", "/private", "/history"):
        assert browser.get(f"/api/v1/households/1{path}").status_code == 200
    with hub.store.read() as db:
        rows = db.execute("SELECT action, subject FROM audit WHERE actor = 'account wangmin' ORDER BY id").fetchall()
    assert rows == [
        ("households.show", "household/1"),
        ("households.private", "household/1"),
        ("histories.of_household", "household/1"),
    ]
