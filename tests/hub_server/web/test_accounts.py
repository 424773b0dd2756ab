"""/api/v1/accounts and the pages of them: who manages whom, and what an account may know of the others."""

from typing import Any

import pytest
from web_hub import WebHub, csrf_of, problem, value

from hub_server.store import accounts
from hub_server.web.accounts import blueprint as accounts_api
from hub_server.web.auth import COOKIE
from hub_server.web.scopes import Role
from hub_server.web.sessions import blueprint as sessions_api

PASSWORD = "桂花开了 又见炊烟 2026"
NEW = {"name": "limin", "display": "李敏", "role": "grid_worker"}


def test_an_account_is_made_with_a_link_that_is_shown_once(hub: WebHub) -> None:
    hub.person("p-li", area="桂花村")
    answer = hub.post("/api/v1/accounts", NEW | {"areas": ["桂花村"]})
    made = value(answer, 201)
    assert answer.headers["Location"] == "/api/v1/accounts/limin"
    code = made.pop("url").removeprefix("http://localhost/login?code=")
    assert len(code) == 43
    assert (made["areas"], made["created_by"], made["password_at"]) == (["桂花村"], "token local", None)
    assert value(hub.get("/api/v1/accounts/limin")) == made
    listed = hub.get("/api/v1/accounts")
    assert value(listed)["items"] == [made]
    assert code not in listed.text
    problem(hub.post("/api/v1/accounts", NEW), 409)


def test_no_answer_shows_a_password_or_its_hash(hub: WebHub) -> None:
    hub.account(password=PASSWORD)
    for path in ("/api/v1/accounts", "/api/v1/accounts/wangmin", "/accounts", "/accounts/wangmin", "/me"):
        browser = hub.log_in() if not path.startswith("/api") else None
        text = (hub.get(path) if browser is None else browser.get(path)).text
        assert "argon2" not in text
        assert PASSWORD not in text


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"name", "display", "role"}),
        ({"name": "Li", "display": " ", "role": "king", "areas": "all"}, {"name", "display", "role", "areas"}),
        (NEW | {"password": "sneaked in by another"}, {"password"}),
        (NEW | {"areas": ["nowhere"]}, {"areas"}),
        (NEW | {"recipient": 77}, {"recipient"}),
    ],
)
def test_a_wrong_account_names_every_field(hub: WebHub, body: dict[str, Any], wrong: set[str]) -> None:
    assert set(problem(hub.post("/api/v1/accounts", body), 422)["errors"]) == wrong
    assert value(hub.get("/api/v1/accounts"))["items"] == []


def test_accounts_are_changed_disabled_and_enabled(hub: WebHub) -> None:
    hub.account()
    hub.ladder(person_id=None)
    changed = value(hub.patch("/api/v1/accounts/wangmin", {"role": "viewer", "recipient": 1, "display": "王小敏"}))
    assert (changed["role"], changed["recipient"], changed["display"]) == ("viewer", 1, "王小敏")
    assert value(hub.patch("/api/v1/accounts/wangmin", {"recipient": None}))["recipient"] is None
    assert value(hub.call("POST", "/api/v1/accounts/wangmin/disable"))["disabled_at"] is not None
    problem(hub.call("POST", "/api/v1/accounts/wangmin/password-links"), 404)
    assert value(hub.call("POST", "/api/v1/accounts/wangmin/enable"))["disabled_at"] is None
    for path in ("", "/disable", "/enable", "/password-links", "/login-links", "/sessions/revoke"):
        problem(hub.call("GET" if path == "" else "POST", f"/api/v1/accounts/nobody{path}"), 404)


