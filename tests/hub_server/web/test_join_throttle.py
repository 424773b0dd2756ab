import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.web import join_throttle
from hub_server.web.join_throttle import OF_ALL, OF_ONE, JoinThrottle


def refused(throttle: JoinThrottle, place: str, *, tries: int, now_s: float) -> int:
    return sum(throttle.charge(place, now_s=now_s) > 0 for _ in range(tries))


def test_so_many_from_one_place_and_then_one_in_ten_seconds() -> None:
    throttle = JoinThrottle()
    assert refused(throttle, "192.168.1.7", tries=OF_ONE, now_s=1000.0) == 0
    assert throttle.charge("192.168.1.7", now_s=1000.0) == 10
    assert throttle.charge("192.168.1.7", now_s=1009.5) == 1
    assert throttle.charge("192.168.1.7", now_s=1010.0) == 0
    assert throttle.charge("192.168.1.7", now_s=1010.0) == 10
    assert throttle.charge("192.168.1.8", now_s=1010.0) == 0


def test_so_many_in_all_from_however_many_places() -> None:
    throttle = JoinThrottle()
    told = [throttle.charge(f"10.0.{n // 250}.{n % 250}", now_s=1000.0) for n in range(2 * OF_ALL)]
    assert told[:OF_ALL] == [0] * OF_ALL
    assert set(told[OF_ALL:]) == {1}
    assert throttle.charge("10.9.9.9", now_s=1000.5) == 0


def test_it_forgets_the_quiet_ones_rather_than_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join_throttle, "PLACES_MAX", 3)
    throttle = JoinThrottle()
    for place in "abcd":
        throttle.charge(place, now_s=1000.0)
    assert len(throttle._places) == 3
    assert "a" not in throttle._places


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=1, max_size=200))
def test_nobody_gets_more_than_what_was_there_and_what_came_since(steps_s: list[float]) -> None:
    throttle, now_s, passed = JoinThrottle(), 1000.0, 0
    for step_s in steps_s:
        now_s += step_s / 10
        passed += throttle.charge("a", now_s=now_s) == 0
    assert passed <= OF_ONE + (now_s - 1000.0) * 0.1 + 1
