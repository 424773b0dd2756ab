"""What people read: Chinese first, what to do, since when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from hub_server.watch.zone import OFFICE_ZONE
from hub_server.watchdog.memory import Word
from hub_server.watchdog.troubles import Kind, Trouble

_TITLES = {
    Word.ALARM: ("守望主机出了问题", "the Shouwang hub is in trouble"),
    Word.REMINDER: ("守望主机仍有问题", "the Shouwang hub is still in trouble"),
    Word.ALL_CLEAR: ("守望主机恢复正常", "the Shouwang hub is well again"),
}


def title(word: Word, *, name: str) -> str:
    zh, en = _TITLES[word]
    return f"{zh}：{name}  {en}: {name}"


def body(word: Word, troubles: Sequence[Trouble], since_us: Mapping[Kind, int], *, now_us: int) -> str:
    """Several lines; no word about a person."""
    if word is Word.ALL_CLEAR:
        return f"{_clock(now_us)} 检查一切正常。\nAll was well at {_clock(now_us)}."
    lines = []
    for trouble in troubles:
        since = _clock(since_us.get(trouble.kind, now_us))
        lines += [f"{trouble.zh}（{since} 起）", f"{trouble.en} (since {since})"]
    lines += [
        "在恢复之前，请用电话和上门确认独居老人的情况。",
        "Until this is over, please look after people who live alone by telephone and by visits.",
    ]
    return "\n".join(lines)


def test_message(*, name: str) -> tuple[str, str]:
    """Title and body of a message that only shows that the way to people works."""
    return (
        f"守望看门狗测试：{name}  a test of the Shouwang watchdog: {name}",
        "这是一条测试消息，一切正常。\nThis is a test; nothing is wrong.",
    )


def _clock(us: int) -> str:
    return f"{datetime.fromtimestamp(us / 1_000_000, OFFICE_ZONE):%Y-%m-%d %H:%M}"
