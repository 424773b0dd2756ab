"""A letter that asks to look in on people: everybody is named, by when, and it never sounds like an alert."""

from dataclasses import replace

import pytest

from hub_server.notify.facts import Awaited, Fact, OfAlarm, OfAlert, Sending
from hub_server.notify.text import BODY_CHARS_MAX, letter
from hub_server.store.alarms import Alarm, AlarmKind
from hub_server.store.outbox import NoticeKind
from hub_server.store.rows import Alert, Person
from hub_server.watch.coverage import Verdict
from hub_server.watch.states import AlertState

NOW_US = 1_795_471_200_000_000  # 2026-11-23 22:00 UTC, the 24th at six in the morning in China
HOUR_US = 3_600_000_000
LI = Person(
    id="p-li", name="李秀兰", address="3 栋 502", phone="138 0000 0000", note="", created_us=0, area="桂花村", born=None
)
BLIND = OfAlert(
    kind=NoticeKind.RAISED,
    alert=Alert(
        id=17,
        person="p-li",
        person_name="李秀兰",
        area="桂花村",
        due_us=NOW_US,
        raised_us=NOW_US,
        last_seen_us=NOW_US - 24 * HOUR_US,
        last_seen_by="door/east",
        state=AlertState.OPEN,
        outcome=None,
        rung=0,
        climb_us=None,
        verdict=Verdict.CANNOT_TELL,
    ),
    person=LI,
    seen_at="东门",
    watchers=(),
    report=None,
    said="",
    author="",
)

DEAD = Alarm(
    id=3,
    kind=AlarmKind.OBSERVER,
    subject="door/east",
    detail="silent",
    since_us=NOW_US - 3 * HOUR_US,
    raised_us=NOW_US,
    cleared_us=None,
)


def _letter(*facts: Fact) -> tuple[str, str]:
    asked = Sending(key="m-1-ab", addressee="recipient/1", urls=("a://1",), facts=facts)
    made = letter(asked, now_us=NOW_US, page_url="https://hub.lan")
    return made.title, made.body


def _list(count: int, *, first: int = 0) -> OfAlarm:
    people = (
        Awaited(person=replace(LI, id=f"p-{n}", name=f"李秀{n:03}"), due_us=NOW_US + n * HOUR_US // 4)
        for n in range(first, first + count)
    )
    return OfAlarm(alarm=DEAD, about="东门", awaited=tuple(people))


def test_who_by_when_where_telephone_and_the_page_on_which_to_note_it() -> None:
    assert _letter(_list(2)) == (
        "【守望】摄像头没有在看，请先看望 李秀000 等 2 人 · a camera does not watch: look in on 2",
        (
            "摄像头没有在看：东门，自 11月24日 03:00 起。 a camera does not watch: silent\n"
            "https://hub.lan/\n"
            "\n"
            "请先看望：这些人平时由上面的摄像头见到，摄像头没看的时候无法判断。在所示时间前打个电话或去看一眼，并在网页登记，就不必再发警报。\n"
            "Please look in: the cameras above usually see them, and nobody can tell. "
            "A call or visit noted before the time given saves the alert.\n"
            "11月24日 06:00 李秀000（3 栋 502） 138 0000 0000 https://hub.lan/people/p-0\n"
            "11月24日 06:15 李秀001（3 栋 502） 138 0000 0000 https://hub.lan/people/p-1\n"
            "\n"
            "通知编号 m-1-ab（同一编号只算一次 one letter, however often it comes）"
        ),
    )


def test_the_next_due_stands_first_whichever_camera_it_is() -> None:
    _, body = _letter(_list(1, first=5), _list(1))
    assert body.index("李秀000") < body.index("李秀005")


@pytest.mark.parametrize("count", [1, 12, 60])
def test_everybody_is_named_and_the_letter_stays_short(count: int) -> None:
    _, body = _letter(_list(count))
    assert all(f"李秀{n:03}" in body for n in range(count))
    assert len(body) <= BODY_CHARS_MAX


def test_a_power_cut_with_thirty_cameras_names_everybody_too() -> None:
    title, body = _letter(*(_list(2, first=2 * n) for n in range(30)))
    assert "请先看望 李秀000 等 60 人" in title
    assert all(f"李秀{n:03}" in body for n in range(60))
    assert len(body) <= BODY_CHARS_MAX


def test_beside_an_alert_the_alert_has_the_title_and_stands_first() -> None:
    title, body = _letter(_list(1), BLIND)
    assert title.startswith("【守望】李秀兰 共 2 件事")
    assert body.index("无法判断") < body.index("请先看望")


def test_a_camera_on_which_nobody_depends_is_told_as_before() -> None:
    title, body = _letter(replace(_list(1), awaited=()))
    assert title == "【守望】摄像头没有在看 · a camera does not watch"
    assert "请先看望" not in body
