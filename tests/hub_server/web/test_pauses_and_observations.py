"""Pauses, observations and corrections as the API takes and shows them."""

from typing import Any

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, problem, value

from hub_server.store import corrections, observations, tokens
from hub_server.watch.observation import Kind
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339

PAUSES, OBSERVATIONS = "/api/v1/people/p-li/pauses", "/api/v1/people/p-li/observations"


def watch_of(hub: WebHub, person: str = "p-li") -> Any:
    (found,) = value(hub.get(f"/api/v1/watches?person={person}"))["items"]
    return found


def until(hub: WebHub, hours: int) -> str:
    return rfc3339(hub.clock() + hours * HOUR_US)


def test_a_pause_begins_now_ends_by_itself_and_the_wait_begins_anew_then(hub: WebHub) -> None:
    hub.watch(hub.person(), seen_before_us=HOUR_US)
    made = value(hub.post(PAUSES, {"until": until(hub, 48), "reason": "住院", "by": "王敏"}), 201)
    assert (made["from"], made["until"], made["state"]) == (rfc3339(hub.clock()), until(hub, 48), "on")
    assert (made["reason"], made["author"], made["alert"]) == ("住院", "王敏", None)
    shown = watch_of(hub)
    assert (shown["state"], shown["paused_until"]) == ("paused", until(hub, 48))
    assert shown["due_at"] == rfc3339(hub.clock() + 72 * HOUR_US)
    hub.clock.now_us += 2 * DAY_US
    shown = watch_of(hub)
    assert (shown["state"], shown["paused_until"]) == ("seen", None)
    assert value(hub.get(PAUSES))["items"][0]["state"] == "over"


def test_a_pause_that_begins_later_is_to_come_and_may_be_taken_back(hub: WebHub) -> None:
    hub.watch(hub.person(), seen_before_us=HOUR_US)
    due_at = watch_of(hub)["due_at"]
    body = {"from": until(hub, 2), "until": until(hub, 48), "reason": "去儿子家"}
    made = value(hub.post(PAUSES, body), 201)
    assert (made["state"], made["author"], watch_of(hub)["state"]) == ("to_come", "token local", "seen")
    ended = value(hub.post(f"/api/v1/pauses/{made['id']}/end", {"by": "王敏"}))
    assert (ended["state"], ended["ended_by"]) == ("over", "王敏")
    assert watch_of(hub)["due_at"] == due_at
    problem(hub.post(f"/api/v1/pauses/{made['id']}/end", {}), 409)
    problem(hub.post("/api/v1/pauses/77/end", {}), 404)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"until", "reason"}),
        ({"until": "2020-01-01T00:00:00Z", "reason": "住院"}, {"until"}),
        ({"until": "2999-01-01T00:00:00Z", "reason": "住院"}, {"until"}),
        ({"until": "2026-12-01T00:00:00Z", "reason": " "}, {"reason"}),
        ({"until": "2026-12-01T00:00:00Z", "reason": "住院", "from": "2026-12-02T00:00:00Z"}, {"from"}),
        ({"until": "2026-12-01T00:00:00Z", "reason": "住院", "from": "yesterday", "from_": 1}, {"from", "from_"}),
    ],
)
def test_a_wrong_pause_names_every_field_and_pauses_nothing(hub: WebHub, body: dict[str, Any], wrong: set[str]) -> None:
    hub.watch(hub.person(), seen_before_us=HOUR_US)
    assert set(problem(hub.post(PAUSES, body), 422)["errors"]) == wrong
    assert value(hub.get(PAUSES))["items"] == []


def test_while_an_alert_is_open_nobody_is_silently_put_on_pause(hub: WebHub) -> None:
    hub.overdue()
    detail = problem(hub.post(PAUSES, {"until": until(hub, 48), "reason": "住院"}), 409)["detail"]
    assert "外出" in detail
    problem(hub.get("/api/v1/people/nobody/pauses"), 404)


def test_a_call_counts_as_seen_and_retracts_the_alert(hub: WebHub) -> None:
    alert = hub.overdue()
    made = value(hub.post(OBSERVATIONS, {"kind": "phone", "by": "王敏", "note": "在女儿家"}), 201)
    assert (made["kind"], made["at"], made["withdrawn_at"]) == ("phone", rfc3339(hub.clock()), None)
    assert value(hub.get(f"/api/v1/alerts/{alert}"))["outcome"] == "retracted"
    shown = watch_of(hub)
    assert (shown["state"], shown["last_seen_by"]) == ("seen", "phone: 王敏")


