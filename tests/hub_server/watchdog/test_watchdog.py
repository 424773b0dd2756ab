"""Rounds of a watchdog over a real page: who is told what, and when."""

from pathlib import Path

import pytest
from hub_page import HubPage

from hub_server.watchdog import words
from hub_server.watchdog.memory import Word
from hub_server.watchdog.over_http import HttpPlace, look_once
from hub_server.watchdog.troubles import Kind
from hub_server.watchdog.watchdog import AlarmError, Watchdog

NOW_US = 1_795_471_200_000_000  # 2026-11-24 06:00 in China
MIN_US = 60_000_000


class Told:
    """A way to people, which may be down."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.down = False

    def send(self, *, title: str, body: str) -> None:
        if self.down:
            raise AlarmError("the gateway does not answer")
        self.messages.append((title, body))

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.messages]


class Kennel:
    """A watchdog that is started anew for every look, as a timer does it."""

    def __init__(self, page: HubPage, state: Path) -> None:
        self.page = page
        self.told = Told()
        self.now_us = NOW_US
        self._state = state

    def look(self, minutes: int = 1) -> tuple[Word | None, int]:
        """What people had to be told, and the exit code."""
        self.now_us += minutes * MIN_US
        place = HttpPlace(url=self.page.url)
        dog = Watchdog(
            looks=[lambda: look_once(place)],
            alarm=self.told,
            name="riverside",
            repeat_s=1800,
            now_us=lambda: self.now_us,
            state=self._state,
        )
        found = dog.round()
        return found.word, found.exit_code


@pytest.fixture
def kennel(page: HubPage, tmp_path: Path) -> Kennel:
    return Kennel(page, tmp_path / "state")


def test_one_look_each_minute_tells_of_a_change_reminds_and_says_all_clear_once(kennel: Kennel, page: HubPage) -> None:
    assert kennel.look() == (None, 0)
    assert page.health is not None
    page.health |= {"status": "degraded", "store": "failing: the disk is full"}
    assert kennel.look() == (Word.ALARM, 1)
    assert kennel.look() == (None, 1)
    assert kennel.look(30) == (Word.REMINDER, 1)
    page.health |= {"status": "ok", "store": "ok"}
    assert [kennel.look(), kennel.look()] == [(Word.ALL_CLEAR, 0), (None, 0)]
    assert kennel.told.titles == [
        "守望主机出了问题：riverside  the Shouwang hub is in trouble: riverside",
        "守望主机仍有问题：riverside  the Shouwang hub is still in trouble: riverside",
        "守望主机恢复正常：riverside  the Shouwang hub is well again: riverside",
    ]
    alarm, reminder, clear = (body for _, body in kennel.told.messages)
    assert "the disk is full" in alarm
    assert "since 2026-11-24 06:02" in reminder, "the site's own time, and when it began"
    assert alarm.splitlines()[0].startswith("数据库不能写入"), "Chinese first"
    assert "2026-11-24 06:34" in clear


def test_an_alarm_that_cannot_be_sent_is_exit_code_3_and_is_tried_again(kennel: Kennel, page: HubPage) -> None:
    page.health = None
    kennel.told.down = True
    assert [kennel.look(), kennel.look()] == [(Word.ALARM, 3)] * 2
    kennel.told.down = False
    assert kennel.look() == (Word.ALARM, 1)
    assert len(kennel.told.messages) == 1
    assert "since 2026-11-24 06:01" in kennel.told.messages[0][1], "since it was first seen, not since it was told"


def test_a_damaged_state_or_one_that_cannot_be_kept_tells_people_rather_once_too_often(
    page: HubPage, tmp_path: Path
) -> None:
    state = tmp_path / "folder-that-is-not-there" / "state"
    page.health = None
    kennel = Kennel(page, state)
    assert [kennel.look(), kennel.look()] == [(Word.ALARM, 1)] * 2
    state.parent.mkdir()
    state.write_bytes(b"{")
    assert [kennel.look(), kennel.look()] == [(Word.ALARM, 1), (None, 1)]


def test_without_a_file_it_remembers_as_long_as_it_lives_and_without_a_channel_it_only_says(page: HubPage) -> None:
    place = HttpPlace(url=page.url)
    page.health = None
    dog = Watchdog(looks=[lambda: look_once(place)], alarm=None, name="x", repeat_s=1800, now_us=lambda: NOW_US)
    assert [(one.word, one.exit_code) for one in (dog.round(), dog.round())] == [(Word.ALARM, 1), (None, 1)]


def test_what_a_program_reads_has_each_trouble_with_its_beginning(page: HubPage) -> None:
    place = HttpPlace(url=page.url)
    page.health = None
    dog = Watchdog(looks=[lambda: look_once(place)] * 2, alarm=None, name="x", repeat_s=1800, now_us=lambda: NOW_US)
    found = dog.round().json()
    assert (found["well"], found["word"], found["told"], found["at_us"]) == (False, "alarm", True, NOW_US)
    assert [(one["kind"], one["since_us"]) for one in found["troubles"]] == [(Kind.UNREACHABLE, NOW_US)]


def test_a_test_message_says_that_it_is_one() -> None:
    title, body = words.test_message(name="riverside")
    assert "测试" in title
    assert "nothing is wrong" in body
