import logging
import re
from typing import Any

import pytest
from web_hub import DAY_US, WebHub, problem, value
from werkzeug.test import TestResponse

from hub_server.store import tokens
from hub_server.web import feed
from hub_server.web.app import OPERATIONS
from hub_server.web.operations import JSON
from hub_server.web.scopes import ALL_SCOPES, Scope, granted

MINUTE_US = 60_000_000


def token(hub: WebHub, name: str = "screen", *scopes: str, **given: Any) -> str:
    body = {"name": name, "scopes": scopes or ["read"], **given}
    return str(value(hub.post("/api/v1/tokens", body), 201)["secret"])


def ask(hub: WebHub, secret: str, method: str, path: str, **sent: Any) -> TestResponse:
    return hub.stranger.open(path, method=method, headers={"Authorization": f"Bearer {secret}"}, **sent)


def test_a_token_is_told_once_and_listed_without_its_secret(hub: WebHub) -> None:
    response = hub.post(
        "/api/v1/tokens", {"name": "screen", "scopes": ["alerts", "read"], "expires_at": "2027-01-01T00:00:00Z"}
    )
    made = value(response, 201)
    assert response.headers["Location"] == "/api/v1/tokens/screen"
    secret = made.pop("secret")
    assert made == value(hub.get("/api/v1/tokens/screen"))
    assert (made["scopes"], made["state"], made["last_used_at"]) == (["read", "alerts"], "live", None)
    assert made["expires_at"] == "2027-01-01T00:00:00.000000Z"
    listed = hub.get("/api/v1/tokens")
    assert [one["name"] for one in value(listed)["items"]] == ["local", "screen"]
    assert secret not in listed.text


@pytest.mark.parametrize("scope", Scope)
def test_each_route_asks_for_its_scope_and_names_it_when_it_lacks(hub: WebHub, scope: Scope) -> None:
    secret = token(hub, "one", scope)
    for operation in OPERATIONS.values():
        if operation.scope is None or operation.content != JSON:
            continue
        path = re.sub(r"<[a-z_:]+>", "1", operation.path)
        response = ask(hub, secret, operation.method, path)
        if operation.own:
            problem(response, 403)  # about an account, which a token has not
        elif operation.scope in granted(frozenset({scope})):
            assert response.status_code not in {401, 403}, (operation.method, path)
        else:
            assert operation.scope in problem(response, 403)["detail"]
            assert f'scope="{operation.scope}"' in response.headers["WWW-Authenticate"]


def test_the_stream_needs_the_scope_equipment_which_read_brings_with_it(hub: WebHub) -> None:
    problem(ask(hub, token(hub, "admin", "admin"), "GET", "/api/v1/stream"), 403)
    with hub.stream(headers={"Authorization": f"Bearer {token(hub)}"}) as stream:
        stream.next("office")


BY_KIND = {"commands.create"}
"""What these need depends on what is asked for: test_commands.py."""


def test_no_change_asks_for_no_more_than_reading(hub: WebHub) -> None:
    for name, operation in OPERATIONS.items():
        assert name in hub.app.view_functions
        changes = operation.path.startswith("/api/") and operation.method != "GET"
        assert not changes or name in BY_KIND or operation.scope not in {Scope.READ, Scope.EQUIPMENT}, name


def test_every_route_under_the_api_is_declared(hub: WebHub) -> None:
    said = {(one.method, one.path) for one in OPERATIONS.values()}
    for rule in hub.app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert (method, rule.rule) in said


def test_a_page_session_has_all_scopes(hub: WebHub) -> None:
    browser = hub.log_in()
    csrf = browser.get("/").text.partition('data-csrf="')[2].partition('"')[0]
    body = {"name": "screen", "scopes": sorted(ALL_SCOPES)}
    value(browser.post("/api/v1/tokens", json=body, headers={"X-CSRF-Token": csrf}), 201)


def test_a_token_opens_nothing_from_the_moment_it_expires(hub: WebHub) -> None:
    hub.clock.now_us = 1_795_472_400_000_000  # 2026-11-23T22:20:00Z
    secret = token(hub, expires_at="2026-11-23T22:21:00Z")
    hub.clock.now_us += MINUTE_US - 1
    value(ask(hub, secret, "GET", "/api/v1/people"))
    hub.clock.now_us += 1
    response = ask(hub, secret, "GET", "/api/v1/people")
    assert "expired" in problem(response, 401)["detail"]
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert value(hub.get("/api/v1/tokens/screen"))["state"] == "expired"


