"""Charts as numbers: bars stand where their values say, on a scale that people read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.web import charts
from hub_server.web.charts import BOTTOM, HEIGHT, LABELS_MAX, LEFT, RIGHT, TOP, WIDTH, Chart, Series

FLOOR = HEIGHT - BOTTOM
values = st.lists(st.integers(0, 10**6), min_size=1, max_size=31)


def drawn(*rows: list[int], stacked: bool = False) -> Chart:
    labels = [f"{n}时" for n in range(len(rows[0]))]
    series = [Series(css=f"s{n}", zh=f"第{n}", en=f"no {n}", values=tuple(row)) for n, row in enumerate(rows)]
    return charts.bars(
        id="c", title=("车辆", "Vehicles"), first=("时", "Hour"), labels=labels, series=series, stacked=stacked
    )


def test_bars_are_as_high_as_their_values_and_begin_on_the_floor() -> None:
    chart = drawn([10, 40, 20])
    assert [bar.y + bar.height for bar in chart.bars] == pytest.approx([FLOOR] * 3)
    heights = [bar.height for bar in chart.bars]
    assert heights == pytest.approx([heights[1] / 4, heights[1], heights[1] / 2], abs=0.1)
    assert heights[1] == pytest.approx(FLOOR - TOP), "the highest reaches the top line, which is 40"


def test_stacked_bars_stand_on_one_another() -> None:
    lower, upper = drawn([30], [10], stacked=True).bars
    assert (lower.css, upper.css) == ("s0", "s1")
    assert upper.y + upper.height == pytest.approx(lower.y)
    assert lower.x == upper.x


def test_bars_of_one_label_stand_side_by_side() -> None:
    one, other = drawn([30], [30]).bars
    assert other.x == pytest.approx(one.x + one.width, abs=0.2)


def test_what_is_nothing_is_not_drawn_and_the_table_says_it() -> None:
    chart = drawn([0, 5], [0, 0])
    assert len(chart.bars) == 1
    assert chart.rows == [("0时", ["0", "0"]), ("1时", ["5", "0"])]


def test_an_empty_chart_says_so() -> None:
    assert drawn([0, 0]).is_empty
    assert "Nobody" in drawn([0, 0]).description
    assert drawn([]).is_empty


def test_whoever_does_not_see_it_is_told_when_it_was_most() -> None:
    assert drawn([1, 7, 3], [2, 0, 9]).description == "第0 no 0：1时 最多 most, 7；第1 no 1：2时 最多 most, 9"


@pytest.mark.parametrize(
    ("highest", "step", "top"),
    [(0, 1, 1), (1, 1, 1), (3, 1, 3), (7, 2, 8), (40, 10, 40), (41, 20, 60), (99, 50, 100), (1234, 500, 1500)],
)
def test_the_scale_is_in_steps_of_one_two_or_five(highest: float, step: float, top: float) -> None:
    assert charts.scale(highest) == (step, top)


def test_long_labels_do_not_run_into_one_another() -> None:
    labels = [f"{day}日周一" for day in range(1, 31)]
    chart = charts.bars(id="c", title=("", ""), first=("", ""), labels=labels, series=[])
    places = [word.x for word in chart.words]
    assert all(other - one >= 5 * charts.CHARACTER for one, other in pairwise(places))


def test_numbers_are_written_as_people_read_them() -> None:
    assert [charts.said(value) for value in (0, 12, 1204, 3.44, 1e6, 0.036, 0.001)] == [
        *("0", "12", "1,204", "3.4", "1,000,000"),
        *("0.04", "0.01"),
    ]


@pytest.mark.parametrize("rows", [([1, 2], [1]), ([-1],)])
def test_a_series_that_does_not_fit_is_refused(rows: tuple[list[int], ...]) -> None:
    with pytest.raises(ValueError, match="each label"):
        drawn(*rows)


@given(one=values, other=values, stacked=st.booleans())
def test_nothing_is_drawn_outside_the_frame(one: list[int], other: list[int], *, stacked: bool) -> None:
    length = min(len(one), len(other))
    chart = drawn(one[:length], other[:length], stacked=stacked)
    for bar in chart.bars:
        assert bar.x >= LEFT
        assert bar.x + bar.width <= WIDTH - RIGHT + 0.2
        assert bar.y >= TOP - 0.1
        assert bar.y + bar.height <= FLOOR + 0.2
    assert 2 <= len(chart.lines) <= 2 * charts.TICKS
    assert 1 <= len(chart.words) <= LABELS_MAX
    assert [line.y for line in chart.lines] == sorted((line.y for line in chart.lines), reverse=True)
