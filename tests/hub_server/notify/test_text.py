"""What a letter says, word for word: Chinese first, nothing that is not known, never "all well"."""

from dataclasses import replace

import pytest

from hub_server.notify.facts import Fact, OfAlarm, OfAlert, OfPause, Sending, Watcher
from hub_server.notify.text import BODY_CHARS_MAX, letter
from hub_server.store.alarms import Alarm, AlarmKind
from hub_server.store.outbox import NoticeKind
from hub_server.store.rows import Alert, Pause, Person
from hub_server.watch.coverage import Verdict
from hub_server.watch.states import AlertState, Report

NOW_US = 1_795_471_200_000_000  # 2026-11-23 22:00 UTC, the 24th at six in the morning in China
HOUR_US = 3_600_000_000
LI = Person(
    id="p-li",
    name="李秀兰",
    address="3 栋 502",
    phone="138 0000 0000",
    note="听力不好",
    created_us=0,
    area="桂花村",
    born=None,
)
ALERT = Alert(
    id=17,
    person="p-li",
    person_name="李秀兰",
    area="桂花村",
    due_us=NOW_US - HOUR_US,
    raised_us=NOW_US - HOUR_US,
    last_seen_us=NOW_US - 25 * HOUR_US,
    last_seen_by="door-east/east",
    state=AlertState.OPEN,
    outcome=None,
    rung=0,
    climb_us=None,
    verdict=Verdict.WATCHED,
)
RAISED = OfAlert(
    kind=NoticeKind.RAISED,
    alert=ALERT,
    person=LI,
    seen_at="东门",
    watchers=(Watcher(place="东门", share=0.98), Watcher(place="诊所", share=0.5)),
    report=None,
    said="",
    author="",
)
BARELY = Watcher(place="东门", share=0.1)
BLIND = replace(ALERT, verdict=Verdict.CANNOT_TELL)


def _letter(*facts: Fact) -> tuple[str, str]:
    asked = Sending(key="m-1-ab", addressee="recipient/1", urls=("a://1",), facts=facts)
    made = letter(asked, now_us=NOW_US, page_url="https://hub.lan")
    assert made.key == "m-1-ab"
    return made.title, made.body


def test_who_where_since_when_who_watched_telephone_and_link() -> None:
    assert _letter(RAISED) == (
        "【守望】李秀兰 没有按时见到 · not seen in time",
        (
            "桂花村 李秀兰（3 栋 502）\n"
            "最后见到：11月23日 05:00，东门（25 小时前）。 Last seen 25 h ago.\n"
            "谁在看 who watched：东门 98%，诊所 50%\n"
            "电话 phone：138 0000 0000\n"
            "备注 note：听力不好\n"
            "请上门看看，并在这里登记 please visit and note it here：https://hub.lan/alerts/17\n"
            "\n"
            "通知编号 m-1-ab（同一编号只算一次 one letter, however often it comes）"
        ),
    )


def test_cannot_tell_is_in_the_title_and_before_the_shares_and_never_softened() -> None:
    blind = replace(RAISED, alert=replace(ALERT, verdict=Verdict.CANNOT_TELL), watchers=(BARELY,))
    assert _letter(blind) == (
        "【守望】李秀兰 没有按时见到（无法判断） · not seen in time (cannot tell)",
        (
            "桂花村 李秀兰（3 栋 502）\n"
            "最后见到：11月23日 05:00，东门（25 小时前）。 Last seen 25 h ago.\n"
            "无法判断：常见到本人的摄像头没有一直在看，这不等于平安。 Cannot tell: nobody was looking.\n"
            "谁在看 who watched：东门 10%\n"
            "电话 phone：138 0000 0000\n"
            "备注 note：听力不好\n"
            "请上门看看，并在这里登记 please visit and note it here：https://hub.lan/alerts/17\n"
            "\n"
            "通知编号 m-1-ab（同一编号只算一次 one letter, however often it comes）"
        ),
    )


def test_nobody_who_usually_sees_them_is_no_empty_line() -> None:
    _, body = _letter(replace(RAISED, alert=replace(ALERT, verdict=Verdict.CANNOT_TELL), watchers=()))
    assert "谁在看" not in body
    assert "无法判断" in body


