import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from web_hub import DAY_US, HOUR_US, WebHub

import hub_server.web
from edge_agent.wire.messages import Direction
from hub_server.web.page import PLATES_MAX, ROWS_MAX, SIGHTINGS_MAX, WAITING_MAX

WEB = Path(hub_server.web.__file__).parent
EVIL = "<script>alert('守')</script><img src=x onerror=alert(1)>"
EVIL_QUOTED = "\"'><svg onload=alert(1)>"


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the text of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def page(hub: WebHub) -> str:
    answer = hub.log_in().get("/")
    assert answer.status_code == 200
    return answer.text


def test_with_nothing_at_all_the_page_says_that_nobody_looks(hub: WebHub) -> None:
    text = page(hub)
    assert "还没有摄像头在看" in text
    assert "一切安好" not in text


def test_all_is_well_when_somebody_looks_and_nobody_is_missed(hub: WebHub) -> None:
    hub.device()
    hub.watch(hub.person("p-li"), seen_before_us=HOUR_US)
    assert "一切安好" in page(hub)


def test_an_alert_stands_on_the_page_without_any_script(hub: WebHub) -> None:
    hub.device()
    hub.overdue("p-li", address="桂花村 3 组", phone="138-0013 0001", note="独居")
    text = page(hub)
    for words in (
        "有 1 位居民 25 小时未见",
        "李秀兰",
        "桂花村 3 组",
        "138-0013 0001",
        "独居",
        "超时 1 小时",
        "还没有人接手",
    ):
        assert words in text
    assert 'href="tel:13800130001"' in text


def test_sightings_show_who_where_how_sure_and_whether_it_counts(hub: WebHub) -> None:
    hub.person("p-li")
    hub.device("east-gate", "东门 East gate")
    hub.passage("p-li")
    hub.passage()
    hub.passage("p-li", synced=False)
    text = page(hub)
    for words in ("东门 East gate", "李秀兰", "陌生人", "0.71", "确认", "计入守望", "时钟未校准"):
        assert words in text


def test_vehicles_stand_in_a_part_of_their_own_with_what_each_gate_counted_today(hub: WebHub) -> None:
    hub.device("east-gate", "东门 East gate")
    hub.vehicle("粤B12345", listed="粤B12346")
    hub.vehicle("粤B99999", direction=Direction.OUT)
    hub.vehicle(None, direction=Direction.UNKNOWN)
    hub.vehicle("粤BD12345", synced=False)
    text = page(hub)
    for words in ("车辆进出", "粤B·12345", "即 粤B·12346", "登记车辆", "未登记", "看不清", "进 1", "出 1"):
        assert words in text
    for words in ("方向不明 1 · 时间不明 1", "时钟未校准"):
        assert words in text
    assert "陌生人" not in text, "a vehicle is nobody"
    assert "读不懂的记录" not in text
    tags = Tags(text).tags
    shown = [attrs["data-verdict"] for tag, attrs in tags if tag == "li" and attrs.get("class") == "plate"]
    assert shown[:4] == ["unknown", "unread", "unknown", "known"]
    assert not [attrs for tag, attrs in tags if attrs.get("class") == "sighting" and attrs["data-key"]]


def test_yesterdays_vehicles_are_not_todays(hub: WebHub) -> None:
    hub.device()
    hub.vehicle()
    hub.clock.now_us += DAY_US
    assert "进 0" in page(hub)


def test_vehicles_on_the_page_have_a_bound(hub: WebHub) -> None:
    hub.device()
    for _ in range(PLATES_MAX + 3):
        hub.vehicle()
    rows = [attrs for tag, attrs in Tags(page(hub)).tags if attrs.get("class") == "plate" and attrs["data-key"]]
    assert len(rows) == PLATES_MAX


def test_a_snapshot_has_a_bound(hub: WebHub) -> None:
    hub.device()
    for _ in range(SIGHTINGS_MAX + 5):
        hub.passage()
    tags = Tags(page(hub)).tags
    rows = [attrs for tag, attrs in tags if tag == "li" and attrs.get("class") == "sighting" and attrs["data-key"]]
    assert len(rows) == SIGHTINGS_MAX <= ROWS_MAX


