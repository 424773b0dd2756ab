"""/passages and /passages/figures as people see them."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from web_hub import DAY_US, HOUR_US, WebHub, value

import hub_server.web
from edge_agent.wire.messages import Direction
from hub_server.store import corrections
from hub_server.store.reach import EVERYWHERE
from hub_server.web import traffic_figures, traffic_words
from hub_server.web.pages.passages import ROWS

STATIC = Path(hub_server.web.__file__).parent / "static"
EVIL = "<script>alert('守')</script>"


class Page(HTMLParser):
    """Its rows of passages, its tags and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def rows(self) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.tags if attrs.get("class") == "passage" and attrs.get("data-key")]

    @property
    def links(self) -> set[str]:
        return {attrs["href"] or "" for tag, attrs in self.tags if tag == "a" and "href" in attrs}


def page(hub: WebHub, path: str = "/passages", *, browser: Any = None) -> Page:
    answer = (browser or hub.log_in()).get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


@pytest.fixture
def office(hub: WebHub) -> WebHub:
    hub.device("east-gate", "东门")
    hub.device("west-gate", "西门")
    hub.person("p-li", area="桂花村")
    hub.person("p-wang", "王建国")
    value(hub.post("/api/v1/vehicles", {"plate": "粤B12345", "owner": "household", "label": "3 栋"}), 201)
    hub.passage("p-li")
    hub.passage(device_id="west-gate")
    hub.vehicle("粤B12345", listed="粤B12345", direction=Direction.OUT)
    hub.vehicle("粤B99999", device_id="west-gate")
    hub.vehicle(None)
    return hub


def test_an_empty_list_says_what_to_do(hub: WebHub) -> None:
    found = page(hub)
    assert found.rows == []
    assert "还没有人或车经过" in found.words
    assert "/devices" in found.links


def test_the_list_stands_without_any_script(office: WebHub) -> None:
    found = page(office)
    assert [row["data-kind"] for row in found.rows] == [
        "vehicle_unknown",
        "vehicle_unknown",
        "vehicle_known",
        "stranger",
        "known",
    ]
    for words in ("李秀兰", "陌生人", "粤B·12345", "登记车辆", "看不清", "东门", "计入守望"):
        assert words in found.words
    assert {"/people/p-li", "/vehicles/1", "/passages?plate=粤B99999"} <= found.links


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("place=东门&kind=person", ["known"]),
        ("kind=vehicle_known", ["vehicle_known"]),
        ("who=李秀兰", ["known"]),
        ("who=lxl", ["known"]),
        ("person=p-li", ["known"]),
        ("plate=粤B·99999", ["vehicle_unknown"]),
        ("from=2026-11-25T00:00", []),
        ("until=2026-11-20T00:00", []),
        ("kind=nonsense", ["vehicle_unknown", "vehicle_unknown", "vehicle_known", "stranger", "known"]),
    ],
)
def test_the_filters_of_the_form(office: WebHub, query: str, kinds: list[str]) -> None:
    assert [row["data-kind"] for row in page(office, f"/passages?{query}").rows] == kinds


def test_a_time_of_the_form_is_the_offices(office: WebHub) -> None:
    office.clock.now_us += 2 * HOUR_US  # what was seen at 06:00 of the office is 2 hours ago
    assert len(page(office, "/passages?from=2026-11-24T05:59&until=2026-11-24T06:01").rows) == 5
    assert page(office, "/passages?from=2026-11-24T06:01").rows == []


@pytest.mark.parametrize(
    ("query", "words"),
    [("plate=xyz", "车牌"), ("from=soon", "不是时间"), ("before=4711", "不是过往记录"), ("who=nobody", "没有这个人")],
)
def test_a_filter_that_cannot_be_is_said_and_breaks_nothing(office: WebHub, query: str, words: str) -> None:
    found = page(office, f"/passages?{query}")
    assert found.rows == []
    assert words in found.words


def test_a_name_of_several_people_asks_who_is_meant(office: WebHub) -> None:
    office.person("p-li2", "李秀兰")
    office.passage("p-li2")
    found = page(office, "/passages?who=李秀兰")
    assert found.rows == []
    assert "您指的是谁" in found.words
    links = [link for link in found.links if "person=p-li" in link]
    assert len(links) == 2


