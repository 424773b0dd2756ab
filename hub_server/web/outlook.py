"""The office's state in one sentence. It never says that all is well when nobody was looking. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from hub_server.watch.states import WatchState
from hub_server.web.shapes import Json
from hub_server.web.words import seconds, span

_HOUR_S = 3600
_HOURS_MAX = 72


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """Over how many people somebody watches, and with what."""

    running: int  # watches that are neither off nor paused
    devices: int
    online: int  # of the devices


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What the head of the page says. `tone`: somebody needs us; we cannot tell; all is well."""

    tone: Literal["care", "unsure", "well"]
    zh: str
    en: str
    more_zh: str = ""
    more_en: str = ""

    def json(self) -> Json:
        return asdict(self)


def runs(watch: Json) -> bool:
    """Neither off nor paused."""
    return watch["state"] not in {WatchState.OFF, WatchState.PAUSED}


def outlook(
    *, alerts: Sequence[Json], alarms: Sequence[Json], watching: Watching, health: Mapping[str, object], now_s: int
) -> Outlook:
    """`alerts` are those not closed, `alarms` those not cleared."""
    blind = _blindness(watching, health)
    if alerts:
        return _care(alerts, blind, now_s)
    if blind is not None:
        zh, en = blind
        return Outlook(
            tone="unsure",
            zh=zh,
            en=en,
            more_zh="没有人超时，但现在无法判断是否平安",
            more_en="Nobody is overdue, but we cannot tell whether all is well",
        )
    return _calm(watching) if not alarms else _alarmed(alarms)


def _alarmed(alarms: Sequence[Json]) -> Outlook:
    unseeing = sum(alarm["kind"] == "observer" for alarm in alarms)
    if unseeing:
        zh, en = f"有 {unseeing} 个常用摄像头没有在看", f"{unseeing} usual cameras are not watching"
    else:
        zh, en = f"有 {len(alarms)} 件事要看一下", f"{len(alarms)} things need a look"
    return Outlook(tone="unsure", zh=f"没有人超时，但{zh}", en=f"Nobody is overdue, but {en}")


def _care(alerts: Sequence[Json], blind: tuple[str, str] | None, now_s: int) -> Outlook:
    zh, en = _missed(alerts, now_s)
    waiting = sum(alert["state"] == "open" for alert in alerts)
    if waiting:
        more_zh = "还没有人接手" if waiting == len(alerts) else f"其中 {waiting} 位还没有人接手"
        more_en = "nobody has taken it yet" if waiting == len(alerts) else f"{waiting} not taken yet"
    else:
        more_zh, more_en = "已有人接手", "all taken in hand"
    if blind is not None:
        more_zh, more_en = f"{more_zh}；{blind[0]}", f"{more_en}; {blind[1]}"
    return Outlook(tone="care", zh=zh, en=en, more_zh=more_zh, more_en=more_en)


def _missed(alerts: Sequence[Json], now_s: int) -> tuple[str, str]:
    count = len(alerts)
    if count > 1:
        return f"有 {count} 位居民超时未见", f"{count} residents have not been seen in time"
    seen_at = alerts[0]["last_seen_at"]
    if not isinstance(seen_at, str):
        return "有 1 位居民一直未见", "1 resident has never been seen"
    gone_s = now_s - seconds(seen_at)
    hours = gone_s // _HOUR_S
    # Hours, because that is how a watch is spoken of ("24 小时未见"), until they are hard to grasp.
    zh, en = (f"{hours} 小时", f"{hours} h") if 1 <= hours < _HOURS_MAX else span(gone_s)
    return f"有 1 位居民 {zh}未见", f"1 resident not seen for {en}"


def _blindness(watching: Watching, health: Mapping[str, object]) -> tuple[str, str] | None:
    """Why nobody would notice anything; None when at least one camera is heard and the hub does its work."""
    if not watching.devices:
        return "还没有摄像头在看", "No camera is watching yet"
    if health.get("broker") not in {"connected", None}:
        return "收不到摄像头的消息", "No messages arrive from the cameras"
    if health["status"] != "ok":
        return "守望程序自己有故障", "The hub itself is not well"
    if not watching.online:
        return "所有摄像头都离线", "All cameras are offline"
    return None


def _calm(watching: Watching) -> Outlook:
    offline = watching.devices - watching.online
    if offline:
        return Outlook(
            tone="unsure",
            zh=f"没有人超时，但有 {offline} 台设备离线",
            en=f"Nobody is overdue, but {offline} of {watching.devices} devices are offline",
        )
    if not watching.running:
        return Outlook(tone="well", zh="还没有守望任何人", en="Nobody is being watched over yet")
    return Outlook(
        tone="well",
        zh="一切安好",
        en="All is well",
        more_zh=f"守望着 {watching.running} 位居民，{watching.devices} 台设备在线",
        more_en=f"{watching.running} watched over, {watching.devices} devices online",
    )
