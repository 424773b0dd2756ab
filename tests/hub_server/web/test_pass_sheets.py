"""What was proved of a device on site, over the API and on its pages."""

from page_tags import Tags
from web_hub import BOOT, WebHub, problem, value

from edge_agent.wire.messages import Outcome, PassSheet, SheetFinding, Stamp
from hub_server.store import audit_reading, devices

VILLAGE, OTHER = "桂花村", "青石村"
JPEG = b"\xff\xd8\xff" + b"picture" * 20


def sheet(
    hub: WebHub, *, outcome: Outcome = Outcome.OK, picture: bytes | None = JPEG, found: str = "fine"
) -> PassSheet:
    finding = SheetFinding(check="relay", outcome=outcome, found=found, advice="check the wires", advice_zh="检查接线")
    at = Stamp(boot=BOOT, mono_us=1, wall_us=hub.clock() - 5, synced=True)
    return PassSheet(at=at, camera="east", findings=[finding], by="王师傅", picture=picture)


def placed(hub: WebHub, device: str = "east-gate", area: str = VILLAGE) -> str:
    hub.device(device, "东门")
    hub.store.write(lambda db: devices.change(db, device, area=area, now_us=hub.clock()))
    return device


def looks(hub: WebHub) -> list[str]:
    with hub.store.read() as db:
        rows = audit_reading.page(db, before=None, limit=50)
    return [row.action for row in rows]


def test_the_list_is_newest_first_and_in_pages(hub: WebHub) -> None:
    placed(hub)
    for outcome in (Outcome.FAIL, Outcome.OK, Outcome.OK):
        hub.pass_sheet(sheet(hub, outcome=outcome))
    found = value(hub.get("/api/v1/devices/east-gate/pass-sheets?limit=2"))
    assert [(one["id"], one["passed"]) for one in found["items"]] == [(3, True), (2, True)]
    assert found["items"][0]["findings"][0]["name"] == "开门继电器"
    rest = value(hub.get(f"/api/v1/devices/east-gate/pass-sheets?limit=2&before={found['next']}"))
    assert [(one["id"], one["passed"]) for one in rest["items"]] == [(1, False)]
    problem(hub.get("/api/v1/devices/nobody/pass-sheets"), 404)


def test_a_look_at_the_picture_is_audited_and_a_miss_is_not(hub: WebHub) -> None:
    placed(hub)
    shown = hub.pass_sheet(sheet(hub))
    bare = hub.pass_sheet(sheet(hub, picture=None))
    answer = hub.get(f"/api/v1/devices/east-gate/pass-sheets/{shown}/picture")
    assert (answer.status_code, answer.content_type, answer.data) == (200, "image/jpeg", JPEG)
    assert looks(hub).count("pass_sheets.picture") == 1
    for number in (bare, 99):
        problem(hub.get(f"/api/v1/devices/east-gate/pass-sheets/{number}/picture"), 404)
    assert looks(hub).count("pass_sheets.picture") == 1


def test_a_picture_is_not_had_through_another_device(hub: WebHub) -> None:
    placed(hub)
    placed(hub, "west-gate")
    shown = hub.pass_sheet(sheet(hub))
    problem(hub.get(f"/api/v1/devices/west-gate/pass-sheets/{shown}/picture"), 404)


def test_who_is_bound_to_another_area_is_told_that_there_is_none(hub: WebHub) -> None:
    placed(hub)
    shown = hub.pass_sheet(sheet(hub))
    hub.account("zhaogong", "technician", areas=[OTHER])
    browser = hub.log_in_as("zhaogong")
    for path in ("/api/v1/devices/east-gate/pass-sheets", f"/devices/east-gate/pass-sheets/{shown}"):
        assert browser.get(path).status_code == 404
    assert browser.get(f"/api/v1/devices/east-gate/pass-sheets/{shown}/picture").status_code == 404


def test_the_devices_page_says_how_to_prove_it_and_then_what_was_proved(hub: WebHub) -> None:
    placed(hub)
    browser = hub.log_in()
    assert "edge-agent doctor --on-site --file" in browser.get("/devices/east-gate").text
    shown = hub.pass_sheet(sheet(hub, outcome=Outcome.FAIL))
    text = browser.get("/devices/east-gate").text
    for words in ("有项目不合格", "开门继电器", "王师傅", f"/devices/east-gate/pass-sheets/{shown}"):
        assert words in text
    (picture,) = [attrs for tag, attrs in Tags(text).tags if tag == "img" and "/api/" in (attrs["src"] or "")]
    assert picture["loading"] == "lazy", "not looked at before somebody opens it"
    assert looks(hub).count("pass_sheets.picture") == 0
    hub.pass_sheet(sheet(hub))
    assert "验收合格" in browser.get("/devices/east-gate").text


def test_the_sheets_own_page_has_all_of_it_and_what_a_device_said_is_text(hub: WebHub) -> None:
    placed(hub)
    shown = hub.pass_sheet(sheet(hub, outcome=Outcome.FAIL, found="<script>alert(1)</script>"))
    browser = hub.log_in()
    text = browser.get(f"/devices/east-gate/pass-sheets/{shown}").text
    for words in ("现场验收单", "检查接线", "check the wires", "&lt;script&gt;alert(1)", "人脸和车牌在设备上就已模糊"):
        assert words in text
    assert "<script>alert" not in text
    assert browser.get("/devices/east-gate/pass-sheets/99").status_code == 404