def test_never_seen_is_no_date() -> None:
    _, body = _letter(replace(RAISED, alert=replace(ALERT, last_seen_us=None, last_seen_by=""), seen_at=""))
    assert "从开始守望到现在还没有见到过" in body
    assert "最后见到" not in body


def test_without_phone_note_and_address_nothing_stands_in_their_place() -> None:
    _, body = _letter(replace(RAISED, person=replace(LI, phone="", note="", address="")))
    assert body.splitlines()[0] == "桂花村 李秀兰"
    assert "电话" not in body
    assert "备注" not in body


@pytest.mark.parametrize(
    ("seen_at", "told"),
    [
        ("visit: 王敏", "走访（王敏）"),
        ("phone: 王敏", "电话（王敏）"),
        ("vehicle: 车行道闸", "本人的车（车行道闸）"),
        ("given", "登记时告知"),
        ("东门: 里侧", "东门: 里侧"),
    ],
)
def test_who_saw_them_last_is_told_in_chinese(seen_at: str, told: str) -> None:
    assert f"最后见到：11月23日 05:00，{told}（25 小时前）" in _letter(replace(RAISED, seen_at=seen_at))[1]


def test_a_retraction_calls_back_whoever_is_on_the_way_and_asks_for_no_visit() -> None:
    seen = replace(ALERT, last_seen_us=NOW_US - HOUR_US, state=AlertState.CLOSED)
    assert _letter(replace(RAISED, kind=NoticeKind.RETRACTED, alert=seen)) == (
        "【守望】李秀兰 已见到，警报解除 · seen, alert retracted",
        (
            "桂花村 李秀兰（3 栋 502）\n"
            "最后见到：11月24日 05:00，东门（1 小时前）。 Last seen 1 h ago.\n"
            "已在路上的同事可以返回。 Whoever is on the way may turn back.\n"
            "https://hub.lan/alerts/17\n"
            "\n"
            "通知编号 m-1-ab（同一编号只算一次 one letter, however often it comes）"
        ),
    )


def test_a_report_says_who_found_what() -> None:
    lost = replace(RAISED, kind=NoticeKind.REPORTED, report=Report.NOT_FOUND, said="敲门无人应", author="王敏")
    assert _letter(lost)[0] == "【守望】上门没有找到 李秀兰 · not found at the visit"
    assert _letter(lost)[1].startswith("王敏 上门没有找到。敲门无人应")
    urgent = replace(lost, report=Report.EMERGENCY, said="摔倒在厨房")
    assert _letter(urgent)[0] == "【守望】紧急！李秀兰 · emergency"
    assert _letter(urgent)[1].startswith("紧急！王敏 报告：摔倒在厨房")


def test_several_people_are_one_letter_that_names_them_all_the_watched_for_first() -> None:
    zhang, wang = replace(LI, name="张伟", phone="", note=""), replace(LI, name="王芳", phone="", note="", address="")
    facts = [
        replace(RAISED, person=zhang, alert=replace(BLIND, id=18), watchers=()),
        replace(RAISED, person=wang, alert=replace(ALERT, id=19), watchers=None),
    ]
    assert _letter(*facts) == (
        "【守望】王芳、张伟 2 人没有按时见到，其中 1 人无法判断 · 2 people not seen in time, of 1 nobody can tell",
        (
            "桂花村 王芳\n"
            "最后见到：11月23日 05:00，东门（25 小时前）。 Last seen 25 h ago.\n"
            "请上门看看，并在这里登记 please visit and note it here：https://hub.lan/alerts/19\n"
            "\n"
            "桂花村 张伟（3 栋 502）\n"
            "最后见到：11月23日 05:00，东门（25 小时前）。 Last seen 25 h ago.\n"
            "无法判断：常见到本人的摄像头没有一直在看，这不等于平安。 Cannot tell: nobody was looking.\n"
            "请上门看看，并在这里登记 please visit and note it here：https://hub.lan/alerts/18\n"
            "\n"
            "通知编号 m-1-ab（同一编号只算一次 one letter, however often it comes）"
        ),
    )
    four = [replace(RAISED, person=replace(LI, name=name)) for name in ("李秀兰", "张伟", "王芳", "赵敏")]
    assert _letter(*four)[0].startswith("【守望】李秀兰、张伟、王芳 等 4 人没有按时见到 · ")


