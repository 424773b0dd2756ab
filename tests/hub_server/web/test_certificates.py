"""Cards, certificates, revocation, profiles: what the API says and who may see which secrets."""

from typing import Any

import pytest
from issuing_site import Joiner
from web_hub import DAY_US, WebHub, csrf_of, problem, value

from hub_server.store import devices
from hub_server.web.scopes import Role

EAST = "east-gate"
SECRETS = {
    "kind": "barrier",
    "camera": "rtsp://viewer:p@ss:w/ord@192.168.1.20/main?channel=1&password=hunter2&x=1",
    "relay": "gpio:17",
    "settings": {
        "wifi": {"ssid": "gate", "psk": "hunter2", "password": ""},
        "more": ["rtsp://a:hunter2@10.0.0.9/", 7, None],
        "ssh_key": "hunter2",
    },
}


@pytest.fixture(autouse=True)
def _east(hub: WebHub) -> None:
    hub.device(EAST)


def card(hub: WebHub, device: str = EAST, **body: Any) -> Any:
    return value(hub.post(f"/api/v1/devices/{device}/join-tokens", body), 201)


def join(hub: WebHub, device: str = EAST) -> Any:
    body = Joiner(device=device).body(card(hub, device)["token"])
    return value(hub.stranger.post("/api/v1/join", json=body), 201)


def held(hub: WebHub, device: str = EAST) -> Any:
    return value(hub.get(f"/api/v1/devices/{device}/certificates"))


def test_a_device_stands_with_the_site_as_its_card_and_its_certificates_say(hub: WebHub) -> None:
    assert held(hub)["card"] is None
    assert held(hub)["certificates"] == []
    card(hub, days=3)
    assert held(hub)["card"]["state"] == "live"
    hub.clock.now_us += 3 * DAY_US
    assert held(hub)["card"]["state"] == "expired"
    join(hub)
    shown = held(hub)
    assert shown["card"]["state"] == "used"
    assert [one["state"] for one in shown["certificates"]] == ["good"]
    join(hub)
    assert [(one["state"], one["reason"]) for one in held(hub)["certificates"]] == [
        ("good", ""),
        ("revoked", "replaced"),
    ]
    value(hub.post(f"/api/v1/devices/{EAST}/revocation", {"reason": "卡被偷了"}), 201)
    shown = held(hub)
    assert (shown["barred_reason"], shown["certificates"][0]["reason"]) == ("卡被偷了", "卡被偷了")
    assert value(hub.call("DELETE", f"/api/v1/devices/{EAST}/join-tokens"))["voided"] is False
    card(hub)
    assert held(hub)["barred_at"] is None
    assert value(hub.call("DELETE", f"/api/v1/devices/{EAST}/join-tokens"))["voided"] is True


def test_all_certificates_are_listed_with_their_ends_and_narrowed(hub: WebHub) -> None:
    hub.device("west-gate")
    for device in (EAST, "west-gate", EAST):
        join(hub, device)

    def listed(query: str) -> list[tuple[str, str]]:
        shown = value(hub.get(f"/api/v1/certificates?{query}"))["items"]
        return [(one["device"], one["state"]) for one in shown]

    assert listed("") == [(EAST, "revoked"), ("west-gate", "good"), (EAST, "good")]
    assert listed("state=good") == [("west-gate", "good"), (EAST, "good")]
    assert listed("ends_within_days=60") == []
    assert len(listed("state=good&ends_within_days=3660")) == 2
    assert listed("limit=1&after=1") == [("west-gate", "good")]
    problem(hub.get("/api/v1/certificates?state=perhaps"), 422)


