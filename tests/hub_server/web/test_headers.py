"""What a browser is told to obey, over TLS and without, and the names that the hub answers to."""

import pytest
from web_hub import WebHub, enrol

from hub_server.app.releasing import releasing
from hub_server.web import MqttAddress, create_app
from hub_server.web.auth import COOKIE
from hub_server.web.guards import is_known
from hub_server.web.proving import KNOWN_COOKIE

PASSWORD = "桂花开了 又见炊烟 2026"
OVER_TLS = {"base_url": "https://localhost"}
PATHS = ["/", "/login", "/api/v1/people", "/nowhere", "/healthz", "/openapi.json", "/static/page.css"]


@pytest.mark.parametrize("path", PATHS)
def test_devices_of_the_visitor_are_closed_to_the_page(hub: WebHub, path: str) -> None:
    with hub.stranger.get(path) as answer:
        policy = answer.headers["Permissions-Policy"]
    for power in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{power}=()" in policy


@pytest.mark.parametrize("path", PATHS)
def test_over_tls_a_browser_never_comes_back_without_it(hub: WebHub, path: str) -> None:
    with hub.stranger.get(path, **OVER_TLS) as answer:
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    with hub.stranger.get(path) as answer:
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize(("scheme", "prefix"), [("http", ""), ("https", "__Host-")])
def test_cookies_are_out_of_reach_of_scripts_other_sites_and_over_tls_of_everybody_between(
    hub: WebHub, scheme: str, prefix: str
) -> None:
    hub.account(password=PASSWORD)
    form = {"name": "wangmin", "password": PASSWORD}
    answer = hub.stranger.post("/login", data=form, base_url=f"{scheme}://localhost")
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    assert {one.partition("=")[0] for one in cookies} == {prefix + COOKIE, prefix + KNOWN_COOKIE}
    for one in cookies:
        attributes = set(one.split("; ")[1:])
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= attributes
        assert ("Secure" in attributes) == (scheme == "https")
        assert not any(attribute.startswith("Domain") for attribute in attributes)


def test_a_cookie_that_was_set_without_tls_opens_nothing_over_it(hub: WebHub) -> None:
    hub.account(password=PASSWORD)
    browser = hub.log_in_as()
    assert browser.get("/api/v1/me").status_code == 200
    assert browser.get("/api/v1/me", **OVER_TLS).status_code == 401


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("hub.riverside.lan", True),
        ("HUB.riverside.lan:8443", True),
        ("10.0.0.5", True),
        ("10.0.0.5:8443", True),
        ("[fd00::5]:8443", True),
        ("door.riverside.cn", True),
        ("localhost", True),
        ("riverside.cn", False),
        ("a.door.riverside.cn", False),
        ("hub.riverside.lan.evil.example", False),
        ("evil.example", False),
        ("10.0.0.6", False),
        ("*.riverside.cn", False),
        ("hub.riverside.lan:", False),
        ("", False),
    ],
)
def test_the_hub_answers_to_the_names_that_it_was_given(hub: WebHub, host: str, answered: bool) -> None:  # noqa: FBT001 a parameter of the test
    app = create_app(
        store=hub.store,
        mqtt=MqttAddress(host="127.0.0.1", port=1883, site="demo"),
        health=lambda: hub.health,
        custody=hub.custody,
        enrol=enrol,
        release=releasing(hub.store),
        hosts=["hub.riverside.lan", "10.0.0.5", "[fd00::5]", "*.riverside.cn"],
    )
    try:
        answer = app.test_client().get("/healthz", headers={"Host": host})
        assert answer.status_code == (200 if answered else 421)
    finally:
        app.extensions["shouwang"].stop()


def test_a_wildcard_stands_for_one_label() -> None:
    known = frozenset({"*.riverside.cn"})
    assert is_known("hub.riverside.cn", known)
    assert not is_known("riverside.cn", known)
    assert not is_known("a.b.riverside.cn", known)
    assert not is_known("hub", frozenset({"*."}))
