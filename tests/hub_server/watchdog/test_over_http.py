import socket

import pytest
from hub_page import HubPage

from hub_server.watchdog.look import Look
from hub_server.watchdog.over_http import HttpPlace, look, look_once
from hub_server.watchdog.troubles import Kind


def kinds(look: Look) -> list[Kind]:
    return [trouble.kind for trouble in look.troubles]


def place(page: HubPage, path: str = "", *, timeout_s: float = 5.0) -> HttpPlace:
    return HttpPlace(url=page.url + path, timeout_s=timeout_s)


def test_a_well_hub_is_asked_once_at_its_page_of_health(page: HubPage) -> None:
    found = look(place(page), pause=lambda _s: pytest.fail("nothing to wait for"))
    assert (kinds(found), page.asked) == ([], ["/healthz"])
    assert found.health is not None
    assert found.health.tick_age_s == 0.4


def test_another_path_is_asked_as_it_stands(page: HubPage) -> None:
    look_once(place(page, "/hub/healthz"))
    assert page.asked == ["/hub/healthz"]


def test_a_degraded_hub_answers_503_and_its_figures_are_judged(page: HubPage) -> None:
    assert page.health is not None
    page.health |= {"status": "degraded", "watch": "late", "tick_age_s": 70.0}
    assert kinds(look_once(place(page))) == [Kind.NOT_JUDGING]


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = look_once(HttpPlace(url=f"http://127.0.0.1:{port}"))
    assert kinds(found) == [Kind.UNREACHABLE]
    assert "ConnectionRefusedError" in found.troubles[0].en


def test_a_hub_that_hangs_up_or_keeps_one_waiting_is_unreachable(page: HubPage) -> None:
    page.health = None
    assert kinds(look_once(place(page))) == [Kind.UNREACHABLE]
    page.stuck.clear()
    assert kinds(look_once(place(page, timeout_s=0.2))) == [Kind.UNREACHABLE]


@pytest.mark.parametrize(
    "body", [b"<html>login</html>", b"{}", b'{"status":"ok"}', b"\xff\xfe", b"[" * 1000, b"x" * 400_000]
)
def test_an_answer_of_something_else_is_strange_and_no_exception(page: HubPage, body: bytes) -> None:
    page.body = body
    assert kinds(look_once(place(page))) == [Kind.STRANGE]


def test_an_older_watchdog_bears_what_a_newer_hub_says_more(page: HubPage) -> None:
    assert page.health is not None
    page.health |= {"more": [1]}
    assert kinds(look_once(place(page))) == []


def test_a_hub_that_is_started_anew_within_the_patience_is_no_alarm_and_one_that_is_not_is(page: HubPage) -> None:
    clock_s = [0.0]

    def pause(seconds: float) -> None:
        clock_s[0] += seconds
        if clock_s[0] >= 10:
            page.health = started

    started, page.health = page.health, None
    assert kinds(look(place(page), monotonic_s=lambda: clock_s[0], pause=pause)) == []
    assert (clock_s[0], len(page.asked)) == (10.0, 3)
    clock_s[0], started, page.health = 0.0, None, None
    assert kinds(look(place(page), monotonic_s=lambda: clock_s[0], pause=pause)) == [Kind.UNREACHABLE]
    assert clock_s[0] == 20.0


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "ftp://x", "http://", "http://u:p@h", "http://h:99999", "http://h:x", "file:///etc"]
)
def test_what_is_no_address_of_a_hub_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 urlsplit's own words are as good
        HttpPlace(url=url)
