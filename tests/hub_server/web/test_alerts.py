from typing import Any

import pytest
from web_hub import HOUR_US, WebHub, problem, value

from hub_server.watch.states import TRANSITIONS, AlertState

SOON = "2026-12-01T00:00:00Z"
STEPS: dict[AlertState, dict[str, Any]] = {
    AlertState.OPEN: {"state": "open"},
    AlertState.ACKNOWLEDGED: {"state": "acknowledged"},
    AlertState.ON_THE_WAY: {"state": "on_the_way"},
    AlertState.CLOSED: {"state": "closed", "outcome": "well"},
}


def test_an_alert_tells_who_since_when_and_whom_to_call(hub: WebHub) -> None:
    alert = hub.overdue("p-li", address="桂花村 3 组", phone="138 0013", note="独居")
    (shown,) = value(hub.get("/api/v1/alerts"))["items"]
    assert shown["id"] == alert
    assert shown["person_name"] == "李秀兰"
    assert shown["contact"] == {"address": "桂花村 3 组", "phone": "138 0013", "note": "独居"}
    assert shown["state"] == "open"
    assert shown["outcome"] is None
    assert shown["last_seen_by"] == "given"
    assert shown["due_at"] < shown["raised_at"]
    assert "history" not in shown


def test_two_steps_by_two_people_make_a_history(hub: WebHub) -> None:
    alert = hub.overdue()
    hub.clock.now_us += HOUR_US
    value(hub.patch(f"/api/v1/alerts/{alert}", {"state": "acknowledged", "author": "王敏", "note": "先打电话"}))
    hub.clock.now_us += HOUR_US
    closed = value(hub.patch(f"/api/v1/alerts/{alert}", {"state": "closed", "outcome": "helped", "author": "刘洋"}))
    assert closed == value(hub.get(f"/api/v1/alerts/{alert}"))
    steps = [(step["author"], step["from"], step["to"], step["outcome"], step["note"]) for step in closed["history"]]
    assert steps == [
        ("watch", None, "open", None, ""),
        ("王敏", "open", "acknowledged", None, "先打电话"),
        ("刘洋", "acknowledged", "closed", "helped", ""),
    ]
    assert closed["latest"]["author"] == "刘洋"
    assert closed["last_seen_by"] == "visit: 刘洋"
    assert closed["last_seen_at"] == closed["latest"]["at"]


@pytest.mark.parametrize("before", AlertState)
@pytest.mark.parametrize("after", AlertState)
def test_only_the_steps_of_the_table_are_taken(hub: WebHub, before: AlertState, after: AlertState) -> None:
    alert = hub.overdue()
    if before is not AlertState.OPEN:
        value(hub.patch(f"/api/v1/alerts/{alert}", STEPS[before]))
    was = value(hub.get(f"/api/v1/alerts/{alert}"))
    response = hub.patch(f"/api/v1/alerts/{alert}", {**STEPS[after], "note": "因为"})
    if after in TRANSITIONS[before]:
        assert value(response)["state"] == after
    else:
        problem(response, 409)
        assert value(hub.get(f"/api/v1/alerts/{alert}")) == was


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ({}, {"state"}),
        ({"state": "gone"}, {"state"}),
        ({"state": None}, {"state"}),
        ({"state": "closed"}, {"outcome"}),
        ({"state": "closed", "outcome": "retracted"}, {"outcome"}),
        ({"state": "closed", "outcome": "eaten"}, {"outcome"}),
        ({"state": "acknowledged", "outcome": "well"}, {"outcome"}),
        ({"state": "closed", "outcome": "away"}, {"until"}),
        ({"state": "closed", "outcome": "away", "until": "2020-01-01T00:00:00Z"}, {"until"}),
        ({"state": "closed", "outcome": "away", "until": "2999-01-01T00:00:00Z"}, {"until"}),
        ({"state": "closed", "outcome": "away", "until": "2026-12-01T00:00:00"}, {"until"}),
        ({"state": "closed", "outcome": "well", "until": SOON}, {"until"}),
        ({"state": "acknowledged", "until": SOON}, {"until"}),
        ({"state": "closed", "until": SOON}, {"outcome", "until"}),
        ({"state": "acknowledged", "author": " "}, {"author"}),
        ({"state": "on_the_way", "author": "x" * 81, "note": "x" * 2001}, {"author", "note"}),
        ({"state": "closed", "outcome": "away", "author": 5, "mood": "good"}, {"until", "author", "mood"}),
    ],
)
def test_a_wrong_step_names_every_field_and_changes_nothing(hub: WebHub, step: dict[str, Any], wrong: set[str]) -> None:
    alert = hub.overdue()
    was = value(hub.get(f"/api/v1/alerts/{alert}"))
    assert set(problem(hub.patch(f"/api/v1/alerts/{alert}", step), 422)["errors"]) == wrong
    assert value(hub.get(f"/api/v1/alerts/{alert}")) == was


def test_until_is_refused_at_the_very_moment_and_taken_a_microsecond_later(hub: WebHub) -> None:
    alert = hub.overdue()
    hub.clock.now_us = 1_795_478_400_000_000  # 2026-11-24T00:00:00Z
    away = {"state": "closed", "outcome": "away"}
    problem(hub.patch(f"/api/v1/alerts/{alert}", {**away, "until": "2026-11-24T00:00:00Z"}), 422)
    value(hub.patch(f"/api/v1/alerts/{alert}", {**away, "until": "2026-11-24T00:00:00.000001Z"}))


def test_alerts_are_filtered_by_state_and_paged_newest_first(hub: WebHub) -> None:
    first, second, third = (hub.overdue(f"p-{number}") for number in range(3))
    value(hub.patch(f"/api/v1/alerts/{second}", {"state": "acknowledged"}))
    value(hub.patch(f"/api/v1/alerts/{third}", {"state": "closed", "outcome": "well"}))

    def ids(query: str) -> list[int]:
        return [alert["id"] for alert in value(hub.get(f"/api/v1/alerts?{query}"))["items"]]

    assert ids("") == [third, second, first]
    assert ids("state=open,acknowledged") == [second, first]
    assert ids("state=closed") == [third]
    page = value(hub.get("/api/v1/alerts?limit=1&state=open,acknowledged"))
    assert page["next"] == second
    assert ids(f"limit=1&state=open,acknowledged&after={page['next']}") == [first]


@pytest.mark.parametrize("state", ["", "gone", "open,", "open;closed", "open,,closed"])
def test_a_filter_that_is_no_state_is_refused(hub: WebHub, state: str) -> None:
    assert set(problem(hub.get(f"/api/v1/alerts?state={state}"), 422)["errors"]) == {"state"}


def test_nobody_raises_an_alert_by_hand(hub: WebHub) -> None:
    response = hub.post("/api/v1/alerts", {"person": "p-li"})
    assert "watch" in problem(response, 405)["detail"]
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_an_alert_that_is_not_there_is_not_found(hub: WebHub) -> None:
    problem(hub.get("/api/v1/alerts/9"), 404)
    problem(hub.patch("/api/v1/alerts/9", {"state": "acknowledged"}), 404)
