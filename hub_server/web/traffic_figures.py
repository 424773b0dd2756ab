"""How many people and vehicles passed, as the page of figures shows it: sums, charts, gates and clinics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlite_utils import Database

from hub_server.store import traffic_counts
from hub_server.store.limits import PAGE_ROWS_MAX
from hub_server.store.reach import Reach
from hub_server.store.traffic_counts import Bucket, ClinicDay, Counted, Counts, GateCounts, folded
from hub_server.web import charts
from hub_server.web.charts import Chart, Series
from hub_server.web.times import DAY_US, OFFICE_ZONE_US, today

WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
Measure = Callable[[Counts], int]
_PEOPLE: Final[tuple[tuple[str, str, str, Measure], ...]] = (
    ("known", "认识的人", "known", lambda counts: counts.known),
    ("strangers", "陌生人", "strangers", lambda counts: counts.strangers),
)
_VEHICLES: Final[tuple[tuple[str, str, str, Measure], ...]] = (
    ("in", "进", "in", lambda counts: counts.into),
    ("out", "出", "out", lambda counts: counts.out),
    ("unsure", "方向不明", "either way", lambda counts: counts.unknown),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clinic:
    """A clinic in the time that is shown: different people on the last day with any, and a day on average."""

    place: str
    last_day: str
    last: int
    a_day: str
    passages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Everything on the page. Today, or whole days up to yesterday."""

    since_us: int
    until_us: int
    sum: Counts
    charts: tuple[Chart, ...]
    gates: tuple[GateCounts, ...]
    clinics: tuple[Clinic, ...]


def take(db: Database, *, device: str | None, days: int, now_us: int, reach: Reach) -> Told:
    """`days` 1: today so far; more: so many whole days before it. `device` None: all within reach."""
    since_us, until_us = span(days, now_us)
    by_hour = traffic_counts.hours(db, since_us=since_us, until_us=until_us, device=device, reach=reach)
    gates: Sequence[GateCounts] = ()
    clinics: Sequence[ClinicDay] = ()
    if device is None:
        times = {"since_us": since_us, "until_us": until_us}
        gates = traffic_counts.by_device(db, **times, after=None, limit=PAGE_ROWS_MAX, reach=reach)
        clinics = traffic_counts.clinics(db, **times, zone_us=OFFICE_ZONE_US, reach=reach)
    total = Counts()
    for one in by_hour:
        total += one.counts
    return Told(
        since_us=since_us,
        until_us=until_us,
        sum=total,
        charts=tuple(drawn(by_hour, days=days, since_us=since_us)),
        gates=tuple(sorted(gates, key=lambda gate: (-gate.counts.people - gate.counts.vehicles, gate.device))),
        clinics=tuple(_clinics(clinics, days)),
    )


def span(days: int, now_us: int) -> tuple[int, int]:
    began_us, ends_us = today(now_us)
    return (began_us, ends_us) if days == 1 else (began_us - days * DAY_US, began_us)


def drawn(by_hour: Sequence[Counted], *, days: int, since_us: int) -> list[Chart]:
    """People and vehicles: of one day by the hour; of several by day, by the hour on average, and by weekday."""
    of_day = _by(by_hour, Bucket.HOUR_OF_DAY)
    hours = [f"{n}时" for n in range(24)]
    at_hours = [(n, 1) for n in range(24)]
    if days == 1:
        return _pair("hours", ("今天每小时", "today, by the hour"), ("时", "Hour"), hours, at_hours, of_day)
    began = [since_us + n * DAY_US for n in range(days)]
    names = [_day(at_us) for at_us in began]
    found = _pair("days", ("每天", "by day"), ("日", "Day"), names, [(at, 1) for at in began], _by(by_hour, Bucket.DAY))
    average = [(n, days) for n in range(24)]
    found += _pair("hours", ("一天里每小时，平均", "by the hour, on average"), ("时", "Hour"), hours, average, of_day)
    if days > len(WEEKDAYS):
        times = [sum(1 for at_us in began if _weekday(at_us) == n) for n in range(7)]
        found += _pair(
            "weekdays",
            ("星期几，平均一天", "by weekday, a day on average"),
            ("星期", "Weekday"),
            WEEKDAYS,
            list(enumerate(times)),
            _by(by_hour, Bucket.WEEKDAY),
        )
    return found


def _pair(
    name: str,
    when: tuple[str, str],
    first: tuple[str, str],
    labels: Sequence[str],
    buckets: Sequence[tuple[int, int]],
    counts: Mapping[int, Counts],
) -> list[Chart]:
    """`buckets`: of each label the bucket's value, and over how many days its sum is spread."""

    def series(parts: tuple[tuple[str, str, str, Measure], ...]) -> list[Series]:
        found = [
            Series(
                css=css,
                zh=zh,
                en=en,
                values=tuple(_mean(measure(counts.get(value, Counts())), over) for value, over in buckets),
            )
            for css, zh, en, measure in parts
        ]
        return [one for one in found if one.css != "unsure" or any(one.values)]

    zh, en = when
    return [
        charts.bars(
            id=f"people-{name}",
            title=(f"人员，{zh}", f"People, {en}"),
            first=first,
            labels=labels,
            series=series(_PEOPLE),
            stacked=True,
        ),
        charts.bars(
            id=f"vehicles-{name}",
            title=(f"车辆进出，{zh}", f"Vehicles in and out, {en}"),
            first=first,
            labels=labels,
            series=series(_VEHICLES),
        ),
    ]


def _by(by_hour: Sequence[Counted], bucket: Bucket) -> dict[int, Counts]:
    return {one.value: one.counts for one in folded(by_hour, bucket, OFFICE_ZONE_US)}


def _mean(total: int, over: int) -> float:
    return total / max(1, over)


def _clinics(rows: Sequence[ClinicDay], days: int) -> list[Clinic]:
    by_place: dict[str, list[ClinicDay]] = {}
    for row in rows:
        by_place.setdefault(row.place, []).append(row)
    return [
        Clinic(
            place=place,
            last_day=_day(those[0].day_us),
            last=those[0].people,
            a_day=charts.said(_mean(sum(one.people for one in those), days)),
            passages=sum(one.passages for one in those),
        )
        for place, those in sorted(by_place.items())
    ]


def _day(at_us: int) -> str:
    """As 23日周一, of a day that begins then."""
    at = datetime.fromtimestamp((at_us + OFFICE_ZONE_US) // 1_000_000, UTC)
    return f"{at.day}日{WEEKDAYS[at.weekday()]}"


def _weekday(at_us: int) -> int:
    return datetime.fromtimestamp((at_us + OFFICE_ZONE_US) // 1_000_000, UTC).weekday()