def test_the_last_administrator_stays(hub: WebHub) -> None:
    hub.account("boss", "administrator")
    browser = hub.log_in_as("boss")
    problem(browser.post("/api/v1/accounts/boss/disable", headers=csrf_of(browser)), 409)
    problem(browser.patch("/api/v1/accounts/boss", json={"role": "viewer"}, headers=csrf_of(browser)), 409)
    value(browser.get("/api/v1/me"))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_but_an_administrator_manages_accounts_or_sessions(hub: WebHub, role: Role) -> None:
    hub.account("somebody", role, areas=["桂花村"])
    browser = hub.log_in_as("somebody")
    for operation in [*accounts_api.operations.values(), *sessions_api.operations.values()]:
        path = operation.path.replace("<account>", "somebody").replace("<session>", "0" * 16)
        answer = browser.open(path, method=operation.method, json={}, headers=csrf_of(browser))
        problem(answer, 403)
    for page in ("/accounts", "/accounts/somebody"):
        assert browser.get(page).status_code == 403
    assert browser.get("/me").status_code == 200


def test_an_administrator_who_is_bound_to_an_area_cannot_make_one_who_is_not(hub: WebHub) -> None:
    hub.account("bound", "administrator", areas=["桂花村"])
    browser = hub.log_in_as("bound")
    wanted = {"name": "free", "display": "自由", "role": "administrator"}
    problem(browser.post("/api/v1/accounts", json=wanted, headers=csrf_of(browser)), 403)
    problem(browser.patch("/api/v1/accounts/bound", json={"areas": []}, headers=csrf_of(browser)), 403)
    problem(browser.post("/api/v1/login-links", headers=csrf_of(browser)), 403)
    problem(browser.post("/api/v1/tokens", json={"name": "t", "scopes": ["admin"]}, headers=csrf_of(browser)), 403)


def test_no_account_takes_on_the_name_of_another_or_of_the_owner(hub: WebHub) -> None:
    """A link that logs in without a password is for who has the machine, not for who has the page."""
    hub.account("boss", "administrator")
    hub.account("wangmin", password=PASSWORD)
    browser = hub.log_in_as("boss")
    for path in ("/api/v1/login-links", "/api/v1/accounts/wangmin/login-links"):
        problem(browser.post(path, headers=csrf_of(browser)), 403)


def test_a_link_that_logs_in_as_an_account_is_for_the_machine(hub: WebHub) -> None:
    hub.account("wangmin", password=PASSWORD)
    url = value(hub.call("POST", "/api/v1/accounts/wangmin/login-links"), 201)["url"]
    assert hub.stranger.post("/login", data={"code": url.partition("code=")[2]}).status_code == 303
    assert value(hub.stranger.get("/api/v1/me"))["name"] == "wangmin"


def test_another_role_takes_effect_at_once_and_a_session_does_not_outlive_it(hub: WebHub) -> None:
    hub.account("limin", "community_manager", areas=["桂花村"])
    browser = hub.log_in_as("limin")
    assert browser.get("/api/v1/people").status_code == 200
    value(hub.patch("/api/v1/accounts/limin", {"role": "technician"}))
    problem(browser.get("/api/v1/people"), 401)
    problem(hub.log_in_as("limin").get("/api/v1/people"), 403)


def test_what_an_administrator_does_with_accounts_is_in_the_audit_by_name(hub: WebHub) -> None:
    hub.account("boss", "administrator")
    hub.account("wangmin")
    browser = hub.log_in_as("boss")
    value(browser.post("/api/v1/accounts", json=NEW, headers=csrf_of(browser)), 201)
    value(browser.post("/api/v1/accounts/wangmin/password-links", headers=csrf_of(browser)), 201)
    with hub.store.read() as db:
        rows = [(row["actor"], row["action"], row["subject"]) for row in db.query("SELECT * FROM audit ORDER BY id")]
        payloads = str(list(db.query("SELECT payload FROM audit")))
    assert ("account boss", "accounts.create", None) in rows
    assert ("account boss", "accounts.invite", "account/wangmin") in rows
    assert "limin" in payloads
    assert "login?code" not in payloads


def test_the_pages_show_accounts_and_offer_what_one_may_do(hub: WebHub) -> None:
    hub.account("boss", "administrator", display="王红")
    hub.account("limin", areas=["桂花村"], display="<b>李敏</b>", password=PASSWORD)
    browser = hub.log_in_as("boss")
    listed = browser.get("/accounts").text
    assert "<b>李敏" not in listed
    assert "&lt;b&gt;李敏" in listed
    assert 'data-api="POST /api/v1/accounts"' in listed
    own = browser.get("/accounts/boss").text
    assert "/disable" not in own
    other = browser.get("/accounts/limin").text
    assert 'data-api="POST /api/v1/accounts/limin/disable"' in other
    assert 'value="桂花村" checked' in other
    assert browser.get("/accounts/nobody").status_code == 404


