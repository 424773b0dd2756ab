"""ETags: what has not changed is not sent again, and a change never meets another's."""

from typing import Any

import pytest
from web_hub import WebHub, problem, value

THINGS = {
    "people/p-li": {"phone": "139"},
    "watches/1": {"period_s": 3600},
    "alerts/1": {"state": "acknowledged", "author": "王敏"},
    "devices/east-gate": {"place": "西门"},
}
LISTS = ["people", "watches", "alerts", "devices", "events", "tokens"]


@pytest.fixture(autouse=True)
def office(hub: WebHub) -> None:
    hub.overdue("p-li")
    hub.device("east-gate")
    hub.passage()
    hub.get("/api/v1/people")  # from now on nothing changes by asking: the token's use is noted


def etag(hub: WebHub, path: str) -> str:
    response = hub.get(f"/api/v1/{path}")
    value(response)
    return response.headers["ETag"]


@pytest.mark.parametrize("path", [*THINGS, *LISTS, "events/1", "tokens/local"])
def test_what_the_caller_has_is_not_sent_again(hub: WebHub, path: str) -> None:
    tag = etag(hub, path)
    assert tag == etag(hub, path)
    for header in (tag, f'"other", {tag}', "*", f"W/{tag}"):
        response = hub.get(f"/api/v1/{path}", headers={"If-None-Match": header})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == tag
    value(hub.get(f"/api/v1/{path}", headers={"If-None-Match": '"other"'}))


@pytest.mark.parametrize("path", THINGS)
def test_a_change_gives_another_etag_to_the_thing_and_to_its_list(hub: WebHub, path: str) -> None:
    tag, listed = etag(hub, path), etag(hub, path.partition("/")[0])
    response = hub.patch(f"/api/v1/{path}", THINGS[path])
    value(response)
    assert response.headers["ETag"] == etag(hub, path) != tag
    assert etag(hub, path.partition("/")[0]) != listed


def change(hub: WebHub, path: str, if_match: str) -> Any:
    return hub.call("PATCH", f"/api/v1/{path}", json=THINGS[path], headers={"If-Match": if_match})


@pytest.mark.parametrize("path", THINGS)
def test_a_change_by_the_etag_that_was_seen_is_made(hub: WebHub, path: str) -> None:
    assert value(change(hub, path, etag(hub, path))) == value(hub.get(f"/api/v1/{path}"))


@pytest.mark.parametrize("path", THINGS)
def test_a_change_by_a_stale_etag_is_refused_and_changes_nothing(hub: WebHub, path: str) -> None:
    was = value(hub.get(f"/api/v1/{path}"))
    tag = etag(hub, path)
    for stale in ('"stale"', "stale", f"W/{tag}", ""):
        assert "changed" in problem(change(hub, path, stale), 412)["detail"]
    assert value(hub.get(f"/api/v1/{path}")) == was
    value(change(hub, path, f'"stale", {tag}'))


@pytest.mark.parametrize("path", THINGS)
def test_a_star_matches_what_there_is_and_not_what_is_not(hub: WebHub, path: str) -> None:
    value(change(hub, path, "*"))
    missing = f"{path.partition('/')[0]}/99"
    problem(hub.call("PATCH", f"/api/v1/{missing}", json=THINGS[path], headers={"If-Match": "*"}), 404)


def test_of_two_who_saw_the_same_the_second_is_told(hub: WebHub) -> None:
    seen = etag(hub, "alerts/1")
    value(change(hub, "alerts/1", seen))
    problem(change(hub, "alerts/1", seen), 412)
    assert len(value(hub.get("/api/v1/alerts/1"))["history"]) == 2


def test_a_watch_that_falls_due_has_another_etag_though_no_row_changed(hub: WebHub) -> None:
    hub.watch(hub.person("p-wang"), seen_before_us=0)
    tag = etag(hub, "watches/2")
    hub.clock.now_us += 86400 * 1_000_000
    assert etag(hub, "watches/2") != tag


def test_what_is_told_once_and_what_is_refused_has_no_etag(hub: WebHub) -> None:
    for response in (
        hub.post("/api/v1/devices", {"id": "west-gate"}),
        hub.get("/api/v1/people/nobody"),
        hub.call("POST", "/api/v1/login-links"),
    ):
        assert "ETag" not in response.headers


def test_head_is_a_get_without_the_body(hub: WebHub) -> None:
    response = hub.call("HEAD", "/api/v1/people")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["ETag"] == etag(hub, "people")
