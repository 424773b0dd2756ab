"""The camera at the west door sees nothing any more: who looks at the page learns it, and no alert says "all well"."""

from accessibility import keeps_nobody_out
from camera import Camera
from office_hub import OfficeHub
from playwright.sync_api import expect
from screen import Screen
from today import Today

HOUR_S = 3600


def test_a_device_that_has_gone_blind_is_told_and_its_blind_hours_are_drawn(screen: Screen, office: OfficeHub) -> None:
    page = screen.page
    with Camera(office, "door-west") as camera:
        camera.watched("watching", began_s_ago=6 * HOUR_S, ended_s_ago=2 * HOUR_S)
        camera.watched("covered", began_s_ago=2 * HOUR_S, cause="black")
        Today(screen).open()
        row = page.locator("#device-rows .device").filter(has_text="西门")
        expect(row).to_contain_text("在线")
        screen.picture("blind-1-today")
        screen.open("/devices")
        line = page.get_by_role("row").filter(has_text="西门")
        expect(line).to_contain_text("遮")
        keeps_nobody_out(page)
        screen.picture("blind-2-devices")
        screen.touch(line.get_by_role("link").first)
        screen.wait_for_path("/devices/door-west")
        expect(page.locator("main")).to_contain_text("遮")
        expect(page.locator("svg.course")).to_be_visible()
        keeps_nobody_out(page)
        screen.picture("blind-3-device")
