import re

import pytest

from edge_agent.clock import FakeClock, SystemClock, boot_id, kernel_synchronised


def test_the_boot_id_is_what_the_wire_wants() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", boot_id())


def test_monotonic_time_and_stamps_are_of_one_clock_and_do_not_go_back() -> None:
    clock = SystemClock(lambda: True)
    before = clock.monotonic_s()
    stamp = clock.stamp()
    assert before <= stamp.mono_us / 1e6 + 1e-6 <= clock.monotonic_s() + 1e-6
    assert stamp.synced
    assert stamp.boot == boot_id()


def test_the_system_is_asked_about_its_clock_only_every_few_seconds() -> None:
    asked: list[bool] = []

    def ask() -> bool:
        asked.append(True)
        return False

    clock = SystemClock(ask)
    assert not any(clock.stamp().synced for _ in range(100))
    assert len(asked) == 1


def test_the_kernel_can_be_asked() -> None:
    assert kernel_synchronised() in {True, False}


def test_the_fake_moves_only_when_told_and_never_back() -> None:
    clock = FakeClock(wall_us=5_000_000, synced=False)
    first = clock.stamp()
    assert clock.stamp() == first
    clock.advance(1.5)
    assert (clock.monotonic_s(), clock.stamp().wall_us) == (1.5, 6_500_000)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
