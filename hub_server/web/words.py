"""What the page says about a row: one text for each slot of its markup. static/words.js says the same, live.

A test compares the two on the same rows. Every function takes `now_s`, whole seconds since 1970 UTC.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hub_server.web.times import OFFICE_ZONE, parse

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
Texts = dict[str, str]
Json = Mapping[str, Any]

ALERT_STATES = {
    "open": ("待处理", "open"),
    "acknowledged": ("已知晓", "acknowledged"),
    "on_the_way": ("在路上", "on the way"),
    "closed": ("已结束", "closed"),
}
RUNGS = {
    "worker": ("网格员", "grid worker"),
    "community": ("社区", "community"),
    "office": ("街道办", "office"),
    "family": ("家属", "family"),
}
REPORTS = {"not_found": ("没找到", "not found"), "emergency": ("紧急！", "emergency!")}
VOUCHED = {
    "visit": ("走访", "visit"),
    "phone": ("通话", "phone"),
    "clinic": ("卫生站", "clinic"),
    "card": ("刷卡", "card"),
    "vehicle": ("本人的车", "own vehicle"),
}
TROUBLES = {
    "conflicts": "冲突 conflicts",
    "quarantined": "读不懂 unreadable",
    "lost": "丢失 lost",
    "refused": "被拒 refused",
}


VERDICTS = {
    "known": ("登记车辆", "known"),
    "unsure": ("请核对", "please check"),
    "unknown": ("未登记", "not listed"),
}
UNREAD = ("看不清", "not readable")
DIRECTIONS = {"in": ("进", "in"), "out": ("出", "out"), "unknown": ("方向不明", "which way?")}


def seconds(iso: str) -> int:
    """Whole seconds since 1970 of a time as the API writes it."""
    return int(parse(iso).timestamp() // 1)


def span(duration_s: int) -> tuple[str, str]:
    """A duration in Chinese and in English, two units at most."""
    minutes, hours, days = duration_s // MINUTE_S, duration_s // HOUR_S, duration_s // DAY_S
    if minutes < 1:
        return "不到 1 分钟", "under 1 min"
    if hours < 1:
        return f"{minutes} 分钟", f"{minutes} min"
    if days < 1:
        rest = minutes % 60
        return (f"{hours} 小时 {rest} 分", f"{hours} h {rest} min") if rest else (f"{hours} 小时", f"{hours} h")
    rest = hours % 24
    return (f"{days} 天 {rest} 小时", f"{days} d {rest} h") if rest else (f"{days} 天", f"{days} d")


def ago(iso: str, now_s: int) -> tuple[str, str]:
    passed_s = now_s - seconds(iso)
    if passed_s < MINUTE_S:
        return "刚刚", "just now"
    zh, en = span(passed_s)
    return f"{zh}前", f"{en} ago"


def clock(iso: str, now_s: int) -> str:
    """The office's wall clock: the hour today, the day before it when it was another."""
    at = datetime.fromtimestamp(seconds(iso), OFFICE_ZONE)
    today = datetime.fromtimestamp(now_s, OFFICE_ZONE)
    hour = f"{at.hour:02}:{at.minute:02}"
    if at.date() == today.date():
        return hour
    if at.date() == today.date() - timedelta(days=1):
        return f"昨天 {hour}"
    if at.date() == today.date() + timedelta(days=1):
        return f"明天 {hour}"
    day = f"{at.month}月{at.day}日 {hour}"
    return day if at.year == today.year else f"{at.year}年{day}"


def utc(iso: str) -> str:
    """For the title of a time."""
    return f"{datetime.fromtimestamp(seconds(iso), UTC):%Y-%m-%d %H:%M:%S} UTC"


def where(seen_by: str, places: Mapping[str, str]) -> tuple[str, str]:
    """Who or what saw the person, from `last_seen_by`; `places` names a device's place."""
    if seen_by == "":
        return "", ""
    if seen_by == "given":
        return "登记时告知", "as told"
    kind, colon, by = seen_by.partition(": ")
    if colon and kind in VOUCHED:
        zh, en = VOUCHED[kind]
        return f"{places.get(by.partition('/')[0]) or by} {zh}", en
    return places.get(seen_by.partition("/")[0]) or seen_by, ""


def alert(row: Json, places: Mapping[str, str], now_s: int) -> Texts:
    state_zh, state_en = ALERT_STATES[row["state"]]
    late_zh, late_en = span(now_s - seconds(row["due_at"]))
    by_zh, by_en = where(row["last_seen_by"], places)
    # What retracted itself was taken by nobody.
    taken = None if row["state"] == "open" or row["outcome"] == "retracted" else row["taken"]
    texts = {
        "name": row["person_name"],
        "page": f"/alerts/{row['id']}",
        "state": state_zh,
        "state_en": state_en,
        "late": f"超时 {late_zh}",
        "late_en": f"{late_en} overdue",
        "where": by_zh,
        "where_en": by_en,
        "address": row["contact"]["address"],
        "phone": row["contact"]["phone"],
        "phone_link": telephone(row["contact"]["phone"]),
        "note": row["contact"]["note"],
        "taken": f"{taken['author']} · {clock(taken['at'], now_s)}" if taken else "",
        "said": taken["note"] if taken else "",
    }
    texts |= _doubt(row) | _reported(row["reported"], now_s) | _climb(row, now_s)
    return texts | _seen(row["last_seen_at"], now_s, ("从未见过", "never seen"))