@pytest.mark.parametrize("evil", [EVIL, EVIL_QUOTED, "{{ 7 * 7 }}", "javascript:alert(1)"])
def test_what_people_wrote_is_text_and_never_markup(hub: WebHub, evil: str) -> None:
    hub.device("east-gate", evil)
    alert = hub.overdue("p-evil", evil[:100], address=evil, phone=evil[:40], note=evil)
    hub.passage("p-evil")
    author = {"state": "acknowledged", "author": evil, "note": evil}
    assert hub.patch(f"/api/v1/alerts/{alert}", author).status_code == 200
    parsed = Tags(page(hub))
    assert evil in parsed.words
    for tag, attrs in parsed.tags:
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        assert tag not in {"svg", "iframe", "object"}
        assert not (attrs.get("href") or "").startswith("javascript")
    scripts = [attrs for tag, attrs in parsed.tags if tag == "script"]
    assert [attrs["src"] for attrs in scripts] == [
        f"/static/{name}.js" for name in ("comfort", "form", "search", "tables", "main")
    ]
    assert [attrs["src"] for tag, attrs in parsed.tags if tag == "img"] == ["/static/mark.svg"]


def test_no_page_has_inline_script_or_style(hub: WebHub) -> None:
    hub.device()
    hub.overdue()
    for text in (page(hub), hub.stranger.get("/login?code=x").text, hub.stranger.get("/nowhere").text):
        tags = Tags(text).tags
        assert not any("style" in attrs for _, attrs in tags)
        assert "style" not in {tag for tag, _ in tags}
        assert all(attrs.get("src") for tag, attrs in tags if tag == "script")


def test_nothing_is_fetched_from_elsewhere(hub: WebHub) -> None:
    for tag, attrs in Tags(page(hub)).tags:
        for name in ("src", "href", "action"):
            link = attrs.get(name) or "/"
            assert link.startswith(("/", "#", "tel:")), (tag, link)
            assert not link.startswith("//")


