"""What the page says of alerts that ended, hints and alarms; static/ladderwords.js says the same, live."""

from collections.abc import Mapping
from typing import Any

from hub_server.web.words import Texts, ago, clock, utc

OUTCOMES = {
    "well": ("平安", "well"),
    "helped": ("已救助", "helped"),
    "away": ("外出", "away"),
    "retracted": ("已见到，自动撤销", "seen, retracted"),
}
ALARMS = {
    "observer": ("没有在看", "does not watch"),
    "clock": ("主机时钟跳变", "the hub's clock has stepped"),
    "delivery": ("通知送不出去", "notices do not get out"),
    "card": (
        "设备的卡有两份，可能被人复制：请作废后重新制卡",
        "there are two of this card: revoke it and make a new one",
    ),
    "certificate": ("设备证书需要处理", "the devices' certificates need a look"),
    "rollout": ("设备更新已停下", "an update of devices has stopped"),
}
UNSTAFFED = ("没有可通知的网格员", "no worker can be told")
EYES = {
    "silent": ("没有消息", "silent"),
    "blind": ("看不清", "could not see"),
    "covered": ("被遮住", "covered"),
    "frozen": ("画面停住", "frozen"),
    "no_inference": ("没有识别", "not looking"),
}
Json = Mapping[str, Any]


def closed(row: Json, now_s: int) -> Texts:
    """An alert that has ended: how, by whom, when."""
    zh, en = OUTCOMES[row["outcome"]]
    taken = row["taken"]
    by = "" if row["outcome"] == "retracted" else taken["author"]
    return {
        "name": row["person_name"],
        "page": f"/alerts/{row['id']}",
        "outcome": zh,
        "outcome_en": en,
        "by": by,
        "said": "" if row["outcome"] == "retracted" else taken["note"],
        "time": clock(taken["at"], now_s),
        "time_utc": utc(taken["at"]),
    }


def hint(row: Json, now_s: int) -> Texts:
    """Somebody who is usually seen by now."""
    return {
        "name": row["person_name"],
        "usual": row["zh"],
        "usual_en": row["en"],
        "seen": clock(row["last_seen_at"], now_s),
        "seen_utc": utc(row["last_seen_at"]),
    }


def alarm(row: Json, now_s: int) -> Texts:
    """What the office must know besides alerts of people."""
    what_zh, what_en = ALARMS[row["kind"]]
    since_zh, since_en = ago(row["since"], now_s)
    texts = {"place": row["place"] or row["subject"], "since": since_zh, "since_en": since_en}
    detail = {"detail": row["detail"], "detail_en": ""}
    if row["kind"] == "observer":
        zh, en = EYES.get(row["detail"].partition(":")[0], (row["detail"], ""))
        detail = {"detail": zh, "detail_en": en}
    elif row["subject"].startswith("area/"):
        what_zh, what_en = UNSTAFFED
        texts["place"] = row["subject"].removeprefix("area/")
        detail = {"detail": "", "detail_en": ""}
    elif row["kind"] == "clock":
        texts["place"] = ""
    elif row["kind"] == "card":
        detail = {"detail": "", "detail_en": ""}
    elif row["kind"] in {"certificate", "rollout"}:
        texts["place"] = ""
        zh, _, en = row["detail"].partition("；")
        detail = {"detail": zh, "detail_en": en}
    return texts | detail | {"what": what_zh, "what_en": what_en, "since_utc": utc(row["since"])}
