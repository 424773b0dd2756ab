"""Each change leaves one row of the audit, and so does each look at somebody, a picture or a plate."""

import json
import logging
import re
from typing import Any
from urllib.parse import unquote

import pytest
from each_change import PASSWORD, changes, changing, send
from flask.testing import FlaskClient
from two_communities import Community, near_and_far
from web_hub import WebHub, value
from werkzeug.test import TestResponse

from hub_server.web.app import OPERATIONS, PAGES
from hub_server.web.scopes import Role

RULES = {**OPERATIONS, **PAGES}
BY_THE_OWNER = {"login.create", "accounts.open_for"}
"""Nobody with an account may: programs and the owner of the data only."""
BY_A_DEVICE = {"join.enter"}
"""With the token of its card, and no account."""


def rows(hub: WebHub, after: int = 0) -> list[dict[str, Any]]:
    """Of whoever asked: what the hub itself writes about the audit (audit.forget) is not theirs."""
    sql = "SELECT id, actor, action, subject, payload FROM audit WHERE id > ? AND actor <> 'hub' ORDER BY id"
    with hub.store.read() as db:
        return list(db.query(sql, [after]))


def last(hub: WebHub) -> int:
    found = rows(hub)
    return int(found[-1]["id"]) if found else 0


def boss(hub: WebHub) -> tuple[FlaskClient, Community]:
    near, _ = near_and_far(hub)
    for name in ("boss", "wu"):
        hub.account(name, Role.ADMINISTRATOR, display=name, password=PASSWORD)
    return hub.log_in_as("boss"), near


def test_each_change_leaves_exactly_one_row_that_names_no_value(hub: WebHub) -> None:
    browser, near = boss(hub)
    done = set()
    for change in changes(hub):
        before = last(hub)
        response = send(hub, browser, near, change)
        assert response.status_code in {200, 201}, (change.endpoint, response.status_code, response.text)
        left = rows(hub, before)
        assert [(row["actor"], row["action"]) for row in left] == [("account boss", change.endpoint)], change.endpoint
        (row,) = left
        assert row["subject"] == about(change.endpoint, response), change.endpoint
        written = json.dumps(json.loads(row["payload"])["detail"], ensure_ascii=False)  # the subject says whom, by id
        said = [text for text in texts(change.body) if len(text) > 1 and text not in NAMES]
        assert not [text for text in said if text in written], (change.endpoint, written)
        done.add(change.endpoint)
    assert set(changing()) - done == BY_THE_OWNER | BY_A_DEVICE, "say in each_change.py how to send it"


NAMES = {"by", "picture", "read", "door", "phone", "people", "people.csv", "viewer", "chen", "近水村"}
"""What a payload may say: kinds and names of things, not what people wrote."""


def about(endpoint: str, response: TestResponse) -> str | None:
    """The first name of the path, with what stood there; of what was made just now, where it is found."""
    path = response.request.path
    written = re.sub(r"<(?:[a-z_]+:)?([a-z_]+)>", r"(?P<\1>[^/]+)", OPERATIONS[endpoint].path)
    found = re.fullmatch(written, path)
    assert found is not None, (written, path)
    made = re.fullmatch(r"/api/v1/([a-z]+)/([^/]+)", unquote(response.headers.get("Location", "")))
    if made is not None and not found.groupdict():
        return f"{MADE[made[1]]}/{made[2]}" if made[1] in MADE else None
    return next((f"{name}/{given}" for name, given in found.groupdict().items()), None)


MADE = {
    "areas": "area",
    "devices": "device",
    "releases": "release",
    "rollouts": "rollout",
    "households": "household",
    "people": "person",
    "places": "place",
    "recipients": "recipient",
    "vehicles": "vehicle",
    "watches": "watch",
}


def texts(body: object) -> list[str]:
    if isinstance(body, dict):
        return [text for inner in body.values() for text in texts(inner)]
    if isinstance(body, list):
        return [text for inner in body for text in texts(inner)]
    return [body] if isinstance(body, str) else []


def test_a_row_says_what_it_is_about_and_which_fields(hub: WebHub) -> None:
    hub.person()
    value(hub.patch("/api/v1/people/p-li", {"phone": "13800138007", "note": "新的"}))
    (row,) = rows(hub)[-1:]
    assert (row["actor"], row["action"], row["subject"]) == ("token local", "people.change", "person/p-li")
    told = json.loads(row["payload"])
    assert (told["action"], told["subject"]) == ("people.change", "person/p-li")
    assert set(told["detail"]["fields"]) == {"phone", "note"}


