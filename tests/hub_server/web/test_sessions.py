"""Sessions: listed, ended by their owner or an administrator, over after a time; and what lives on them ends, too."""

import pytest
from flask.testing import FlaskClient
from web_hub import DAY_US, HOUR_US, Frames, WebHub, csrf_of, problem, value

from hub_server.store.logins import IDLE_S
from hub_server.web import browsers, feed

PASSWORD = "桂花开了 又见炊烟 2026"
ANDROID = "Mozilla/5.0 (Linux; Android 14; V2324A) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
MINUTE_US = 60_000_000


def enter(hub: WebHub, *, source: str = "192.168.3.17", agent: str = ANDROID) -> FlaskClient:
    browser = hub.app.test_client()
    answer = browser.post(
        "/login",
        data={"name": "wangmin", "password": PASSWORD},
        environ_base={"REMOTE_ADDR": source},
        headers={"User-Agent": agent},
    )
    assert answer.status_code == 303
    return browser


@pytest.fixture
def browser(hub: WebHub) -> FlaskClient:
    hub.account(areas=["桂花村"], password=PASSWORD)
    return enter(hub)


def test_one_sees_ones_own_sessions_and_which_is_this(hub: WebHub, browser: FlaskClient) -> None:
    hub.clock.now_us += MINUTE_US
    enter(hub, source="2001:db8::7", agent="curl/8.0\t\x7f" + "x" * 500)
    items = value(browser.get("/api/v1/me/sessions"))["items"]
    assert {one["source"]: one["this"] for one in items} == {"2001:db8::7": False, "192.168.3.17": True}
    agents = {one["source"]: one["agent"] for one in items}
    assert agents["192.168.3.17"] == ANDROID
    assert len(agents["2001:db8::7"]) == 200
    page = browser.get("/me").text
    assert "Chrome · 安卓 Android" in page
    assert "就是这里" in page


def test_one_ends_ones_own_session_elsewhere_and_nobody_elses(hub: WebHub, browser: FlaskClient) -> None:
    other = enter(hub)
    hub.account("limin")
    stranger = hub.log_in_as("limin")
    ids = {one["this"]: one["id"] for one in value(browser.get("/api/v1/me/sessions"))["items"]}
    problem(stranger.post(f"/api/v1/me/sessions/{ids[False]}/revoke", headers=csrf_of(stranger)), 404)
    problem(browser.post("/api/v1/me/sessions/0000000000000000/revoke", headers=csrf_of(browser)), 404)
    value(browser.post(f"/api/v1/me/sessions/{ids[False]}/revoke", headers=csrf_of(browser)))
    problem(other.get("/api/v1/me"), 401)
    value(browser.get("/api/v1/me"))


def test_the_id_of_a_session_opens_nothing(hub: WebHub, browser: FlaskClient) -> None:
    (item,) = value(browser.get("/api/v1/me/sessions"))["items"]
    hub.stranger.set_cookie("shouwang_session", item["id"])
    problem(hub.stranger.get("/api/v1/me"), 401)


def test_an_administrator_sees_and_ends_everybodys(hub: WebHub, browser: FlaskClient) -> None:
    owner = hub.log_in()
    listed = value(hub.get("/api/v1/sessions"))["items"]
    assert {one["account"] for one in listed} == {"wangmin", None}
    (mine,) = value(hub.get("/api/v1/sessions?account=wangmin"))["items"]
    value(hub.call("POST", f"/api/v1/sessions/{mine['id']}/revoke"))
    problem(browser.get("/api/v1/me"), 401)
    value(owner.get("/api/v1/people"))
    enter(hub)
    enter(hub)
    assert value(hub.call("POST", "/api/v1/accounts/wangmin/sessions/revoke")) == {"sessions": 2}
    assert value(hub.get("/api/v1/sessions?account=wangmin"))["items"] == []


def test_a_session_is_over_after_twelve_hours_without_a_request(hub: WebHub, browser: FlaskClient) -> None:
    hub.clock.now_us += IDLE_S * 1_000_000 - 1
    value(browser.get("/api/v1/me"))
    hub.clock.now_us += IDLE_S * 1_000_000
    problem(browser.get("/api/v1/me"), 401)
    answer = browser.get("/people")
    assert answer.headers["Location"] == "/login?next=%2Fpeople"


def test_a_session_that_is_used_all_the_time_is_over_after_seven_days(hub: WebHub, browser: FlaskClient) -> None:
    start_us = hub.clock.now_us
    while hub.clock.now_us < start_us + 7 * DAY_US - 6 * HOUR_US:
        hub.clock.now_us += 6 * HOUR_US
        value(browser.get("/api/v1/me"))
        hub.clock.now_us = min(hub.clock.now_us, start_us + 7 * DAY_US - 1)
    hub.clock.now_us = start_us + 7 * DAY_US - 1
    value(browser.get("/api/v1/me"))
    hub.clock.now_us += 1
    problem(browser.get("/api/v1/me"), 401)


def test_the_owners_session_by_a_link_of_the_machine_has_no_idle_end(hub: WebHub) -> None:
    owner = hub.log_in()
    hub.clock.now_us += 6 * DAY_US
    value(owner.get("/api/v1/people"))


def test_when_a_session_was_used_is_written_once_a_minute(hub: WebHub, browser: FlaskClient) -> None:
    def seen() -> str:
        return str(value(hub.get("/api/v1/sessions?account=wangmin"))["items"][0]["seen_at"])

    first = seen()
    hub.clock.now_us += MINUTE_US - 1
    value(browser.get("/api/v1/me"))
    assert seen() == first
    hub.clock.now_us += 1
    value(browser.get("/api/v1/me"))
    assert seen() > first


@pytest.mark.parametrize("end", ["revoke", "disable", "role", "areas", "password"])
def test_a_live_stream_ends_with_its_session(
    hub: WebHub, browser: FlaskClient, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "RESTATE_S", 0.2)
    response = browser.get("/api/v1/stream", buffered=False)
    assert response.status_code == 200
    try:
        frames = Frames(response)
        frames.next("office")
        match end:
            case "revoke":
                value(hub.call("POST", "/api/v1/accounts/wangmin/sessions/revoke"))
            case "disable":
                value(hub.call("POST", "/api/v1/accounts/wangmin/disable"))
            case "role":
                value(hub.patch("/api/v1/accounts/wangmin", {"role": "technician"}))
            case "areas":
                value(hub.patch("/api/v1/accounts/wangmin", {"areas": []}))
            case _:
                url = value(hub.call("POST", "/api/v1/accounts/wangmin/password-links"), 201)["url"]
                fresh = {"password": "又换了一个很长的密码 3", "again": "又换了一个很长的密码 3"}
                code = {"code": url.partition("code=")[2]}
                assert hub.stranger.post("/login", data=code | fresh).status_code == 303
        with pytest.raises(StopIteration):
            frames.next("never")
    finally:
        response.close()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (ANDROID, "Chrome · 安卓 Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit Chrome/130 Safari/537 Edg/130.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0", "微信 WeChat · iPhone"),
        ("shouwang-board/1.0", "shouwang-board"),
        ("", ""),
    ],
)
def test_a_browser_is_called_what_its_owner_calls_it(agent: str, words: str) -> None:
    assert browsers.words(agent) == words
