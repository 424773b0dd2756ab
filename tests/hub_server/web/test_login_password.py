"""The door: a name and a password, a link, and everybody who tries without."""

import logging
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from web_hub import DAY_US, WebHub, csrf_of, problem, value
from werkzeug.test import TestResponse

from hub_server.store.passwords import Hasher
from hub_server.web.auth import COOKIE

PASSWORD = "桂花开了 又见炊烟 2026"
S = 1_000_000


def enter(
    browser: FlaskClient,
    password: str = PASSWORD,
    *,
    name: str = "wangmin",
    source: str = "192.168.3.17",
    headers: dict[str, str] | None = None,
    **form: str,
) -> TestResponse:
    return browser.post(
        "/login",
        data={"name": name, "password": password, **form},
        environ_base={"REMOTE_ADDR": source},
        headers=headers,
    )


def cookie(browser: FlaskClient, name: str = COOKIE) -> str:
    found = browser.get_cookie(name)
    assert found is not None
    return found.value


@pytest.fixture(autouse=True)
def account(hub: WebHub) -> str:
    return hub.account(areas=["桂花村"], password=PASSWORD)


def test_a_name_and_its_password_open_a_session_of_that_account(hub: WebHub, account: str) -> None:
    browser = hub.app.test_client()
    answer = enter(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    me = value(browser.get("/api/v1/me"))
    assert (me["name"], me["role"], me["areas"]) == (account, "grid_worker", ["桂花村"])


@pytest.mark.parametrize("typed", ["WangMin", "  wangmin ", "ｗａｎｇｍｉｎ"])
def test_the_name_may_be_typed_as_a_telephone_likes_to(hub: WebHub, typed: str) -> None:
    assert enter(hub.stranger, name=typed).status_code == 303


@pytest.mark.parametrize(
    ("role", "first"), [("technician", "/devices"), ("auditor", "/"), ("grid_worker", "/"), ("administrator", "/")]
)
def test_after_the_login_one_lands_on_a_page_that_one_may_see(hub: WebHub, role: str, first: str) -> None:
    hub.account("somebody", role, password=PASSWORD)
    browser = hub.app.test_client()
    answer = enter(browser, name="somebody")
    assert answer.headers["Location"] == first
    assert browser.get(first).status_code == 200
    assert browser.get("/").headers.get("Location", "/") == first


def refusals(hub: WebHub) -> dict[str, TestResponse]:
    hub.account("left", password=PASSWORD, display="走了")
    value(hub.call("POST", "/api/v1/accounts/left/disable"))
    hub.account("invited")
    return {
        name: enter(hub.app.test_client(), "not the password", name=name)
        for name in ("wangmin", "nobody", "left", "invited")
    }


def test_who_is_unknown_disabled_or_without_a_password_is_told_the_same_words(hub: WebHub) -> None:
    answers = refusals(hub)
    assert {answer.status_code for answer in answers.values()} == {403}
    texts = {answer.text.replace(name, "NAME") for name, answer in answers.items()}
    assert len(texts) == 1
    assert "账号或密码不对" in texts.pop()
    assert all(COOKIE not in answer.headers.get("Set-Cookie", "") for answer in answers.values())


def test_who_is_unknown_costs_the_same_slow_work(hub: WebHub) -> None:
    hasher: Hasher = hub.app.extensions["shouwang"].hasher
    hub.account("left", password=PASSWORD)
    value(hub.call("POST", "/api/v1/accounts/left/disable"))
    worked = []
    for name in ("wangmin", "nobody", "left", "'; --", "x" * 5000):
        before = hasher.worked
        enter(hub.stranger, "not the password", name=name)
        worked.append(hasher.worked - before)
    assert worked == [1] * 5


def test_a_disabled_account_is_refused_with_the_right_password_too(hub: WebHub, account: str) -> None:
    value(hub.call("POST", f"/api/v1/accounts/{account}/disable"))
    assert enter(hub.stranger).status_code == 403


def test_neither_the_password_nor_a_cookie_is_in_the_log(hub: WebHub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        enter(hub.stranger, "a wrong one of mine")
        enter(hub.stranger, "another", name="evil\nINFO all is well")
        enter(hub.stranger)
    assert "a wrong one of mine" not in caplog.text
    assert PASSWORD not in caplog.text
    assert cookie(hub.stranger) not in caplog.text
    assert "\nINFO all is well" not in caplog.text
    assert "'wangmin' was refused, from 192.168.3.17" in caplog.text


def test_a_session_that_was_there_before_the_login_is_void_after_it(hub: WebHub) -> None:
    browser = hub.app.test_client()
    browser.set_cookie(COOKIE, "chosen-by-an-attacker")
    enter(browser)
    first = cookie(browser)
    assert first != "chosen-by-an-attacker"
    enter(browser)
    second = cookie(browser)
    assert second != first
    thief = hub.app.test_client()
    for stale in ("chosen-by-an-attacker", first):
        thief.set_cookie(COOKIE, stale)
        problem(thief.get("/api/v1/me"), 401)
    assert len(value(browser.get("/api/v1/me/sessions"))["items"]) == 1


@pytest.mark.parametrize(
    "wanted", ["/alerts/1", "/people?q=%E6%9D%8E", "/passages?from=2026-11-23T00:00:00Z&place=%E4%B8%9C"]
)
def test_after_the_login_one_comes_back_to_where_one_wanted_to_go(hub: WebHub, wanted: str) -> None:
    sent_away = hub.stranger.get(wanted)
    assert sent_away.status_code == 303
    form = hub.stranger.get(sent_away.headers["Location"]).text
    kept = re.search(r'name="next" value="([^"]*)"', form)
    assert kept is not None
    assert enter(hub.stranger, next=kept[1].replace("&amp;", "&")).headers["Location"] == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/ /evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/x\r\nSet-Cookie: a=b",
        "/" + "x" * 600,
        "",
    ],
)
def test_nobody_is_led_to_another_site(hub: WebHub, wanted: str) -> None:
    assert hub.stranger.get(f"/login?{urlencode({'next': wanted})}").status_code == 200
    answer = enter(hub.stranger, next=wanted)
    assert answer.headers["Location"] == "/"
    browser = hub.log_in_as()
    assert browser.get(f"/login?{urlencode({'next': wanted})}").headers["Location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://[half"},
    ],
)
def test_the_form_of_another_site_logs_nobody_in(hub: WebHub, account: str, headers: dict[str, str]) -> None:
    browser = hub.app.test_client()
    answer = enter(browser, headers=headers)
    assert answer.status_code == 403
    assert browser.get_cookie(COOKIE) is None
    link = value(hub.call("POST", f"/api/v1/accounts/{account}/login-links"), 201)["url"]
    assert browser.post("/login", data={"code": link.partition("code=")[2]}, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}])
