"""What people are asked to agree to, for people: on the page, and on the paper that they sign.

An engineer's draft of what the Measures on face recognition (in force since 2025-06-01) and the Personal Information
Protection Law ask for; the office's counsel must check it before anybody signs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.wire.gallery import Purpose

TEXT_VERSION: Final = "守望同意书 2026-11"
"""Stands on the paper and is kept with each consent; another text is another version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PurposeWords:
    zh: str
    en: str
    what_zh: str  # in a sentence, on the page
    what_en: str
    paper: str  # what it is for, on the paper
    instead: str  # what there is for whoever does not agree


PURPOSES: Final[Mapping[Purpose, PurposeWords]] = {
    Purpose.WELFARE: PurposeWords(
        zh="守望",
        en="Welfare watch",
        what_zh="本社区的摄像头认出本人；太久没见到，网格员上门看看。",
        what_en="Cameras of the community recognise them; when they are not seen for too long, a worker visits.",
        paper="平安守望：本社区（村）的摄像头认出本人，并记下时间和地点；超过约定的时间没有见到，通知网格员和本人指定的家属上门查看。",
        instead="由网格员定期上门或打电话。",
    ),
    Purpose.DOOR: PurposeWords(
        zh="开门",
        en="Opening doors",
        what_zh="在选定的大门，走到跟前门就开。",
        what_en="At the chosen gates the door opens by itself.",
        paper="刷脸开门：本人选定的大门认出本人后开门，并记下时间和地点。",
        instead="使用门禁卡、密码，或由门卫登记。",
    ),
    Purpose.WATCHLIST: PurposeWords(
        zh="关注名单",
        en="Watchlist",
        what_zh="仅凭法律文书或本人另行同意。",
        what_en="By a legal order, or by a consent of its own, only.",
        paper="关注名单：设备认出本人后，通知指定的工作人员。",
        instead="不加入名单。",
    ),
}
ASKED: Final = (Purpose.WELFARE, Purpose.DOOR)
"""For which people are asked to agree."""


def options() -> list[tuple[str, str, str]]:
    return [(purpose.value, PURPOSES[purpose].zh, PURPOSES[purpose].en) for purpose in ASKED]
