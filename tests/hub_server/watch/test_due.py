import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.watch.due import US_PER_S, Span, Terms, due_us, is_due, pause_end_us, tell_us
from hub_server.watch.observation import captured_us, counts

PERIOD_S = 24 * 3600
PERIOD_US = PERIOD_S * 1_000_000
CREATED_US = 1_795_471_200_000_000


def due(*, last_seen_us: int | None = None, grace_s: int = 0, pauses: tuple[tuple[int, int], ...] = ()) -> int:
    spans = tuple(Span(from_us=CREATED_US + begin, until_us=CREATED_US + end) for begin, end in pauses)
    terms = Terms(period_s=PERIOD_S, grace_s=grace_s, pauses=spans)
    return due_us(created_us=CREATED_US, last_seen_us=last_seen_us, terms=terms)


def walked(seen_s: int, *, period_s: int, grace_s: int, pauses: list[tuple[int, int]]) -> int:
    """The reference: second by second from the last sign of life. Who is away does not wait; then it begins anew."""
    at_s, waited_s = seen_s, 0
    while waited_s < period_s + grace_s:
        away = any(begin <= at_s < end for begin, end in pauses)
        at_s, waited_s = at_s + 1, 0 if away else waited_s + 1
    return at_s


def walked_end(now_s: int, pauses: list[tuple[int, int]]) -> int | None:
    at_s = now_s
    while any(begin <= at_s < end for begin, end in pauses):
        at_s += 1
    return None if at_s == now_s else at_s


def test_while_nothing_was_seen_the_watch_runs_from_its_creation() -> None:
    assert due() == CREATED_US + PERIOD_US


def test_a_sighting_counts_from_its_own_time_even_before_the_creation() -> None:
    assert due(last_seen_us=CREATED_US - 1) == CREATED_US - 1 + PERIOD_US


def test_a_pause_counts_from_its_end_when_that_is_later_than_the_sighting() -> None:
    assert due(last_seen_us=CREATED_US, pauses=((0, 5),)) == CREATED_US + 5 + PERIOD_US
    assert due(last_seen_us=CREATED_US + 9, pauses=((0, 5),)) == CREATED_US + 9 + PERIOD_US


def test_a_pause_that_begins_when_the_watch_is_due_comes_too_late() -> None:
    assert due(pauses=((PERIOD_US - 1, PERIOD_US + 5),)) == CREATED_US + PERIOD_US + 5 + PERIOD_US
    assert due(pauses=((PERIOD_US, PERIOD_US + 5),)) == CREATED_US + PERIOD_US


def test_the_grace_comes_after_the_period_and_after_each_pause_too() -> None:
    assert due(grace_s=60) == CREATED_US + PERIOD_US + 60_000_000
    assert due(grace_s=60, pauses=((0, 5),)) == CREATED_US + 5 + PERIOD_US + 60_000_000
    assert due(grace_s=60, pauses=((PERIOD_US + 59_999_999, 2 * PERIOD_US),)) == CREATED_US + 3 * PERIOD_US + 60_000_000


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda p: (p[0], p[0] + p[1])), max_size=5)


@given(SPANS, st.integers(0, 40), st.integers(1, 20), st.integers(0, 5))
def test_with_any_pauses_it_is_due_when_somebody_who_walks_through_time_says_so(
    pauses: list[tuple[int, int]], seen_s: int, period_s: int, grace_s: int
) -> None:
    spans = tuple(Span(from_us=begin * US_PER_S, until_us=end * US_PER_S) for begin, end in pauses)
    found_us = due_us(
        created_us=0,
        last_seen_us=seen_s * US_PER_S,
        terms=Terms(period_s=period_s, grace_s=grace_s, pauses=spans),
    )
    assert found_us == walked(seen_s, period_s=period_s, grace_s=grace_s, pauses=pauses) * US_PER_S


@given(SPANS, st.integers(0, 40), st.integers(1, 20))
def test_pauses_that_are_over_by_the_last_sign_of_life_say_nothing(
    pauses: list[tuple[int, int]], seen_s: int, period_s: int
) -> None:
    """So the store need not read them."""
    spans = tuple(Span(from_us=begin, until_us=end) for begin, end in pauses)
    later = tuple(span for span in spans if span.until_us > seen_s)
    with_all, without = (
        due_us(created_us=0, last_seen_us=seen_s, terms=Terms(period_s=period_s, pauses=some))
        for some in (spans, later)
    )
    assert with_all == without


@given(SPANS, st.integers(0, 90))
def test_a_pause_ends_with_the_last_of_those_that_go_on_from_it(pauses: list[tuple[int, int]], now_s: int) -> None:
    spans = [Span(from_us=begin, until_us=end) for begin, end in pauses]
    assert pause_end_us(spans, now_us=now_s) == walked_end(now_s, pauses)


def test_the_end_of_a_pause_is_told_the_day_before_and_of_a_short_one_from_its_middle_on() -> None:
    assert tell_us(Span(from_us=0, until_us=3 * PERIOD_US)) == 2 * PERIOD_US
    assert tell_us(Span(from_us=100, until_us=200)) == 150
    assert tell_us(Span(from_us=0, until_us=2 * PERIOD_US)) == PERIOD_US


def test_it_is_due_from_the_very_microsecond_on() -> None:
    assert not is_due(due(), now_us=CREATED_US + PERIOD_US - 1)
    assert is_due(due(), now_us=CREATED_US + PERIOD_US)


@pytest.mark.parametrize(
    ("strict", "frames", "clock_trusted", "counted"),
    [(True, 2, True, True), (False, 9, True, False), (True, 1, True, False), (True, 9, False, False)],
)
def test_only_a_sure_sighting_on_two_frames_by_a_right_clock_counts(
    *, strict: bool, frames: int, clock_trusted: bool, counted: bool
) -> None:
    assert counts(strict=strict, frames=frames, clock_trusted=clock_trusted) is counted


def test_a_time_in_the_future_is_cut_at_receipt() -> None:
    assert captured_us(wall_us=101, received_us=100) == 100
    assert captured_us(wall_us=99, received_us=100) == 99
