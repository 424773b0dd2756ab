"""What the pages say of one alert: what to do next, what happened, who was told. static/history.js says the steps, too.

Pure. Rows are as the API shows them; `now_s`: whole seconds since 1970 UTC.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub_server.web.ladder_words import OUTCOMES
from hub_server.web.words import REPORTS, RUNGS, Texts, clock, utc

Json = Mapping[str, Any]
_WATCH: Final = "watch"
"""The author of what no person did (store/alerts.py)."""
_STATES: Final = {
    "acknowledged": ("已知晓", "acknowledged"),
    "on_the_way": ("出发", "on the way"),
}
_NEXT: Final = {
    "open": (
        "还没有人接手：先打个电话；没人接就点“出发”，上门看看。",
        "Nobody has taken it: call first; no answer, tap On my way and go.",
    ),
    "acknowledged": (
        "有人接手了，还没有出发：打电话问问，需要时点“出发”。",
        "Somebody has taken it and has not left yet: call, and go when needed.",
    ),
    "on_the_way": (
        "有人在路上：见到人以后，登记结果。",
        "Somebody is on the way: once they are met, note how it ended.",
    ),
    "closed": ("已经结束；要是弄错了，可以重新打开。", "It has ended; if that was a mistake, open it again."),
}
_AFTER: Final = {
    "not_found": (
        "上门没有找到：问家人和邻居，换个地方再找。",
        "Not found at the visit: ask family and neighbours, look elsewhere.",
    ),
    "emergency": (
        "紧急：先打 120，再去帮忙；人平安后登记结果。",
        "Emergency: call 120, then help; note the outcome once they are safe.",
    ),
}
_CLOSED: Final = "closed"


def next_step(row: Json) -> Texts:
    """One sentence: what whoever reads this should do now."""
    state, report = row["state"], row["reported"]
    zh, en = _NEXT[state] if report is None or state in {"on_the_way", _CLOSED} else _AFTER[report["report"]]
    return {"next": zh, "next_en": en}


def step(row: Json, now_s: int) -> Texts:
    """One line of an alert's history."""
    zh, en = _what(row)
    own = row["author"] != _WATCH
    return {
        "at": clock(row["at"], now_s),
        "at_utc": utc(row["at"]),
        "what": zh,
        "what_en": en,
        "by": row["author"] if own else "",
        "said": row["note"] if own else "",
    }


def told(notices: Sequence[Json], now_s: int) -> list[Texts]:
    """Of each who was told, or should have been, the best that can be said; as static/told.js says it."""
    people: dict[str, Json] = {}
    for notice in notices:
        if notice["state"] == "settled" or not notice["name"]:
            continue
        known = people.get(notice["addressee"])
        if known is None or known["state"] != "sent" or notice["state"] == "sent":
            people[notice["addressee"]] = notice
    return [_told(notice, now_s) for notice in people.values()]


def _told(notice: Json, now_s: int) -> Texts:
    if notice["state"] == "sent":
        zh, en = f"{clock(notice['sent_at'], now_s)} 已送达", "sent"
    elif notice["state"] == "failing":
        zh, en = "还没送到，正在重试", "not through yet, trying again"
    else:
        zh, en = "正在发送", "being sent"
    rung = RUNGS[notice["rung"]][0] if notice["rung"] else ""
    return {"name": notice["name"], "rung": rung, "how": zh, "how_en": en}


def _what(row: Json) -> tuple[str, str]:
    if row["from"] is None:
        return "报警", "raised"
    if row["report"] is not None:
        return REPORTS[row["report"]]
    if row["to"] == _CLOSED:
        return OUTCOMES[row["outcome"]]
    if row["to"] == "open" and row["from"] == _CLOSED:
        return "重新打开", "reopened"
    if row["from"] == row["to"] and row["rung"] is not None:
        zh, en = RUNGS[row["rung"]]
        return f"通知{zh}", f"{en} told"
    return _STATES.get(row["to"], (row["to"], row["to"]))
