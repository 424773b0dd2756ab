"""Vehicles over the API: taken as people write them, placed, changed, removed, and each change on file."""

import pytest
from web_hub import WebHub, problem, value

VEHICLES = "/api/v1/vehicles"
NEW = {"plate": "粤B·12345", "owner": "household", "label": "3 栋 502", "by": "王敏"}


@pytest.fixture
def hub(hub: WebHub) -> WebHub:
    hub.device("east-gate")
    hub.device("west-gate", "西门")
    return hub


def test_a_vehicle_is_added_shown_and_listed(hub: WebHub) -> None:
    answer = hub.post(VEHICLES, NEW)
    made = value(answer, 201)
    assert answer.headers["Location"] == f"{VEHICLES}/1"
    assert made == {
        "id": 1,
        "plate": "粤B12345",
        "owner": "household",
        "label": "3 栋 502",
        "person": None,
        "valid_from": None,
        "valid_until": None,
        "state": "valid",
        "devices": [],
        "household": None,
        "area": "",
        "grid": "",
        "created_at": made["created_at"],
        "created_by": "王敏",
        "removed_at": None,
        "removed_by": "",
    }
    assert value(hub.get(f"{VEHICLES}/1")) == made
    assert value(hub.get(VEHICLES)) == {"items": [made], "next": None}


