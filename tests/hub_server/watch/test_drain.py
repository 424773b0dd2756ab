from hub_server.watch.drain import DRAIN_S_MAX, LISTENING_S_MIN, Drain

DRAIN = Drain(began_s=100.0)


def over(now_s: float, *, listening_since_s: float | None = 100.0, expected: int = 2, missing: int = 0) -> bool:
    return DRAIN.is_over(now_s=now_s, listening_since_s=listening_since_s, expected=expected, missing=missing)


def test_with_no_device_to_wait_for_it_is_over_at_once() -> None:
    assert over(100.0, listening_since_s=None, expected=0)


def test_it_is_over_when_all_have_told_and_the_broker_was_heard_for_a_moment() -> None:
    assert not over(100.0 + LISTENING_S_MIN - 0.001)
    assert over(100.0 + LISTENING_S_MIN)
    assert not over(100.0 + LISTENING_S_MIN, missing=1)


def test_the_moment_counts_from_the_connection() -> None:
    assert not over(100.0 + LISTENING_S_MIN, listening_since_s=101.0)
    assert over(101.0 + LISTENING_S_MIN, listening_since_s=101.0)


def test_whoever_is_missing_it_ends_at_its_limit() -> None:
    assert not over(100.0 + DRAIN_S_MAX - 0.001, missing=1, listening_since_s=None)
    assert over(100.0 + DRAIN_S_MAX, missing=1, listening_since_s=None)