def test_before_there_is_an_administrator_the_page_says_what_to_do(hub: WebHub) -> None:
    owner = hub.log_in()
    assert "还没有管理员账号" in owner.get("/accounts").text
    hub.account("boss", "administrator")
    assert "还没有管理员账号" not in owner.get("/accounts").text
    assert "数据的主人" in owner.get("/me").text


def test_ones_own_name_and_settings_are_changed_but_not_into_anothers_name(hub: WebHub) -> None:
    hub.account("wangmin", display="王敏")
    hub.account("limin", display="李敏")
    browser = hub.log_in_as("limin")
    changed = {"display": "李小敏", "settings": {"type": "large", "words": "zh"}}
    me = value(browser.patch("/api/v1/me", json=changed, headers=csrf_of(browser)))
    assert (me["display"], me["settings"]) == (changed["display"], changed["settings"])
    assert 'data-type="large" data-words="zh"' in browser.get("/me").text
    wrongs: list[dict[str, Any]] = [{"display": "王敏"}, {"role": "administrator"}, {"areas": []}]
    for wrong in [*wrongs, {"settings": {"type": "huge"}}]:
        problem(browser.patch("/api/v1/me", json=wrong, headers=csrf_of(browser)), 422)
    assert value(browser.get("/api/v1/me"))["role"] == "grid_worker"


def test_a_program_and_the_owner_of_the_data_have_no_account_of_their_own(hub: WebHub) -> None:
    problem(hub.get("/api/v1/me"), 403)
    problem(hub.log_in().get("/api/v1/me"), 403)
    problem(hub.stranger.get("/api/v1/me"), 401)


def test_ones_own_password_needs_the_old_one_and_ends_the_other_sessions(hub: WebHub) -> None:
    hub.account(password=PASSWORD)
    here, there = hub.log_in_as(), hub.log_in_as()
    fresh = "一个新的 很长的密码 88"

    def change(old: str, password: str) -> Any:
        return here.post("/api/v1/me/password", json={"old": old, "password": password}, headers=csrf_of(here))

    assert set(problem(change("wrong", fresh), 422)["errors"]) == {"old"}
    assert set(problem(change(PASSWORD, "short"), 422)["errors"]) == {"password"}
    before = here.get_cookie(COOKIE)
    value(change(PASSWORD, fresh))
    after = here.get_cookie(COOKIE)
    assert before is not None
    assert after is not None
    assert before.value != after.value
    value(here.get("/api/v1/me"))
    problem(there.get("/api/v1/me"), 401)
    assert hub.app.test_client().post("/login", data={"name": "wangmin", "password": PASSWORD}).status_code == 403
    assert hub.app.test_client().post("/login", data={"name": "wangmin", "password": fresh}).status_code == 303


def test_who_has_stolen_a_session_cannot_guess_the_password_through_it(hub: WebHub) -> None:
    hub.account(password=PASSWORD)
    browser = hub.log_in_as()
    statuses = [
        browser.post(
            "/api/v1/me/password", json={"old": f"guess {n}", "password": PASSWORD + "!"}, headers=csrf_of(browser)
        ).status_code
        for n in range(10)
    ]
    assert statuses == [422] * 5 + [429] * 5


def test_accounts_are_paged_by_name(hub: WebHub) -> None:
    for name in ("c", "a", "b"):
        hub.account(name)
    page = value(hub.get("/api/v1/accounts?limit=2"))
    assert [one["name"] for one in page["items"]] == ["a", "b"]
    assert [one["name"] for one in value(hub.get(f"/api/v1/accounts?after={page['next']}"))["items"]] == ["c"]


def test_there_is_an_end_to_accounts(hub: WebHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "ACCOUNTS_MAX", 0)
    problem(hub.post("/api/v1/accounts", NEW), 409)
