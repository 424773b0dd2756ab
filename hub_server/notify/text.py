"""The words of a letter: Chinese first, plain and warm, English beside. Pure: facts in, text out.

Who, where, since when, who was watching, telephone, link. An alert that cannot tell says so first, and is as urgent.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from hub_server.notify import look_in_text
from hub_server.notify.channel import Letter
from hub_server.notify.facts import Fact, OfAlarm, OfAlert, OfPause, Sending
from hub_server.store.alarms import AlarmKind
from hub_server.store.outbox import NoticeKind
from hub_server.watch.coverage import Verdict
from hub_server.watch.observation import Kind
from hub_server.watch.states import Report
from hub_server.watch.zone import OFFICE_ZONE

NAMES_IN_TITLE: Final = 3
BODY_CHARS_MAX: Final = 2000
"""What is left out is counted, and stands on the page. Chat services take letters of this length in a few parts."""
IN_FULL_CHARS_MAX: Final = 1400
"""So much of a letter about many is told in full, the most urgent first; of the rest the names."""
SAID_CHARS_MAX: Final = 200
_US_PER_S: Final = 1_000_000
_HOUR_US: Final = 3600 * _US_PER_S

_CALLS: Final = {
    NoticeKind.RAISED: ("没有按时见到", "not seen in time"),
    NoticeKind.CLIMBED: ("没有按时见到，还没有人处理好", "not seen in time, and nobody has settled it yet"),
    NoticeKind.REMINDED: ("仍没有见到，再次提醒", "still not seen, told again"),
    NoticeKind.REOPENED: ("的警报重新打开", "alert reopened"),
}
_ALARMS: Final = {
    AlarmKind.OBSERVER: ("摄像头没有在看", "a camera does not watch"),
    AlarmKind.CLOCK: ("主机时钟跳变", "the hub's clock has stepped"),
    AlarmKind.DELIVERY: ("通知送不出去", "notices do not get out"),
    AlarmKind.CARD: ("设备的卡有两份，可能被人复制", "there are two of a device's card"),
    AlarmKind.ROLLOUT: ("设备更新已停下", "an update of devices has stopped"),
    AlarmKind.CERTIFICATE: ("设备证书需要处理", "the devices' certificates need a look"),
}
_VOUCHED: Final = {
    Kind.GIVEN: "登记时告知",
    Kind.VISIT: "走访",
    Kind.PHONE: "电话",
    Kind.CLINIC: "卫生站签到",
    Kind.CARD: "刷卡开门",
    Kind.VEHICLE: "本人的车",
}


def letter(sending: Sending, *, now_us: int, page_url: str) -> Letter:
    """Everything a message has to tell. `page_url`: where the office's page is, without a slash at its end."""
    facts = sorted(sending.facts, key=_urgency)
    return Letter(
        key=sending.key,
        title=_title(facts),
        body=_body(facts, key=sending.key, now_us=now_us, page_url=page_url),
        spoken=" ".join(_spoken(fact) for fact in facts[:NAMES_IN_TITLE]),
    )


def _urgency(fact: Fact) -> int:
    """What is told first: an emergency, who needs somebody (of these who was watched for), what is over, the rest."""
    if not isinstance(fact, OfAlert):
        return 5 if isinstance(fact, OfPause) else 6
    if fact.kind is NoticeKind.REPORTED:
        return 0 if fact.report is Report.EMERGENCY else 1
    if fact.kind is NoticeKind.RETRACTED:
        return 4
    return 2 if fact.alert.verdict is Verdict.WATCHED else 3


def _title(facts: Sequence[Fact]) -> str:
    first = facts[0]
    look_in = look_in_text.title(facts)
    if look_in is not None:
        zh, en = look_in
    elif len(facts) > 1:
        zh, en = _several(facts)
    elif isinstance(first, OfAlert):
        zh, en = _of_alert(first)
    elif isinstance(first, OfPause):
        zh, en = f"{first.person.name} 的外出快要结束", "a pause ends soon"
    else:
        zh, en = _ALARMS[first.alarm.kind]
    return f"【守望】{zh} · {en}"


