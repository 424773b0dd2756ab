"""What a chat service answers beside HTTP's 200: WeCom and DingTalk refuse with 200 and an error code in the body.

Apprise 2.3 looks at the status alone there (plugins/wecombot.py, plugins/dingtalk.py): a wrong key or a text too long
would pass for sent. These two plug-ins get a `requests` that says 502 instead; nobody else's is touched.
"""

from http import HTTPStatus
from typing import Any

import msgspec
import requests
from apprise.plugins import dingtalk, wecombot

_TAKEN = 0
_WECOM_BYTES_MAX = 2048
_BYTES_A_CHARACTER = 3  # of Chinese, in UTF-8


class _Verdict(msgspec.Struct):
    errcode: int


class StrictRequests:
    """The module `requests`, but a POST that was refused in its body has a status that says so."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, *args: Any, **options: Any) -> requests.Response:
        response = requests.post(*args, **options)  # noqa: S113 the caller's limit is in `options`
        if response.status_code == HTTPStatus.OK and not _taken(response.content):
            response.status_code = HTTPStatus.BAD_GATEWAY
        return response


def install() -> None:
    """For the whole process; again is the same as once."""
    for plugin in (wecombot, dingtalk):
        vars(plugin)["requests"] = StrictRequests()
    wecombot.NotifyWeComBot.body_maxlen = _WECOM_BYTES_MAX // _BYTES_A_CHARACTER  # Apprise counts characters


def _taken(body: bytes) -> bool:
    """Only the words of success are success: a proxy's page with a 200 is none."""
    try:
        return msgspec.json.decode(body, type=_Verdict).errcode == _TAKEN
    except msgspec.DecodeError:
        return False
