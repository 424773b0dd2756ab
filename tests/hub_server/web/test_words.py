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
from hub_server.web import ladder_words, words
from hub_server.web.times import OFFICE_ZONE

STATIC = Path(hub_server.web.__file__).parent / "static"
PLACES = {"east-gate": "东门 East gate", "nameless": ""}
NOW_S = 1_795_472_400  # 2026-11-23T22:20:00Z
SEEN_BY = (
    "phone: 王",
    "vehicle: east-gate/in",
    "ufo: x",
    "card: a: b",
    "east-gate/east",
    "nameless/x",
    "unknown/x",
    "odd",
)
TELL = """
const w = await import(process.env.WORDS), ladder = await import(process.env.LADDER);
const {rows, places, nowS, zone} = JSON.parse(process.env.ROWS);
w.setZone(zone);
const placed = new Map(Object.entries(places));
const say = {alert: (row) => w.alert(row, placed, nowS), watch: (row) => w.watch(row, placed, nowS),
  sighting: (row) => ({...w.sighting(row, nowS), kind: w.kind(row)}), gate: w.gate,
  plate: (row) => ({...w.plate(row, nowS), verdict_key: w.verdict(row)}), device: (row) => w.device(row, nowS),
  quarantined: (row) => w.quarantined(row, nowS), conflict: (row) => w.conflict(row, nowS),
  closed: (row) => ladder.closed(row, nowS), hint: (row) => ladder.hint(row, nowS),
  alarm: (row) => ladder.alarm(row, nowS),
  span: w.span, clock: (row) => w.clock(row, nowS), where: (row) => w.where(row, placed), telephone: w.telephone};
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
    if name in {"closed", "hint", "alarm", "device", "clock", "quarantined", "conflict"}:
        module = ladder_words if name in {"closed", "hint", "alarm"} else words
        return getattr(module, name)(row, NOW_S)
    said = getattr(words, name)(row)
    return list(said) if isinstance(said, tuple) else said


def by_browser(rows: list[tuple[str, Any]]) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: what the browser says is not compared")
    given = {"rows": rows, "places": PLACES, "nowS": NOW_S, "zone": OFFICE_ZONE.utcoffset(None).total_seconds()}
    done = subprocess.run(
        [node, "--input-type=module"],
        input=TELL,
        env={
            "ROWS": json.dumps(given),
            "WORDS": (STATIC / "words.js").as_uri(),
            "LADDER": (STATIC / "ladderwords.js").as_uri(),
        },
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
    hub.ladder(person_id=None)
    hub.post(f"/api/v1/alerts/{alerts[1]}/report", {"report": "not_found", "author": "刘洋", "note": "没人应"})
    hub.post(f"/api/v1/alerts/{alerts[2]}/report", {"report": "emergency", "author": "刘洋"})
    hub.store.write(lambda db: db.execute("UPDATE alerts SET verdict = 'watched' WHERE id = ?", [alerts[2]]))
    late = hub.watch(hub.person("p-late", "已晚"), seen_before_us=24 * HOUR_US + 61_000_000)
    hub.patch(f"/api/v1/watches/{late}", {"grace_s": 3600})
    hub.watch(hub.person("p-called", "通话"), seen_before_us=HOUR_US)
    hub.post("/api/v1/people/p-called/observations", {"kind": "phone", "by": "王敏"})
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
    hub.post(f"/api/v1/events/{hub.passage('p-fine')}/not-this-person", {})
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
        "closed": "alerts?state=closed",
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


def alarming() -> list[tuple[str, Any]]:
    """Alarms of every kind, and a hint."""
    bare = {"place": "", "detail": "", "since": "2026-11-23T20:00:00.000000Z"}
    alarms = [
        {"kind": "observer", "subject": "east-gate/east", "place": "东门", "detail": "covered: dark"},
        {"kind": "observer", "subject": "x/east", "detail": "dreaming"},
        {"kind": "clock", "subject": "hub", "detail": "an hour ahead"},
        {"kind": "delivery", "subject": "area/桂花村"},
        {"kind": "delivery", "subject": "message/3", "detail": "jsons://… refused"},
        {"kind": "card", "subject": "east-gate", "place": "东门", "detail": "used a second time"},
        {"kind": "certificate", "subject": "certificates/devices", "detail": "两台；two devices；soon"},
    ]
    hint = {"person_name": "李", "zh": "平时", "en": "usually", "last_seen_at": "2026-11-23T01:00:00.000000Z"}
    return [*(("alarm", bare | alarm) for alarm in alarms), ("hint", hint)]


def test_server_and_browser_say_the_same_about_every_row(hub: WebHub) -> None:
    rows = stored_rows(hub)
    rows += troubled(next(row for name, row in rows if name == "device"))
    assert {row["state"] for name, row in rows if name == "watch"} >= {
        "alert",
        "late",
        "seen",
        "unseen",
        "paused",
        "off",
    }
    rows += alarming()
    rows += [("span", s) for s in (0, 59, 60, 3599, 3600, 3660, 86399, 86400, 90000, 172800, 31536000)]
    moments = ["2026-11-23T15:59:59Z", "2026-11-23T16:00:00Z", "2026-11-24T16:00:00Z", "2026-11-22T15:59:59Z"]
    rows += [("clock", moment) for moment in [*moments, "2025-12-31T16:00:00Z", "2026-01-01T03:04:05.678901Z"]]
    rows += [("where", by) for by in ("", "given", "visit: 王 敏", *SEEN_BY)]
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


@pytest.mark.parametrize(
    ("verdict", "said"), [("cannot_tell", "说不准：报警时没有摄像头在看。同样紧急，请上门。"), ("watched", "")]
)
def test_an_alert_that_cannot_tell_says_so_and_is_as_urgent(hub: WebHub, verdict: str, said: str) -> None:
    row = value(hub.get(f"/api/v1/alerts/{hub.overdue()}"))
    texts = words.alert({**row, "verdict": verdict}, PLACES, NOW_S)
    assert texts["doubt"] == said
    assert texts["climb"].endswith("还没有结束，就往上通知") or texts["climb"].endswith("再通知所有人")


TOLD = {"addressee": "recipient/1", "name": "王敏", "state": "sent", "sent_at": "2026-11-23T22:00:00Z"}


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([TOLD], "王敏 06:00 已送达"),
        ([TOLD, {**TOLD, "state": "failing"}], "王敏 06:00 已送达"),
        ([{**TOLD, "state": "waiting"}, {**TOLD, "state": "failing"}], "王敏 还没送到，正在重试"),
        (
            [TOLD, {**TOLD, "addressee": "recipient/2", "name": "李", "state": "waiting"}],
            "王敏 06:00 已送达，李 正在发送",
        ),
        ([{**TOLD, "state": "settled"}, {**TOLD, "name": ""}], ""),
    ],
)
def test_the_card_says_who_was_told_and_what_became_of_it(items: list[Any], said: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: what the browser says is not tried")
    program = (
        f"const {{ words }} = await import({json.dumps((STATIC / 'told.js').as_uri())});"
        f"const w = await import({json.dumps((STATIC / 'words.js').as_uri())}); w.setZone(28800);"
        f"const upcoming = {{rung: 'office', names: ['值班室']}};"
        f"console.log(JSON.stringify(words({{items: {json.dumps(items)}, upcoming}}, {NOW_S})));"
    )
    done = subprocess.run(
        [node, "--input-type=module"], input=program, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)
    assert (heard["told"], heard["upcoming"]) == (said, "街道办 值班室")
