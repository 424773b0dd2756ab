"""Commands in words for people. Pure."""

from collections.abc import Mapping
from typing import Final

from edge_agent.wire.commands import PICTURE, SELF_TEST, Refusal

Words = tuple[str, str]

KINDS: Final[Mapping[str, Words]] = {PICTURE: ("看画面", "picture"), SELF_TEST: ("自检", "self test")}
STATES: Final[Mapping[str, Words]] = {
    "waiting": ("正在等", "waiting"),
    "done": ("已完成", "done"),
    "refused": ("设备没有执行", "refused"),
    "failed": ("没有做成", "failed"),
    "unsent": ("没有发出", "not sent"),
    "unanswered": ("没有回答", "no answer"),
}
FACTS: Final[Mapping[str, Words]] = {
    "agent": ("程序", "agent"),
    "camera": ("摄像头", "camera"),
    "frames": ("启动以来的画面数", "frames since its start"),
    "hub": ("与平台的连接", "to the hub"),
    "journal": ("本机记录", "journal"),
    "clock": ("时钟", "clock"),
    "free_mb": ("剩余空间（MB）", "free MB"),
    "degrees_c": ("温度（℃）", "degrees Celsius"),
    "up_s": ("开机（秒）", "seconds since the boot"),
}
REFUSALS: Final[Mapping[Refusal, Words]] = {
    Refusal.NOT_SIGNED: (
        "它不认这个平台的签名：请技术员重新登记入网。",
        "It does not know this hub's signature: let it enrol again.",
    ),
    Refusal.MALFORMED: (
        "它读不懂：设备上的程序和平台不是一个版本。",
        "It cannot read it: device and hub are of different versions.",
    ),
    Refusal.OTHER_BOOT: (
        "它刚刚重启过，指令作废。请再试一次。",
        "It has just restarted, so the command is void. Please try again.",
    ),
    Refusal.STALE: (
        "指令到得太晚，已经作废。网络慢；请再试一次。",
        "It came too late and is void. The network is slow; please try again.",
    ),
    Refusal.REPLAYED: ("同一条指令来过了，它只做一次。", "The same command came before; it is carried out once."),
    Refusal.UNKNOWN_KIND: (
        "它的程序还不会这个：请先升级设备。",
        "Its program does not know this yet: update the device first.",
    ),
    Refusal.NOT_SET_UP: (
        "它还没有平台的画面密钥：请技术员重新登记入网。",
        "It has not pinned the hub's key for pictures: let it enrol again.",
    ),
    Refusal.BUSY: ("它一时忙不过来。请过一会儿再试。", "It has too much to do at once. Please try again in a while."),
}
