from datetime import UTC, datetime

import pytest

from hub_server.watch.look_in import HOUR_US, LEAD_US, NIGHT_US, REACH_US, is_told, lead_us, reach_us


def _us(hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, 28, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("at_us", "lead", "reach"),
    [
        (_us(6, 59), None, NIGHT_US),
        (_us(7), LEAD_US, REACH_US),
        (_us(19, 59), LEAD_US, REACH_US),
        (_us(20), NIGHT_US, NIGHT_US),
        (_us(20, 59), NIGHT_US, NIGHT_US),
        (_us(21), None, NIGHT_US),
    ],
)
def test_by_day_a_list_leads_by_hours_in_the_evening_by_the_night_and_at_night_there_is_none(
    at_us: int, lead: int | None, reach: int
) -> None:
    assert (lead_us(at_us, zone=UTC), reach_us(at_us, zone=UTC)) == (lead, reach)


def test_the_evening_list_reaches_to_when_the_next_one_can_be_told() -> None:
    quiet_us = 10 * HOUR_US
    assert quiet_us + HOUR_US <= NIGHT_US, "told at the earliest, at 20:00, it names whoever falls due until 07:00"


@pytest.mark.parametrize(("told_us", "reach"), [(_us(9), REACH_US), (_us(20, 30), NIGHT_US)])
def test_who_falls_due_behind_the_reach_of_the_last_list_was_not_named_by_it(told_us: int, reach: int) -> None:
    assert is_told(told_us + reach, told_us=told_us, zone=UTC)
    assert not is_told(told_us + reach + 1, told_us=told_us, zone=UTC)
    assert not is_told(told_us, told_us=None, zone=UTC)