def test_a_revoked_token_opens_nothing_at_once(hub: WebHub) -> None:
    secret = token(hub)
    value(ask(hub, secret, "GET", "/api/v1/people"))
    revoked = value(hub.call("POST", "/api/v1/tokens/screen/revoke"))
    assert revoked["state"] == "revoked"
    assert "revoked" in problem(ask(hub, secret, "GET", "/api/v1/people"), 401)["detail"]
    assert value(hub.call("POST", "/api/v1/tokens/screen/revoke")) == revoked


def test_the_local_token_can_be_revoked_like_any_other(hub: WebHub) -> None:
    secret = token(hub, "admin", "admin")
    value(ask(hub, secret, "POST", "/api/v1/tokens/local/revoke"))
    problem(hub.get("/api/v1/people"), 401)
    value(ask(hub, secret, "GET", "/api/v1/tokens"))


def test_the_last_use_is_noted_at_most_once_a_minute(hub: WebHub) -> None:
    secret = token(hub)

    def last_used() -> str:
        return str(value(hub.get("/api/v1/tokens/screen"))["last_used_at"])

    value(ask(hub, secret, "GET", "/api/v1/people"))
    first = last_used()
    hub.clock.now_us += MINUTE_US - 1
    value(ask(hub, secret, "GET", "/api/v1/people"))
    assert last_used() == first
    hub.clock.now_us += 1
    value(ask(hub, secret, "GET", "/api/v1/people"))
    assert last_used() > first


def test_a_use_that_cannot_be_noted_keeps_nobody_from_reading(hub: WebHub, caplog: pytest.LogCaptureFixture) -> None:
    secret = token(hub)
    hub.store._writer.close()
    with caplog.at_level(logging.ERROR):
        value(ask(hub, secret, "GET", "/api/v1/devices"))
        value(ask(hub, secret, "GET", "/api/v1/quarantine"))
    assert [record.getMessage() for record in caplog.records] == ["the use of the token screen could not be noted"]
    assert secret not in caplog.text


def test_a_stream_ends_with_its_token(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RESTATE_S", 0.2)
    secret = token(hub)
    with hub.stream(headers={"Authorization": f"Bearer {secret}"}) as stream:
        stream.next("office")
        hub.store.write(lambda db: tokens.revoke(db, "screen", now_us=hub.clock()))
        with pytest.raises(StopIteration):
            stream.next("never")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"name", "scopes"}),
        ({"name": "Screen", "scopes": []}, {"name", "scopes"}),
        ({"name": "a", "scopes": ["read", "everything"]}, {"scopes"}),
        ({"name": "a", "scopes": "read"}, {"scopes"}),
        ({"name": "a", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, {"expires_at"}),
        ({"name": "a", "scopes": ["read"], "expires_at": "2030-01-01T00:00:00"}, {"expires_at"}),
        ({"name": "a", "scopes": ["read"], "secret": "mine"}, {"secret"}),
    ],
)
def test_a_wrong_token_names_every_field(hub: WebHub, body: dict[str, Any], wrong: set[str]) -> None:
    assert set(problem(hub.post("/api/v1/tokens", body), 422)["errors"]) == wrong


def test_a_name_is_not_given_twice_and_an_unknown_one_not_found(hub: WebHub) -> None:
    token(hub)
    problem(hub.post("/api/v1/tokens", {"name": "screen", "scopes": ["read"]}), 409)
    problem(hub.get("/api/v1/tokens/nothing"), 404)
    problem(hub.call("POST", "/api/v1/tokens/nothing/revoke"), 404)


def test_tokens_are_paged_by_name(hub: WebHub) -> None:
    for name in ("b", "a"):
        token(hub, name)
    page = value(hub.get("/api/v1/tokens?limit=2"))
    assert [one["name"] for one in page["items"]] == ["a", "b"]
    assert [one["name"] for one in value(hub.get(f"/api/v1/tokens?after={page['next']}"))["items"]] == ["local"]


def test_a_token_for_a_year_still_opens_after_three_hundred_days(hub: WebHub) -> None:
    hub.clock.now_us = 1_795_472_400_000_000
    secret = token(hub, expires_at="2027-11-23T22:20:00Z")
    hub.clock.now_us += 300 * DAY_US
    value(ask(hub, secret, "GET", "/api/v1/alerts"))
