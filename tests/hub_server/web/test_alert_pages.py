"""/alerts and one alert: what to do, whom to call, what is known; and nothing of it for who may not see it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from page_tags import EVILS, Tags
from web_hub import DAY_US, HOUR_US, WebHub, csrf_of, value

import hub_server.web
from hub_server.web import alert_words
from hub_server.web.times import OFFICE_ZONE

STATIC = Path(hub_server.web.__file__).parent / "static"
VILLAGE, OTHER = "桂花村", "青石村"


def page(browser: FlaskClient, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def in_village(hub: WebHub, person: str = "p-li", name: str = "李秀兰", *, area: str = VILLAGE, **texts: str) -> int:
    return hub.overdue(person, name, area=area, **texts)


def test_an_alert_says_who_where_since_when_and_whom_to_call(hub: WebHub) -> None:
    alert = in_village(hub, address="桂花村 3 组", phone="138 0013 0001", note="听力不好")
    hub.ladder(area=VILLAGE)
    text = page(hub.log_in(), f"/alerts/{alert}")
    for words in (
        "李秀兰",
        "桂花村 3 组",
        "听力不好",
        "超时 1 小时",
        "还没有人接手",
        "李明",
        "女儿",
        "王敏",
        "登记时告知",
    ):
        assert words in text
    links = [
        attrs["href"] for tag, attrs in Tags(text).tags if tag == "a" and (attrs.get("href") or "").startswith("tel:")
    ]
    assert links[:3] == ["tel:13800130001", "tel:13800130003", "tel:13800130002"], "the person, the family, the worker"


def test_doubt_is_said_plainly_and_the_chain_of_evidence_in_sentences(hub: WebHub) -> None:
    alert = in_village(hub)
    text = page(hub.log_in(), f"/alerts/{alert}")
    assert "说不准：报警时没有摄像头在看。同样紧急，请上门。" in text
    told = value(hub.get("/api/v1/watches/1/explain"))["sentences"]
    assert len(told) > 4
    shown = Tags(text).words
    for sentence in told:
        assert sentence["zh"] in shown
        assert sentence["en"] in shown


def test_every_step_is_a_button_and_none_needs_typing(hub: WebHub) -> None:
    alert = in_village(hub)
    tags = Tags(page(hub.log_in(), f"/alerts/{alert}")).tags
    steps = [attrs["data-step"] for tag, attrs in tags if tag == "button" and "data-step" in attrs]
    assert steps[0] == "on_the_way", "the first that a thumb meets"
    assert set(steps) == {
        "acknowledged", "on_the_way", "well", "helped", "away", "not_found", "emergency", "open",
    }  # fmt: skip
    needed = [attrs for tag, attrs in tags if tag in {"input", "textarea", "select"} and "required" in attrs]
    assert not needed


def test_the_picture_shows_what_each_usual_camera_did_and_the_table_the_same(hub: WebHub) -> None:
    seen_us = hub.clock.now_us
    hub.device("east-gate", "东门")
    hub.watch(hub.person(area=VILLAGE))
    hub.passage("p-li")
    hub.clock.now_us = seen_us + 25 * HOUR_US
    hub.store.write(
        lambda db: db.execute(
            "UPDATE watches SET last_seen_us = ?, last_seen_by = 'east-gate/east', due_us = ?",
            (seen_us, seen_us + DAY_US),
        )
    )
    (alert,) = hub.raise_due()
    hub.observed(from_us=seen_us, hours=6, state="watching")
    hub.observed(from_us=seen_us + 6 * HOUR_US, hours=12, state="blind", cause="black")
    parsed = Tags(page(hub.log_in(), f"/alerts/{alert}"))
    bars = [attrs for tag, attrs in parsed.tags if tag == "rect" and "%" in (attrs.get("width") or "")]
    assert [(bar["class"], bar["x"], bar["width"]) for bar in bars] == [
        ("at-watching", "0.0%", "25.0%"),
        ("at-blind", "25.0%", "50.0%"),
        ("at-unknown", "75.0%", "25.0%"),
    ]
    for words in ("东门（east）", "最后见到", "到期", "看不清", "没有报告", "12 小时", "black"):
        assert words in parsed.words
    assert [attrs for tag, attrs in parsed.tags if tag == "svg" and attrs.get("role") == "img"]
    assert not any("style" in attrs for _, attrs in parsed.tags)
    course = value(hub.get(f"/api/v1/alerts/{alert}/course"))["cameras"]
    assert [part["state"] for part in course[0]["parts"]] == ["watching", "blind", "unknown"], (
        "a program reads the same"
    )
    assert course[0]["watching"] == 0.25


def test_without_a_usual_camera_there_is_no_picture_and_it_says_so(hub: WebHub) -> None:
    text = page(hub.log_in(), f"/alerts/{in_village(hub)}")
    assert "没有经常见到本人的摄像头" in text
    assert 'class="course"' not in text


def test_a_closed_alert_offers_reopening_and_nothing_else_is_next(hub: WebHub) -> None:
    alert = in_village(hub)
    hub.patch(f"/api/v1/alerts/{alert}", {"state": "closed", "outcome": "helped", "author": "王敏", "note": "摔倒了"})
    parsed = Tags(page(hub.log_in(), f"/alerts/{alert}"))
    (case,) = [attrs for _, attrs in parsed.tags if attrs.get("id") == "case"]
    assert case["data-state"] == "closed"
    for words in ("已救助", "摔倒了", "重新打开", "要是弄错了，可以重新打开"):
        assert words in parsed.words
    late = [attrs for _, attrs in parsed.tags if attrs.get("class") == "late"]
    assert all("hidden" in attrs for attrs in late), "nobody is overdue any more"


def test_the_history_tells_every_step_the_newest_first(hub: WebHub) -> None:
    alert = in_village(hub)
    hub.patch(f"/api/v1/alerts/{alert}", {"state": "on_the_way", "author": "刘洋"})
    hub.post(f"/api/v1/alerts/{alert}/report", {"report": "not_found", "author": "刘洋", "note": "没人应"})
    text = page(hub.log_in(), f"/alerts/{alert}")
    history = text[text.index('id="history"') : text.index("通知了谁")]
    places = [history.index(words) for words in ("没找到", "出发", "报警")]
    assert places == sorted(places)
    assert "没人应" in history


def test_the_list_says_what_to_do_next_the_most_urgent_first(hub: WebHub) -> None:
    alerts = [in_village(hub, f"p-{n}", name) for n, name in enumerate(("甲一", "乙二", "丙三"))]
    hub.patch(f"/api/v1/alerts/{alerts[0]}", {"state": "on_the_way", "author": "王敏"})
    hub.post(f"/api/v1/alerts/{alerts[2]}/report", {"report": "not_found", "author": "刘洋"})
    text = page(hub.log_in(), "/alerts")
    links = [attrs["href"] for _, attrs in Tags(text).tags if attrs.get("class") == "case-link"]
    assert links == [f"/alerts/{alerts[1]}", f"/alerts/{alerts[2]}", f"/alerts/{alerts[0]}"], "open ones first"
    for words in ("没人接就点“出发”", "见到人以后，登记结果", "问家人和邻居"):
        assert words in text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("state=open", {"甲一"}),
        ("state=on_the_way", {"乙二"}),
        ("state=closed", {"丙三"}),
        (f"area={VILLAGE}", {"甲一", "丙三"}),
        (f"area={OTHER}", {"乙二"}),
        ("verdict=watched", {"乙二"}),
        ("verdict=cannot_tell", {"甲一", "丙三"}),
        ("state=nonsense&verdict=nonsense", {"甲一", "乙二", "丙三"}),
    ],
)
def test_the_list_is_narrowed_by_state_area_and_verdict(hub: WebHub, asked: str, expected: set[str]) -> None:
    one = in_village(hub, "p-1", "甲一")
    two = in_village(hub, "p-2", "乙二", area=OTHER)
    three = in_village(hub, "p-3", "丙三")
    hub.store.write(lambda db: db.execute("UPDATE alerts SET verdict = 'watched' WHERE id = ?", [two]))
    hub.patch(f"/api/v1/alerts/{two}", {"state": "on_the_way", "author": "王敏"})
    hub.patch(f"/api/v1/alerts/{three}", {"state": "closed", "outcome": "well", "author": "王敏"})
    text = page(hub.log_in(), f"/alerts?{asked}")
    assert {name for name in ("甲一", "乙二", "丙三") if name in text} == expected
    program = value(hub.get("/api/v1/alerts?" + asked)) if "nonsense" not in asked else None
    if program is not None and "state" in asked:
        assert {row["person_name"] for row in program["items"]} == expected, "a program is told the same"
    assert one < two < three


def test_many_closed_ones_come_page_by_page(hub: WebHub) -> None:
    for n in range(53):
        alert = in_village(hub, f"p-{n}", f"居民{n}")
        hub.patch(f"/api/v1/alerts/{alert}", {"state": "closed", "outcome": "well", "author": "王敏"})
    browser = hub.log_in()
    seen = []
    path = "/alerts?state=closed"
    while path:
        text = page(browser, path)
        seen += re.findall(r'href="/alerts/(\d+)"', text)
        (path,) = re.findall(r'rel="next" href="([^"]+)"', text) or [""]
        path = path.replace("&amp;", "&")
    assert [int(one) for one in seen] == list(range(53, 0, -1))


@pytest.mark.parametrize("evil", EVILS)
def test_what_people_wrote_is_text_on_both_pages(hub: WebHub, evil: str) -> None:
    hub.device("east-gate", evil)
    alert = hub.overdue("p-evil", evil[:100], address=evil, phone=evil[:40], note=evil, area=evil[:100])
    hub.post("/api/v1/people/p-evil/contacts", {"name": evil[:100], "relation": evil[:40], "phone": evil[:40]})
    hub.patch(f"/api/v1/alerts/{alert}", {"state": "acknowledged", "author": evil, "note": evil})
    browser = hub.log_in()
    for path in ("/alerts", f"/alerts/{alert}"):
        parsed = Tags(page(browser, path))
        assert evil in parsed.words
        parsed.demand_harmless()


def test_what_lies_in_another_grid_is_not_there(hub: WebHub) -> None:
    mine = in_village(hub)
    theirs = in_village(hub, "p-other", "王建国", area=OTHER)
    hub.account(areas=[VILLAGE])
    browser = hub.log_in_as()
    assert page(browser, f"/alerts/{mine}")
    refused = browser.get(f"/alerts/{theirs}")
    nobody = browser.get("/alerts/999")
    assert refused.status_code == nobody.status_code == 404
    assert refused.text == nobody.text
    assert "王建国" not in page(browser, "/alerts") + page(browser, f"/alerts?area={OTHER}")


def test_a_worker_sees_the_way_to_the_person_while_it_is_open_and_masked_afterwards(hub: WebHub) -> None:
    alert = in_village(hub, address="桂花村 3 组 12 号", phone="138 0013 0001", note="钥匙在邻居家")
    hub.ladder(area=VILLAGE)
    hub.account(areas=[VILLAGE])
    browser = hub.log_in_as()
    text = page(browser, f"/alerts/{alert}")
    assert "桂花村 3 组 12 号" in text
    assert "tel:13800130001" in text
    assert "tel:13800130003" in text
    done = browser.patch(
        f"/api/v1/alerts/{alert}", json={"state": "closed", "outcome": "well"}, headers=csrf_of(browser)
    )
    assert done.status_code == 200
    text = page(browser, f"/alerts/{alert}")
    for secret in ("12 号", "138 0013 0001", "138 0013 0003", "tel:13800130001", "tel:13800130003", "钥匙在邻居家"):
        assert secret not in text
    assert "138****0001" in text


def test_a_viewer_sees_no_step_and_no_number(hub: WebHub) -> None:
    alert = in_village(hub, phone="138 0013 0001")
    hub.account("looker", "viewer", areas=[VILLAGE])
    text = page(hub.log_in_as("looker"), f"/alerts/{alert}")
    assert 'data-step="' not in text
    assert "visit.js" not in text
    assert "138 0013 0001" not in text
    assert "tel:" not in text


def test_who_lacks_the_right_is_told_so_and_who_has_no_session_comes_back_after_logging_in(hub: WebHub) -> None:
    alert = in_village(hub)
    hub.account("tech", "technician", areas=[VILLAGE])
    assert hub.log_in_as("tech").get(f"/alerts/{alert}").status_code == 403
    sent = hub.stranger.get(f"/alerts/{alert}")
    assert sent.status_code == 303
    assert sent.headers["Location"] == f"/login?next=%2Falerts%2F{alert}"


def test_each_look_is_a_row_of_the_audit(hub: WebHub) -> None:
    alert = in_village(hub)
    hub.account(areas=[VILLAGE])
    page(hub.log_in_as(), f"/alerts/{alert}")
    with hub.store.read() as db:
        rows = [tuple(row) for row in db.execute("SELECT actor, action, subject FROM audit ORDER BY id")]
    assert rows[-1] == ("account wangmin", "alerts_pages.one", f"alert/{alert}")


def test_the_card_on_the_first_page_leads_to_the_alert(hub: WebHub) -> None:
    alert = in_village(hub)
    assert f'href="/alerts/{alert}"' in page(hub.log_in(), "/")


def test_with_nobody_overdue_the_list_says_so_and_where_to_look(hub: WebHub) -> None:
    text = page(hub.log_in(), "/alerts")
    assert "没有人超时未见" in text
    assert "/visits" in text


TELL = """
const h = await import(process.env.HISTORY), w = await import(process.env.WORDS);
const {steps, alerts, nowS, zone} = JSON.parse(process.env.ROWS);
w.setZone(zone);
console.log(JSON.stringify({steps: steps.map((row) => h.step(row, nowS)), next: alerts.map(h.next)}));
"""


def test_the_browser_says_of_steps_what_the_server_says(hub: WebHub) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: what the browser says is not compared")
    hub.ladder(area=VILLAGE, person_id=None)
    alerts = [in_village(hub, f"p-{n}", f"居民{n}") for n in range(6)]
    hub.patch(f"/api/v1/alerts/{alerts[0]}", {"state": "acknowledged", "author": "王敏", "note": "先打电话"})
    hub.patch(f"/api/v1/alerts/{alerts[0]}", {"state": "on_the_way", "author": "王敏"})
    hub.post(f"/api/v1/alerts/{alerts[0]}/report", {"report": "not_found", "author": "王敏"})
    hub.post(f"/api/v1/alerts/{alerts[1]}/report", {"report": "not_found", "author": "王敏"})
    hub.post(f"/api/v1/alerts/{alerts[2]}/report", {"report": "emergency", "author": "王敏"})
    for alert, outcome in ((alerts[3], "well"), (alerts[4], "helped")):
        hub.patch(f"/api/v1/alerts/{alert}", {"state": "closed", "outcome": outcome, "author": "王敏"})
    hub.patch(f"/api/v1/alerts/{alerts[4]}", {"state": "open", "author": "王敏", "note": "认错人了"})
    rows: list[Any] = [value(hub.get(f"/api/v1/alerts/{alert}")) for alert in alerts]
    steps = [step for row in rows for step in row["history"]]
    now_s = hub.clock.now_us // 1_000_000
    given = {"steps": steps, "alerts": rows, "nowS": now_s, "zone": OFFICE_ZONE.utcoffset(None).total_seconds()}
    done = subprocess.run(
        [node, "--input-type=module"],
        input=TELL,
        env={
            "ROWS": json.dumps(given),
            "HISTORY": (STATIC / "history.js").as_uri(),
            "WORDS": (STATIC / "words.js").as_uri(),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["steps"] == [alert_words.step(step, now_s) for step in steps]
    assert said["next"] == [alert_words.next_step(row) for row in rows]
    assert len({text["what"] for text in said["steps"]}) >= 8
