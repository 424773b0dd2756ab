"""Every page: nobody is kept out by colour, size or eyes."""

import pytest
from accessibility import barriers
from furniture import EXAMPLES, furnish
from office_hub import OfficeHub
from playwright.sync_api import expect
from screen import Screen

from hub_server.web.app import PAGES

LETTER_PX = "() => parseFloat(getComputedStyle(document.querySelector('.menu a')).fontSize)"


@pytest.fixture(scope="module", autouse=True)
def _furnished(office: OfficeHub) -> None:
    furnish(office)


def test_every_page_of_the_product_is_looked_at() -> None:
    assert {page.path for page in PAGES.values()} == set(EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES.values())
def test_axe_finds_nothing_by_day_and_by_night(screen: Screen, path: str) -> None:
    screen.open(path)
    name = path.strip("/").partition("?")[0].replace("/", "-") or "today"
    for colours in ("light", "dark"):
        screen.scheme(colours)
        screen.picture(name if colours == "light" else f"{name}-{colours}")
        found = barriers(screen.page, colours_only=colours == "dark")
        assert not found, f"{path}, {colours}:\n" + "\n".join(found)


@pytest.mark.parametrize("path", EXAMPLES.values())
@pytest.mark.parametrize("size", ["phone"])
def test_a_phone_shows_the_whole_width_even_in_large_type(screen: Screen, path: str) -> None:
    screen.open(path)
    for width, kind in ((390, "normal"), (390, "large"), (320, "large")):
        screen.page.set_viewport_size({"width": width, "height": 700})
        screen.page.evaluate("(kind) => { document.documentElement.dataset.type = kind; }", kind)
        screen.picture(f"type-{kind}-{width}{path.partition('?')[0].replace('/', '-')}")
        assert screen.too_wide_px(width) <= 0, f"{path} at {width} px in {kind} type: {screen.widest(width)}"


def test_large_type_and_one_language_chosen_on_ones_own_page_stay_on_every_other(screen: Screen) -> None:
    page = screen.page
    screen.open("/me")
    before = page.evaluate(LETTER_PX)
    screen.touch(page.get_by_label("大字"))
    screen.touch(page.get_by_label("只要中文"))
    expect(page.locator("html")).to_have_attribute("data-type", "large")
    screen.open("/alerts")
    assert page.evaluate(LETTER_PX) >= 1.3 * before
    expect(page.get_by_role("heading", level=1)).to_have_text("警报", use_inner_text=True)
    assert not [one for one in page.locator(".en").all() if one.is_visible()]
    screen.picture("large-and-chinese")