def test_more_than_a_page_goes_on_by_a_link_with_the_same_filters(office: WebHub) -> None:
    for _ in range(ROWS):
        office.passage()
    first = page(office, "/passages?kind=stranger")
    assert len(first.rows) == ROWS
    (older,) = [attrs["href"] for tag, attrs in first.tags if tag == "a" and attrs.get("rel") == "next"]
    assert older is not None
    second = page(office, older)
    assert [row["data-kind"] for row in second.rows] == ["stranger"]
    assert next(attrs for _, attrs in second.tags if "data-moves" in attrs)["data-moves"] == "no"


def test_whom_somebody_corrected_is_struck_out(office: WebHub) -> None:
    office.store.write(
        lambda db: corrections.not_this_person(
            db, event=1, other=None, author="王敏", note="", now_us=office.clock.now_us
        )
    )
    found = page(office, "/passages?person=p-li")
    assert [row["data-corrected"] for row in found.rows] == ["yes"]
    assert "不是此人" in found.words


def test_what_people_wrote_is_text(office: WebHub) -> None:
    office.device("evil-gate", EVIL)
    office.person("p-evil", EVIL)
    office.passage("p-evil", device_id="evil-gate")
    for path in ("/passages", "/passages/figures", f"/passages?who={EVIL}", f"/passages?place={EVIL}"):
        found = page(office, path)
        assert EVIL in found.words or any(EVIL in str(attrs) for _, attrs in found.tags)
        scripts = [attrs.get("src") for tag, attrs in found.tags if tag == "script"]
        assert all(scripts), "no inline script"
        assert not any("style" in attrs for _, attrs in found.tags)


def test_a_worker_sees_their_own_cameras_only(office: WebHub) -> None:
    office.store.write(lambda db: db.execute("UPDATE devices SET area = '桂花村' WHERE id = 'west-gate'"))
    office.account("wangmin", areas=["桂花村"])
    browser = office.log_in_as("wangmin")
    found = page(office, browser=browser)
    assert [row["data-kind"] for row in found.rows] == ["vehicle_unknown", "stranger"]
    assert "东门" not in found.words
    figures = page(office, "/passages/figures", browser=browser)
    assert "西门" in figures.words
    assert "东门" not in figures.words
    assert "东门" not in page(office, "/passages/figures?gate=east-gate", browser=browser).words


def test_who_may_not_correct_is_offered_no_correction(office: WebHub) -> None:
    office.account("viewer", role="viewer", areas=["桂花村"])
    body = {
        attrs["data-may-correct"]
        for _, attrs in page(office, browser=office.log_in_as("viewer")).tags
        if "data-may-correct" in attrs
    }
    assert body == {"no"}


def test_figures_of_today_by_the_hour(office: WebHub) -> None:
    found = page(office, "/passages/figures")
    for words in ("车辆、人员进出情况", "人员，今天每小时", "车辆进出，今天每小时", "6时", "各摄像头"):
        assert words in found.words
    charts = [attrs for tag, attrs in found.tags if tag == "svg" and attrs.get("role") == "img"]
    assert len(charts) == 2
    ids = {attrs["id"] for _, attrs in found.tags if "id" in attrs}
    for chart in charts:
        assert set((chart["aria-labelledby"] or "").split()) <= ids
    bars = [attrs for tag, attrs in found.tags if tag == "rect" and attrs.get("height") not in {None, "12"}]
    assert sorted(str(attrs["class"]) for attrs in bars) == ["in", "known", "out", "strangers"]
    assert not any("style" in attrs for _, attrs in found.tags)


def test_figures_with_nothing_say_so(hub: WebHub) -> None:
    for days in ("", "?days=7", "?days=30", "?days=nonsense&gate=nowhere"):
        found = page(hub, f"/passages/figures{days}")
        assert "这段时间没有" in found.words
        assert not [tag for tag, attrs in found.tags if tag == "svg" and attrs.get("role") == "img"]


