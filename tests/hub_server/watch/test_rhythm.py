from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.watch import rhythm
from hub_server.watch.rhythm import Habit, habit, is_late

CHINA = timezone(timedelta(hours=8))
BERLIN = ZoneInfo("Europe/Berlin")
NINE = 5 * 60  # 09:00, in minutes since 04:00
minutes = st.integers(0, 24 * 60 - 1)
regular = st.lists(st.integers(NINE - 60, NINE + 60), min_size=rhythm.SEEN_DAYS_MIN, max_size=rhythm.DAYS)


def us(text: str, zone: timezone | ZoneInfo = CHINA) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1_000_000


def test_the_usual_time_is_the_one_that_eight_of_ten_days_keep() -> None:
    days = [NINE - 20, NINE - 10, NINE, NINE + 5, NINE + 6, NINE + 7, NINE + 8, NINE + 9, NINE + 100, NINE + 300]
    assert habit(days, days=10) == Habit(usual_min=NINE + 9, share=0.8)


@pytest.mark.parametrize(("seen", "known"), [(rhythm.SEEN_DAYS_MIN - 1, False), (rhythm.SEEN_DAYS_MIN, True)])
def test_fewer_than_ten_days_are_no_habit(seen: int, *, known: bool) -> None:
    assert (habit([NINE] * seen, days=seen) is not None) is known


def test_who_is_seen_every_other_day_has_no_usual_time_and_on_six_of_ten_days_has() -> None:
    assert habit([NINE] * 14, days=28) is None
    assert habit([NINE] * 17, days=28) == Habit(usual_min=NINE, share=17 / 28)


@pytest.mark.parametrize(("spread", "known"), [(180, True), (181, False)])
def test_who_keeps_no_hours_has_no_usual_time(spread: int, *, known: bool) -> None:
    days = [NINE] * 5 + [NINE + spread] * 15
    assert (habit(days, days=20) is not None) is known


def test_a_hint_waits_half_an_hour_past_the_usual_time_and_not_a_minute_longer() -> None:
    assert not is_late(Habit(usual_min=NINE, share=1.0), now_min=NINE + 29)
    assert is_late(Habit(usual_min=NINE, share=1.0), now_min=NINE + 30)


@given(first_min=st.lists(minutes, max_size=rhythm.DAYS), more_days=st.integers(0, rhythm.DAYS))
def test_a_habit_is_a_time_that_was_and_most_days_kept_it(first_min: list[int], more_days: int) -> None:
    days = len(first_min) + more_days
    found = habit(first_min, days=days)
    if found is None:
        return
    kept = [minute for minute in first_min if minute <= found.usual_min]
    assert found.usual_min in first_min
    assert len(first_min) >= rhythm.SEEN_DAYS_MIN
    assert len(kept) * 100 >= rhythm.USUALLY_PERCENT * len(first_min)
    assert found.share == len(kept) / days >= rhythm.SHARE_MIN
    earlier = [minute for minute in first_min if minute < found.usual_min]
    assert len(earlier) * 100 < rhythm.USUALLY_PERCENT * len(first_min), "an earlier time would have done"


@given(first_min=regular, order=st.randoms(use_true_random=False))
def test_the_order_of_the_days_says_nothing(first_min: list[int], order: object) -> None:
    shuffled = list(first_min)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert habit(shuffled, days=28) == habit(first_min, days=28)


@given(first_min=regular, later=st.integers(0, 300))
def test_who_gets_up_later_has_the_same_habit_later(first_min: list[int], later: int) -> None:
    days = len(first_min)
    plain, moved = habit(first_min, days=days), habit([minute + later for minute in first_min], days=days)
    assert plain is not None
    assert moved == Habit(usual_min=plain.usual_min + later, share=plain.share)


@given(first_min=regular, at=st.integers(0, 24 * 60), longer=st.integers(0, 600))
def test_once_late_always_late_until_the_day_ends(first_min: list[int], at: int, longer: int) -> None:
    known = habit(first_min, days=len(first_min))
    assert known is not None
    assert not is_late(known, now_min=at) or is_late(known, now_min=at + longer)


@given(first_min=regular, unseen=st.integers(0, 28))
def test_days_without_a_sighting_never_make_a_habit_of_what_is_none(first_min: list[int], unseen: int) -> None:
    sure, doubtful = habit(first_min, days=len(first_min)), habit(first_min, days=len(first_min) + unseen)
    assert sure is not None
    assert doubtful is None or (doubtful.usual_min == sure.usual_min and doubtful.share <= sure.share)


@pytest.mark.parametrize(
    ("at", "quiet"), [("06:59", True), ("07:00", False), ("20:59", False), ("21:00", True), ("02:00", True)]
)
def test_nights_are_quiet_by_the_sites_own_clock(at: str, *, quiet: bool) -> None:
    assert rhythm.is_quiet(us(f"2026-11-23T{at}"), zone=CHINA) is quiet


def test_a_day_begins_at_four_so_that_after_midnight_is_still_the_day_before() -> None:
    night, morning = (rhythm.today(us(f"2026-11-23T0{hour}"), zone=CHINA) for hour in ("3:59", "4:00"))
    assert (night.on.isoformat(), morning.on.isoformat()) == ("2026-11-22", "2026-11-23")
    assert night.until_us == morning.from_us == us("2026-11-23T04:00")
    assert rhythm.minute(us("2026-11-23T00:30"), night, zone=CHINA) == 20 * 60 + 30


@pytest.mark.parametrize("zone", [CHINA, BERLIN, UTC])
def test_the_days_before_touch_one_another_and_today_whatever_the_zone_does(zone: timezone | ZoneInfo) -> None:
    today = rhythm.today(us("2026-04-05T12:00", zone), zone=zone)
    past = rhythm.before(today, zone=zone)
    assert len(past) == rhythm.DAYS
    ends = [day.until_us for day in past]
    assert ends == [day.from_us for day in (*past[1:], today)]


@given(at_us=st.integers(us("2026-01-01T00:00"), us("2026-12-31T00:00")), zone=st.sampled_from([CHINA, BERLIN, UTC]))
def test_every_moment_lies_in_its_day_and_its_minute_leads_back_to_it(at_us: int, zone: timezone | ZoneInfo) -> None:
    day = rhythm.today(at_us, zone=zone)
    assert day.from_us <= at_us < day.until_us
    minute = rhythm.minute(at_us, day, zone=zone)
    assert 0 <= minute < 24 * 60
    back_us = rhythm.moment_us(minute, day, zone=zone)
    # An hour that a zone lives twice has one name: the clock on the wall cannot tell the two apart.
    assert (at_us - back_us) // 60_000_000 in ({0, 60} if zone is BERLIN else {0})


def test_nine_o_clock_stays_nine_o_clock_through_a_change_to_summer_time() -> None:
    for day in ("2026-03-28", "2026-03-29", "2026-03-30"):
        at_us = us(f"{day}T09:00", BERLIN)
        assert rhythm.clock(rhythm.minute(at_us, rhythm.today(at_us, zone=BERLIN), zone=BERLIN)) == "09:00"