@pytest.mark.slow
def test_each_look_leaves_exactly_one_row(hub: WebHub) -> None:
    browser, near = boss(hub)
    tried = 0
    for endpoint, rule in RULES.items():
        is_read = endpoint not in OPERATIONS or OPERATIONS[endpoint].method == "GET"
        if (
            not is_read
            or endpoint in {"search.find", "stream.stream", "exports.export"}
            or "<row_id:table>" in rule.path
        ):
            continue
        before, path = last(hub), near.path(rule.path)
        response = browser.get(path)
        if endpoint == "search.find":
            assert response.status_code == 422
        left = [(row["actor"], row["action"]) for row in rows(hub, before)]
        shown = response.status_code == 200
        assert left == ([("account boss", endpoint)] if rule.looks and shown else []), (endpoint, response.status_code)
        tried += rule.looks and shown
    assert tried >= 30


LOOKED_AT = {"person", "alert", "watch", "household", "vehicle", "event"}
"""Things that show somebody, a picture or a plate; whoever is shown one of them is seen to look."""
SHOWS_NOBODY = {
    "alerts.who_was_watching": "cameras",
    "courses.of_alert": "cameras",
}


def test_whatever_shows_one_of_them_is_a_look() -> None:
    for endpoint, rule in RULES.items():
        is_read = endpoint not in OPERATIONS or OPERATIONS[endpoint].method == "GET"
        names = {name for name in LOOKED_AT if f"<{name}>" in rule.path or f"<row_id:{name}>" in rule.path}
        if is_read and names and endpoint not in SHOWS_NOBODY:
            assert rule.looks, f"{endpoint} shows a {names}: looks=True, or say here what else it shows"


def test_a_list_asked_for_somebody_is_a_look_at_them(hub: WebHub) -> None:
    hub.person()
    value(hub.get("/api/v1/events?person=p-li"))
    value(hub.get("/api/v1/events"))
    one, everybody = rows(hub)[-2:]
    assert (one["subject"], everybody["subject"]) == ("person/p-li", None)
    assert json.loads(one["payload"])["detail"] == {"asked": ["person"]}


def test_a_stream_is_a_look_when_it_opens(hub: WebHub) -> None:
    before = last(hub)
    with hub.stream() as stream:
        stream.next("office")
    assert [row["action"] for row in rows(hub, before)] == ["stream.stream"]


def test_what_is_refused_or_known_already_is_no_look(hub: WebHub) -> None:
    hub.person()
    etag = hub.get("/api/v1/people/p-li").headers["ETag"]
    before = last(hub)
    assert hub.get("/api/v1/people/p-li", headers={"If-None-Match": etag}).status_code == 304
    assert hub.get("/api/v1/people/p-nobody").status_code == 404
    assert hub.stranger.get("/api/v1/people/p-li").status_code == 401
    assert rows(hub, before) == []


def test_a_change_that_is_refused_leaves_no_row(hub: WebHub) -> None:
    hub.person()
    before = last(hub)
    assert hub.patch("/api/v1/people/p-nobody", {"note": "x"}).status_code == 404
    assert hub.patch("/api/v1/people/p-li", {"area": "x" * 1000}).status_code == 422
    assert rows(hub, before) == []


def test_what_cannot_be_noted_is_not_shown_unless_it_is_urgent(hub: WebHub, caplog: pytest.LogCaptureFixture) -> None:
    hub.overdue()
    browser = hub.log_in()
    hub.store._writer.close()
    with caplog.at_level(logging.CRITICAL):
        refused = hub.get("/api/v1/people/p-li")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        assert "李秀兰" not in refused.text
        for path in ("/api/v1/alerts", "/api/v1/alerts/1", "/api/v1/watches/1"):
            assert "李秀兰" in hub.get(path).text, "nobody lies there for a disk that is full"
        assert "李秀兰" in browser.get("/").text


def test_a_stream_that_cannot_be_noted_keeps_its_place_for_others(hub: WebHub) -> None:
    feed = hub.app.extensions["shouwang"].feed
    hub.store._writer.close()
    with hub.stream():
        assert feed._streams == 1
    assert feed._streams == 0
