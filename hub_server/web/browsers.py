"""What a browser calls itself, in words that its owner recognises. Pure."""

from typing import Final

_BROWSERS: Final = (
    ("MicroMessenger", "微信 WeChat"),
    ("wxwork", "企业微信 WeCom"),
    ("DingTalk", "钉钉 DingTalk"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "鸿蒙 HarmonyOS"),
    ("Android", "安卓 Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def words(agent: str) -> str:
    """As "Chrome · Windows"; for what is not known, its first word."""
    found = [next((name for sign, name in kinds if sign in agent), "") for kinds in (_BROWSERS, _SYSTEMS)]
    return " · ".join(part for part in found if part) or agent.partition("/")[0][:40]
