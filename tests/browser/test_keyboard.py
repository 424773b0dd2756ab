"""Whoever cannot hold a mouse reaches everything, sees where they are, and comes back from each dialog."""

import pytest
from camera import Camera
from office_hub import OfficeHub
from playwright.sync_api import expect
from screen import Screen, until
from today import Today

pytestmark = pytest.mark.parametrize("size", ["desk"])
TABS_MAX = 200
# Where the focus is, and whether that can be seen: a ring drawn by the page, and nothing over it.
FOCUS = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  one.dataset.reached = "yes";
  return {
    name: `${one.tagName.toLowerCase()}.${one.className}#${one.id} ${one.textContent.trim().slice(0, 30)}`,
    body: one === document.body,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    visible: left < right && top < bottom && over !== null && (one.contains(over) || over.contains(one)),
  };
}"""
INSIDE = "() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
WORKS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
MISSED = """(works) => [...document.querySelectorAll(works)]
  .filter((one) => !one.dataset.reached && !one.disabled && one.tabIndex >= 0)
  .filter((one) => one.checkVisibility({visibilityProperty: true}))
  .filter((one) => !(one.type === "radio" && document.querySelector(`input[name="${one.name}"][data-reached]`)))
  .map((one) => one.outerHTML.slice(0, 120))"""


def walk(screen: Screen) -> None:
    """Tab by tab through the page. Raises AssertionError for what is reached and not seen, or never reached."""
    for _ in range(TABS_MAX):
        screen.page.keyboard.press("Tab")
        focus = screen.page.evaluate(FOCUS)
        if focus["body"]:
            break
        assert focus["ring"], f"no ring around {focus['name']}"
        assert focus["visible"], f"out of sight: {focus['name']}"
    else:
        pytest.fail("the walk has no end")
    assert not screen.page.evaluate(MISSED, WORKS)


def alerts_of(office: OfficeHub, person: str) -> list[dict[str, object]]:
    return [alert for alert in office.api.items("/api/v1/alerts") if alert["person"] == person]


def test_tab_reaches_everything_on_the_page_of_today(screen: Screen, office: OfficeHub) -> None:
    today = Today(screen).open()
    with Camera(office, "door-east") as camera:
        camera.saw("resident-06")
    today.sighting("吴示六").wait_for()
    walk(screen)


def test_tab_reaches_everything_on_the_page_of_an_alert_and_its_sheet_gives_the_focus_back(
    screen: Screen, office: OfficeHub
) -> None:
    office.miss("p-zhao", "赵大年", "桂花村")
    until(lambda: alerts_of(office, "p-zhao"), screen.page)
    screen.open(f"/alerts/{alerts_of(office, 'p-zhao')[0]['id']}")
    walk(screen)
    helped = screen.page.get_by_role("button", name="已救助")
    helped.focus()
    screen.page.keyboard.press("Enter")
    expect(screen.page.get_by_role("dialog")).to_be_visible()
    assert screen.page.evaluate(INSIDE)
    screen.page.keyboard.press("Escape")
    expect(helped).to_be_focused()


def test_the_first_tab_offers_to_skip_the_menu(screen: Screen) -> None:
    screen.open("/more")
    screen.page.keyboard.press("Tab")
    skip = screen.page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    screen.page.keyboard.press("Enter")
    expect(screen.page.locator("#content")).to_be_focused()
    screen.page.keyboard.press("Tab")
    assert screen.page.evaluate("() => document.activeElement.closest('main') !== null")


def test_a_dialog_keeps_the_focus_and_gives_it_back(screen: Screen, office: OfficeHub) -> None:
    today = Today(screen).open()
    with Camera(office, "door-west") as camera:
        camera.saw("resident-03")
    opener = today.sighting("孙示三").locator("[data-not]")
    opener.focus()
    screen.page.keyboard.press("Enter")
    dialog = screen.page.locator("#correction")
    expect(dialog).to_be_visible()
    for _ in range(12):
        screen.page.keyboard.press("Tab")
        assert screen.page.evaluate(INSIDE), "the page behind a dialog is out of reach"
    screen.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