def test_lists_are_paged_and_found_by_plate_and_gate(hub: WebHub) -> None:
    for n in range(3):
        value(hub.post(VEHICLES, {**NEW, "plate": f"粤B1234{n}"}), 201)
    value(hub.call("PUT", f"{VEHICLES}/3/placements/east-gate"))
    first = hub.get(f"{VEHICLES}?limit=2")
    assert [one["id"] for one in value(first)["items"]] == [1, 2]
    rest = value(hub.get(first.headers["Link"].partition(">")[0][1:]))
    assert [one["id"] for one in rest["items"]] == [3]
    assert [one["id"] for one in value(hub.get(f"{VEHICLES}?plate=粤b 12341"))["items"]] == [2]
    assert [one["id"] for one in value(hub.get(f"{VEHICLES}?device=east-gate"))["items"]] == [3]
    assert "plate" in problem(hub.get(f"{VEHICLES}?plate=none"), 422)["errors"]


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"plate": "粤BO1234"}, {"plate"}),
        ({"plate": ""}, {"plate"}),
        ({"plate": "粤" * 33}, {"plate"}),
        ({"owner": "thief"}, {"owner"}),
        ({"label": " "}, {"label"}),
        ({"valid_from": "2026-12-01T10:00:00"}, {"valid_from"}),
        ({"valid_from": "2026-12-02T00:00:00Z", "valid_until": "2026-12-01T00:00:00Z"}, {"valid_until"}),
        ({"valid_until": "1969-12-31T00:00:00Z"}, {"valid_until"}),
        ({"person": "p-li"}, {"person"}),
        ({"plate": 1, "owner": 2}, {"plate", "owner"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(hub: WebHub, wrong: dict[str, object], fields: set[str]) -> None:
    assert set(problem(hub.post(VEHICLES, {**NEW, **wrong}), 422)["errors"]) == fields
    assert value(hub.get(VEHICLES))["items"] == []


def test_a_wrong_plate_is_explained_in_chinese_first(hub: WebHub) -> None:
    said = problem(hub.post(VEHICLES, {**NEW, "plate": "粤BO1234"}), 422)["errors"]["plate"]
    assert said.startswith("不是车牌号")
    assert "not a plate" in said


def test_a_plate_that_is_there_is_a_conflict_however_it_is_written(hub: WebHub) -> None:
    value(hub.post(VEHICLES, NEW), 201)
    assert "已经登记" in problem(hub.post(VEHICLES, {**NEW, "plate": "粤b12345"}), 409)["detail"]
    value(hub.call("DELETE", f"{VEHICLES}/1"))
    assert value(hub.post(VEHICLES, NEW), 201)["id"] == 2


def test_a_validity_is_set_taken_away_and_told_as_a_state(hub: WebHub) -> None:
    hub.clock.now_us = 1_795_472_400_000_000  # 2026-11-23T22:20:00Z
    value(hub.post(VEHICLES, {**NEW, "valid_until": "2026-11-24T06:20:00+08:00"}), 201)
    shown = value(hub.get(f"{VEHICLES}/1"))
    assert (shown["valid_until"], shown["state"]) == ("2026-11-23T22:20:00.000000Z", "expired")
    later = {"valid_from": "2026-11-24T00:00:00Z", "valid_until": "2026-11-25T00:00:00Z"}
    assert value(hub.patch(f"{VEHICLES}/1", later))["state"] == "waiting"
    assert value(hub.patch(f"{VEHICLES}/1", {"valid_from": None}))["state"] == "valid"
    unbound = value(hub.patch(f"{VEHICLES}/1", {"valid_until": None, "label": "4 栋"}))
    assert (unbound["valid_from"], unbound["valid_until"], unbound["label"]) == (None, None, "4 栋")
    problem(hub.patch(f"{VEHICLES}/1", {"plate": "粤B99999"}), 422)
    value(hub.patch(f"{VEHICLES}/1", {"valid_until": "2026-11-25T00:00:00Z"}))
    before_it = {"valid_from": "2026-11-26T00:00:00Z"}
    assert set(problem(hub.patch(f"{VEHICLES}/1", before_it), 422)["errors"]) == {"valid_until"}


def test_a_change_meets_no_other(hub: WebHub) -> None:
    value(hub.post(VEHICLES, NEW), 201)
    seen = hub.get(f"{VEHICLES}/1").headers["ETag"]
    headers = {"If-Match": seen}
    value(hub.call("PATCH", f"{VEHICLES}/1", json={"label": "4 栋"}, headers=headers))
    problem(hub.call("PATCH", f"{VEHICLES}/1", json={"label": "5 栋"}, headers=headers), 412)
    assert value(hub.get(f"{VEHICLES}/1"))["label"] == "4 栋"


def test_a_vehicle_is_placed_at_gates_and_taken_away_and_who_did_it_is_on_file(hub: WebHub) -> None:
    value(hub.post(VEHICLES, NEW), 201)
    for _ in range(2):
        assert value(hub.call("PUT", f"{VEHICLES}/1/placements/west-gate"))["devices"] == ["west-gate"]
    assert value(hub.call("PUT", f"{VEHICLES}/1/placements/east-gate"))["devices"] == ["east-gate", "west-gate"]
    assert value(hub.call("DELETE", f"{VEHICLES}/1/placements/west-gate"))["devices"] == ["east-gate"]
    problem(hub.call("DELETE", f"{VEHICLES}/1/placements/west-gate"), 404)
    gone = value(hub.call("DELETE", f"{VEHICLES}/1"))
    assert (gone["state"], gone["devices"], gone["removed_by"]) == ("removed", [], "token local")
    assert value(hub.get(f"{VEHICLES}/1"))["state"] == "removed"
    problem(hub.call("DELETE", f"{VEHICLES}/1"), 404)
    told = value(hub.get(f"{VEHICLES}/1/changes"))["items"]
    assert [(one["change"], one["author"], one["device"]) for one in reversed(told)] == [
        ("added", "王敏", None),
        ("placed", "token local", "west-gate"),
        ("placed", "token local", "east-gate"),
        ("unplaced", "token local", "west-gate"),
        ("removed", "token local", None),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{VEHICLES}/9"),
        ("GET", f"{VEHICLES}/9/changes"),
        ("PATCH", f"{VEHICLES}/9"),
        ("DELETE", f"{VEHICLES}/9"),
        ("PUT", f"{VEHICLES}/9/placements/east-gate"),
        ("PUT", f"{VEHICLES}/1/placements/nowhere"),
        ("GET", f"{VEHICLES}/x"),
    ],
)
def test_what_is_not_there_is_a_404(hub: WebHub, method: str, path: str) -> None:
    value(hub.post(VEHICLES, NEW), 201)
    problem(hub.call(method, path, **({"json": {"label": "x"}} if method == "PATCH" else {})), 404)


def test_who_may_only_look_changes_nothing(hub: WebHub) -> None:
    reader = value(hub.post("/api/v1/tokens", {"name": "screen", "scopes": ["read"]}), 201)["secret"]
    headers = {"Authorization": f"Bearer {reader}"}
    for method, path in (
        ("POST", VEHICLES),
        ("DELETE", f"{VEHICLES}/1"),
        ("PUT", f"{VEHICLES}/1/placements/east-gate"),
    ):
        problem(hub.call(method, path, headers=headers, json=NEW), 403)
    value(hub.get(VEHICLES, headers=headers))