def test_our_own_form_is_taken(hub: WebHub, headers: dict[str, str]) -> None:
    assert enter(hub.stranger, headers=headers).status_code == 303


def test_a_change_by_an_accounts_session_needs_its_own_csrf_token(hub: WebHub, account: str) -> None:
    browser, other = hub.log_in_as(account), hub.log_in_as(account)
    wanted = {"settings": {"type": "large", "words": "zh"}}
    problem(browser.patch("/api/v1/me", json=wanted), 403)
    problem(browser.patch("/api/v1/me", json=wanted, headers=csrf_of(other)), 403)
    value(browser.patch("/api/v1/me", json=wanted, headers=csrf_of(browser)))


def test_logging_out_ends_an_accounts_session(hub: WebHub) -> None:
    browser = hub.app.test_client()
    enter(browser)
    stolen = cookie(browser)
    csrf = next(iter(csrf_of(browser).values()))
    assert browser.post("/logout").status_code == 403
    assert browser.post("/logout", data={"csrf": csrf}).headers["Location"] == "/login"
    thief = hub.app.test_client()
    thief.set_cookie(COOKIE, stolen)
    problem(thief.get("/api/v1/me"), 401)


def test_a_password_of_older_parameters_is_hashed_anew_at_the_next_login(hub: WebHub) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    hub.store.write(lambda db: db.execute("UPDATE accounts SET password = ?", [old]))
    assert enter(hub.stranger).status_code == 303
    with hub.store.read() as db:
        (now,) = db.execute("SELECT password FROM accounts").fetchone()
    assert "m=19456,t=2,p=1" in now
    assert enter(hub.stranger).status_code == 303


