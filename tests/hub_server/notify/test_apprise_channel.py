"""Apprise is believed when it says yes to what the other side has answered, and never otherwise."""

import pytest
from hook_server import Server

from hub_server.notify.apprise_channel import AppriseChannel
from hub_server.notify.channel import DeliveryError, Letter

LETTER = Letter(key="m-7-0a1b", title="李秀兰 未见", body="桂花村\n电话 123", spoken="")


def test_a_letter_arrives_whole_with_its_key_in_a_header(server: Server) -> None:
    AppriseChannel(server.url).send(LETTER)
    assert [(one["title"], one["message"]) for one in server.got] == [(LETTER.title, LETTER.body)]
    assert server.keys == ["m-7-0a1b"]


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_an_answer_that_is_no_yes_is_a_failure(server: Server, status: int) -> None:
    server.answer = status
    with pytest.raises(DeliveryError, match="json: was not taken"):
        AppriseChannel(server.url).send(LETTER)


def test_no_answer_is_a_failure_in_time(server: Server) -> None:
    server.answer = None
    with pytest.raises(DeliveryError, match="no answer"):
        AppriseChannel(server.url, answer_s=0.3).send(LETTER)


def test_nobody_there_is_a_failure() -> None:
    with pytest.raises(DeliveryError, match="was not taken"):
        AppriseChannel("json://127.0.0.1:9/hook").send(LETTER)


@pytest.mark.parametrize("url", ["nonsense", "foo://bar", "json://", ""])
def test_what_apprise_does_not_know_is_said_at_once(url: str) -> None:
    with pytest.raises(DeliveryError, match="knows no such URL"):
        AppriseChannel(url)


def test_a_secret_of_the_url_stands_in_no_message() -> None:
    with pytest.raises(DeliveryError) as caught:
        AppriseChannel("json://user:hushhush@127.0.0.1:9/token-abc").send(LETTER)
    assert "hushhush" not in str(caught.value)
    assert "token-abc" not in str(caught.value)


def test_the_url_keeps_its_own_options(server: Server) -> None:
    AppriseChannel(f"{server.url}?:room=office&cto=2").send(LETTER)
    assert server.got[0]["room"] == "office"
    assert server.keys == ["m-7-0a1b"]
