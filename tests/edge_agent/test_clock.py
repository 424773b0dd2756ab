import re

import pytest

from edge_agent.clock import ClockWatch, FakeClock, SystemClock, boot_id, kernel_synchronised
from edge_agent.clock.kernel import UNCERTAINTY_MIN_US, UNCERTAINTY_UNKNOWN_US, kernel_error_us, uncertainty_us
from edge_agent.clock.watch import JUMP_S


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


def test_what_the_kernel_says_about_its_error_is_microseconds_or_nothing() -> None:
    error_us = kernel_error_us()
    assert (error_us is not None) == kernel_synchronised()
    assert error_us is None or 0 <= error_us <= 16_000_000, "the kernel's own bound"


def test_an_uncertainty_is_never_flattered() -> None:
    assert uncertainty_us(0) == UNCERTAINTY_MIN_US, "timesyncd calls it 0 and still corrects"
    assert uncertainty_us(3_000_000) == 3_000_000
    assert uncertainty_us(None) == UNCERTAINTY_UNKNOWN_US > UNCERTAINTY_MIN_US
    assert SystemClock(lambda: True).uncertainty_us() >= UNCERTAINTY_MIN_US


def test_an_anchor_is_due_once_a_boot_as_soon_as_the_clock_is_right() -> None:
    clock, watch = FakeClock(synced=False), ClockWatch()
    assert not watch.anchor_due(clock.stamp())
    clock.synced = True
    assert watch.anchor_due(clock.stamp())
    clock.advance(3600)
    assert not watch.anchor_due(clock.stamp())
    clock.synced = False
    assert not watch.anchor_due(clock.stamp())
    clock.synced = True
    assert not watch.anchor_due(clock.stamp()), "synchronised again in the same boot"


def test_a_journal_that_has_the_anchor_of_this_boot_needs_no_other() -> None:
    now = FakeClock().stamp()
    assert not ClockWatch(anchored_boot=now.boot).anchor_due(now)
    assert ClockWatch(anchored_boot="c" * 32).anchor_due(now), "that of an earlier boot says nothing about this one"


def test_a_clock_that_is_set_while_it_counts_as_right_is_noticed_either_way() -> None:
    clock, watch = FakeClock(), ClockWatch()
    assert watch.jump_s(clock.stamp()) == 0.0
    clock.advance(600)
    assert watch.jump_s(clock.stamp()) == 0.0, "time that merely passes is no jump"
    for seconds in (7200.0, -7200.0, JUMP_S):
        clock.advance(1)
        clock.wall_us += round(seconds * 1e6)
        assert watch.jump_s(clock.stamp()) == pytest.approx(seconds)
        assert watch.jump_s(clock.stamp()) == 0.0, "told once"


def test_a_step_by_the_time_service_at_the_first_synchronisation_is_no_jump() -> None:
    clock, watch = FakeClock(wall_us=0, synced=False), ClockWatch()
    watch.jump_s(clock.stamp())
    clock.wall_us, clock.synced = 1_800_000_000_000_000, True
    assert watch.jump_s(clock.stamp()) == 0.0


def test_a_correction_in_small_steps_is_no_jump() -> None:
    clock, watch = FakeClock(), ClockWatch()
    watch.jump_s(clock.stamp())
    clock.wall_us += round((JUMP_S - 0.001) * 1e6)
    assert watch.jump_s(clock.stamp()) == 0.0
