from typing import Any

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, problem, value

from hub_server.watch.states import AlertState, Outcome


def create(hub: WebHub, **fields: Any) -> Any:
    return hub.post("/api/v1/watches", fields)


def test_a_watch_runs_a_day_unless_said_otherwise(hub: WebHub) -> None:
    hub.person("p-li")
    response = create(hub, person="p-li")
    made = value(response, 201)
    assert response.headers["Location"] == f"/api/v1/watches/{made['id']}"
    assert (made["period_s"], made["grace_s"], made["own_vehicle"]) == (86400, 0, False)
    assert made["state"] == "unseen"
    assert made["person_name"] == "李秀兰"
    assert made["last_seen_at"] is None
    assert made["last_seen_by"] == ""
    assert value(hub.get(response.headers["Location"])) == made
    assert value(hub.get("/api/v1/watches")) == {"items": [made], "next": None}


def test_any_offset_is_understood_and_answered_in_utc(hub: WebHub) -> None:
    hub.person("p-li")
    made = value(create(hub, person="p-li", last_seen_at="2026-11-20T08:00:00.5+08:00"), 201)
    assert made["last_seen_at"] == "2026-11-20T00:00:00.500000Z"
    assert made["last_seen_by"] == "given"
    assert made["due_at"] == "2026-11-21T00:00:00.500000Z"
    assert made["state"] == "due"


@pytest.mark.parametrize(
    "moment",
    ["2026-11-20T08:00:00", "2026-11-20", "yesterday", 1795470000, "2999-01-01T00:00:00Z", "1969-12-31T00:00:00Z"],
)
def test_a_time_without_offset_or_out_of_range_is_refused(hub: WebHub, moment: object) -> None:
    hub.person("p-li")
    assert set(problem(create(hub, person="p-li", last_seen_at=moment), 422)["errors"]) == {"last_seen_at"}


def test_a_watch_over_nobody_names_the_field(hub: WebHub) -> None:
    assert set(problem(create(hub, person="p-nobody"), 422)["errors"]) == {"person"}


def test_a_person_has_one_watch(hub: WebHub) -> None:
    hub.watch(hub.person("p-li"))
    problem(create(hub, person="p-li"), 409)


@pytest.mark.parametrize("period_s", [59, 2592001, 3600.5, "3600", True, None])
def test_a_period_is_a_minute_to_thirty_days(hub: WebHub, period_s: object) -> None:
    hub.person("p-li")
    assert set(problem(create(hub, person="p-li", period_s=period_s), 422)["errors"]) == {"period_s"}


@pytest.mark.parametrize("period_s", [60, 2592000])
def test_the_limits_of_a_period_are_allowed(hub: WebHub, period_s: int) -> None:
    hub.person("p-li")
    assert value(create(hub, person="p-li", period_s=period_s), 201)["period_s"] == period_s


def test_all_mistakes_are_named_at_once(hub: WebHub) -> None:
    errors = problem(create(hub, person="", period_s=1, last_seen_at="2999-01-01T00:00:00Z", color="red"), 422)[
        "errors"
    ]
    assert set(errors) == {"person", "period_s", "last_seen_at", "color"}


def test_another_period_moves_the_due_time(hub: WebHub) -> None:
    watch = hub.watch(hub.person("p-li"), seen_before_us=2 * HOUR_US)
    changed = value(hub.patch(f"/api/v1/watches/{watch}", {"period_s": 3600}))
    assert changed["state"] == "due"
    assert value(hub.get(f"/api/v1/watches/{watch}")) == changed


def test_a_watch_is_put_off_and_on_again(hub: WebHub) -> None:
    watch = hub.watch(hub.person("p-li"))
    assert value(hub.patch(f"/api/v1/watches/{watch}", {"active": False}))["state"] == "off"
    assert value(hub.patch(f"/api/v1/watches/{watch}", {"active": True}))["state"] == "unseen"
    assert value(hub.patch(f"/api/v1/watches/{watch}", {}))["active"] is True


def test_a_change_names_all_its_mistakes(hub: WebHub) -> None:
    watch = hub.watch(hub.person("p-li"))
    errors = problem(hub.patch(f"/api/v1/watches/{watch}", {"period_s": 0, "active": 1, "person": "p-wang"}), 422)[
        "errors"
    ]
    assert set(errors) == {"period_s", "active", "person"}


def test_a_watch_falls_due_at_the_very_microsecond(hub: WebHub) -> None:
    watch = hub.watch(hub.person("p-li"), seen_before_us=0)
    hub.clock.now_us += DAY_US - 1
    assert value(hub.get(f"/api/v1/watches/{watch}"))["state"] == "seen"
    hub.clock.now_us += 1
    assert value(hub.get(f"/api/v1/watches/{watch}"))["state"] == "due"


def test_a_watch_rests_while_the_person_is_away(hub: WebHub) -> None:
    alert = hub.overdue("p-li")
    step = {"state": AlertState.CLOSED, "outcome": Outcome.AWAY, "until": "2026-12-01T00:00:00Z"}
    value(hub.patch(f"/api/v1/alerts/{alert}", step))
    (watch,) = value(hub.get("/api/v1/watches"))["items"]
    assert watch["state"] == "paused"
    assert watch["paused_until"] == "2026-12-01T00:00:00.000000Z"


@pytest.mark.parametrize("path", ["77", "0", "-1", "one", "9007199254740993", "99999999999999999999999"])
def test_what_is_no_watch_is_not_found(hub: WebHub, path: str) -> None:
    problem(hub.get(f"/api/v1/watches/{path}"), 404)
    problem(hub.patch(f"/api/v1/watches/{path}", {}), 404)