def _several(facts: Sequence[Fact]) -> tuple[str, str]:
    """Whom it is about, with the number: of one kind when all are."""
    people = [fact.person.name for fact in facts if not isinstance(fact, OfAlarm)]
    names = "、".join(people[:NAMES_IN_TITLE]) + (" 等" if len(people) > NAMES_IN_TITLE else "")
    kinds = {fact.kind if isinstance(fact, OfAlert) else type(fact) for fact in facts}
    kind = kinds.pop() if len(kinds) == 1 else None
    if isinstance(kind, NoticeKind) and kind in _CALLS:
        zh, en = _CALLS[kind]
        unsure = sum(isinstance(fact, OfAlert) and fact.alert.verdict is Verdict.CANNOT_TELL for fact in facts)
        if unsure:
            zh, en = f"{zh}，其中 {unsure} 人无法判断", f"{en}, of {unsure} nobody can tell"
        return f"{names} {len(facts)} 人{zh}", f"{len(facts)} people {en}"
    if kind is NoticeKind.RETRACTED:
        return f"{names} {len(facts)} 人已见到，警报解除", f"{len(facts)} people seen, alerts retracted"
    return f"{names} 共 {len(facts)} 件事" if people else f"{len(facts)} 件事", f"{len(facts)} notices"


def _of_alert(fact: OfAlert) -> tuple[str, str]:
    name = fact.person.name
    if fact.kind is NoticeKind.RETRACTED:
        return f"{name} 已见到，警报解除", "seen, alert retracted"
    if fact.kind is NoticeKind.REPORTED:
        if fact.report is Report.EMERGENCY:
            return f"紧急！{name}", "emergency"
        return f"上门没有找到 {name}", "not found at the visit"
    zh, en = _CALLS[fact.kind]
    if fact.alert.verdict is Verdict.CANNOT_TELL:
        zh, en = f"{zh}（无法判断）", f"{en} (cannot tell)"
    return f"{name} {zh}", en


def _body(facts: Sequence[Fact], *, key: str, now_us: int, page_url: str) -> str:
    end = f"通知编号 {key}（同一编号只算一次 one letter, however often it comes）"
    look_in = look_in_text.block(look_in_text.awaited(facts), clock=_clock, page_url=page_url)
    parts: list[str] = []
    length = len(end) + len(look_in)
    for fact in facts:
        part = "\n".join(_lines(fact, now_us=now_us, page_url=page_url))
        if parts and length + len(part) > IN_FULL_CHARS_MAX:
            break
        parts.append(part)
        length += len(part) + 2
    rest = facts[len(parts) :]
    return "\n\n".join([*parts, *_rest(rest, BODY_CHARS_MAX - length, page_url), *filter(None, [look_in]), end])


def _rest(facts: Sequence[Fact], chars_max: int, page_url: str) -> list[str]:
    """The names of the others, as many as have room, and how many they are."""
    if not facts:
        return []
    named = ""
    for fact in facts:
        name = _name(fact)
        if len(named) + len(name) + 100 > chars_max:
            named += "……"
            break
        named += f"、{name}" if named else name
    return [f"另有 {len(facts)} 件，同样请看 {len(facts)} more, as urgent：{named}\n{page_url}/"]


def _name(fact: Fact) -> str:
    if isinstance(fact, OfAlarm):
        return f"{_ALARMS[fact.alarm.kind][0]}（{fact.about}）"
    return _of_alert(fact)[0] if isinstance(fact, OfAlert) and fact.kind not in _CALLS else fact.person.name


