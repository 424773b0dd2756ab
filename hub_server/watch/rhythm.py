"""A person's own rhythm (DESIGN section 5): by when they are usually first seen on a day. Pure; never an alarm.

A day here begins at 04:00 by the site's clock, so that who comes home after midnight is not taken for an early riser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAYS = 28
"""How far back the history goes: four of each day of the week."""
SEEN_DAYS_MIN = 10
"""Fewer days with a sighting are no habit."""
USUALLY_PERCENT = 80
"""Of the days with a sighting, those on which the first one came by the usual time: the nearest-rank percentile."""
SHARE_MIN = 0.6
"""The same of all days: who is seen every other day is not missed on one."""
SPREAD_MIN_MAX = 180
"""Minutes between the earliest fifth of the first sightings and the usual time; who has more keeps no hours."""
PATIENCE_MIN = 30
"""Minutes past the usual time before anybody is told."""
_DAY_BEGINS = time(4)
_QUIET_FROM, _QUIET_UNTIL = time(21), time(7)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A day of the site, from_us <= moment < until_us."""

    on: date
    from_us: int
    until_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """`usual_min`: minutes by the site's clock since the day began. `share`: of all days, those first seen by then."""

    usual_min: int
    share: float


def habit(first_min: Sequence[int], *, days: int) -> Habit | None:
    """From the first sighting of each day that has one, of so many `days`; None: nothing one could call usual."""
    if len(first_min) < SEEN_DAYS_MIN:
        return None
    ordered = sorted(first_min)
    usual_min, early_min = (_percentile(ordered, percent) for percent in (USUALLY_PERCENT, 100 - USUALLY_PERCENT))
    share = sum(minute <= usual_min for minute in ordered) / max(days, len(ordered))
    if usual_min - early_min > SPREAD_MIN_MAX or share < SHARE_MIN:
        return None
    return Habit(usual_min=usual_min, share=share)


def is_late(known: Habit, *, now_min: int) -> bool:
    """Whether it is time for a hint about somebody who was not seen today; minutes as in the habit."""
    return now_min >= known.usual_min + PATIENCE_MIN


def is_quiet(now_us: int, *, zone: tzinfo) -> bool:
    """At night a hint helps nobody: 21:00 to 07:00 by the site's clock."""
    at = _local(now_us, zone).time()
    return at >= _QUIET_FROM or at < _QUIET_UNTIL


def today(now_us: int, *, zone: tzinfo) -> Day:
    """The day of the site that `now_us` lies in."""
    local = _local(now_us, zone)
    return _day(local.date() - timedelta(days=local.time() < _DAY_BEGINS), zone)


def before(day: Day, *, zone: tzinfo) -> tuple[Day, ...]:
    """The DAYS days before this one, the oldest first."""
    return tuple(_day(day.on - timedelta(days=ago), zone) for ago in range(DAYS, 0, -1))


def minute(at_us: int, day: Day, *, zone: tzinfo) -> int:
    """Minutes that the site's clock shows at `at_us`, since it showed 04:00 on that day; as a habit counts them."""
    return (_local(at_us, zone).replace(tzinfo=None) - datetime.combine(day.on, _DAY_BEGINS)) // timedelta(minutes=1)


def moment_us(minute: int, day: Day, *, zone: tzinfo) -> int:
    """The other way round."""
    wall = datetime.combine(day.on, _DAY_BEGINS) + timedelta(minutes=minute)
    return _us(wall.replace(tzinfo=zone))


def clock(minute: int) -> str:
    """Minutes of a habit as the hour on the wall, such as "09:05"."""
    hours, minutes = divmod((_DAY_BEGINS.hour * 60 + minute) % (24 * 60), 60)
    return f"{hours:02}:{minutes:02}"


def _percentile(ordered: Sequence[int], percent: int) -> int:
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _day(on: date, zone: tzinfo) -> Day:
    begins = datetime.combine(on, _DAY_BEGINS, zone)
    ends = datetime.combine(on + timedelta(days=1), _DAY_BEGINS, zone)
    return Day(on=on, from_us=_us(begins), until_us=_us(ends))


def _local(us: int, zone: tzinfo) -> datetime:
    return (_EPOCH + us * _MICROSECOND).astimezone(zone)


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
