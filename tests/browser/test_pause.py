"""孙示三 goes to hospital until Friday: the watch rests, and goes on by itself or when she is back early."""

from datetime import datetime, timedelta, timezone

from accessibility import keeps_nobody_out
from office_hub import OfficeHub
from playwright.sync_api import expect
from screen import Screen
from today import Today

CHINA = timezone(timedelta(hours=8))
PERSON, NAME = "resident-03", "孙示三"


def test_a_watch_rests_while_somebody_is_away(screen: Screen, office: OfficeHub) -> None:
    page = screen.page
    today = Today(screen).open()
    screen.open("/people")
    screen.touch(page.get_by_role("link", name=NAME).first)
    screen.wait_for_path(f"/people/{PERSON}")
    keeps_nobody_out(page)
    screen.picture("pause-1-person")
    screen.touch(page.locator("summary").filter(has_text="登记外出"))
    away = page.locator("details[open]").filter(has_text="登记外出")
    until = datetime.now(CHINA) + timedelta(days=3)
    away.get_by_label("原因").fill("住院")
    away.get_by_label("到", exact=False).last.fill(until.strftime("%Y-%m-%dT%H:%M"))
    screen.picture("pause-2-away")
    screen.touch(away.get_by_role("button", name="登记外出"))
    expect(page.locator("main")).to_contain_text("住院")
    expect(page.get_by_role("button", name="提前回来")).to_be_visible()
    keeps_nobody_out(page)
    screen.picture("pause-3-paused")
    assert office.watch_of(PERSON)["state"] == "paused"
    today.open()
    expect(today.watch(NAME)).to_have_attribute("data-state", "paused")

    screen.open(f"/people/{PERSON}")
    screen.touch(page.get_by_role("button", name="提前回来"))
    expect(page.get_by_role("button", name="提前回来")).to_have_count(0)
    assert office.watch_of(PERSON)["state"] != "paused"


def test_until_yesterday_is_refused_at_its_field(screen: Screen) -> None:
    page = screen.page
    screen.open("/people/resident-04")
    screen.touch(page.locator("summary").filter(has_text="登记外出"))
    away = page.locator("details[open]").filter(has_text="登记外出")
    away.get_by_label("原因").fill("走亲戚")
    yesterday = datetime.now(CHINA) - timedelta(days=1)
    away.get_by_label("到", exact=False).last.fill(yesterday.strftime("%Y-%m-%dT%H:%M"))
    screen.expect("status of 422")
    screen.touch(away.get_by_role("button", name="登记外出"))
    expect(away.locator("[data-field=until] .wrong")).not_to_be_empty()
    expect(away.locator("[name=until]")).to_be_focused()
    assert away.locator("[name=reason]").input_value() == "走亲戚", "what was written stays"
    screen.picture("pause-4-refused")
