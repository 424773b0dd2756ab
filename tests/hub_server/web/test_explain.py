"""/api/v1/watches/<id>/explain, the terms of a watch, and gentle hints."""

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, problem, value

from hub_server.web.times import rfc3339

OFFICE_NOON_US = 1_795_492_800_000_000  # 2026-11-24T12:00 at the office


def test_an_explanation_is_the_chain_of_evidence_in_sentences(hub: WebHub) -> None:
    alert = hub.overdue()
    watch = value(hub.get("/api/v1/watches"))["items"][0]["id"]
    found = value(hub.get(f"/api/v1/watches/{watch}/explain"))
    assert found["person"] == "p-li"
    keys = [one["key"] for one in found["sentences"]]
    assert keys[0] == "state.alert"
    assert {"last_seen", "due.passed", "alert", "alert.cannot_tell", "next.retracts"} <= set(keys)
    assert all(one["zh"] and one["en"] for one in found["sentences"])
    assert found["facts"]["alert"]["id"] == alert
    assert found["facts"]["due_at"] == value(hub.get(f"/api/v1/watches/{watch}"))["due_at"]
    assert found["facts"]["last"]["at"] == rfc3339(hub.clock() - 25 * HOUR_US)
    assert not [name for name in found["facts"] if name.endswith("_us")]
    problem(hub.get("/api/v1/watches/77/explain"), 404)


def test_the_watch_of_one_person_is_found_by_the_person(hub: WebHub) -> None:
    hub.watch(hub.person("p-li"))
    other = hub.watch(hub.person("p-wang", "王"))
    assert [one["id"] for one in value(hub.get("/api/v1/watches?person=p-wang"))["items"]] == [other]
    assert value(hub.get("/api/v1/watches?person=p-nobody"))["items"] == []
    assert value(hub.get(f"/api/v1/watches?person=p-wang&after={other}"))["items"] == []


def test_a_watch_in_its_grace_is_late_and_due_at_the_very_end_of_it(hub: WebHub) -> None:
    hub.person()
    made = value(
        hub.post("/api/v1/watches", {"person": "p-li", "grace_s": 3600, "last_seen_at": rfc3339(hub.clock())}), 201
    )
    path = f"/api/v1/watches/{made['id']}"
    assert (made["grace_s"], made["due_at"]) == (3600, rfc3339(hub.clock() + 25 * HOUR_US))
    hub.clock.now_us += DAY_US
    assert value(hub.get(path))["state"] == "late"
    hub.clock.now_us += HOUR_US
    assert value(hub.get(path))["state"] == "due"
    assert hub.raise_due()
    assert value(hub.get(path))["state"] == "alert"
    assert value(hub.get("/api/v1/watches"))["items"][0]["state"] == "alert"


@pytest.mark.parametrize("grace_s", [-1, 86401, "0", None])
def test_a_grace_is_at_most_a_day(hub: WebHub, grace_s: object) -> None:
    hub.watch(hub.person())
    for refused in (
        hub.post("/api/v1/watches", {"person": "p-li", "grace_s": grace_s}),
        hub.patch("/api/v1/watches/1", {"grace_s": grace_s}),
    ):
        assert set(problem(refused, 422)["errors"]) == {"grace_s"}


def test_the_own_vehicle_counts_where_the_watch_says_so_and_the_vehicle_is_theirs(hub: WebHub) -> None:
    hub.device()
    hub.watch(hub.person(), seen_before_us=20 * HOUR_US)
    plate = {"plate": "粤B12345", "owner": "household", "label": "3 栋", "person": "p-li"}
    assert value(hub.post("/api/v1/vehicles", plate), 201)["person"] == "p-li"
    assert set(
        problem(hub.post("/api/v1/vehicles", plate | {"plate": "粤B99999", "person": "p-x"}), 422)["errors"]
    ) == {"person"}
    hub.clock.now_us += HOUR_US
    hub.vehicle("粤B12345", listed="粤B12345")
    assert value(hub.get("/api/v1/watches/1"))["last_seen_by"] == "given"
    changed = value(hub.patch("/api/v1/watches/1", {"own_vehicle": True}))
    assert (changed["own_vehicle"], changed["last_seen_by"]) == (True, "vehicle: east-gate/lane")
    assert changed["last_seen_at"] == rfc3339(hub.clock())
    assert value(hub.patch("/api/v1/vehicles/1", {"person": None}))["person"] is None


def test_who_is_usually_seen_by_now_is_a_hint_and_no_alarm(hub: WebHub) -> None:
    hub.clock.now_us = OFFICE_NOON_US - 20 * DAY_US
    hub.device()
    hub.watch(hub.person(), seen_before_us=0, period_s=3 * 86400)
    for _ in range(19):
        hub.passage("p-li")
        hub.clock.now_us += DAY_US
    hub.passage("p-li")
    hub.store.write(lambda db: db.execute("UPDATE watches SET last_seen_us = ?", [hub.clock()]))
    hub.clock.now_us += DAY_US + HOUR_US
    (hint,) = value(hub.get("/api/v1/hints"))["items"]
    assert (hint["person"], hint["person_name"], hint["share"]) == ("p-li", "李秀兰", 1.0)
    assert "12:00" in hint["zh"]
    assert value(hub.get("/api/v1/hints?area=elsewhere"))["items"] == []
    assert value(hub.get("/api/v1/alerts"))["items"] == []
    page = hub.log_in().get("/").text
    assert "今天留意" in page
    assert hint["zh"] in page