def test_an_emergency_stands_before_everything_else() -> None:
    urgent = replace(RAISED, kind=NoticeKind.REPORTED, report=Report.EMERGENCY, said="摔倒在厨房", author="王敏")
    over = replace(RAISED, kind=NoticeKind.RETRACTED, person=replace(LI, name="张伟"))
    assert _letter(over, RAISED, urgent)[1].startswith("紧急！王敏 报告：摔倒在厨房")


def test_things_of_several_kinds_are_counted_under_no_wrong_name() -> None:
    title, _ = _letter(RAISED, replace(RAISED, kind=NoticeKind.RETRACTED))
    assert "没有按时见到" not in title
    assert "共 2 件事" in title


def test_a_long_letter_tells_the_first_in_full_and_names_the_others() -> None:
    facts = [replace(RAISED, person=replace(LI, name=f"居民{number:03}")) for number in range(40)]
    title, body = _letter(*facts)
    in_full = body.count("最后见到")
    assert "40 人" in title
    assert 3 < in_full < 40
    assert f"另有 {40 - in_full} 件" in body
    for number in range(40):
        assert f"居民{number:03}" in body
    assert len(body) <= BODY_CHARS_MAX


@pytest.mark.parametrize("people", [1, 2, 40, 1000])
def test_no_letter_is_too_long_whatever_people_are_called_and_others_have_said(people: int) -> None:
    long = replace(LI, name="长" * 100, address="远" * 200, note="很" * 2000, area="村" * 100, phone="1" * 40)
    fact = replace(
        RAISED, person=long, kind=NoticeKind.REPORTED, report=Report.NOT_FOUND, said="多" * 2000, author="王"
    )
    _, body = _letter(*[fact] * people)
    assert "长" * 100 in body
    assert len(body) <= BODY_CHARS_MAX
    if people > 1:
        assert f"另有 {people - body.count('电话')} 件" in body


def test_a_pause_that_ends_and_an_alarm_have_their_own_words() -> None:
    pause = Pause(
        id=1,
        person="p-li",
        from_us=0,
        until_us=NOW_US + 20 * HOUR_US,
        reason="住院",
        author="王敏",
        created_us=0,
        ended_us=None,
        ended_by=None,
        told_us=None,
        alert=None,
    )
    assert _letter(OfPause(pause=pause, person=LI)) == (
        "【守望】李秀兰 的外出快要结束 · a pause ends soon",
        (
            "桂花村 李秀兰（3 栋 502）：外出（住院）到 11月25日 02:00 为止，之后重新开始守望。"
            "还没有回来的话，请在网页上延长。\n"
            "The pause ends at 11月25日 02:00; the watch goes on then. "
            "If they are not back, make it longer on the page.\n"
            "https://hub.lan/\n"
            "\n"
            "通知编号 m-1-ab（同一编号只算一次 one letter, however often it comes）"
        ),
    )
    alarm = Alarm(
        id=1,
        kind=AlarmKind.OBSERVER,
        subject="door-east/east",
        detail="covered",
        since_us=NOW_US,
        raised_us=NOW_US,
        cleared_us=None,
    )
    assert _letter(OfAlarm(alarm=alarm, about="东门")) == (
        "【守望】摄像头没有在看 · a camera does not watch",
        (
            "摄像头没有在看：东门，自 11月24日 06:00 起。 a camera does not watch: covered\n"
            "https://hub.lan/\n"
            "\n"
            "通知编号 m-1-ab（同一编号只算一次 one letter, however often it comes）"
        ),
    )


def test_what_is_spoken_aloud_tells_no_address_and_no_telephone() -> None:
    asked = Sending(key="m-1-ab", addressee="recipient/1", urls=(), facts=(RAISED,))
    spoken = letter(asked, now_us=NOW_US, page_url="").spoken
    assert spoken == "请注意，李秀兰 没有按时见到。"