def test_who_is_bound_to_an_area_sees_the_certificates_of_its_devices_only(hub: WebHub) -> None:
    hub.device("west-gate")
    for device in (EAST, "west-gate"):
        join(hub, device)
    hub.store.write(lambda db: devices.change(db, EAST, area="桂花村", now_us=hub.clock()))
    hub.account("tech", Role.TECHNICIAN, areas=["桂花村"])
    browser = hub.log_in_as("tech")
    assert [one["device"] for one in browser.get("/api/v1/certificates").json["items"]] == [EAST]  # type: ignore[index]
    for path in ("certificates", "profile"):
        assert browser.get(f"/api/v1/devices/west-gate/{path}").status_code == 404
    refused = browser.post("/api/v1/devices/west-gate/join-tokens", json={}, headers=csrf_of(browser))
    assert refused.status_code == 404
    assert browser.post(f"/api/v1/devices/{EAST}/join-tokens", json={}, headers=csrf_of(browser)).status_code == 201


@pytest.mark.parametrize("role", [Role.VIEWER, Role.GRID_WORKER, Role.AUDITOR, Role.COMMUNITY_MANAGER])
def test_who_may_not_change_devices_makes_no_card_and_sees_no_password(hub: WebHub, role: Role) -> None:
    value(hub.call("PUT", f"/api/v1/devices/{EAST}/profile", json=SECRETS))
    hub.store.write(lambda db: devices.change(db, EAST, area="桂花村", now_us=hub.clock()))
    hub.account("one", role, areas=[] if role is Role.AUDITOR else ["桂花村"])
    browser = hub.log_in_as("one")
    for path in ("join-tokens", "revocation", "retire"):
        assert browser.post(f"/api/v1/devices/{EAST}/{path}", json={}, headers=csrf_of(browser)).status_code == 403
    shown = browser.get(f"/api/v1/devices/{EAST}/profile")
    assert shown.status_code == 200
    assert "hunter2" not in shown.text
    assert "ord@" not in shown.text
    made = value(shown)
    assert made["camera"] == "rtsp://viewer:***@192.168.1.20/main?channel=1&password=***&x=1"
    assert made["settings"]["more"] == ["rtsp://a:***@10.0.0.9/", 7, None]
    assert made["settings"]["wifi"] == {"ssid": "gate", "psk": "***", "password": ""}


def test_who_may_change_devices_gets_a_profile_back_as_it_was_put(hub: WebHub) -> None:
    path = f"/api/v1/devices/{EAST}/profile"
    assert value(hub.get(path)) == {
        "device": EAST,
        "kind": "door",
        "camera": "picamera2",
        "relay": "",
        "settings": {},
        "changed_at": None,
    }
    made = value(hub.call("PUT", path, json=SECRETS))
    assert {name: made[name] for name in SECRETS} == SECRETS
    assert value(hub.get(path)) == made
    assert value(hub.call("PUT", path, json={}))["settings"] == {}
    wrong = {"kind": "window", "camera": "", "relay": "x\ny", "settings": []}
    assert set(problem(hub.call("PUT", path, json=wrong), 422)["errors"]) == set(wrong)
    problem(hub.call("PUT", "/api/v1/devices/nowhere/profile", json={}), 404)


def test_a_device_is_created_with_its_profile_or_not_at_all(hub: WebHub) -> None:
    value(hub.post("/api/v1/devices", {"id": "new-gate", "profile": SECRETS}), 201)
    assert value(hub.get("/api/v1/devices/new-gate/profile"))["kind"] == "barrier"
    deep: dict[str, Any] = {}
    for _ in range(12):
        deep = {"a": deep}
    wrong = {"id": "west-gate", "profile": {"settings": deep}}
    problem(hub.post("/api/v1/devices", wrong), 422)
    problem(hub.post("/api/v1/devices", {"id": "west-gate", "profile": {"kind": "window"}}), 422)
    problem(hub.get("/api/v1/devices/west-gate"), 404)


