"""What every page stands in: the menu for who looks, also around what cannot be shown; and one's own name."""

import re

import pytest
from web_hub import WebHub

from hub_server.web.pages.menu import ENTRIES
from hub_server.web.scopes import SCOPES_OF, Role


def menu_of(page: str) -> list[str]:
    nav = page.partition('<nav class="menu"')[2].partition("</nav>")[0]
    return [path for path in re.findall(r'<a href="([^"]+)"', nav) if path != "/more"]


@pytest.mark.parametrize("areas", [[], ["桂花村"]])
@pytest.mark.parametrize("role", Role)
def test_the_menu_has_what_one_may_see_and_nothing_else(hub: WebHub, role: Role, areas: list[str]) -> None:
    browser = hub.log_in_as(hub.account(role=role, areas=areas))
    may = [one for one in ENTRIES if one.scope is None or one.scope in SCOPES_OF[role]]
    expected = [one.path for one in may if not (one.whole and areas)]
    assert menu_of(browser.get("/more").text) == expected
    for path in expected:
        assert browser.get(path).status_code == 200, path


@pytest.mark.parametrize("path", [one.path for one in ENTRIES])
def test_each_page_of_the_menu_says_where_one_is(hub: WebHub, path: str) -> None:
    page = hub.log_in().get(path).text
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == [path]


def test_what_is_not_there_is_said_inside_the_frame_for_who_has_logged_in(hub: WebHub) -> None:
    answer = hub.log_in().get("/nowhere")
    assert answer.status_code == 404
    assert "没有这一页" in answer.text
    assert menu_of(answer.text) == [one.path for one in ENTRIES]
    assert 'name="csrf" value=""' not in answer.text, "one can still log out"


def test_what_one_may_not_see_is_said_inside_the_frame(hub: WebHub) -> None:
    answer = hub.log_in_as(hub.account(role="grid_worker", areas=["桂花村"])).get("/accounts")
    assert answer.status_code == 403
    assert "这一页不归您看" in answer.text
    assert "/alerts" in menu_of(answer.text)
    assert "/accounts" not in menu_of(answer.text)


def test_a_stranger_is_told_nothing_of_the_menu(hub: WebHub) -> None:
    answer = hub.stranger.get("/nowhere")
    assert answer.status_code == 404
    assert not menu_of(answer.text)


def test_a_program_is_answered_in_json_as_before(hub: WebHub) -> None:
    assert hub.get("/api/v1/nowhere").mimetype == "application/problem+json"


def test_when_the_store_has_gone_the_page_is_bare_and_says_so(hub: WebHub) -> None:
    browser = hub.log_in()
    hub.store.close()
    answer = browser.get("/people")
    assert answer.status_code == 503
    assert "过一会儿再试" in answer.text
    assert not menu_of(answer.text)


def test_an_account_is_not_asked_for_its_name(hub: WebHub) -> None:
    own = hub.log_in_as(hub.account(role="administrator", display='王敏 "小王" <b>'))
    assert 'data-author="王敏 &#34;小王&#34; &lt;b&gt;"' in own.get("/more").text
    assert 'data-author=""' in hub.log_in().get("/more").text
