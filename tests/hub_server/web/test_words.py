"""The page's words are said twice, by the server and by the browser: both must say the same."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, value

import hub_server.web
from edge_agent.wire.messages import Direction
from hub_server.web import words
from hub_server.web.times import OFFICE_ZONE

SCRIPT = Path(hub_server.web.__file__).parent / "static" / "words.js"
PLACES = {"east-gate": "东门 East gate", "nameless": ""}
NOW_S = 1_795_472_400  # 2026-11-23T22:20:00Z
TELL = """
const {rows, places, nowS, zone} = JSON.parse(process.env.ROWS);
setZone(zone);
const placed = new Map(Object.entries(places));
const say = {alert: (row) => alert(row, placed, nowS), watch: (row) => watch(row, placed, nowS),
  sighting: (row) => ({...sighting(row, nowS), kind: kind(row)}), gate,
  plate: (row) => ({...plate(row, nowS), verdict_key: verdict(row)}), dotted, device: (row) => device(row, nowS),
  quarantined: (row) => quarantined(row, nowS), conflict: (row) => conflict(row, nowS),
  span: (row) => span(row), clock: (row) => clock(row, nowS), where: (row) => where(row, placed), telephone};
console.log(JSON.stringify(rows.map(([name, row]) => say[name](row))));
"""


def by_server(name: str, row: Any) -> Any:
    if name in {"alert", "watch"}:
        return getattr(words, name)(row, PLACES, NOW_S)
    if name == "sighting":
        return words.sighting(row, NOW_S) | {"kind": words.kind(row)}
    if name == "plate":
        return words.plate(row, NOW_S) | {"verdict_key": words.verdict(row)}
    if name == "where":
        return list(words.where(row, PLACES))
    if name in {"device", "clock", "quarantined", "conflict"}:
        return getattr(words, name)(row, NOW_S)
    said = getattr(words, name)(row)
    return list(said) if isinstance(said, tuple) else said


def by_browser(rows: list[tuple[str, Any]]) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: what the browser says is not compared")
    given = {"rows": rows, "places": PLACES, "nowS": NOW_S, "zone": OFFICE_ZONE.utcoffset(None).total_seconds()}
    program = SCRIPT.read_text(encoding="utf-8") + TELL
    done = subprocess.run(
        [node, "--input-type=module"],
        input=program,
        env={"ROWS": json.dumps(given)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    answer: list[Any] = json.loads(done.stdout)
    return answer


def stored_rows(hub: WebHub) -> list[tuple[str, Any]]:
    """Rows of every kind and state, as the API shows them."""
    hub.clock.now_us = NOW_S * 1_000_000
    hub.device("east-gate", "东门 East gate")
    hub.device("nameless", "", online=False)
    alerts = [hub.overdue(f"p-{number}", f"居民{number}", phone="+86 138-0013", note="独居") for number in range(3)]
    hub.watch(hub.person("p-never", "未见"))
    hub.watch(hub.person("p-fine", "安好"), seen_before_us=3 * HOUR_US + 61_000_000)
    hub.watch(hub.person("p-week", "一周"), seen_before_us=6 * DAY_US, period_s=604800)
    off = hub.watch(hub.person("p-off", "停"), seen_before_us=HOUR_US)
    hub.patch(f"/api/v1/watches/{off}", {"active": False})
    hub.patch(f"/api/v1/alerts/{alerts[0]}", {"state": "acknowledged", "author": "王敏", "note": "先打电话"})
    hub.patch(f"/api/v1/alerts/{alerts[1]}", {"state": "on_the_way", "author": "刘洋"})
    away = hub.overdue("p-away", "外出")
    hub.patch(f"/api/v1/alerts/{away}", {"state": "closed", "outcome": "away", "until": "2026-11-26T12:00:00+08:00"})
    well = hub.overdue("p-well", "见到")
    hub.patch(f"/api/v1/alerts/{well}", {"state": "closed", "outcome": "well", "author": "刘洋"})
    for person, strict, synced in (
        (None, True, True),
        ("p-fine", True, True),
        ("p-0", False, True),
        ("p-1", True, False),
    ):
        hub.passage(person, strict=strict, synced=synced)
    hub.passage("p-not-known-here", device_id="nameless")
    hub.vehicle("粤B12345", listed="粤B12346", direction=Direction.OUT)
    hub.vehicle("粤BD12345", listed="粤BD12345")
    hub.vehicle("粤B99999", direction=Direction.UNKNOWN, device_id="nameless")
    hub.vehicle(None, synced=False)
    hub.not_understood(b'{"type":"lamp"}')
    hub.stored(b"?", "quarantined")
    hub.stored(b"{}", "lost", device_id="nameless")
    hub.clock.now_us -= 30 * HOUR_US
    hub.passage()
    hub.clock.now_us += 30 * HOUR_US
    lists = {
        "alert": "alerts?state=open,acknowledged,on_the_way",
        "watch": "watches",
        "sighting": "events",
        "plate": "events?type=plate_read",
        "gate": "gates",
        "device": "devices",
        "quarantined": "quarantine",
        "conflict": "conflicts",
    }
    return [(name, row) for name, path in lists.items() for row in value(hub.get(f"/api/v1/{path}"))["items"]]


def troubled(device: Any) -> list[tuple[str, Any]]:
    """A device in the states that only time brings."""
    ill = {"epoch": "0" * 32, "high": 3, "last": 15, "conflicts": 1, "quarantined": 2, "lost": 37, "refused": 4}
    return [
        ("device", {**device, "heard_at": "2026-11-23T22:19:30.999999Z", "sync": {**device["sync"], **ill}}),
        ("device", {**device, "heard_at": "2026-11-20T00:00:00Z", "sync": {**device["sync"], "epoch": "0" * 32}}),
    ]


def test_server_and_browser_say_the_same_about_every_row(hub: WebHub) -> None:
    rows = stored_rows(hub)
    rows += troubled(next(row for name, row in rows if name == "device"))
    rows += [("span", s) for s in (0, 59, 60, 3599, 3600, 3660, 86399, 86400, 90000, 172800, 31536000)]
    moments = ["2026-11-23T15:59:59Z", "2026-11-23T16:00:00Z", "2026-11-24T16:00:00Z", "2026-11-22T15:59:59Z"]
    rows += [("clock", moment) for moment in [*moments, "2025-12-31T16:00:00Z", "2026-01-01T03:04:05.678901Z"]]
    rows += [("where", by) for by in ("", "given", "visit: 王 敏", "east-gate/east", "nameless/x", "unknown/x", "odd")]
    rows += [("telephone", text) for text in ("", "无", "12", "110", "+86 (138) 0013-0001", "javascript:1111")]
    said = by_browser(rows)
    for (name, row), heard in zip(rows, said, strict=True):
        assert heard == by_server(name, row), (name, row)


@pytest.mark.parametrize(
    ("duration_s", "zh", "en"),
    [
        (59, "不到 1 分钟", "under 1 min"),
        (60, "1 分钟", "1 min"),
        (3600, "1 小时", "1 h"),
        (12_000, "3 小时 20 分", "3 h 20 min"),
        (86_400, "1 天", "1 d"),
        (97_200, "1 天 3 小时", "1 d 3 h"),
    ],
)
def test_a_duration_has_two_units_at_most(duration_s: int, zh: str, en: str) -> None:
    assert words.span(duration_s) == (zh, en)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-23T16:00:00Z", "00:00"),
        ("2026-11-23T15:59:59Z", "昨天 23:59"),
        ("2026-11-24T16:00:00Z", "明天 00:00"),
        ("2026-11-21T04:00:00Z", "11月21日 12:00"),
        ("2025-12-31T04:00:00Z", "2025年12月31日 12:00"),
    ],
)
def test_a_time_is_told_by_the_office_s_day(moment: str, said: str) -> None:
    assert words.clock(moment, NOW_S) == said


@pytest.mark.parametrize(("text", "link"), [("138 0013-0001", "tel:13800130001"), ("无", ""), ("12", "")])
def test_only_a_number_can_be_dialled(text: str, link: str) -> None:
    assert words.telephone(text) == link
