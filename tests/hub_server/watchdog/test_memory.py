from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.watchdog import memory
from hub_server.watchdog.memory import Memory, Word, decide
from hub_server.watchdog.troubles import Kind

REPEAT_S = 1800.0
MIN_US = 60_000_000
T0_US = 1_795_471_200_000_000


class Story:
    """Looks of a watchdog, a minute apart."""

    def __init__(self) -> None:
        self.kept = Memory()
        self.now_us = T0_US

    def look(self, *kinds: Kind, sent: bool = True, minutes: float = 1) -> Word | None:
        self.now_us += int(minutes * MIN_US)
        found = decide(self.kept, kinds, now_us=self.now_us, repeat_s=REPEAT_S)
        self.kept = found.kept if sent else found.silent
        return found.word


def test_an_alarm_comes_once_then_a_reminder_each_half_hour_then_one_all_clear() -> None:
    story = Story()
    assert story.look() is None
    assert [story.look(Kind.UNREACHABLE) for _ in range(32)] == [Word.ALARM, *[None] * 29, Word.REMINDER, None]
    assert [story.look(), story.look()] == [Word.ALL_CLEAR, None]


def test_something_new_is_an_alarm_at_once_and_what_comes_and_goes_is_not() -> None:
    story = Story()
    assert story.look(Kind.DEAF) is Word.ALARM
    assert story.look(Kind.DEAF, Kind.NOT_WRITING) is Word.ALARM
    assert [story.look(Kind.DEAF), story.look(Kind.NOT_WRITING), story.look(Kind.DEAF)] == [None] * 3
    assert story.look() is Word.ALL_CLEAR
    assert story.look(Kind.DEAF) is Word.ALARM


def test_what_could_not_be_sent_is_tried_at_every_look() -> None:
    story = Story()
    assert [story.look(Kind.SILENT, sent=False) for _ in range(3)] == [Word.ALARM] * 3
    assert story.look() is None, "nobody knew, so nobody waits for the all clear"
    assert story.look(Kind.SILENT) is Word.ALARM
    assert [story.look(sent=False), story.look(), story.look()] == [Word.ALL_CLEAR, Word.ALL_CLEAR, None]


def test_since_when_is_the_first_look_that_found_it_through_all_that_follow() -> None:
    story = Story()
    story.look(Kind.DEAF)
    began_us = story.now_us
    story.look(Kind.DEAF, Kind.SILENT, sent=False)
    story.look(Kind.DEAF, Kind.SILENT)
    assert story.kept.since_us == {Kind.DEAF: began_us, Kind.SILENT: began_us + MIN_US}


def test_a_clock_that_goes_back_cannot_keep_a_reminder_for_longer() -> None:
    story = Story()
    story.look(Kind.DEAF)
    assert story.look(Kind.DEAF, minutes=-24 * 60) is Word.REMINDER
    assert story.kept.since_us == {Kind.DEAF: story.now_us}, "nothing began in the future"
    assert story.look(Kind.DEAF) is None


@given(
    looks=st.lists(
        st.tuples(st.sets(st.sampled_from(Kind), max_size=3), st.booleans(), st.floats(0.5, 45)), max_size=30
    )
)
def test_whatever_happens_nobody_waits_in_vain(looks: list[tuple[set[Kind], bool, float]]) -> None:
    story = Story()
    known: set[Kind] = set()  # by the people
    for kinds, sent, minutes in looks:
        word = story.look(*sorted(kinds), sent=sent, minutes=minutes)
        if kinds - known:
            assert word is Word.ALARM
        if not kinds:
            assert (word is Word.ALL_CLEAR) == bool(known)
        if word is not None and sent:
            known = set(kinds)
        assert set(story.kept.since_us) == kinds
        assert set(story.kept.told) == known


def test_the_memory_survives_in_its_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    assert memory.read(path) == Memory()
    kept = Memory(since_us={Kind.DEAF: 5}, told=(Kind.DEAF,), told_us=7)
    memory.write(path, kept)
    assert memory.read(path) == kept
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"told":["nonsense"]}', b'{"more":1}', b"[]"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="state is damaged"):
        memory.read(path)