def _doubt(row: Json) -> Texts:
    """Nobody was looking: said plainly, and as urgent."""
    doubtful = row["verdict"] == "cannot_tell"
    return {
        "doubt": "说不准：报警时没有摄像头在看。同样紧急，请上门。" if doubtful else "",
        "doubt_en": "Cannot tell: no camera was looking. Just as urgent, please visit." if doubtful else "",
    }


def _reported(report: Json | None, now_s: int) -> Texts:
    if report is None:
        return {"report": "", "report_en": "", "reporter": "", "report_said": ""}
    zh, en = REPORTS[report["report"]]
    by = f"{report['author']} · {clock(report['at'], now_s)}"
    return {"report": zh, "report_en": en, "reporter": by, "report_said": report["note"]}


def _climb(row: Json, now_s: int) -> Texts:
    """Who has it now, and who is told next when it is not closed by then."""
    zh, en = RUNGS[row["rung"]]
    texts = {"rung": zh, "rung_en": en, "climb": "", "climb_en": ""}
    if row["climb_at"] is None:
        return texts
    at = clock(row["climb_at"], now_s)
    if row["rung"] == "family":
        return texts | {"climb": f"{at} 还没有结束，就再通知所有人", "climb_en": f"all again at {at}"}
    return texts | {"climb": f"{at} 还没有结束，就往上通知", "climb_en": f"goes up at {at}"}


def sighting(row: Json, now_s: int) -> Texts:
    texts = {
        "score": "" if row["score"] is None else f"{row['score']:.2f}",
        "counts": "不是此人" if row["corrected"] else "计入守望" if row["counts"] else "",
        "counts_en": "not them" if row["corrected"] else "counts" if row["counts"] else "",
    }
    doubtful = row["type"] == "passage" and not row["clock_trusted"]
    return texts | _when(row, now_s, doubtful=doubtful) | _who(row)


def watch(row: Json, places: Mapping[str, str], now_s: int) -> Texts:
    by_zh, by_en = where(row["last_seen_by"], places)
    left_zh, left_en = _left(row, now_s)
    texts = {"name": row["person_name"], "where": by_zh, "where_en": by_en, "left": left_zh, "left_en": left_en}
    texts |= {"used": f"{_used(row, now_s):.3f}", "due_utc": utc(row["due_at"]), "due": clock(row["due_at"], now_s)}
    return texts | _seen(row["last_seen_at"], now_s, ("还没见过", "not yet seen"))


def device(row: Json, now_s: int) -> Texts:
    sync = row["sync"]
    behind = sync["last"] - sync["high"]
    texts = {"place": row["place"] or row["id"], "id": row["id"]}
    texts["online"], texts["online_en"] = ("在线", "online") if row["online"] else ("离线", "offline")
    texts["heard"], texts["heard_en"] = ago(row["heard_at"], now_s) if row["heard_at"] else ("从未联系", "never heard")
    texts["heard_utc"] = utc(row["heard_at"]) if row["heard_at"] else ""
    if sync["epoch"] is None:
        texts["behind"], texts["behind_en"] = "", ""
    elif behind > 0:
        texts["behind"], texts["behind_en"] = f"积压 {behind} 条", f"{behind} behind"
    else:
        texts["behind"], texts["behind_en"] = "已同步", "in sync"
    texts["troubles"] = " · ".join(f"{words} {sync[name]}" for name, words in TROUBLES.items() if sync[name] > 0)
    return texts


def plate(row: Json, now_s: int) -> Texts:
    """Of an event `plate_read`."""
    body = row["body"]
    reading = body.get("reading")
    verdict_zh, verdict_en = UNREAD if reading is None else VERDICTS[reading["verdict"]]
    way_zh, way_en = DIRECTIONS[body["direction"]]
    listed = None if reading is None else reading.get("listed")
    meant = "" if reading is None or listed in {None, reading["text"]} else dotted(listed)
    texts = {
        "plate": "" if reading is None else dotted(reading["text"]),
        "meant": f"即 {meant}" if meant else "",
        "meant_en": "is meant" if meant else "",
        "verdict": verdict_zh,
        "verdict_en": verdict_en,
        "way": way_zh,
        "way_en": way_en,
    }
    return texts | _when(row, now_s, doubtful=not row["clock_trusted"])