def test_a_retired_device_is_left_out_and_can_come_back(hub: WebHub) -> None:
    hub.device("west-gate")
    join(hub)
    shown = value(hub.post(f"/api/v1/devices/{EAST}/retire", {"reason": "门拆了"}))
    assert shown["retired_at"] is not None
    assert [one["id"] for one in value(hub.get("/api/v1/devices"))["items"]] == ["west-gate"]
    assert [one["id"] for one in value(hub.get("/api/v1/devices?retired=yes"))["items"]] == [EAST]
    assert held(hub)["certificates"][0]["state"] == "revoked"
    assert value(hub.get(f"/api/v1/devices/{EAST}"))["id"] == EAST
    assert f'device="{EAST}"' not in hub.get("/metrics").text
    problem(hub.post(f"/api/v1/devices/{EAST}/retire", {"reason": "x"}), 409)
    problem(hub.post(f"/api/v1/devices/{EAST}/join-tokens", {}), 409)
    assert value(hub.post(f"/api/v1/devices/{EAST}/unretire"))["retired_at"] is None
    problem(hub.post(f"/api/v1/devices/{EAST}/unretire"), 409)
    assert len(value(hub.get("/api/v1/devices"))["items"]) == 2


def test_the_metrics_say_how_long_the_authority_lasts_and_how_many_certificates_end(hub: WebHub) -> None:
    join(hub)
    told = dict(line.rsplit(" ", 1) for line in hub.get("/metrics").text.splitlines() if not line.startswith("#"))
    assert 7000 < float(told["shouwang_issuing_left_days"]) < 7300
    assert told["shouwang_certificates_ending"] == "0"
    assert told["shouwang_broker_files_failing"] == "0"
    hub.clock.now_us += 3600 * DAY_US
    told = dict(line.rsplit(" ", 1) for line in hub.get("/metrics").text.splitlines() if not line.startswith("#"))
    assert told["shouwang_certificates_ending"] == "1"


def page(hub: WebHub, name: str | None = None) -> str:
    browser = hub.log_in() if name is None else hub.log_in_as(name)
    answer = browser.get(f"/devices/{EAST}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_page_of_a_device_says_how_it_stands_and_offers_what_may_be_done(hub: WebHub) -> None:
    assert "还没有证书" in page(hub)
    made = card(hub)
    text = page(hub)
    assert "等设备来用" in text
    assert "这张卡不用了" in text
    assert made["token"] not in text
    join(hub)
    text = page(hub)
    for words in ("有效", "已用掉", "制新卡", "卡丢了或被偷", "停用设备"):
        assert words in text
    assert "快到期了" not in text
    hub.clock.now_us += 3620 * DAY_US
    assert "快到期了" in page(hub)
    value(hub.post(f"/api/v1/devices/{EAST}/revocation", {"reason": "<b>卡被偷了</b>"}), 201)
    text = page(hub)
    assert "不准接入" in text
    assert "&lt;b&gt;卡被偷了" in text
    value(hub.post(f"/api/v1/devices/{EAST}/retire", {"reason": "拆了"}))
    text = page(hub)
    assert "重新启用" in text
    assert "制新卡" not in text


def test_the_page_offers_nothing_to_who_may_not(hub: WebHub) -> None:
    hub.store.write(lambda db: devices.change(db, EAST, area="桂花村", now_us=hub.clock()))
    hub.account("wangmin", Role.GRID_WORKER, areas=["桂花村"])
    text = page(hub, "wangmin")
    assert "证书与新卡" in text
    for words in ("制新卡", "卡丢了或被偷", "停用设备", "join-tokens", "card.js"):
        assert words not in text


def test_without_an_issuing_key_the_page_says_so_and_still_retires(hub: WebHub) -> None:
    hub = WebHub(store=hub.store, clock=hub.clock, issues=False)
    text = page(hub)
    assert "还没有装上签发证书" in text
    assert "制新卡" not in text
    assert "停用设备" in text
    assert "shouwang_issuing_left_days" not in hub.get("/metrics").text
    hub.stop()


def test_the_list_shows_those_that_are_retired_when_asked(hub: WebHub) -> None:
    hub.device("west-gate", "西门")
    value(hub.post(f"/api/v1/devices/{EAST}/retire", {"reason": "拆了"}))
    browser = hub.log_in()
    shown = browser.get("/devices").text
    assert f'href="/devices/{EAST}"' not in shown
    assert "1/1 在线" in shown
    asked = browser.get("/devices?retired=yes").text
    assert f'href="/devices/{EAST}"' in asked
    assert 'href="/devices/west-gate"' not in asked