def code_of(answer: Any) -> dict[str, str]:
    return {"code": value(answer, 201)["url"].partition("code=")[2]}


def test_the_link_of_a_new_account_sets_its_password_and_opens_it(hub: WebHub) -> None:
    code = code_of(hub.post("/api/v1/accounts", {"name": "limin", "display": "李敏", "role": "viewer"}))
    form = hub.stranger.get(f"/login?{urlencode(code)}").text
    assert "李敏" in form
    assert 'autocomplete="new-password"' in form
    for wrong, said in (
        ({"password": "short", "again": "short"}, "至少"),
        ({"password": PASSWORD, "again": "other"}, "不一样"),
        ({"password": "limin1234567", "again": "limin1234567"}, "太容易"),
        ({}, "要 12 至"),
    ):
        answer = hub.stranger.post("/login", data=code | wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert hub.stranger.get_cookie(COOKIE) is None
    good = {"password": PASSWORD, "again": PASSWORD}
    assert hub.stranger.post("/login", data=code | good).status_code == 303
    assert value(hub.stranger.get("/api/v1/me"))["name"] == "limin"
    assert hub.app.test_client().post("/login", data=code | good).status_code == 403
    assert enter(hub.app.test_client(), name="limin").status_code == 303


def test_a_new_password_by_link_ends_what_was_open_and_the_old_one_is_good_until_then(
    hub: WebHub, account: str
) -> None:
    before = hub.app.test_client()
    enter(before)
    code = code_of(hub.call("POST", f"/api/v1/accounts/{account}/password-links"))
    value(before.get("/api/v1/me"))
    fresh = {"password": "又换了一个很长的密码 3", "again": "又换了一个很长的密码 3"}
    assert hub.stranger.post("/login", data=code | fresh).status_code == 303
    problem(before.get("/api/v1/me"), 401)
    assert enter(hub.app.test_client()).status_code == 403


def test_an_invitation_is_good_for_three_days(hub: WebHub) -> None:
    code = code_of(hub.post("/api/v1/accounts", {"name": "limin", "display": "李敏", "role": "viewer"}))
    good = {"password": PASSWORD, "again": PASSWORD}
    hub.clock.now_us += 3 * DAY_US - 1
    assert "李敏" in hub.stranger.get(f"/login?{urlencode(code)}").text
    hub.clock.now_us += 1
    assert hub.stranger.post("/login", data=code | good).status_code == 403


def test_a_login_is_a_row_of_the_audit_and_a_failure_is_none(hub: WebHub) -> None:
    enter(hub.stranger, "wrong")
    enter(hub.stranger)
    with hub.store.read() as db:
        rows = list(db.query("SELECT actor, action, subject FROM audit WHERE action LIKE 'login%'"))
    assert rows == [{"actor": "account wangmin", "action": "login.enter", "subject": "account/wangmin"}]


def test_a_link_in_another_sites_page_is_followed_with_the_cookie_that_the_browser_kept_back(hub: WebHub) -> None:
    answer = hub.stranger.get("/people?q=1&x=%22", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/people?q=1&amp;x=%22">' in answer.text
    assert hub.stranger.get("/people", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
