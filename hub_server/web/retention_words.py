"""What each class of data is called, and why it is kept for so long, for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub_server.store.retention import DataClass


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    zh: str
    en: str
    why_zh: str


WORDS: Final[Mapping[DataClass, Words]] = {
    DataClass.STRANGERS: Words(
        zh="陌生人的进出记录", en="Passages of strangers", why_zh="只有时间和地点；每小时的人数统计一直保留"
    ),
    DataClass.PEOPLE: Words(
        zh="居民的进出记录", en="Passages of people", why_zh="守望最长 30 天，平常作息看 28 天；警报用到的不删"
    ),
    DataClass.PLATES_LISTED: Words(
        zh="登记车辆的过车记录", en="Passages of listed vehicles", why_zh="本人车辆可以算作见到；守望用到的不删"
    ),
    DataClass.PLATES_OTHERS: Words(
        zh="其他车辆的过车记录", en="Passages of other vehicles", why_zh="每小时的车数统计一直保留"
    ),
    DataClass.WATCHING: Words(
        zh="摄像头是否在看", en="What cameras watched", why_zh="说明报警时有没有人在看；不涉及个人"
    ),
    DataClass.PROOFS: Words(zh="现场验收单", en="Pass sheets", why_zh="照片到期就删；每台设备最近一张的文字一直保留"),
    DataClass.LOSSES: Words(zh="设备丢失的记录", en="What devices lost", why_zh="说明哪些记录没有保住；不涉及个人"),
    DataClass.SETTLED: Words(zh="已处理的隔离与冲突", en="Settled quarantine and conflicts", why_zh="等人处理的不删"),
    DataClass.MESSAGES: Words(zh="发出的通知", en="Messages sent", why_zh="还没送到的不删"),
    DataClass.VISITS: Words(zh="走访、电话与外出记录", en="Visits, calls and pauses", why_zh="最后一次见到的那条不删"),
    DataClass.ALERTS: Words(zh="已结束的警报", en="Closed alerts", why_zh="通知删除之后才删；没有结束的不删"),
    DataClass.CONSENTS: Words(zh="已撤回的同意书", en="Withdrawn consents", why_zh="证明当时同意过，至少三年"),
    DataClass.HISTORIES: Words(zh="资料的修改历史", en="Field histories", why_zh="谁在什么时候改了什么"),
    DataClass.REMOVED: Words(
        zh="移除的居民、家庭、车辆", en="Removed people, households, vehicles", why_zh="在此期间还能恢复，之后彻底删除"
    ),
    DataClass.IMPORTS_WAITING: Words(
        zh="没有采用的导入表", en="Imports not applied", why_zh="表里有个人信息，不用就删"
    ),
    DataClass.IMPORTS_APPLIED: Words(zh="已采用的导入表", en="Imports applied", why_zh="核对用"),
    DataClass.LOGINS: Words(zh="登录痕迹", en="Login traces", why_zh="网络日志至少六个月"),
    DataClass.AUDIT: Words(zh="审计记录", en="The audit", why_zh="至少三年；从最早的删起，链条仍可验证"),
}
