"""/devices and one device: for technicians, who see everything of a device and nobody's name."""

import pytest
from page_tags import EVILS, Tags
from web_hub import DAY_US, HOUR_US, WebHub, csrf_of, value

from hub_server.store import devices
from hub_server.web.times import today

VILLAGE, OTHER = "桂花村", "青石村"


def page(hub: WebHub, path: str, *, name: str | None = None) -> str:
    browser = hub.log_in() if name is None else hub.log_in_as(name)
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def placed(hub: WebHub, device: str, place: str, *, area: str = VILLAGE, online: bool = True) -> str:
    hub.device(device, place, online=online)
    hub.store.write(lambda db: devices.change(db, device, area=area, now_us=hub.clock()))
    return device


def known_at(hub: WebHub, device: str, person: str) -> None:
    """The device's gallery holds the person."""
    hub.store.write(
        lambda db: db.execute("INSERT INTO gallery_members (device, person) VALUES (?, ?)", (device, person))
    )


def test_the_list_says_how_each_stands_and_which_camera_is_blind_now(hub: WebHub) -> None:
    placed(hub, "east-gate", "东门")
    placed(hub, "west-gate", "西门", online=False)
    now_us = hub.clock.now_us
    hub.observed(from_us=now_us - HOUR_US, hours=1, state="watching")
    hub.observed(from_us=now_us - HOUR_US, hours=1, state="covered", camera="yard")
    text = page(hub, "/devices")
    for words in ("东门", "西门", "1/2 在线", "离线", "yard", "被遮住"):
        assert words in text
    hub.clock.now_us += HOUR_US
    assert "没有消息" in page(hub, "/devices"), "the last word is too old: nobody knows"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", {"东门", "西门", "北门"}),
        (f"area={VILLAGE}", {"东门", "北门"}),
        ("state=offline", {"西门"}),
        ("state=online", {"东门", "北门"}),
        ("state=trouble", {"北门"}),
        ("state=nonsense", {"东门", "西门", "北门"}),
    ],
)
def test_it_is_narrowed_by_area_and_state(hub: WebHub, asked: str, expected: set[str]) -> None:
    placed(hub, "east-gate", "东门")
    placed(hub, "west-gate", "西门", area=OTHER, online=False)
    placed(hub, "north-gate", "北门")
    hub.not_understood(b'{"type":"lamp"}', device_id="north-gate")
    text = page(hub, f"/devices?{asked}").partition("<dialog")[0]
    assert {name for name in ("东门", "西门", "北门") if name in text} == expected
    if "nonsense" not in asked:
        told = value(hub.get(f"/api/v1/devices?{asked}"))["items"]
        assert {row["place"] for row in told} == expected, "a program is told the same"


def test_one_device_shows_when_it_watched_in_the_last_seven_days(hub: WebHub) -> None:
    placed(hub, "east-gate", "东门")
    midnight_us = today(hub.clock.now_us)[0]
    hub.clock.now_us = midnight_us + 12 * HOUR_US
    hub.observed(from_us=midnight_us - 2 * DAY_US, hours=24, state="frozen")
    hub.observed(from_us=midnight_us, hours=6, state="watching")
    parsed = Tags(page(hub, "/devices/east-gate"))
    bars = [attrs["class"] for tag, attrs in parsed.tags if tag == "rect" and "%" in (attrs.get("width") or "")]
    assert bars == ["at-unknown", "at-frozen", "at-unknown", "at-watching", "at-unknown"]
    assert "今天看了 50%" in parsed.words
    assert "画面停住" in parsed.words
    told = value(hub.get("/api/v1/devices/east-gate/course"))
    assert [part["state"] for part in told["cameras"][0]["parts"]][1] == "frozen"
    assert len(value(hub.get("/api/v1/devices/east-gate/course?days=1"))["cameras"][0]["parts"]) == 2


