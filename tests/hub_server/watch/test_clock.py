"""Which anchor is believed, and when an undated thing was."""

from hypothesis import given
from hypothesis import strategies as st

from hub_server.watch.clock import Anchor, Span, earliest_us, span

NOW_US = 1_795_471_200_000_000
MICROSECONDS = st.integers(0, 2**53 - 1)


def anchor(*, mono_us: int = 1000, wall_us: int = NOW_US, uncertainty_us: int = 500) -> Anchor:
    return Anchor(mono_us=mono_us, wall_us=wall_us, uncertainty_us=uncertainty_us)


def test_an_event_is_dated_by_its_distance_on_the_monotonic_clock_less_the_uncertainty() -> None:
    assert anchor().at_us(400) == NOW_US - 600
    assert earliest_us(anchor(), mono_us=400, received_us=NOW_US) == NOW_US - 600 - 500


def test_an_event_after_its_anchor_is_dated_forward_and_cut_at_the_receipt_to_the_microsecond() -> None:
    sharp = anchor(uncertainty_us=0)
    assert earliest_us(sharp, mono_us=1007, received_us=NOW_US + 8) == NOW_US + 7
    assert earliest_us(sharp, mono_us=1007, received_us=NOW_US + 7) == NOW_US + 7
    assert earliest_us(sharp, mono_us=1007, received_us=NOW_US + 6) == NOW_US + 6


def test_the_uncertainty_is_taken_off_before_the_cut() -> None:
    assert earliest_us(anchor(), mono_us=1400, received_us=NOW_US) == NOW_US - 100


def test_nothing_was_before_1970() -> None:
    assert earliest_us(anchor(wall_us=100), mono_us=0, received_us=NOW_US) == 0


def test_only_a_more_exact_anchor_replaces_the_one_that_is_known() -> None:
    assert anchor().replaces(None)
    assert anchor(uncertainty_us=499).replaces(anchor())
    assert not anchor(uncertainty_us=501).replaces(anchor())
    assert not anchor().replaces(anchor())


def test_of_two_equally_exact_anchors_the_one_that_dates_earlier_is_believed() -> None:
    assert anchor(wall_us=NOW_US - 1).replaces(anchor())
    assert not anchor(wall_us=NOW_US + 1).replaces(anchor())
    assert not anchor(wall_us=NOW_US + 1, mono_us=1001).replaces(anchor()), "it says the same"


@given(anchors=st.permutations([anchor(uncertainty_us=u, wall_us=NOW_US + w) for u in (0, 9) for w in (-5, 0, 5)]))
def test_whatever_the_order_the_same_anchor_is_left(anchors: list[Anchor]) -> None:
    known = None
    for told in anchors:
        known = told if told.replaces(known) else known
    assert known == anchor(uncertainty_us=0, wall_us=NOW_US - 5)


@given(ended_us=MICROSECONDS, lasted_us=MICROSECONDS, received_us=MICROSECONDS)
def test_a_stretch_is_never_turned_round_and_never_in_the_future(
    ended_us: int, lasted_us: int, received_us: int
) -> None:
    found = span(ended_us=ended_us, lasted_us=lasted_us, received_us=received_us)
    assert 0 <= found.began_us <= found.ended_us <= received_us


def test_a_stretch_that_reaches_past_its_receipt_is_cut_there() -> None:
    assert span(ended_us=110, lasted_us=30, received_us=100) == Span(began_us=80, ended_us=100)
