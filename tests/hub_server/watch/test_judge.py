from hypothesis import given
from hypothesis import strategies as st

from hub_server.watch.due import Span, Terms
from hub_server.watch.judge import Verdict, observe

PERIOD_S = 24 * 3600
PERIOD_US = PERIOD_S * 1_000_000
NOW_US = 1_795_471_200_000_000


def judge(
    at_us: int,
    *,
    last_seen_us: int | None = None,
    now_us: int = NOW_US,
    grace_s: int = 0,
    pauses: tuple[Span, ...] = (),
) -> Verdict | None:
    return observe(
        at_us=at_us,
        now_us=now_us,
        created_us=NOW_US - 5,
        last_seen_us=last_seen_us,
        terms=Terms(period_s=PERIOD_S, grace_s=grace_s, pauses=pauses),
    )


def test_a_sighting_retracts_while_one_period_after_it_is_still_ahead_to_the_microsecond() -> None:
    young, old = judge(NOW_US - PERIOD_US + 1), judge(NOW_US - PERIOD_US)
    assert young is not None
    assert young.retracts
    assert old is not None
    assert not old.retracts, "it is due at this very moment"


def test_a_sighting_within_the_grace_still_retracts() -> None:
    late = judge(NOW_US - PERIOD_US - 59_999_999, grace_s=60)
    assert late is not None
    assert (late.retracts, late.due_us) == (True, NOW_US + 1)


def test_a_sighting_before_a_pause_moves_last_seen_and_leaves_the_pause_its_say() -> None:
    pause = Span(from_us=NOW_US - 9, until_us=NOW_US + 9)
    seen = judge(NOW_US - 10, last_seen_us=NOW_US - 11, pauses=(pause,))
    assert seen is not None
    assert (seen.last_seen_us, seen.due_us) == (NOW_US - 10, NOW_US + 9 + PERIOD_US)


def test_the_first_sighting_is_taken_even_when_it_is_older_than_the_watch() -> None:
    verdict = judge(NOW_US - PERIOD_US - 1)
    assert verdict is not None
    assert verdict.last_seen_us == NOW_US - PERIOD_US - 1
    assert verdict.due_us == NOW_US - 1


def test_an_older_or_equal_sighting_moves_nothing() -> None:
    assert judge(NOW_US - 10, last_seen_us=NOW_US - 9) is None
    assert judge(NOW_US - 9, last_seen_us=NOW_US - 9) is None


@given(st.lists(st.integers(0, NOW_US), min_size=1))
def test_in_whatever_order_sightings_come_the_newest_is_what_stays(times_us: list[int]) -> None:
    last_seen_us: int | None = None
    for at_us in times_us:
        verdict = judge(at_us, last_seen_us=last_seen_us)
        last_seen_us = last_seen_us if verdict is None else verdict.last_seen_us
    assert last_seen_us == max(times_us)
