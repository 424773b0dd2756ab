"""Why there is an alert, or none: the chain of evidence in sentences, Chinese first. Pure; microseconds UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from hub_server.watch.coverage import WATCHED_SHARE_MIN, Verdict
from hub_server.watch.due import US_PER_S
from hub_server.watch.evidence import Facts, Sign
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, WatchState
from hub_server.watch.zone import OFFICE_ZONE

_KINDS: Final = {
    Kind.GIVEN: ("登记时告知", "as told when the watch began"),
    Kind.VISIT: ("走访", "a visit"),
    Kind.PHONE: ("电话", "a telephone call"),
    Kind.CLINIC: ("卫生站签到", "a check-in at the clinic"),
    Kind.CARD: ("刷卡开门", "a card at a door"),
    Kind.VEHICLE: ("本人的车", "their own vehicle"),
}
_RUNGS: Final = (
    ("网格员", "the grid worker"),
    ("社区", "the community"),
    ("街道办", "the office"),
    ("家属", "the family"),
)
_ALERT_STATES: Final = {
    AlertState.OPEN: ("还没有人接手", "nobody has taken it yet"),
    AlertState.ACKNOWLEDGED: ("已有人接手", "somebody has taken it"),
    AlertState.ON_THE_WAY: ("有人正在路上", "somebody is on the way"),
    AlertState.CLOSED: ("已结束", "closed"),
}
_EYES: Final = {
    "watching": ("在看", "watching"),
    "blind": ("看不见", "blind"),
    "covered": ("被遮挡", "covered"),
    "frozen": ("画面不动", "frozen"),
    "no_inference": ("没有在识别", "not recognising"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """`key` names what it says, for programs and translations."""

    key: str
    zh: str
    en: str


def sentences(facts: Facts, *, zone: tzinfo = OFFICE_ZONE) -> tuple[Sentence, ...]:
    """From how it stands, by way of the evidence, to what would change it."""
    write = _Writer(facts, zone)
    parts = (
        write.state(),
        write.last_seen(),
        write.terms(),
        write.pauses(),
        write.due(),
        write.alert(),
        write.observers(),
        write.not_counted(),
        write.taken_back(),
        write.next(),
    )
    return tuple(sentence for part in parts for sentence in part)


class _Writer:
    def __init__(self, facts: Facts, zone: tzinfo) -> None:
        self._facts = facts
        self._zone = zone

    def state(self) -> Iterator[Sentence]:
        name = self._facts.name
        zh, en = {
            WatchState.OFF: ("守望已关闭，不会报警", "the watch is off: no alert comes"),
            WatchState.ALERT: ("有一条警报还没有结束", "an alert is not closed"),
            WatchState.PAUSED: ("外出中，现在不等消息", "away: nobody is expected now"),
            WatchState.DUE: ("已经到时间，警报马上发出", "due: the alert comes at the next look"),
            WatchState.LATE: ("超过约定时间，还在宽限之内", "late, and still within the grace"),
            WatchState.UNSEEN: ("开始守望以来还没有见到过", "not seen since the watch began"),
            WatchState.SEEN: ("在约定时间内有消息", "there is a sign of life within the period"),
        }[self._facts.state]
        yield Sentence(key=f"state.{self._facts.state}", zh=f"{name}：{zh}。", en=f"{name}: {en}.")

    def last_seen(self) -> Iterator[Sentence]:
        last = self._facts.last
        if last is None:
            began = self._at(self._facts.created_us)
            yield Sentence(
                key="last_seen.never",
                zh=f"没有任何消息，从开始守望的 {began} 算起。",
                en=f"No sign of life is on file; the wait began with the watch at {began}.",
            )
            return
        at, (ago_zh, ago_en) = self._at(last.at_us), _span(self._facts.now_us - last.at_us)
        by_zh, by_en = _by(last)
        yield Sentence(
            key="last_seen",
            zh=f"最后一次有消息：{at}（{ago_zh}前），{by_zh}。",
            en=f"The last sign of life: {at} ({ago_en} ago), {by_en}.",
        )

    def terms(self) -> Iterator[Sentence]:
        (period_zh, period_en), grace = _span(self._facts.period_s * US_PER_S), self._facts.grace_s
        grace_zh, grace_en = _span(grace * US_PER_S)
        zh = f"约定：{period_zh}没有消息就报警" + (f"，另有{grace_zh}宽限" if grace else "")
        en = f"Agreed: an alert after {period_en} without a sign of life" + (
            f", with {grace_en} of grace" if grace else ""
        )
        if self._facts.own_vehicle:
            zh, en = f"{zh}；本人的车经过也算", f"{en}; their own vehicle counts"
        yield Sentence(key="terms", zh=f"{zh}。", en=f"{en}.")

    def pauses(self) -> Iterator[Sentence]:
        for pause in self._facts.pauses:
            begins, ends = self._at(pause.from_us), self._at(pause.until_us)
            over = pause.until_us <= self._facts.now_us
            yield Sentence(
                key="pause.over" if over else "pause.on" if pause.from_us <= self._facts.now_us else "pause.to_come",
                zh=f"外出：{begins} 到 {ends}（{pause.reason or '没有说明'}，{pause.author} 登记），"
                "到时自动结束，从那时重新算起。",
                en=f"Away from {begins} to {ends} ({pause.reason or 'no reason given'}, said by {pause.author});"
                " it ends by itself, and the wait begins anew then.",
            )

    def due(self) -> Iterator[Sentence]:
        if self._facts.state is WatchState.OFF:
            return
        at, passed = self._at(self._facts.due_us), self._facts.now_us >= self._facts.due_us
        zh, en = ("报警时间已到", "It was due at") if passed else ("报警时间", "An alert is due at")
        yield Sentence(key="due.passed" if passed else "due.ahead", zh=f"{zh}：{at}。", en=f"{en} {at}.")

    def alert(self) -> Iterator[Sentence]:
        alert = self._facts.alert
        if alert is None:
            return
        (state_zh, state_en), (rung_zh, rung_en) = _ALERT_STATES[alert.state], _RUNGS[alert.rung]
        zh = f"{alert.id} 号警报 {self._at(alert.raised_us)} 发出，{state_zh}；现在由{rung_zh}负责"
        en = f"Alert {alert.id} was raised at {self._at(alert.raised_us)}, {state_en}; it is with {rung_en}"
        if alert.climb_us is not None:
            at = self._at(alert.climb_us)
            zh, en = f"{zh}，{at} 仍无结果就再往上报", f"{en} and goes on at {at} unless it is closed"
        yield Sentence(key="alert", zh=f"{zh}。", en=f"{en}.")
        if alert.verdict is Verdict.CANNOT_TELL:
            yield Sentence(
                key="alert.cannot_tell",
                zh="发出时无法判断：那段时间没有摄像头在看。同样紧急。",
                en="Cannot tell: nobody was looking when it was raised. It is as urgent.",
            )

    def observers(self) -> Iterator[Sentence]:
        for one in self._facts.observers:
            parts = [("watching", one.watching), *one.missing]
            told = [(*_EYES.get(eyes, (eyes, eyes)), share) for eyes, share in parts]
            unknown = one.unknown
            yield Sentence(
                key="observer",
                zh=f"{one.place}（{one.camera}）："
                + "，".join(f"{zh} {share:.0%}" for zh, _, share in told)
                + (f"，未知 {unknown:.0%}" if unknown else "")
                + "。",
                en=f"{one.place} ({one.camera}): "
                + ", ".join(f"{en} {share:.0%}" for _, en, share in told)
                + (f", unknown {unknown:.0%}" if unknown else "")
                + " of the time since then.",
            )
        if not self._facts.observers:
            yield Sentence(
                key="observer.none",
                zh="没有经常见到这个人的摄像头。",
                en="There is no camera that usually sees this person.",
            )
        if self._facts.verdict is Verdict.CANNOT_TELL and self._facts.state is not WatchState.SEEN:
            yield Sentence(
                key="cannot_tell",
                zh=f"无法判断：常用摄像头合起来没有看够 {WATCHED_SHARE_MIN:.0%} 的时间。"
                "没有见到，不等于平安，也不等于出事。",
                en=f"Cannot tell: the usual cameras together did not watch for {WATCHED_SHARE_MIN:.0%} of the time."
                " Not seen is neither well nor ill.",
            )

    def not_counted(self) -> Iterator[Sentence]:
        if self._facts.unsure:
            yield Sentence(
                key="not_counted.unsure",
                zh=f"此后另有 {self._facts.unsure} 次识别不够确定，不算数。",
                en=f"Sightings since then that were not sure enough to count: {self._facts.unsure}.",
            )
        if self._facts.undated:
            yield Sentence(
                key="not_counted.undated",
                zh=f"另有 {self._facts.undated} 次识别还不知道时间（设备时钟未校准），暂不算数。",
                en="Sightings that do not count yet, because the device's clock was not right and nobody knows when"
                f" they were: {self._facts.undated}.",
            )

    def taken_back(self) -> Iterator[Sentence]:
        for one in self._facts.corrected:
            seen = "时间不明" if one.seen_us is None else self._at(one.seen_us)
            zh, en = (f"，是{one.other_name}", f" but {one.other_name}") if one.other_name else ("", "")
            yield Sentence(
                key="corrected",
                zh=f"{one.author} 于 {self._at(one.at_us)} 更正：{seen} 的识别不是本人{zh}，不算数。",
                en=f"{one.author} corrected at {self._at(one.at_us)}: sighting {one.event} was not this person{en}.",
            )
        for gone in self._facts.withdrawn:
            zh, en = _KINDS[gone.kind]
            yield Sentence(
                key="withdrawn",
                zh=f"{gone.author} 于 {self._at(gone.withdrawn_us)} 撤回了 {self._at(gone.at_us)} 的记录（{zh}）。",
                en=f"{gone.author} withdrew at {self._at(gone.withdrawn_us)} what was noted for {self._at(gone.at_us)}"
                f" ({en}).",
            )

    def next(self) -> Iterator[Sentence]:
        facts = self._facts
        if facts.alert is not None:
            since = self._at(facts.now_us - (facts.period_s + facts.grace_s) * US_PER_S)
            yield Sentence(
                key="next.retracts",
                zh=f"晚于 {since} 的确定识别，或走访、电话等记录，会撤销警报；更早的只更新最后时间。",
                en=f"A sure sighting, a visit or a call later than {since} retracts the alert;"
                " an older one only moves the last sign of life.",
            )
        elif facts.state is WatchState.OFF:
            yield Sentence(
                key="next.on", zh="重新打开守望后才会报警。", en="No alert comes until the watch is on again."
            )
        elif facts.now_us < facts.due_us:
            at = self._at(facts.due_us)
            yield Sentence(
                key="next.raises",
                zh=f"到 {at} 仍没有确定识别、走访、电话或签到，就会报警；有了就从那时重新算起。",
                en=f"Without a sure sighting, a visit, a call or a check-in the alert comes at {at};"
                " any of them begins the wait anew.",
            )

    def _at(self, us: int) -> str:
        at = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).astimezone(self._zone)
        return f"{at:%Y-%m-%d %H:%M}"


def _by(sign: Sign) -> tuple[str, str]:
    if sign.kind is None:
        score = "" if sign.score is None else f"，{sign.score:.2f}"
        event_zh, event_en = ("", "") if sign.event is None else (f"，记录 {sign.event}", f", event {sign.event}")
        return f"{sign.place} 识别{score}{event_zh}", f"recognised at {sign.place}{event_en}"
    zh, en = _KINDS[sign.kind]
    whose = sign.place or sign.author
    if sign.kind is Kind.GIVEN or not whose:
        return zh, en
    return f"{zh}（{whose}）", f"{en} ({whose})"


def _span(us: int) -> tuple[str, str]:
    """A length of time in the two largest of days, hours and minutes."""
    minutes = max(us, 0) // (60 * US_PER_S)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [(days, "天", "d"), (hours, "小时", "h"), (minutes, "分钟", "min")]
    said = [(f"{n}{zh}", f"{n} {en}") for n, zh, en in units if n][:2]
    if not said:
        return "不到1分钟", "less than a minute"
    return "".join(zh for zh, _ in said), " ".join(en for _, en in said)