def test_what_passed_today_and_what_waits_stand_on_the_page(hub: WebHub) -> None:
    placed(hub, "east-gate", "东门")
    hub.passage()
    hub.passage()
    hub.vehicle()
    hub.not_understood(b'{"type":"lamp"}')
    text = page(hub, "/devices/east-gate")
    for words in ("2 次有人经过，1 辆次车经过", "读不懂的记录", "冲突", "重新读一次", "搁置", "已查明"):
        assert words in text
    for path in ("quarantine/4/release", "quarantine/4/dismiss", "conflicts/1/settle"):
        assert f"POST /api/v1/{path}" in text or f"POST /api/v1/{path.replace('/4/', '/')}" in text


def test_a_technician_sees_and_changes_devices_and_reads_no_name(hub: WebHub) -> None:
    placed(hub, "east-gate", "东门")
    hub.overdue(area=VILLAGE, phone="138 0013 0001")
    known_at(hub, "east-gate", "p-li")
    hub.passage("p-li")
    hub.account("tech", "technician", areas=[VILLAGE])
    for path in ("/devices", "/devices/east-gate"):
        text = page(hub, path, name="tech")
        for secret in ("李秀兰", "p-li", "138 0013"):
            assert secret not in text
        assert "换密码" in text or "添加设备" in text
    assert "李秀兰" in page(hub, "/devices/east-gate"), "who may read names sees whom it knows"
    browser = hub.log_in_as("tech")
    changed = browser.patch("/api/v1/devices/east-gate", json={"place": "东大门"}, headers=csrf_of(browser))
    assert changed.status_code == 200
    assert "东大门" in page(hub, "/devices/east-gate", name="tech")


def test_names_of_people_in_another_area_are_not_told(hub: WebHub) -> None:
    placed(hub, "east-gate", "东门")
    known_at(hub, "east-gate", hub.person("p-1", "甲一", area=VILLAGE))
    known_at(hub, "east-gate", hub.person("p-2", "乙二", area=OTHER))
    hub.account(areas=[VILLAGE])
    text = page(hub, "/devices/east-gate", name="wangmin")
    assert "甲一" in text
    assert "乙二" not in text


def test_a_viewer_is_offered_no_change(hub: WebHub) -> None:
    placed(hub, "east-gate", "东门")
    hub.not_understood(b'{"type":"lamp"}')
    hub.account("looker", "viewer", areas=[VILLAGE])
    for path in ("/devices", "/devices/east-gate"):
        assert "data-api" not in page(hub, path, name="looker")


def test_what_lies_in_another_area_is_not_there(hub: WebHub) -> None:
    placed(hub, "east-gate", "东门")
    placed(hub, "west-gate", "西门", area=OTHER)
    hub.account("tech", "technician", areas=[VILLAGE])
    browser = hub.log_in_as("tech")
    assert "西门" not in page(hub, "/devices", name="tech")
    refused, nobody = browser.get("/devices/west-gate"), browser.get("/devices/no-gate")
    assert refused.status_code == nobody.status_code == 404
    assert refused.text == nobody.text
    assert browser.get("/api/v1/devices/west-gate/course").status_code == 404


def test_many_devices_come_page_by_page(hub: WebHub) -> None:
    for n in range(103):
        placed(hub, f"d-{n:03}", f"门{n:03}")
    first = page(hub, "/devices")
    assert "门099" in first
    assert "门100" not in first
    assert 'rel="next" href="/devices?after=d-099"' in first
    assert "门102" in page(hub, "/devices?after=d-099")


@pytest.mark.parametrize("evil", EVILS)
def test_what_people_and_devices_said_is_text(hub: WebHub, evil: str) -> None:
    placed(hub, "east-gate", evil[:100], area=evil[:100])
    hub.observed(from_us=hub.clock.now_us - HOUR_US, hours=1, state=evil[:30], cause=evil, camera=evil[:30])
    hub.not_understood(f'{{"type":"{evil[:9]}"}}'.encode())
    known_at(hub, "east-gate", hub.person("p-evil", evil[:100]))
    for path in ("/devices", "/devices/east-gate"):
        parsed = Tags(page(hub, path))
        assert evil[:30] in parsed.words
        parsed.demand_harmless()


def test_with_no_device_it_says_what_to_do(hub: WebHub) -> None:
    assert "点“添加设备”" in page(hub, "/devices")
