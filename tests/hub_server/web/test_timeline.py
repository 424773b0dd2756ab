"""The picture of who was watching: bars, hours, marks and words, from stretches alone."""

from datetime import UTC
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.watch.coverage import Stretch, Window, course
from hub_server.web.timeline import Line, Mark, draw

HOUR_US = 3_600_000_000
NOON_US = 1_795_492_800_000_000  # 2026-11-24 12:00 by the office's clock
DAY = Window(from_us=NOON_US, until_us=NOON_US + 24 * HOUR_US)


def stretch(from_h: float, until_h: float, state: str = "watching", cause: str = "") -> Stretch:
    return Stretch(
        began_us=NOON_US + round(from_h * HOUR_US),
        ended_us=NOON_US + round(until_h * HOUR_US),
        state=state,
        cause=cause,
    )


def line(*parts: Stretch, name: str = "东门（east）", window: Window = DAY) -> Line:
    return Line(name=name, parts=course(parts, window))


def test_a_bar_is_as_long_as_its_stretch_and_says_what_it_is() -> None:
    found = draw([line(stretch(0, 12), stretch(12, 18, "blind", "black"))], DAY)
    assert found is not None
    (row,) = found.rows
    assert [(bar.x, bar.width, bar.state) for bar in row.bars] == [
        (0.0, 50.0, "watching"),
        (50.0, 25.0, "blind"),
        (75.0, 25.0, "unknown"),
    ]
    assert row.bars[1].title == "11月25日 00:00 – 11月25日 06:00 看不清（black） could not see"


def test_the_table_says_in_words_what_the_picture_shows() -> None:
    found = draw([line(stretch(0, 1.5), stretch(1.5, 24, "covered", "cloth"))], DAY)
    assert found is not None
    first, second = found.rows[0].told
    assert (first.began, first.ended, first.lasted) == (
        "11月24日 12:00",
        "11月24日 13:30",
        ("1 小时 30 分", "1 h 30 min"),
    )
    assert (first.words, second.words, second.cause) == (("在看", "watching"), ("被遮住", "covered"), "cloth")
    assert found.rows[0].left_out == 0


def test_hours_are_the_office_s_and_a_day_s_beginning_is_its_date() -> None:
    found = draw([line()], DAY)
    assert found is not None
    assert [tick.words for tick in found.ticks] == [
        "12:00", "15:00", "18:00", "21:00", "11月25日", "03:00", "06:00", "09:00", "12:00",
    ]  # fmt: skip
    assert [tick.day for tick in found.ticks].index(True) == 4
    elsewhere = draw([line()], DAY, zone=UTC)
    assert elsewhere is not None
    assert elsewhere.ticks[0].words == "06:00", "four in the morning there: the next whole three hours"


@pytest.mark.parametrize("hours", [0.01, 1, 7, 24, 26, 72, 168, 24 * 60])
def test_however_long_the_time_is_the_hours_have_room(hours: float) -> None:
    window = Window(from_us=NOON_US + 123_456, until_us=NOON_US + 123_456 + round(hours * HOUR_US))
    found = draw([line(window=window)], window)
    assert found is not None
    assert len(found.ticks) <= 10
    assert all(0 <= tick.x <= 100 for tick in found.ticks)
    gaps = [later.x - tick.x for tick, later in pairwise(found.ticks)]
    assert all(gap > 9 for gap in gaps)


def test_marks_stand_where_they_belong_and_their_words_have_room() -> None:
    marks = [
        Mark(at_us=NOON_US, zh="最后见到", en="last seen"),
        Mark(at_us=DAY.until_us, zh="到期", en="due"),
        Mark(at_us=NOON_US - 1, zh="以前", en="before"),
    ]
    found = draw([line()], DAY, marks)
    assert found is not None
    assert [(flag.zh, flag.x, flag.anchor) for flag in found.flags] == [
        ("最后见到", 0.0, "start"),
        ("到期", 100.0, "end"),
    ]


def test_the_legend_has_what_is_in_the_picture_and_no_more() -> None:
    found = draw([line(stretch(0, 5)), line(stretch(0, 24, "frozen"))], DAY)
    assert found is not None
    assert [state for state, _ in found.legend] == ["watching", "frozen", "unknown"]


def test_a_minute_s_blindness_in_a_month_can_still_be_seen() -> None:
    month = Window(from_us=NOON_US, until_us=NOON_US + 30 * 24 * HOUR_US)
    found = draw([Line(name="x", parts=course([stretch(5, 5.02, "blind")], month))], month)
    assert found is not None
    assert min(bar.width for bar in found.rows[0].bars) >= 0.15


@pytest.mark.parametrize("state", ['"><script>', "on load", "watching x", ""])
def test_a_state_that_a_device_made_up_names_no_class(state: str) -> None:
    found = draw([line(stretch(0, 24, state))], DAY)
    assert found is not None
    assert {bar.state for bar in found.rows[0].bars} == {"other"}
    assert found.rows[0].told[0].words == (state, state), "it is shown as it is called"


def test_of_very_many_stretches_the_table_tells_the_longest_and_counts_the_rest() -> None:
    parts = [stretch(n / 10, n / 10 + 0.05 + n / 10_000, "blind") for n in range(200)]
    found = draw([line(*parts)], DAY)
    assert found is not None
    (row,) = found.rows
    assert len(row.told) == 60
    assert row.left_out == len(row.bars) - 60


def test_without_a_camera_or_without_time_there_is_no_picture() -> None:
    assert draw([], DAY) is None
    assert draw([line()], Window(from_us=NOON_US, until_us=NOON_US)) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 24), st.floats(0, 5), st.sampled_from(["watching", "blind", "covered"])), max_size=20
    )
)
def test_bars_lie_side_by_side_within_the_picture(told: list[tuple[float, float, str]]) -> None:
    found = draw([line(*(stretch(began, began + lasted, state) for began, lasted, state in told))], DAY)
    assert found is not None
    bars = found.rows[0].bars
    assert bars[0].x == 0
    for one, other in pairwise(bars):
        assert one.x <= other.x
        assert one.x + one.width <= other.x + 0.16, "it reaches over its neighbour by no more than the least width"
    assert bars[-1].x + bars[-1].width <= 100.16