def _lines(fact: Fact, *, now_us: int, page_url: str) -> list[str]:
    if isinstance(fact, OfAlert):
        return _alert_lines(fact, now_us=now_us, page_url=page_url)
    if isinstance(fact, OfPause):
        pause, until = fact.pause, _clock(fact.pause.until_us)
        why = f"（{pause.reason}）" if pause.reason else ""
        return [
            f"{_who(fact)}：外出{why}到 {until} 为止，之后重新开始守望。还没有回来的话，请在网页上延长。",
            f"The pause ends at {until}; the watch goes on then. If they are not back, make it longer on the page.",
            f"{page_url}/",
        ]
    alarm, (zh, en) = fact.alarm, _ALARMS[fact.alarm.kind]
    since = f"自 {_clock(alarm.since_us)} 起"
    if alarm.cleared_us is not None:
        since = f"{since}，到 {_clock(alarm.cleared_us)} 为止"
    return [f"{zh}：{fact.about}，{since}。 {en}: {alarm.detail}", f"{page_url}/"]


def _alert_lines(fact: OfAlert, *, now_us: int, page_url: str) -> list[str]:
    alert, link = fact.alert, f"{page_url}/alerts/{fact.alert.id}"
    lines = [*_report(fact), _who(fact)]
    if alert.last_seen_us is None:
        lines.append("从开始守望到现在还没有见到过。 Never seen since the watch began.")
    else:
        at, ago = _clock(alert.last_seen_us), max(0, now_us - alert.last_seen_us) // _HOUR_US
        where = f"，{_seen_at(fact.seen_at)}" if fact.seen_at else ""
        lines.append(f"最后见到：{at}{where}（{ago} 小时前）。 Last seen {ago} h ago.")
    if fact.kind is NoticeKind.RETRACTED:
        return [*lines, "已在路上的同事可以返回。 Whoever is on the way may turn back.", link]
    lines += _watchers(fact)
    if fact.person.phone:
        lines.append(f"电话 phone：{fact.person.phone}")
    if fact.person.note:
        lines.append(f"备注 note：{_cut(fact.person.note)}")
    return [*lines, f"请上门看看，并在这里登记 please visit and note it here：{link}"]


def _report(fact: OfAlert) -> list[str]:
    if fact.kind is NoticeKind.REPORTED and fact.report is Report.EMERGENCY:
        return [f"紧急！{fact.author} 报告：{_cut(fact.said) or '需要马上帮助'}。 Emergency: help is needed at once."]
    if fact.kind is NoticeKind.REPORTED:
        return [f"{fact.author} 上门没有找到。{_cut(fact.said)} Not found at the visit; somebody else must look."]
    if fact.kind is NoticeKind.REOPENED:
        return [f"{fact.author} 重新打开了警报：{_cut(fact.said)} Reopened."]
    return []


def _watchers(fact: OfAlert) -> list[str]:
    """Who was watching; what nobody watched is never "all well"."""
    told = [f"{watcher.place} {watcher.share:.0%}" for watcher in fact.watchers or ()]
    lines = [f"谁在看 who watched：{'，'.join(told)}"] if told else []
    if fact.alert.verdict is Verdict.CANNOT_TELL:
        lines.insert(0, "无法判断：常见到本人的摄像头没有一直在看，这不等于平安。 Cannot tell: nobody was looking.")
    return lines


def _who(fact: OfAlert | OfPause) -> str:
    person = fact.person
    where = f"（{person.address}）" if person.address else ""
    return f"{person.area} {person.name}{where}".strip()


def _seen_at(seen_at: str) -> str:
    """A place as it is; what somebody vouches for by what it was and by whom."""
    kind, _, rest = seen_at.partition(": ")
    if kind not in set(Kind):
        return seen_at
    return f"{_VOUCHED[Kind(kind)]}（{rest}）" if rest else _VOUCHED[Kind(kind)]


def _cut(said: str) -> str:
    return said if len(said) <= SAID_CHARS_MAX else f"{said[:SAID_CHARS_MAX]}……"


def _spoken(fact: Fact) -> str:
    if isinstance(fact, OfAlarm):
        return f"请注意，{_ALARMS[fact.alarm.kind][0]}。"
    if isinstance(fact, OfPause):
        return f"{fact.person.name} 的外出快要结束。"
    return f"请注意，{_of_alert(fact)[0]}。"


def _clock(us: int) -> str:
    return datetime.fromtimestamp(us // _US_PER_S, UTC).astimezone(OFFICE_ZONE).strftime("%-m月%-d日 %H:%M")
