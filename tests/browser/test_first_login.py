"""王红 is to run the hub: whoever installed it makes the account, and she alone ever knows the password."""

import re
import secrets

import pytest
from accessibility import keeps_nobody_out
from office_hub import OfficeHub
from playwright.sync_api import BrowserContext, Page, expect
from screen import Screen

PASSWORD = "liang ke gui hua shu"


def invite(office: OfficeHub, name: str) -> str:
    """The link that the command prints, of a new administrator."""
    said = office.command("admin", "create", name, "--display", "王红")
    found = re.search(r"http://\S+", said)
    assert found, said
    return found[0]


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码", exact=False).fill(password)
    page.get_by_role("button", name="登录").click()


@pytest.fixture
def name() -> str:
    return f"wanghong-{secrets.token_hex(3)}"


def test_the_first_administrator_chooses_a_password_and_logs_in(
    stranger: Screen, context: BrowserContext, office: OfficeHub, name: str
) -> None:
    page = stranger.page
    link = invite(office, name)
    stranger.open(link.removeprefix(stranger.url))
    expect(page.locator("main")).to_contain_text("王红，您好")
    keeps_nobody_out(page)
    stranger.picture("first-login-1-link")

    page.get_by_label("新密码").fill("短")
    page.get_by_label("再输一遍").fill("短")
    stranger.touch(page.get_by_role("button", name="保存并进入"))
    assert stranger.path == "/login", "the browser itself keeps a short one back"
    page.get_by_label("新密码").fill(PASSWORD + " 1")
    page.get_by_label("再输一遍").fill(PASSWORD + " 2")
    stranger.expect("status of 422|status of 400|status of 403")
    stranger.touch(page.get_by_role("button", name="保存并进入"))
    expect(page.get_by_role("alert")).not_to_be_empty()
    keeps_nobody_out(page)
    stranger.picture("first-login-2-not-the-same")

    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再输一遍").fill(PASSWORD)
    stranger.touch(page.get_by_role("button", name="保存并进入"))
    stranger.wait_for_path("/")
    expect(page.locator("#outlook")).to_be_visible()
    stranger.picture("first-login-3-in")

    stranger.touch(page.get_by_role("button", name="退出"))
    stranger.wait_for_path("/login")
    assert "shouwang_session" not in {cookie["name"] for cookie in context.cookies()}
    keeps_nobody_out(page)
    stranger.picture("first-login-4-next-time")
    enter(page, name, PASSWORD)
    stranger.wait_for_path("/")


def test_a_wrong_password_says_so_and_the_link_works_only_once(stranger: Screen, office: OfficeHub, name: str) -> None:
    page = stranger.page
    link = invite(office, name).removeprefix(stranger.url)
    stranger.open(link)
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再输一遍").fill(PASSWORD)
    stranger.touch(page.get_by_role("button", name="保存并进入"))
    stranger.wait_for_path("/")
    stranger.touch(page.get_by_role("button", name="退出"))
    stranger.wait_for_path("/login")
    stranger.expect("status of 403")
    stranger.open(link)
    stranger.touch(page.get_by_role("button", name="进入"))
    expect(page.get_by_role("alert")).to_contain_text("已经用过")
    stranger.open("/login?next=/alerts")
    enter(page, name, "不是这个密码呀")
    expect(page.get_by_role("alert")).to_be_visible()
    assert stranger.path == "/login"
    stranger.picture("first-login-5-wrong-password")
    enter(page, name, PASSWORD)
    stranger.wait_for_path("/alerts")
