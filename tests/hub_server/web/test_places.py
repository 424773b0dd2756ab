from urllib.parse import quote

import pytest
from web_hub import WebHub, csrf_of, problem, value

CLINIC = f"/api/v1/places/{quote('卫生站')}"
NEW = {"name": "卫生站", "kind": "clinic", "area": "桂花村"}


def test_a_place_is_created_read_changed_listed_and_removed(hub: WebHub) -> None:
    made = value(hub.post("/api/v1/places", NEW), 201)
    assert (made["kind"], made["longitude"], made["devices"]) == ("clinic", None, 0)
    changed = value(hub.patch(CLINIC, {"longitude": 114.0579, "latitude": 22.5431}))
    assert changed == {**made, "longitude": 114.0579, "latitude": 22.5431}
    assert value(hub.get("/api/v1/places")) == {"items": [changed], "next": None}
    assert value(hub.get("/api/v1/places?kind=gate"))["items"] == []
    value(hub.call("DELETE", CLINIC))
    problem(hub.get(CLINIC), 404)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"longitude": 114}, "latitude"),
        ({"longitude": 500, "latitude": 0}, "longitude"),
        ({"kind": "moon"}, "kind"),
        ({"name": "a/b"}, "name"),
    ],
)
def test_what_cannot_be_is_refused_by_name(hub: WebHub, sent: dict[str, object], field: str) -> None:
    assert set(problem(hub.post("/api/v1/places", NEW | sent), 422)["errors"]) == {field}
    value(hub.post("/api/v1/places", NEW), 201)
    assert set(problem(hub.patch(CLINIC, sent), 422)["errors"]) == {field}


def test_a_device_puts_its_place_on_the_list_and_takes_a_new_name_along(hub: WebHub) -> None:
    hub.device("east-gate", "东门")
    east = f"/api/v1/places/{quote('东门')}"
    assert value(hub.get(east))["devices"] == 1
    problem(hub.call("DELETE", east), 409)
    value(hub.patch(east, {"name": "东大门", "kind": "gate"}))
    assert value(hub.get("/api/v1/devices/east-gate"))["place"] == "东大门"
    rows = value(hub.get(f"/api/v1/places/{quote('东大门')}/history"))["items"]
    assert {row["field"] for row in rows} == {"name", "kind"}
    value(hub.post("/api/v1/places", NEW), 201)
    problem(hub.patch(f"/api/v1/places/{quote('东大门')}", {"name": "卫生站"}), 409)


def test_whoever_is_bound_sees_and_touches_only_what_is_theirs(hub: WebHub) -> None:
    value(hub.post("/api/v1/places", NEW), 201)
    value(hub.post("/api/v1/places", {"name": "东门", "area": "柳荫村"}), 201)
    browser = hub.log_in_as(hub.account(role="community_manager", areas=["柳荫村"]))
    assert [one["name"] for one in value(browser.get("/api/v1/places"))["items"]] == ["东门"]
    problem(browser.get(CLINIC), 404)
    problem(browser.patch(CLINIC, json={"note": "x"}, headers=csrf_of(browser)), 404)
    east = f"/api/v1/places/{quote('东门')}"
    moved = browser.patch(east, json={"area": "桂花村"}, headers=csrf_of(browser))
    assert set(problem(moved, 422)["errors"]) == {"area"}
    assert browser.patch(east, json={"note": "x"}, headers=csrf_of(browser)).status_code == 200
    worker = hub.log_in_as(hub.account("worker", areas=["柳荫村"]))
    problem(worker.patch(east, json={"note": "y"}, headers=csrf_of(worker)), 403)
