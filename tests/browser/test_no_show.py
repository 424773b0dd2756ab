"""Nobody has seen 李秀兰 since yesterday. From the message on the worker's phone to how it ended: two taps, and two."""

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from accessibility import keeps_nobody_out
from camera import Camera
from messenger import Messenger
from office_hub import OfficeHub
from playwright.sync_api import BrowserContext, Page, expect
from screen import Screen, until

VILLAGE = "桂花村"


@pytest.fixture(scope="module")
def messenger(office: OfficeHub) -> Iterator[Messenger]:
    with Messenger() as messenger:
        office.api.post("/api/v1/recipients", rung="worker", area=VILLAGE, name="王敏", urls=[messenger.url])
        yield messenger


@pytest.fixture
def link(office: OfficeHub, messenger: Messenger) -> str:
    """Of the message that the hub has sent about somebody whom nobody has seen for 25 hours."""
    person = f"p-{secrets.token_hex(4)}"
    office.miss(person, "李秀兰", VILLAGE)
    while True:  # letters about an earlier test's alert may still come
        link = messenger.link("李秀兰")
        if alert_of(office, link)["person"] == person:
            return link


@pytest.fixture
def phone(stranger: Screen, context: BrowserContext, office: OfficeHub) -> Screen:
    """Of 王敏, who works in the village and sees nothing else; she has logged in some days ago."""
    office.api.post("/api/v1/people", id=f"p-{secrets.token_hex(4)}", name="赵大年", area=VILLAGE)  # the area is known
    office.log_in_worker(context, VILLAGE)
    return stranger


def follow(screen: Screen, link: str) -> None:
    screen.touches += 1
    assert link.startswith(f"{screen.url}/"), "the link leads to this hub"
    screen.open(urlsplit(link).path)


def alert_of(office: OfficeHub, link: str) -> dict[str, object]:
    return office.api.get(f"/api/v1/alerts/{link.rsplit('/', 1)[1]}")


def history_of(alert: dict[str, object]) -> list[dict[str, object]]:
    found = alert["history"]
    assert isinstance(found, list)
    return found


def case(page: Page, state: str) -> None:
    """Until the page shows the alert in this state, by what the hub has answered."""
    page.locator(f"#case[data-state={state}]").wait_for()


def test_two_taps_to_on_my_way_and_two_to_how_it_ended(phone: Screen, office: OfficeHub, link: str) -> None:
    screen, page = phone, phone.page
    follow(screen, link)
    expect(page.get_by_role("heading", level=1)).to_have_text("李秀兰")
    expect(page.locator("#next")).to_contain_text("先打个电话")
    expect(page.locator("a[href^='tel:']").first).to_be_in_viewport()
    keeps_nobody_out(page)
    screen.picture("no-show-1-from-the-message")
    screen.touch(page.get_by_role("button", name="出发"))
    case(page, "on_the_way")
    assert screen.touches == 2
    assert alert_of(office, link)["state"] == "on_the_way"
    screen.picture("no-show-2-on-the-way")

    screen.touches = 0
    screen.touch(page.get_by_role("button", name="平安"))
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    keeps_nobody_out(page)
    screen.picture("no-show-3-at-the-door")
    screen.touch(sheet.get_by_role("button", name="确认"))
    case(page, "closed")
    assert screen.touches == 2
    ended = alert_of(office, link)
    assert (ended["state"], ended["outcome"]) == ("closed", "well")
    assert {step["author"] for step in history_of(ended) if step["from"]} == {"王敏"}, "and nobody asked her"
    expect(page.locator("#history")).to_contain_text("平安")
    keeps_nobody_out(page)
    screen.picture("no-show-4-ended")


def test_what_is_said_where_there_is_no_network_is_kept_and_sent_later(
    phone: Screen, context: BrowserContext, office: OfficeHub, link: str
) -> None:
    screen, page = phone, phone.page
    screen.expect("ERR_INTERNET_DISCONNECTED")
    follow(screen, link)
    screen.touch(page.get_by_role("button", name="出发"))
    case(page, "on_the_way")
    context.set_offline(True)
    screen.touch(page.get_by_role("button", name="已救助"))
    page.get_by_role("dialog").get_by_label("备注").fill("摔了一跤，已送卫生站")
    screen.touch(page.get_by_role("dialog").get_by_role("button", name="确认"))
    expect(page.locator("#unsent")).to_contain_text("还没送到")
    screen.picture("no-show-5-no-network")
    assert alert_of(office, link)["state"] == "on_the_way"
    context.set_offline(False)
    case(page, "closed")
    expect(page.locator("#unsent")).to_be_empty()
    ended = alert_of(office, link)
    assert ended["outcome"] == "helped"
    assert "摔了一跤" in str(ended["history"])


def test_who_must_log_in_first_comes_back_to_the_alert(stranger: Screen, link: str) -> None:
    """The link of a message opens on a phone that has not been used for days."""
    stranger.open(urlsplit(link).path)
    assert stranger.path == "/login"
    assert f"next=%2Falerts%2F{link.rsplit('/', 1)[1]}" in stranger.page.url


def test_a_sighting_on_the_way_tells_the_worker_to_turn_back(phone: Screen, office: OfficeHub, link: str) -> None:
    """Asked again every 20 s while somebody looks; the window's coming to the front asks at once."""
    screen, page = phone, phone.page
    follow(screen, link)
    screen.touch(page.get_by_role("button", name="出发"))
    case(page, "on_the_way")
    alert = alert_of(office, link)
    with Camera(office, "door-east") as camera:
        camera.saw(str(alert["person"]))
    until(lambda: alert_of(office, link)["state"] == "closed", page)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    case(page, "closed")
    screen.picture("no-show-6-turn-back")
