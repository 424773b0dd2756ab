"""/visits: whom to call on, for paper; and, apart and gently, who to look in on today."""

import pytest
from page_tags import EVILS, Tags
from web_hub import DAY_US, HOUR_US, WebHub

from hub_server.web.times import today

VILLAGE, OTHER = "桂花村", "青石村"


def visits(hub: WebHub, path: str = "/visits", *, name: str | None = None) -> str:
    browser = hub.log_in() if name is None else hub.log_in_as(name)
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def habit(hub: WebHub, person: str, name: str, *, area: str = VILLAGE) -> None:
    """Somebody who is seen at eight each morning, and was not today. It is noon then."""
    hub.clock.now_us = today(hub.clock.now_us)[0] + 12 * HOUR_US
    noon_us = hub.clock.now_us
    hub.watch(hub.person(person, name, area=area), period_s=3 * 86400)
    for day in range(14, 0, -1):
        hub.clock.now_us = noon_us - day * DAY_US - 4 * HOUR_US
        hub.passage(person)
    seen_us = hub.clock.now_us
    hub.clock.now_us = noon_us
    hub.store.write(
        lambda db: db.execute(
            "UPDATE watches SET last_seen_us = ?, due_us = ? WHERE person = ?", (seen_us, noon_us + DAY_US, person)
        )
    )


def test_each_visit_has_what_somebody_needs_at_the_door(hub: WebHub) -> None:
    hub.overdue(area=VILLAGE, address="桂花村 3 组", phone="138 0013 0001", note="听力不好")
    hub.ladder(area=VILLAGE)
    parsed = Tags(visits(hub))
    for words in ("李秀兰", "桂花村 3 组", "138 0013 0001", "李明（女儿） 138 0013 0003", "登记时告知", "听力不好"):
        assert words in parsed.words
    boxes = [attrs for tag, attrs in parsed.tags if attrs.get("class") == "box"]
    assert len(boxes) == 5, "one for each outcome"
    assert [attrs for tag, attrs in parsed.tags if tag == "button" and "data-print" in attrs]


def test_it_lists_what_is_not_closed_the_most_urgent_first(hub: WebHub) -> None:
    alerts = [hub.overdue(f"p-{n}", name) for n, name in enumerate(("甲一", "乙二", "丙三"))]
    hub.patch(f"/api/v1/alerts/{alerts[0]}", {"state": "on_the_way", "author": "王敏"})
    hub.patch(f"/api/v1/alerts/{alerts[1]}", {"state": "closed", "outcome": "well", "author": "王敏"})
    text = visits(hub)
    assert "乙二" not in text
    assert text.index("丙三") < text.index("甲一")


def test_hints_are_a_list_of_their_own_without_an_alarm_s_words(hub: WebHub) -> None:
    hub.device()
    habit(hub, "p-hint", "赵玉珍")
    text = visits(hub)
    gentle = text[text.index('class="gentle"') :]
    for words in ("赵玉珍", "这不是警报", "平时", "今天还没有"):
        assert words in gentle
    before = text[: text.index('class="gentle"')]
    assert "赵玉珍" not in before
    assert "现在没有要上门的人" in before
    assert "138" not in gentle, "nobody is called for a hint"


def test_only_what_lies_within_reach_is_listed(hub: WebHub) -> None:
    hub.device()
    hub.overdue("p-1", "甲一", area=VILLAGE)
    hub.overdue("p-2", "乙二", area=OTHER)
    habit(hub, "p-3", "丙三", area=OTHER)
    hub.account(areas=[VILLAGE])
    text = visits(hub, name="wangmin")
    assert "甲一" in text
    assert "乙二" not in text
    assert "丙三" not in text
    assert "乙二" not in visits(hub, f"/visits?area={OTHER}", name="wangmin")
    assert "甲一" not in visits(hub, f"/visits?area={OTHER}")


def test_a_viewer_prints_a_list_without_numbers(hub: WebHub) -> None:
    hub.overdue(area=VILLAGE, address="桂花村 3 组", phone="138 0013 0001")
    hub.ladder(area=VILLAGE)
    hub.account("looker", "viewer", areas=[VILLAGE])
    text = visits(hub, name="looker")
    for secret in ("3 组", "138 0013 0001", "138 0013 0003", "tel:"):
        assert secret not in text


@pytest.mark.parametrize("evil", EVILS)
def test_what_people_wrote_is_text(hub: WebHub, evil: str) -> None:
    hub.overdue("p-evil", evil[:100], address=evil, phone=evil[:40], note=evil, area=evil[:100])
    hub.post("/api/v1/people/p-evil/contacts", {"name": evil[:100], "relation": evil[:40], "phone": evil[:40]})
    parsed = Tags(visits(hub))
    assert evil in parsed.words
    parsed.demand_harmless()