def test_our_scripts_never_parse_a_text_as_markup() -> None:
    scripts = sorted((WEB / "static").glob("*.js"))
    assert scripts
    dangerous = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|Function\(|https?://"
    for script in scripts:
        assert re.search(dangerous, script.read_text(encoding="utf-8")) is None, script.name


def test_every_module_that_a_script_imports_is_served(hub: WebHub) -> None:
    templates = "".join(template.read_text() for template in (WEB / "templates").rglob("*.html"))
    seen, waiting = set[str](), re.findall(r"filename='([a-z_]+\.js)'", templates)
    while waiting:
        name = waiting.pop()
        with hub.stranger.get(f"/static/{name}") as answer:
            assert answer.status_code == 200, name
            assert answer.content_type.startswith("text/javascript")
            seen.add(name)
            script = answer.get_data(as_text=True)
            waiting += set(re.findall(r'from "\./([a-z_]+\.js)"', script)) - seen
    assert seen == {script.name for script in (WEB / "static").glob("*.js")}


def test_times_are_the_office_s_with_utc_beside(hub: WebHub) -> None:
    hub.clock.now_us = 1_795_472_400_000_000  # 2026-11-23T22:20:00Z, 06:20 the next day in the office
    hub.device()
    hub.passage()
    text = page(hub)
    assert "06:20:00" in text
    assert 'title="2026-11-23 22:20:00 UTC"' in text


def test_a_person_long_gone_is_told_in_days(hub: WebHub) -> None:
    hub.device()
    hub.watch(hub.person("p-li"), seen_before_us=4 * DAY_US)
    hub.raise_due()
    assert "有 1 位居民 4 天未见" in page(hub)


def test_what_needs_a_persons_eye_stands_with_the_devices_and_says_why(hub: WebHub) -> None:
    hub.device("east-gate", "东门 East gate")
    assert 'id="attention" hidden' in page(hub)
    hub.not_understood(b'{"type":"<b>lamp</b>"}')
    parsed = Tags(page(hub))
    shown = [attrs for tag, attrs in parsed.tags if attrs.get("class") == "waiting" and attrs["data-key"]]
    assert [(attrs["data-noun"], attrs["data-key"]) for attrs in shown] == [("quarantine", "1"), ("conflicts", "1")]
    assert [attrs for _, attrs in parsed.tags if attrs.get("id") == "attention" and "hidden" not in attrs]
    for text in ("待查看", "读不懂", "<b>lamp</b>", "冲突", "放行", "搁置", "已查明"):
        assert text in parsed.words
    assert "b" not in {tag for tag, attrs in parsed.tags if not attrs}
    hub.post("/api/v1/quarantine/1/dismiss", {"by": "王", "note": "x"})
    hub.post("/api/v1/conflicts/1/settle", {"by": "王", "note": "x"})
    assert 'id="attention" hidden' in page(hub)


def test_what_waits_on_the_page_has_a_bound(hub: WebHub) -> None:
    hub.device()
    for n in range(WAITING_MAX + 5):
        hub.stored(str(n).encode(), "quarantined")
    rows = [attrs for _, attrs in Tags(page(hub)).tags if attrs.get("class") == "waiting" and attrs["data-key"]]
    assert len(rows) == WAITING_MAX


def test_a_card_offers_every_step_and_says_who_is_told_next(hub: WebHub) -> None:
    hub.device()
    hub.ladder(person_id=None)
    alert = hub.overdue()
    text = page(hub)
    parsed = Tags(text)
    steps = [attrs["data-step"] for tag, attrs in parsed.tags if tag == "button" and "data-step" in attrs]
    for step in ("acknowledged", "on_the_way", "well", "helped", "away", "not_found", "emergency", "open"):
        assert step in steps
    assert f'id="alert-{alert}"' in text, "what a link in a message names"
    for words in ("说不准：报警时没有摄像头在看", "网格员", "还没有结束，就往上通知"):
        assert words in text


def test_a_closed_alert_can_be_opened_again_from_the_page(hub: WebHub) -> None:
    alert = hub.overdue()
    assert 'id="closed" hidden' in page(hub)
    hub.patch(f"/api/v1/alerts/{alert}", {"state": "closed", "outcome": "helped", "author": "王敏", "note": "摔倒了"})
    parsed = Tags(page(hub))
    shown = [attrs for _, attrs in parsed.tags if attrs.get("class") == "ended" and attrs["data-key"]]
    assert [(attrs["data-key"], attrs["data-outcome"]) for attrs in shown] == [(str(alert), "helped")]
    for words in ("最近结束", "已救助", "摔倒了", "重新打开"):
        assert words in parsed.words


def test_a_sighting_can_be_corrected_and_then_says_so(hub: WebHub) -> None:
    hub.device()
    hub.person()
    event = hub.passage("p-li")
    assert 'data-corrected="no"' in page(hub)
    hub.post(f"/api/v1/events/{event}/not-this-person", {})
    text = page(hub)
    assert 'data-corrected="yes"' in text
    assert "计入守望" not in text


def test_what_cameras_say_of_themselves_is_no_sighting(hub: WebHub) -> None:
    hub.device()
    for _ in range(SIGHTINGS_MAX):
        hub.stored(b"{}", "observing")
    hub.passage()
    hub.stored(b"{}", "clock_anchor")
    rows = [attrs for tag, attrs in Tags(page(hub)).tags if attrs.get("class") == "sighting" and attrs["data-key"]]
    assert [attrs["data-kind"] for attrs in rows] == ["stranger"]


def test_every_field_of_a_form_has_a_label_and_every_dialog_a_title(hub: WebHub) -> None:
    text = page(hub)
    tags = Tags(text).tags
    titles = {attrs.get("id") for _, attrs in tags}
    dialogs = [attrs for tag, attrs in tags if tag == "dialog"]
    assert len(dialogs) >= 4
    assert all(attrs["aria-labelledby"] in titles for attrs in dialogs)
    bare = re.sub(r"<label[ >].*?</label>", "", text, flags=re.DOTALL)
    fields = [attrs for tag, attrs in Tags(bare).tags if tag in {"input", "select", "textarea"}]
    assert all(attrs.get("type") == "hidden" for attrs in fields)