def test_what_was_noted_by_mistake_never_was(hub: WebHub) -> None:
    hub.watch(hub.person(), seen_before_us=20 * HOUR_US)
    before = watch_of(hub)
    made = value(hub.post(OBSERVATIONS, {"kind": "clinic", "at": rfc3339(hub.clock() - HOUR_US)}), 201)
    assert watch_of(hub)["last_seen_at"] == made["at"]
    gone = value(hub.post(f"/api/v1/observations/{made['id']}/withdraw", {"by": "刘洋"}))
    assert (gone["withdrawn_by"], gone["withdrawn_at"]) == ("刘洋", rfc3339(hub.clock()))
    assert watch_of(hub) == before
    assert [one["kind"] for one in value(hub.get(OBSERVATIONS))["items"]] == ["clinic", "given"]
    problem(hub.post(f"/api/v1/observations/{made['id']}/withdraw", {}), 409)
    problem(hub.post("/api/v1/observations/77/withdraw", {}), 404)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"kind"}),
        ({"kind": "given"}, {"kind"}),
        ({"kind": "phone", "at": "2999-01-01T00:00:00Z"}, {"at"}),
        ({"kind": "phone", "by": " ", "note": 5}, {"by", "note"}),
    ],
)
def test_a_wrong_observation_ends_no_alert(hub: WebHub, body: dict[str, Any], wrong: set[str]) -> None:
    alert = hub.overdue()
    assert set(problem(hub.post(OBSERVATIONS, body), 422)["errors"]) == wrong
    assert value(hub.get(f"/api/v1/alerts/{alert}"))["state"] == "open"


def test_not_this_person_takes_the_sighting_back_and_remembers_the_pair(hub: WebHub) -> None:
    hub.device()
    hub.watch(hub.person(), seen_before_us=30 * HOUR_US)
    hub.person("p-wang", "王桂花")
    event = hub.passage("p-li")
    hub.store.write(lambda db: db.execute("UPDATE events SET qualifies = 1"))
    hub.store.write(
        lambda db: observations.add(
            db,
            person="p-li",
            kind=Kind.VISIT,
            at_us=hub.clock() - 26 * HOUR_US,
            author="王",
            note="",
            now_us=hub.clock(),
        )
    )
    assert value(hub.get(f"/api/v1/events/{event}"))["counts"] is True
    made = value(hub.post(f"/api/v1/events/{event}/not-this-person", {"other": "p-wang", "by": "王敏"}))
    assert (made["event"], made["person"], made["other"], made["author"]) == (event, "p-li", "p-wang", "王敏")
    shown = value(hub.get(f"/api/v1/events/{event}"))
    assert (shown["counts"], shown["corrected"]) == (False, True)
    assert value(hub.get("/api/v1/events"))["items"][0]["corrected"] is True
    assert value(hub.get("/api/v1/people/p-li/corrections"))["items"] == [made]
    assert watch_of(hub)["last_seen_by"] == "visit: 王"
    assert watch_of(hub)["state"] == "due"
    with hub.store.read() as db:
        assert [(pair.person, pair.other) for pair in corrections.lookalikes(db)] == [("p-li", "p-wang")]
    problem(hub.post(f"/api/v1/events/{event}/not-this-person", {}), 409)


def test_a_correction_of_what_names_nobody_or_by_nobody_known_is_refused(hub: WebHub) -> None:
    hub.device()
    hub.person()
    stranger, known = hub.passage(), hub.passage("p-li")
    assert set(problem(hub.post(f"/api/v1/events/{stranger}/not-this-person", {}), 422)["errors"]) == {"event"}
    for other in ("p-nobody", "p-li"):
        refused = hub.post(f"/api/v1/events/{known}/not-this-person", {"other": other})
        assert set(problem(refused, 422)["errors"]) == {"other"}
    problem(hub.post("/api/v1/events/77/not-this-person", {}), 404)


def test_the_stream_says_what_was_corrected_to_who_reads_the_past(hub: WebHub) -> None:
    hub.device()
    hub.person()
    event = hub.passage("p-li")
    value(hub.post(f"/api/v1/events/{event}/not-this-person", {}))
    with hub.stream("/api/v1/stream?after=0") as frames:
        assert frames.next("event").data["corrected"] is True


@pytest.mark.parametrize(
    "path",
    [
        PAUSES,
        OBSERVATIONS,
        "/api/v1/pauses/1/end",
        "/api/v1/observations/1/withdraw",
        "/api/v1/events/1/not-this-person",
        "/api/v1/alerts/1/report",
    ],
)
def test_a_workers_step_needs_the_scope_alerts(hub: WebHub, path: str) -> None:
    secret = hub.store.write(
        lambda db: tokens.create(db, name="screen", scopes=[Scope.READ], expires_us=None, now_us=hub.clock())
    )[1]
    problem(hub.stranger.post(path, json={}, headers={"Authorization": f"Bearer {secret}"}), 403)
    problem(hub.log_in().post(path, json={}), 403)
