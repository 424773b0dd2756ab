from typing import Any

import pytest

from hub_server.web.outlook import Outlook, Watching, outlook, runs

NOW_S = 1_795_472_400
WELL = {"status": "ok", "broker": "connected"}
CAMERA = {"online": True}
DARK = {"online": False}
WATCH = {"state": "watching"}


def alert(state: str = "open", last_seen_at: str | None = "2026-11-22T22:20:00Z") -> dict[str, Any]:
    return {"state": state, "last_seen_at": last_seen_at}


def look(**parts: Any) -> Outlook:
    office: dict[str, Any] = {"alerts": [], "alarms": [], "health": WELL} | parts
    watches, devices = office.pop("watches", [WATCH]), office.pop("devices", [CAMERA])
    watching = Watching(
        running=sum(map(runs, watches)), devices=len(devices), online=sum(device["online"] for device in devices)
    )
    return outlook(now_s=NOW_S, watching=watching, **office)


def test_all_is_well_only_when_everything_looks() -> None:
    assert look().tone == "well"
    assert look().zh == "一切安好"


@pytest.mark.parametrize(
    "parts",
    [
        {"devices": []},
        {"devices": [DARK, DARK]},
        {"devices": [CAMERA, DARK]},
        {"health": {"status": "degraded", "broker": "disconnected"}},
        {"health": {"status": "degraded", "broker": "connected", "watch": "late"}},
    ],
)
def test_with_nobody_looking_it_is_never_well(parts: dict[str, Any]) -> None:
    seen = look(**parts)
    assert seen.tone == "unsure"
    assert "安好" not in seen.zh


def test_blindness_never_hides_an_alert_and_an_alert_never_hides_blindness() -> None:
    seen = look(alerts=[alert()], devices=[DARK])
    assert seen.tone == "care"
    assert "未见" in seen.zh
    assert "离线" in seen.more_zh


@pytest.mark.parametrize(
    ("last_seen_at", "zh"),
    [
        ("2026-11-22T22:20:00Z", "有 1 位居民 24 小时未见"),
        ("2026-11-22T22:20:01Z", "有 1 位居民 23 小时未见"),
        ("2026-11-23T22:19:00Z", "有 1 位居民 1 分钟未见"),
        ("2026-11-20T22:20:00Z", "有 1 位居民 3 天未见"),
        (None, "有 1 位居民一直未见"),
    ],
)
def test_one_alert_says_for_how_long(last_seen_at: str | None, zh: str) -> None:
    assert look(alerts=[alert(last_seen_at=last_seen_at)]).zh == zh


def test_several_alerts_are_counted_with_those_that_wait() -> None:
    seen = look(alerts=[alert(), alert("acknowledged"), alert("on_the_way")])
    assert seen.zh == "有 3 位居民超时未见"
    assert seen.more_zh == "其中 1 位还没有人接手"
    assert look(alerts=[alert("on_the_way")] * 2).more_zh == "已有人接手"


def test_an_office_without_watches_does_not_boast() -> None:
    assert look(watches=[]).zh == "还没有守望任何人"
    assert look(watches=[{"state": "off"}, {"state": "paused"}]).zh == "还没有守望任何人"
