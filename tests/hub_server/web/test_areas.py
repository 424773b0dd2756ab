from typing import Any
from urllib.parse import quote

import pytest
from web_hub import WebHub, csrf_of, problem, value

VILLAGE = f"/api/v1/areas/{quote('桂花村')}"


def build(hub: WebHub) -> None:
    for name, kind, parent in (
        ("临河街道", "sub_district", None),
        ("桂花村", "village", "临河街道"),
        ("柳荫村", "village", "临河街道"),
        ("一网格", "grid", "桂花村"),
    ):
        value(hub.post("/api/v1/areas", {"name": name, "kind": kind, "parent": parent}), 201)


def names(answer: Any) -> list[tuple[str, int]]:
    return [(one["name"], one["depth"]) for one in answer["items"]]


def test_the_tree_is_built_and_shown_with_what_lies_in_each(hub: WebHub) -> None:
    build(hub)
    hub.person("p-li", area="桂花村", grid="一网格")
    shown = value(hub.get("/api/v1/areas"))
    assert names(shown) == [("临河街道", 0), ("柳荫村", 1), ("桂花村", 1), ("一网格", 2)]
    assert {one["name"]: one["people"] for one in shown["items"]} == {
        "临河街道": 1,
        "桂花村": 1,
        "一网格": 1,
        "柳荫村": 0,
    }


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": "a/b", "kind": "village"}, "name"),
        ({"name": "新", "kind": "city"}, "kind"),
        ({"name": "新", "kind": "grid", "parent": "临河街道"}, "parent"),
        ({"name": "新", "kind": "village", "parent": "没有"}, "parent"),
        ({"kind": "village"}, "name"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(hub: WebHub, sent: dict[str, object], field: str) -> None:
    build(hub)
    assert set(problem(hub.post("/api/v1/areas", sent), 422)["errors"]) == {field}


def test_a_new_name_goes_through_everything_and_accounts_see_as_before(hub: WebHub) -> None:
    build(hub)
    hub.person("p-li", area="桂花村")
    browser = hub.log_in_as(hub.account(areas=["桂花村"]))
    assert value(hub.patch(VILLAGE, {"name": "桂花社区"}))["name"] == "桂花社区"
    problem(hub.get(VILLAGE), 404)
    assert value(browser.get("/api/v1/people/p-li"))["area"] == "桂花社区"
    assert names(value(browser.get("/api/v1/areas"))) == [("桂花社区", 0), ("一网格", 1)]
    rows = value(hub.get(f"/api/v1/areas/{quote('桂花社区')}/history"))["items"]
    assert [(row["field"], row["before"], row["after"]) for row in rows] == [("name", "桂花村", "桂花社区")]


def test_an_area_goes_only_when_nothing_is_in_it(hub: WebHub) -> None:
    build(hub)
    problem(hub.call("DELETE", VILLAGE), 409)
    value(hub.call("DELETE", f"/api/v1/areas/{quote('一网格')}"))
    value(hub.call("DELETE", VILLAGE))
    problem(hub.get(VILLAGE), 404)


def test_whoever_is_bound_sees_their_part_and_changes_nothing(hub: WebHub) -> None:
    build(hub)
    browser = hub.log_in_as(hub.account(role="administrator", areas=["柳荫村"]))
    assert names(value(browser.get("/api/v1/areas"))) == [("柳荫村", 0)]
    problem(browser.get(VILLAGE), 404)
    problem(browser.get(f"{VILLAGE}/history"), 404)
    own = f"/api/v1/areas/{quote('柳荫村')}"
    for method, path in (("PATCH", own), ("DELETE", own), ("POST", "/api/v1/areas")):
        sent = {"name": "新", "kind": "village"} if method == "POST" else {}
        problem(browser.open(path, method=method, json=sent, headers=csrf_of(browser)), 403)


@pytest.mark.parametrize("role", ["community_manager", "grid_worker", "viewer", "auditor", "technician"])
def test_only_an_administrator_changes_areas(hub: WebHub, role: str) -> None:
    build(hub)
    browser = hub.log_in_as(hub.account(role=role))
    sent = {"name": "新", "kind": "village"}
    problem(browser.post("/api/v1/areas", json=sent, headers=csrf_of(browser)), 403)


def test_a_change_of_what_has_changed_meanwhile_is_refused(hub: WebHub) -> None:
    build(hub)
    tag = hub.get(VILLAGE).headers["ETag"]
    value(hub.patch(VILLAGE, {"code": "44"}))
    problem(hub.call("PATCH", VILLAGE, json={"code": "45"}, headers={"If-Match": tag}), 412)
