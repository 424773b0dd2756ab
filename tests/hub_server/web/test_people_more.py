"""People beyond their name, by the API: fields, filters, masking, removal, history, and whose they are."""

from typing import Any

import pytest
from web_hub import WebHub, csrf_of, problem, value

LI = {
    "id": "p-li",
    "name": "李秀兰",
    "address": "桂花村 3 组 12 号",
    "phone": "138 0013 0001",
    "note": "听力不好",
    "area": "桂花村",
    "grid": "一网格",
    "born": "1948-03-05",
    "kind": "tenant",
    "relation": "户主",
    "care": ["ill", "lives_alone"],
}
SECRETS = ("12 号", "0013 0001", "听力不好", "1948-03-05")


def li(hub: WebHub, **given: object) -> Any:
    return value(hub.post("/api/v1/people", LI | given), 201)


def test_every_field_comes_back_as_it_was_given(hub: WebHub) -> None:
    made = li(hub)
    assert LI.items() <= {**made, "care": sorted(made["care"])}.items()
    after = value(hub.patch("/api/v1/people/p-li", {"care": [], "kind": "resident", "grid": ""}))
    assert (after["care"], after["kind"], after["grid"]) == ([], "resident", "")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("care", ["rich"]), ("care", "ill"), ("kind", "ghost"), ("household", 99), ("relation", "x" * 41), ("grid", 5)],
)
def test_what_cannot_be_is_refused_by_name(hub: WebHub, field: str, wrong: object) -> None:
    assert set(problem(hub.post("/api/v1/people", LI | {field: wrong}), 422)["errors"]) == {field}
    li(hub)
    assert set(problem(hub.patch("/api/v1/people/p-li", {field: wrong}), 422)["errors"]) == {field}


def test_the_list_is_narrowed_by_all_that_is_asked(hub: WebHub) -> None:
    li(hub)
    hub.person("p-wang", "王芳", area="桂花村")
    hub.watch("p-wang")
    for asked, found in (
        ("area=%E6%A1%82%E8%8A%B1%E6%9D%91", ["p-li", "p-wang"]),
        ("kind=tenant", ["p-li"]),
        ("care=ill&watched=no", ["p-li"]),
        ("watched=yes", ["p-wang"]),
        ("q=wf", ["p-wang"]),
        ("q=0001", ["p-li"]),
        ("care=poor", []),
    ):
        assert [one["id"] for one in value(hub.get(f"/api/v1/people?{asked}"))["items"]] == found, asked
    assert set(problem(hub.get("/api/v1/people?care=rich&watched=maybe"), 422)["errors"]) == {"care", "watched"}


def test_an_account_sees_what_is_personal_only_when_it_asks_and_that_is_noted(hub: WebHub) -> None:
    li(hub)
    value(hub.patch("/api/v1/people/p-li", {"phone": "139 0013 0001"}))
    value(hub.post("/api/v1/people/p-li/contacts", {"name": "李明", "phone": "138 0013 0003"}), 201)
    browser = hub.log_in_as(hub.account(areas=["一网格"]))
    for path in ("/api/v1/people/p-li", "/api/v1/people", "/api/v1/people/p-li/history", "/api/v1/search?q=lxl"):
        text = browser.get(path).text
        for secret in (*SECRETS, "0013 0003"):
            assert secret not in text, (path, secret)
    assert value(browser.get("/api/v1/people/p-li"))["phone"] == "139****0001"
    assert value(browser.get("/api/v1/people/p-li/private")) == {
        "person": "p-li",
        "address": LI["address"],
        "phone": "139 0013 0001",
        "note": LI["note"],
        "born": LI["born"],
        "contacts": [{"id": 1, "phone": "138 0013 0003"}],
    }
    with hub.store.read() as db:
        rows = db.execute("SELECT subject FROM audit WHERE action = 'people.private'").fetchall()
    assert rows == [("person/p-li",)]
    viewer = hub.log_in_as(hub.account("looker", "viewer", areas=["一网格"]))
    problem(viewer.get("/api/v1/people/p-li/private"), 403)


def test_an_account_changes_what_it_has_seen_masked(hub: WebHub) -> None:
    li(hub)
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    tag = browser.get("/api/v1/people/p-li").headers["ETag"]
    headers = csrf_of(browser) | {"If-Match": tag}
    shown = value(browser.patch("/api/v1/people/p-li", json={"relation": "配偶"}, headers=headers))
    assert (shown["relation"], shown["phone"]) == ("配偶", "138****0001")
    assert value(hub.get("/api/v1/people/p-li"))["phone"] == LI["phone"]
    problem(browser.patch("/api/v1/people/p-li", json={"relation": "子"}, headers=headers), 412)


