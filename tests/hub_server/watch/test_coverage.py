"""What share of a window a camera watched, and what an alert may say of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.watch.coverage import (
    Missing,
    Shares,
    Stretch,
    Verdict,
    Window,
    course,
    judge,
    shares,
    usual,
    watched,
    watched_share,
    window,
)

DAY = Window(from_us=1000, until_us=2000)


def stretch(began_us: int, ended_us: int, state: str = "watching", cause: str = "") -> Stretch:
    return Stretch(began_us=began_us, ended_us=ended_us, state=state, cause=cause)


def test_what_nobody_told_is_unknown() -> None:
    assert shares([], DAY) == Shares(watching=0.0, unknown=1.0, missing=())
    assert shares([stretch(1000, 1250)], DAY) == Shares(watching=0.25, unknown=0.75, missing=())


def test_what_lies_outside_the_window_is_cut_off() -> None:
    found = shares([stretch(0, 1100), stretch(1900, 9000), stretch(0, 1000), stretch(2000, 3000)], DAY)
    assert found == Shares(watching=0.2, unknown=0.8, missing=())


def test_time_not_watched_is_told_by_its_cause_the_longest_first() -> None:
    found = shares(
        [stretch(1000, 1100, "frozen"), stretch(1100, 1400, "blind", "black"), stretch(1400, 1600, "blind", "glare")],
        DAY,
    )
    assert found.missing == (
        Missing(state="blind", cause="black", share=0.3),
        Missing(state="blind", cause="glare", share=0.2),
        Missing(state="frozen", cause="", share=0.1),
    )
    assert (found.watching, found.unknown) == (0.0, 0.4)


def test_where_two_stretches_contradict_each_other_it_was_not_watching() -> None:
    for order in (1, -1):
        found = shares([stretch(1000, 2000), stretch(1400, 1600, "covered")][::order], DAY)
        assert (found.watching, found.missing) == (0.8, (Missing(state="covered", cause="", share=0.2),))


def test_the_same_stretch_told_twice_counts_once() -> None:
    assert shares([stretch(1000, 1500), stretch(1000, 1500), stretch(1200, 1500)], DAY).watching == 0.5


def test_an_empty_window_is_unknown() -> None:
    assert shares([stretch(0, 9000)], Window(from_us=1000, until_us=1000)).unknown == 1.0


@given(
    st.lists(
        st.tuples(st.integers(900, 2100), st.integers(0, 600), st.sampled_from(["watching", "blind", "frozen"])),
        max_size=12,
    )
)
def test_the_shares_add_up_and_each_microsecond_is_judged_as_by_hand(told: list[tuple[int, int, str]]) -> None:
    stretches = [stretch(began_us, began_us + lasted_us, state) for began_us, lasted_us, state in told]
    found = shares(stretches, DAY)
    assert found.watching + found.unknown + sum(part.share for part in found.missing) == pytest.approx(1)
    states = [
        {part.state for part in stretches if part.began_us <= at_us < part.ended_us} for at_us in range(1000, 2000)
    ]
    assert found.watching == pytest.approx(sum(said == {"watching"} for said in states) / 1000)
    assert found.unknown == pytest.approx(sum(not said for said in states) / 1000)


def test_the_usual_cameras_count_by_how_often_they_see_the_person() -> None:
    assert judge([(1, 0.95)]) is Verdict.WATCHED
    assert judge([(1, 0.9499)]) is Verdict.CANNOT_TELL
    assert judge([(19, 1.0), (1, 0.0)]) is Verdict.WATCHED
    assert judge([(9, 1.0), (1, 0.0)]) is Verdict.CANNOT_TELL
    assert judge([(1, 1.0), (9, 0.0)], at_least=0.1) is Verdict.WATCHED
    assert judge([(1, 1.0), (9, 0.0)], at_least=0.11) is Verdict.CANNOT_TELL


def test_without_a_usual_camera_nobody_can_tell() -> None:
    assert judge([]) is Verdict.CANNOT_TELL


def test_a_camera_that_saw_the_person_once_by_chance_is_not_a_usual_one() -> None:
    assert usual([18, 2, 1]) == 1
    assert usual([17, 2, 1]) == 2, "a tenth of the sightings is enough"
    assert usual([1]) == 1
    assert usual([]) == 0
    assert usual([5] * 10) == 8, "no more than eight are told"


def test_the_window_reaches_from_the_last_sighting_to_the_due_time() -> None:
    assert window(last_seen_us=5, created_us=1, due_us=9, now_us=20) == Window(from_us=5, until_us=9)


def test_without_a_sighting_the_window_begins_with_the_watch() -> None:
    assert window(last_seen_us=None, created_us=1, due_us=9, now_us=20) == Window(from_us=1, until_us=9)


def test_after_a_late_sighting_behind_the_due_time_the_window_reaches_to_now() -> None:
    assert window(last_seen_us=9, created_us=1, due_us=9, now_us=20) == Window(from_us=9, until_us=20)
    assert window(last_seen_us=8, created_us=1, due_us=9, now_us=20) == Window(from_us=8, until_us=9)


@given(
    told=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 40), st.booleans()), max_size=12),
    from_us=st.integers(0, 60),
    until_us=st.integers(40, 140),
)
def test_the_short_way_to_the_watched_share_gives_what_the_long_one_gives(
    told: list[tuple[int, int, bool]], from_us: int, until_us: int
) -> None:
    asked = Window(from_us=from_us, until_us=until_us)
    spans = watched([(began_us, began_us + lasted_us, watching) for began_us, lasted_us, watching in told])
    long_way = [
        stretch(began_us, began_us + lasted_us, "watching" if watching else "blind")
        for began_us, lasted_us, watching in told
    ]
    assert watched_share(spans, asked) == pytest.approx(shares(long_way, asked).watching)
    assert all(began_us < ended_us for began_us, ended_us in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans)), "in order, and apart"


def test_a_course_says_what_a_camera_did_without_gaps() -> None:
    told = [stretch(1100, 1200), stretch(1200, 1300), stretch(1400, 1500, "blind", "black"), stretch(900, 1050)]
    assert course(told, DAY) == (
        stretch(1000, 1050),
        stretch(1050, 1100, "unknown"),
        stretch(1100, 1300),
        stretch(1300, 1400, "unknown"),
        stretch(1400, 1500, "blind", "black"),
        stretch(1500, 2000, "unknown"),
    )
    assert course([], DAY) == (stretch(1000, 2000, "unknown"),)
    assert course([], Window(from_us=5, until_us=5)) == ()


@given(st.lists(st.tuples(st.integers(900, 2100), st.integers(0, 400), st.sampled_from(["watching", "blind"]))))
def test_a_course_fills_the_window_and_agrees_with_the_shares(told: list[tuple[int, int, str]]) -> None:
    given_ = [stretch(began, began + lasted, state) for began, lasted, state in told]
    parts = course(given_, DAY)
    assert (parts[0].began_us, parts[-1].ended_us) == (DAY.from_us, DAY.until_us)
    for one, other in pairwise(parts):
        assert one.ended_us == other.began_us
        assert (one.state, one.cause) != (other.state, other.cause), "neighbours that say the same are one"
    found = shares(given_, DAY)
    lasted = dict.fromkeys(("watching", "blind", "unknown"), 0)
    for part in parts:
        lasted[part.state] += part.ended_us - part.began_us
    assert lasted["watching"] / 1000 == pytest.approx(found.watching)
    assert lasted["unknown"] / 1000 == pytest.approx(found.unknown)
