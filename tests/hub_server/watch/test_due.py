import pytest

from hub_server.watch.due import due_us, is_due
from hub_server.watch.observation import captured_us, counts

PERIOD_S = 24 * 3600
PERIOD_US = PERIOD_S * 1_000_000
CREATED_US = 1_795_471_200_000_000


def due(*, last_seen_us: int | None = None, paused_until_us: int | None = None) -> int:
    return due_us(created_us=CREATED_US, last_seen_us=last_seen_us, paused_until_us=paused_until_us, period_s=PERIOD_S)


def test_while_nothing_was_seen_the_watch_runs_from_its_creation() -> None:
    assert due() == CREATED_US + PERIOD_US


def test_a_sighting_counts_from_its_own_time_even_before_the_creation() -> None:
    assert due(last_seen_us=CREATED_US - 1) == CREATED_US - 1 + PERIOD_US


def test_a_pause_counts_from_its_end_when_that_is_later_than_the_sighting() -> None:
    assert due(last_seen_us=CREATED_US, paused_until_us=CREATED_US + 5) == CREATED_US + 5 + PERIOD_US
    assert due(last_seen_us=CREATED_US + 9, paused_until_us=CREATED_US + 5) == CREATED_US + 9 + PERIOD_US


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
