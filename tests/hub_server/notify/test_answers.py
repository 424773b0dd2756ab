"""WeCom and DingTalk say no with a 200: what they say in the body is what counts."""

import pytest
from apprise import NotifyBase
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.wecombot import NotifyWeComBot
from hook_server import Server

from hub_server.notify.apprise_channel import AppriseChannel
from hub_server.notify.channel import DeliveryError, Letter

LETTER = Letter(key="m-7-0a1b", title="李秀兰 未见", body="桂花村", spoken="")
URLS = ("wecombot://0123456789-abcd", "dingtalk://aaaabbbbccccdddd")


@pytest.fixture(autouse=True)
def _here(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both services are on this machine; the status of their answers is 200."""
    monkeypatch.setattr(NotifyWeComBot, "notify_url", f"{server.http}/{{key}}", raising=False)
    monkeypatch.setattr(NotifyDingTalk, "notify_url", f"{server.http}/{{token}}")
    monkeypatch.setattr(NotifyBase, "request_rate_per_sec", 0)


@pytest.mark.parametrize("url", URLS)
def test_a_letter_is_taken_when_the_service_says_so(url: str, server: Server) -> None:
    server.body = b'{"errcode":0,"errmsg":"ok"}'
    AppriseChannel(url).send(LETTER)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "body",
    [
        b'{"errcode":40008,"errmsg":"invalid message type"}',
        b'{"errcode":45009,"errmsg":"api freq out of limit"}',
        b"<html>please sign in to this network</html>",
        b"{}",
        b"",
    ],
    ids=["wrong", "too often", "a proxy's page", "nothing said", "empty"],
)
def test_a_200_that_says_no_is_a_failure(url: str, body: bytes, server: Server) -> None:
    server.body = body
    with pytest.raises(DeliveryError, match="was not taken"):
        AppriseChannel(url).send(LETTER)


def test_a_letter_too_long_for_wecom_goes_in_parts_that_fit_its_bytes_and_lose_nothing(server: Server) -> None:
    server.body = b'{"errcode":0,"errmsg":"ok"}'
    people = "、".join(f"居民{number:04}" for number in range(220))
    AppriseChannel(URLS[0]).send(Letter(key="m-7-0a1b", title="李秀兰 未见", body=people, spoken=""))
    parts = [one["text"]["content"] for one in server.got]
    assert len(parts) > 1
    assert all(len(part.encode()) <= 2048 for part in parts)
    assert sum(part.count("居民") for part in parts) == 220


def test_a_part_that_is_refused_fails_the_letter(server: Server) -> None:
    server.body = b'{"errcode":45009,"errmsg":"api freq out of limit"}'
    with pytest.raises(DeliveryError):
        AppriseChannel(URLS[0]).send(Letter(key="m-7-0a1b", title="", body="长" * 1500, spoken=""))
