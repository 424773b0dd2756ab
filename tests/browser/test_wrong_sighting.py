"""The camera took a neighbour for 吴示六; somebody who was there says so, and it counts no longer."""

from camera import Camera
from office_hub import OfficeHub
from playwright.sync_api import expect
from screen import Screen
from today import Today


def test_a_wrong_sighting_is_corrected_where_it_is_seen(screen: Screen, office: OfficeHub) -> None:
    today = Today(screen).open()
    before = office.watch_of("resident-06")
    with Camera(office, "door-east") as camera:
        camera.saw("resident-06")
    row = today.sighting("吴示六")
    expect(row).to_contain_text("计入守望")
    expect(today.watch("吴示六")).to_contain_text("东门")
    screen.picture("wrong-sighting-1-seen")
    screen.touch(row.locator("[data-not]"))
    dialog = screen.page.locator("#correction")
    expect(dialog).to_contain_text("不是 吴示六")
    dialog.get_by_label("您的姓名").fill("王敏")
    dialog.get_by_label("备注").fill("是来串门的邻居")
    screen.picture("wrong-sighting-2-why")
    screen.touch(dialog.locator("#correction-confirm"))
    expect(dialog).to_be_hidden()
    expect(row).to_have_attribute("data-corrected", "yes")
    expect(today.watch("吴示六")).not_to_contain_text("东门")
    screen.picture("wrong-sighting-3-corrected")
    assert office.watch_of("resident-06")["last_seen_at"] == before["last_seen_at"], "as if it had never been"
