"""What is said of a camera's time: the truth, without gap and overlap, and nothing that nobody knows."""

from itertools import pairwise
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import FakeClock
from edge_agent.recognition.observing import (
    LOOK_AGE_MAX_S,
    NO_PICTURE,
    NOT_LOOKED_AT,
    PICTURE_AGE_MAX_S,
    VIEW_EVERY_S,
    Observer,
    Sight,
    Signs,
    Stretches,
    sight_of,
)
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.vision.view import View, ViewCause, ViewJudge, ViewState
from edge_agent.wire.messages import Observing, Watching

EVERY_S: Final = 900.0
PIXELS: Final = np.zeros((4, 4, 3), np.uint8)


class ToldJudge(ViewJudge):
    """Says what it is told of any picture."""

    def __init__(self, now_s: float = 0.0) -> None:
        super().__init__()
        self.view = View(state=ViewState.WATCHING, cause=None, since_s=now_s)
        self.seen_s: list[float] = []

    def see(self, pixels: Pixels, now_s: float) -> View:
        assert pixels.shape == (4, 4, 3)
        self.seen_s.append(now_s)
        return self.view


class Door:
    """A camera over which time passes."""

    def __init__(self, *, started_s: float = 100.0, every_s: float = EVERY_S) -> None:
        self.clock = FakeClock(mono_us=round(started_s * 1e6))
        self.judge = ToldJudge()
        self.observer = Observer(camera="east", every_s=every_s, judge=self.judge, started_s=started_s)
        self.told: list[Observing] = []
        self.number = 0

    def pictures(self, seconds: float, *, looked: bool = True) -> None:
        """One a second, looked at as told, and a beat after each."""
        for _ in range(round(seconds)):
            self.number += 1
            self.told += self.observer.see(
                Frame(pixels=PIXELS, captured=self.clock.stamp(), number=self.number), looked=looked
            )
            self.told += self.observer.due(self.clock.stamp())
            self.clock.advance(1)

    def nothing(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.told += self.observer.due(self.clock.stamp())
            self.clock.advance(1)

    def fault(self, state: ViewState, cause: ViewCause, *, since_s: float) -> None:
        self.judge.view = View(state=state, cause=cause, since_s=since_s)

    def good(self, *, since_s: float) -> None:
        self.judge.view = View(state=ViewState.WATCHING, cause=None, since_s=since_s)

    def end(self) -> list[tuple[str, float, float]]:
        """The whole story: what, from, until."""
        self.told += self.observer.end(self.clock.stamp())
        assert_contiguous(self.told)
        return [story(event) for event in self.told]


def story(event: Observing) -> tuple[str, float, float]:
    what = event.state.value if event.cause is None else f"{event.state.value}: {event.cause}"
    return what, event.began.mono_us / 1e6, event.ended.mono_us / 1e6


def assert_contiguous(told: list[Observing]) -> None:
    for before, after in pairwise(told):
        assert before.ended.mono_us == after.began.mono_us
    assert all(event.began.mono_us < event.ended.mono_us for event in told)
    assert len({event.ended.boot for event in told}) <= 1


def test_a_good_day_is_told_every_fifteen_minutes_and_at_the_end() -> None:
    door = Door()
    door.pictures(2000)
    assert door.end() == [("watching", 100, 1000), ("watching", 1000, 1900), ("watching", 1900, 2099)]


def test_the_period_is_what_the_configuration_says() -> None:
    door = Door(every_s=60)
    door.pictures(130)
    assert [until for _, _, until in door.end()] == [160, 220, 229]


def test_a_fault_ends_the_stretch_where_it_began_and_its_first_piece_is_told_at_once() -> None:
    door = Door()
    door.pictures(100)
    door.fault(ViewState.COVERED, ViewCause.COVERED, since_s=150)
    door.pictures(1)
    assert [story(event) for event in door.told] == [("watching", 100, 150), ("covered: covered", 150, 200)]
    door.pictures(99)
    door.good(since_s=290)
    door.pictures(100)
    assert door.end()[2:] == [("covered: covered", 200, 290), ("watching", 290, 399)]


def test_another_cause_is_another_stretch() -> None:
    door = Door()
    door.fault(ViewState.BLIND, ViewCause.BLACK, since_s=100)
    door.pictures(60)
    door.fault(ViewState.BLIND, ViewCause.GLARE, since_s=140)
    door.pictures(60)
    stories = door.end()
    assert ("blind: black", 100, 140) in stories
    assert stories[-1] == ("blind: glare", 160, 219)


def test_what_was_said_is_never_said_otherwise_later() -> None:
    door = Door(every_s=60)
    door.pictures(65)  # "watching" was told up to 160
    door.fault(ViewState.FROZEN, ViewCause.FROZEN, since_s=110)
    door.pictures(5)
    assert door.end()[:2] == [("watching", 100, 160), ("frozen: frozen", 160, 165)]


def test_a_camera_that_gives_no_picture_is_blind_from_its_last_picture_on() -> None:
    door = Door()
    door.pictures(50)  # the last at 149
    door.nothing(PICTURE_AGE_MAX_S - 1)
    assert door.told == []
    door.nothing(1)
    assert [story(event) for event in door.told] == [("watching", 100, 149), (f"blind: {NO_PICTURE}", 149, 159)]
    door.nothing(40)
    door.pictures(10)
    assert door.end()[2:] == [(f"blind: {NO_PICTURE}", 159, 200), ("watching", 200, 209)]


def test_a_camera_that_never_gave_a_picture_is_blind_since_the_start() -> None:
    door = Door()
    door.nothing(30)
    assert door.end() == [(f"blind: {NO_PICTURE}", 100, 110), (f"blind: {NO_PICTURE}", 110, 130)]


def test_a_camera_that_is_gone_is_reported_every_fifteen_minutes_too() -> None:
    door = Door()
    door.nothing(2000)
    assert [until for _, _, until in door.end()] == [110, 1010, 1910, 2100]


def test_the_first_seconds_without_a_picture_are_unknown() -> None:
    door = Door()
    door.nothing(5)
    assert door.end() == []
    later = Door()
    later.nothing(5)
    later.good(since_s=105)
    later.pictures(20)
    assert later.end() == [("watching", 105, 124)]


def test_an_end_soon_after_the_last_picture_claims_nothing_beyond_it() -> None:
    door = Door()
    door.pictures(50)
    door.nothing(8)
    assert door.end() == [("watching", 100, 149)]


def test_pictures_that_nobody_looks_at_are_no_inference_since_the_last_look() -> None:
    door = Door()
    door.pictures(50)  # the last look at 149
    door.pictures(LOOK_AGE_MAX_S - 1, looked=False)
    assert door.told == []
    door.pictures(20, looked=False)
    assert [story(event) for event in door.told] == [
        ("watching", 100, 149),
        (f"no_inference: {NOT_LOOKED_AT}", 149, 179),
    ]
    door.pictures(10)
    assert door.end()[-2:] == [(f"no_inference: {NOT_LOOKED_AT}", 179, 199), ("watching", 199, 208)]


def test_a_quiet_scene_that_is_looked_at_now_and_then_is_watched() -> None:
    door = Door()
    for _ in range(30):
        door.pictures(4, looked=False)
        door.pictures(1)
    assert [what for what, _, _ in door.end()] == ["watching"]


def test_a_camera_that_comes_back_is_not_blamed_for_what_nobody_could_look_at() -> None:
    door = Door()
    door.pictures(20)
    door.nothing(300)
    door.pictures(20, looked=False)
    assert [what for what, _, _ in door.end()][-1] == "watching"


def test_a_process_that_was_suspended_did_not_watch_meanwhile() -> None:
    door = Door()
    door.pictures(50)
    door.clock.advance(3600)
    door.pictures(10)
    stories = door.end()
    assert (stories[0], stories[-1]) == (("watching", 100, 149), ("watching", 3750, 3759))
    assert {what for what, _, _ in stories[1:-1]} == {f"blind: {NO_PICTURE}"}


def test_a_fault_that_outlasts_a_gap_is_still_the_fault() -> None:
    door = Door()
    door.fault(ViewState.BLIND, ViewCause.BLACK, since_s=100)
    door.pictures(50)
    door.nothing(60)
    door.pictures(20)
    assert [what for what, _, _ in door.end()][-1] == "blind: black"
    assert door.told[-1].began.mono_us == 210_000_000


def test_the_view_is_judged_twice_a_second_however_many_pictures_come() -> None:
    door = Door()
    for number in range(150):
        door.observer.see(Frame(pixels=PIXELS, captured=door.clock.stamp(), number=number), looked=True)
        door.clock.advance(1 / 15)
    assert 9 / VIEW_EVERY_S < len(door.judge.seen_s) < 11 / VIEW_EVERY_S


def test_moments_before_the_present_are_dated_by_the_present_clock() -> None:
    door = Door()
    door.clock.wall_us, door.clock.synced = 0, False
    door.nothing(20)
    door.clock.wall_us, door.clock.synced = 1_800_000_000_000_000, True
    door.pictures(5)
    door.end()
    back = door.told[-1]
    assert back.began.synced
    assert back.ended.wall_us - back.began.wall_us == back.ended.mono_us - back.began.mono_us
    assert not door.told[0].ended.synced


def test_without_pictures_or_a_view_nothing_can_be_told_yet() -> None:
    assert sight_of(Signs(started_s=100), 100 + PICTURE_AGE_MAX_S - 0.001) is None
    assert sight_of(Signs(started_s=100), 100 + PICTURE_AGE_MAX_S) is not None
    assert sight_of(Signs(started_s=100, picture_s=101), 102) is None


@pytest.mark.parametrize("state", list(ViewState))
def test_every_state_of_a_view_has_its_name_on_the_wire(state: ViewState) -> None:
    assert Watching(state.value).value == state.value


SIGHTS: Final = st.tuples(
    st.sampled_from([(Watching.WATCHING, None), (Watching.BLIND, "black"), (Watching.FROZEN, "frozen")]),
    st.floats(0, 40),  # how long this has been so
    st.floats(0.01, 700),  # until the next
)


@given(st.lists(SIGHTS, max_size=40))
def test_whatever_is_seen_stretches_touch_and_no_moment_is_told_twice(
    seen: list[tuple[tuple[Watching, str | None], float, float]],
) -> None:
    clock, stretches = FakeClock(mono_us=100_000_000), Stretches(camera="east", every_s=EVERY_S)
    told: list[Observing] = []
    for (state, cause), lasted_s, pause_s in seen:
        now_s = clock.monotonic_s()
        sight = Sight(state=state, cause=cause, since_s=now_s - lasted_s, until_s=now_s)
        told += stretches.note(sight, clock.stamp())
        clock.advance(pause_s)
    told += stretches.end(clock.stamp())
    assert_contiguous(told)
    assert len(told) <= 3 * len(seen) + 1
    assert all(event.ended.mono_us <= clock.mono_us for event in told)