def verdict(row: Json) -> str:
    """Of an event `plate_read`: known, unsure, unknown, or unread."""
    reading = row["body"].get("reading")
    return "unread" if reading is None else str(reading["verdict"])


def gate(row: Json) -> Texts:
    """What a gate counted today."""
    unsure = [f"方向不明 {row['unknown']}"] if row["unknown"] else []
    unsure += [f"时间不明 {row['undated']}"] if row["undated"] else []
    unsure_en = [f"{row['unknown']} either way"] if row["unknown"] else []
    unsure_en += [f"{row['undated']} at an unknown time"] if row["undated"] else []
    return {
        "place": row["place"] or row["id"],
        "into": f"进 {row['in']}",
        "into_en": f"{row['in']} in",
        "out": f"出 {row['out']}",
        "out_en": f"{row['out']} out",
        "unsure": " · ".join(unsure),
        "unsure_en": ", ".join(unsure_en),
    }


def quarantined(row: Json, now_s: int) -> Texts:
    """An event that was not understood, and waits."""
    return _waiting(row, now_s) | {"what": "读不懂", "what_en": "not understood", "reason": row["reason"]}


def conflict(row: Json, now_s: int) -> Texts:
    """Two events for one place of a journal."""
    reason = f"{row['epoch'][:8]}/{row['seq']}"
    return _waiting(row, now_s) | {"what": "冲突", "what_en": "conflict", "reason": reason}


def dotted(plate: str) -> str:
    """As it stands on the metal: 粤B·12345."""
    return f"{plate[:2]}·{plate[2:]}"


def kind(row: Json) -> str:
    """Of a sighting: known, stranger, or trouble (what is no passage)."""
    if row["type"] != "passage":
        return "trouble"
    return "stranger" if row["person"] is None else "known"


def telephone(text: str) -> str:
    """A link that dials; empty for what holds no number, or a masked one."""
    if "*" in text:
        return ""
    number = "".join(sign for sign in text if sign in "+0123456789")
    return f"tel:{number}" if len(number) >= 3 else ""


def _waiting(row: Json, now_s: int) -> Texts:
    at = row["received_at"]
    return {"time": clock(at, now_s), "time_utc": utc(at), "place": row["place"] or row["device"]}


def _when(row: Json, now_s: int, *, doubtful: bool) -> Texts:
    """When and where an event was; `doubtful`: by a clock that was not set."""
    at = row["captured_at"] or row["received_at"]
    office = datetime.fromtimestamp(seconds(at), OFFICE_ZONE)
    time = clock(at, now_s)
    return {
        "time": f"{time}:{office.second:02}" if len(time) == len("00:00") else time,
        "time_utc": utc(at),
        "place": row["place"] or row["device"],
        "clock": "时钟未校准" if doubtful else "",
        "clock_en": "clock not set" if doubtful else "",
    }


def _who(row: Json) -> Texts:
    texts = {"who": "陌生人", "who_en": "stranger", "sure": "", "sure_en": ""}
    if row["type"] == "lost":
        return texts | {"who": "有记录丢失", "who_en": "events lost"}
    if row["type"] != "passage":
        return texts | {"who": "读不懂的记录", "who_en": str(row["type"])}
    if row["person"] is None:
        return texts
    texts |= {"who": row["person_name"] or row["person"], "who_en": ""}
    return texts | ({"sure": "确认", "sure_en": "sure"} if row["strict"] else {"sure": "疑似", "sure_en": "maybe"})


def _seen(at: str | None, now_s: int, never: tuple[str, str]) -> Texts:
    if at is None:
        return {"seen": "", "seen_utc": "", "seen_ago": never[0], "seen_ago_en": never[1]}
    zh, en = ago(at, now_s)
    return {"seen": clock(at, now_s), "seen_utc": utc(at), "seen_ago": zh, "seen_ago_en": en}


def _left(row: Json, now_s: int) -> tuple[str, str]:
    if row["state"] == "off":
        return "已停", "off"
    if row["state"] == "paused":
        return f"外出至 {clock(row['paused_until'], now_s)}", "away until then"
    left_s = seconds(row["due_at"]) - now_s
    zh, en = span(abs(left_s))
    if row["state"] == "late":
        return f"已晚，宽限还有 {zh}", f"late, {en} of grace left"
    if row["state"] == "alert" and left_s > 0:
        return "有警报", "an alert is open"
    return (f"还有 {zh}", f"{en} left") if left_s > 0 else (f"超时 {zh}", f"{en} overdue")


def _used(row: Json, now_s: int) -> float:
    """The share of period and grace that has passed, 0 to 1; 0 for a watch that does not run."""
    if row["state"] in {"off", "paused"}:
        return 0.0
    left_s = seconds(row["due_at"]) - now_s
    allowed_s: int = row["period_s"] + row["grace_s"]
    return min(1.0, max(0.0, 1 - left_s / allowed_s))