def test_figures_of_days_are_whole_days_by_day_hour_and_weekday(office: WebHub) -> None:
    assert "还没" not in page(office, "/passages/figures?days=7").words
    office.clock.now_us += DAY_US
    for days, count in (("7", 4), ("30", 6)):
        found = page(office, f"/passages/figures?days={days}")
        charts = [attrs for tag, attrs in found.tags if tag == "svg" and attrs.get("role") == "img"]
        assert len(charts) == count
        assert "24日周二" in found.words, days
    gate = page(office, "/passages/figures?days=30&gate=west-gate")
    assert "各摄像头" not in gate.words
    assert re.search(r"人员经过\s*People\s*1认识 0", gate.words)


def test_averages_are_spread_over_the_days_that_there_were(office: WebHub) -> None:
    now_us = office.clock.now_us + DAY_US
    with office.store.read() as db:
        told = traffic_figures.take(db, device=None, days=30, now_us=now_us, reach=EVERYWHERE)
    charts = {chart.id: chart for chart in told.charts}
    assert sum(charts["people-days"].series[0].values) == told.sum.known == 1
    assert charts["people-hours"].series[0].values[6] == pytest.approx(1 / 30)
    tuesdays = sum(label.endswith("周二") for label in charts["people-days"].labels)
    assert charts["people-weekdays"].series[0].values[1] == pytest.approx(1 / tuesdays)


def test_clinics_stand_among_the_figures(office: WebHub) -> None:
    assert "卫生站就诊" not in page(office, "/passages/figures").words
    office.store.write(lambda db: db.execute("UPDATE places SET kind = 'clinic' WHERE name = '东门'"))
    assert "卫生站就诊" in page(office, "/passages/figures").words


TELL = """
const {kind, texts, fits} = await import(process.env.WORDS);
const {events, zone, nowS, wanted} = JSON.parse(process.env.GIVEN);
const words = await import(process.env.BASE);
words.setZone(zone);
console.log(JSON.stringify({texts: events.map((row) => fits(row, {}) ? {...texts(row, nowS), kind: kind(row)} : null),
  fits: wanted.map((one) => events.filter((row) => fits(row, one)).map((row) => row.id))}));
"""


def test_the_browser_says_of_what_comes_live_what_the_server_says_and_filters_the_same(office: WebHub) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: what the browser says is not compared")
    office.vehicle("粤B1234S", listed="粤B12345")
    office.passage("p-li", synced=False, strict=False)
    office.observed(from_us=1, hours=1, state="watching")
    now_s = office.clock.now_us // 1_000_000 + 90
    queries: list[tuple[str, dict[str, Any]]] = [
        ("", {}),
        ("device=east-gate", {"devices": ["east-gate"]}),
        ("person=p-li", {"person": "p-li"}),
        ("plate=粤B·12345", {"plate": "粤B·12345"}),
        *((f"kind={kind}", {"kind": kind}) for kind in ("person", "known", "stranger", "vehicle", "vehicle_known")),
        ("kind=vehicle_unknown&device=west-gate", {"kind": "vehicle_unknown", "devices": ["west-gate"]}),
    ]
    given = {
        "events": value(office.get("/api/v1/events"))["items"],
        "zone": 8 * 3600,
        "nowS": now_s,
        "wanted": [wanted for _, wanted in queries],
    }
    done = subprocess.run(
        [node, "--input-type=module"],
        input=TELL,
        env={
            "GIVEN": json.dumps(given),
            "WORDS": (STATIC / "passagewords.js").as_uri(),
            "BASE": (STATIC / "words.js").as_uri(),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rows = {row["id"]: row for row in value(office.get("/api/v1/passages"))["items"]}
    compared = 0
    for event, texts in zip(given["events"], told["texts"], strict=True):
        if event["id"] not in rows:
            assert texts is None, "nobody passed"
            continue
        row = rows[event["id"]]
        expected = traffic_words.passage(row, now_s)
        for name in set(expected) - {"link"}:
            assert texts.get(name, "") == expected[name], (name, row)
        assert texts["kind"] == row["kind"]
        compared += 1
    assert compared == len(rows) == 7
    for (query, _), live in zip(queries, told["fits"], strict=True):
        listed = [row["id"] for row in value(office.get(f"/api/v1/passages?{query}"))["items"]]
        assert sorted(live) == sorted(listed), query
