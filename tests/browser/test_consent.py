"""吴示六 comes to the office, agrees, is photographed and known; and a month later changes her mind."""

from pathlib import Path

import pytest
from accessibility import keeps_nobody_out
from office_hub import OfficeHub
from playwright.sync_api import expect
from screen import Screen
from stage import Api

BY = "王敏"


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In the public domain, shipped by scikit-image: Eileen Collins, photograph by NASA (as scripts/render_clips)."""
    import cv2  # noqa: PLC0415 heavy, and only here
    from skimage import data  # noqa: PLC0415 the same

    path = tmp_path_factory.mktemp("portrait") / "portrait.png"
    cv2.imwrite(str(path), cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR))
    return path


@pytest.fixture(scope="session")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with nobody in it."""
    import cv2  # noqa: PLC0415 heavy, and only here
    import numpy as np  # noqa: PLC0415 the same

    path = tmp_path_factory.mktemp("landscape") / "landscape.png"
    cv2.imwrite(str(path), np.full((480, 640, 3), (160, 140, 90), np.uint8))
    return path


@pytest.fixture
def person(office: OfficeHub, size: str) -> str:
    """Somebody of their own for each size."""
    id_ = f"p-{size}"
    office.api.post("/api/v1/people", id=id_, name="吴桂花", born="1944-04-17", area="桂花村", address="桂花村 3 组")
    return id_


def consents(api: Api, person: str) -> set[str]:
    found = api.items(f"/api/v1/people/{person}/consents")
    return {str(one["purpose"]) for one in found if one["withdrawn_at"] is None}


def enrolled(api: Api, person: str) -> bool:
    return api.get(f"/api/v1/people/{person}/face").get("enrolled_at") is not None


def record(screen: Screen, purpose: str) -> None:
    """What the paper says, on the page: the first is open already, the others behind their line."""
    card = screen.page.locator("section.purpose").filter(has=screen.page.locator(f"#p-{purpose}"))
    if not card.locator("form").is_visible():
        screen.touch(card.locator("summary"))
    card.get_by_label("经办人").fill(BY)
    screen.touch(card.get_by_role("button", name="记下"))
    expect(card).to_have_attribute("data-agreed", "yes")


def test_who_agrees_is_enrolled_and_who_withdraws_is_erased(
    screen: Screen, office: OfficeHub, person: str, portrait: Path, landscape: Path
) -> None:
    page, api = screen.page, office.api
    screen.open(f"/people/{person}")
    screen.touch(page.get_by_role("link", name="同意").first)
    screen.wait_for_path(f"/people/{person}/consents")
    expect(page.get_by_text("同意之后才能拍照录入")).to_be_visible()
    keeps_nobody_out(page)
    screen.picture("consent-1-nothing-yet")
    screen.touch(page.get_by_role("link", name="打印同意书"))
    screen.wait_for_path(f"/people/{person}/consents/form")
    expect(page.get_by_role("heading", level=1)).to_have_text("人脸识别单独同意书")
    page.emulate_media(media="print")
    screen.picture("consent-2-paper")
    page.emulate_media(media="screen")
    page.go_back()

    record(screen, "door")
    record(screen, "welfare")
    assert consents(api, person) == {"door", "welfare"}
    screen.picture("consent-3-agreed")

    form = page.locator("form[data-photos]")
    form.get_by_label("录入人").fill(BY)
    form.get_by_label("选照片").set_input_files(landscape)
    screen.expect("status of 422")
    screen.touch(form.get_by_role("button", name="录入"))
    expect(form.locator(".photos-list .wrong")).not_to_be_empty(timeout=60_000)
    screen.picture("consent-4-no-face")
    form.get_by_label("选照片").set_input_files(portrait)
    screen.touch(form.get_by_role("button", name="录入"))
    expect(page.get_by_text("已录入人脸")).to_be_visible(timeout=60_000)
    assert enrolled(api, person)
    keeps_nobody_out(page)
    screen.picture("consent-5-enrolled")

    for purpose in ("door", "welfare"):
        card = page.locator("section.purpose").filter(has=page.locator(f"#p-{purpose}"))
        screen.touch(card.get_by_role("button", name="撤回"))
        dialog = page.locator(f"#withdraw-{purpose}")
        if purpose == "welfare":
            expect(dialog).to_contain_text("最后一项")
            keeps_nobody_out(page)
            screen.picture("withdraw-1-the-last-one")
        dialog.get_by_label("经办人").fill(BY)
        screen.touch(dialog.get_by_role("button", name="确认撤回"))
        expect(card).to_have_attribute("data-agreed", "no")
    expect(page.get_by_text("已录入人脸")).to_have_count(0)
    assert consents(api, person) == set()
    assert not enrolled(api, person)
    expect(page.get_by_role("heading", name="已撤回")).to_be_visible()
    keeps_nobody_out(page)
    screen.picture("withdraw-2-erased")