def test_nobody_is_moved_out_of_or_made_outside_ones_reach(hub: WebHub) -> None:
    li(hub)
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    for sent, field in (
        ({"area": "柳荫村", "grid": ""}, "area"),
        ({"grid": "别的"}, "grid"),
        ({"area": "", "grid": ""}, "area"),
    ):
        refused = browser.patch("/api/v1/people/p-li", json=sent, headers=csrf_of(browser))
        assert set(problem(refused, 422)["errors"]) == {field}
    refused = browser.post("/api/v1/people", json={"name": "王", "area": "柳荫村"}, headers=csrf_of(browser))
    assert set(problem(refused, 422)["errors"]) == {"area"}
    assert [one["id"] for one in value(hub.get("/api/v1/people"))["items"]] == ["p-li"], "nothing was made"
    assert value(hub.get("/api/v1/people/p-li"))["area"] == "桂花村"


def test_another_areas_person_is_as_one_who_does_not_exist(hub: WebHub) -> None:
    li(hub)
    hub.person("p-far", "远方", area="柳荫村")
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    assert [one["id"] for one in value(browser.get("/api/v1/people"))["items"]] == ["p-li"]
    for method, path in (("GET", ""), ("GET", "/private"), ("GET", "/history"), ("PATCH", ""), ("POST", "/remove")):
        answers = [
            browser.open(f"/api/v1/people/{who}{path}", method=method, json={}, headers=csrf_of(browser))
            for who in ("p-far", "p-none")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].data == answers[1].data


def test_somebody_is_removed_and_brought_back_under_the_name_of_the_account(hub: WebHub) -> None:
    li(hub)
    hub.watch("p-li", seen_before_us=0)
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    gone = browser.post("/api/v1/people/p-li/remove", json={"by": "别人"}, headers=csrf_of(browser))
    assert value(gone)["removed_at"] is not None
    assert value(hub.get("/api/v1/people"))["items"] == []
    assert [one["id"] for one in value(hub.get("/api/v1/people?removed=yes"))["items"]] == ["p-li"]
    assert value(hub.get("/api/v1/watches"))["items"] == []
    problem(hub.patch("/api/v1/watches/1", {"active": True}), 409)
    assert value(hub.post("/api/v1/people/p-li/restore", {}))["removed_at"] is None
    assert value(hub.get("/api/v1/watches/1"))["state"] == "off"
    rows = value(hub.get("/api/v1/people/p-li/history"))["items"]
    assert [(row["after"], row["author"]) for row in rows] == [(None, "token local"), ("yes", "王敏")]


def test_nobody_is_removed_while_an_alert_waits(hub: WebHub) -> None:
    hub.overdue("p-li")
    problem(hub.post("/api/v1/people/p-li/remove", {}), 409)


def test_a_vehicle_of_a_bound_account_has_an_owner_within_reach(hub: WebHub) -> None:
    li(hub)
    hub.person("p-far", "远方", area="柳荫村")
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["桂花村"]))
    car = {"plate": "粤B12345", "owner": "household", "label": "3 组"}

    def add(**whose: object) -> Any:
        return browser.post("/api/v1/vehicles", json=car | whose, headers=csrf_of(browser))

    assert set(problem(add(), 422)["errors"]) == {"household"}
    assert set(problem(add(person="p-far"), 422)["errors"]) == {"person"}
    assert set(problem(add(household=9), 422)["errors"]) == {"household"}
    assert value(add(person="p-li", by="别人"), 201)["created_by"] == "王敏"
    value(hub.post("/api/v1/vehicles", car | {"plate": "粤B67890"}), 201)
    assert [one["plate"] for one in value(browser.get("/api/v1/vehicles"))["items"]] == ["粤B12345"]
    assert len(value(hub.get("/api/v1/vehicles"))["items"]) == 2
    moved = browser.patch("/api/v1/vehicles/1", json={"person": "p-far"}, headers=csrf_of(browser))
    assert set(problem(moved, 422)["errors"]) == {"person"}


def test_a_history_is_read_in_pages(hub: WebHub) -> None:
    li(hub)
    for n in range(5):
        value(hub.patch("/api/v1/people/p-li", {"note": f"{n}"}))
    first = value(hub.get("/api/v1/people/p-li/history?limit=2"))
    rest = value(hub.get(f"/api/v1/people/p-li/history?limit=9&before={first['next']}"))
    assert [row["after"] for row in first["items"] + rest["items"]] == ["4", "3", "2", "1", "0"]
    assert rest["next"] is None
    for path in ("people/p-none", "households/9", "vehicles/9", "places/none", "areas/none"):
        problem(hub.get(f"/api/v1/{path}/history"), 404)
