"""How many people and vehicles passed, from the hours that ingest counted: by time, by camera; visits of clinics."""

# ruff: noqa: S608 -- SQL of our own words; values are always parameters

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlite_utils import Database

from edge_agent.wire.messages import Direction
from hub_server.store import limits, reach
from hub_server.store.errors import InvalidValueError
from hub_server.store.people_hours import hour
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.traffic import PASSED, Wanted, within
from hub_server.store.vehicle_hours import BUCKETS_MAX, DAY_US, HOUR_US

SPAN_DAYS_MAX: Final = 366


class Bucket(StrEnum):
    """What is counted together. Days, weekdays and hours of the day are those of the office's clock."""

    HOUR = "hour"
    DAY = "day"
    WEEKDAY = "weekday"
    HOUR_OF_DAY = "hour_of_day"


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """People known and not, vehicles in, out, and either way."""

    known: int = 0
    strangers: int = 0
    into: int = 0
    out: int = 0
    unknown: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            known=self.known + other.known,
            strangers=self.strangers + other.strangers,
            into=self.into + other.into,
            out=self.out + other.out,
            unknown=self.unknown + other.unknown,
        )

    @property
    def people(self) -> int:
        return self.known + self.strangers

    @property
    def vehicles(self) -> int:
        return self.into + self.out + self.unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """One bucket. `value`: when it began (microseconds), the weekday (0 is Monday), or the hour of the day."""

    value: int
    counts: Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class GateCounts:
    """One camera's device with what it counted."""

    device: str
    place: str
    counts: Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class ClinicDay:
    """How many different people a clinic's cameras knew on a day, and how often they were seen there."""

    place: str
    day_us: int  # its beginning
    people: int
    passages: int


_BUCKET_US: Final = {Bucket.HOUR: HOUR_US, Bucket.DAY: DAY_US}
_SPAN_US: Final = SPAN_DAYS_MAX * DAY_US
_FEW: Final = 60  # cameras: of them people are counted by the hours of each; of more, through all hours in order
_SPAN: Final = "h.hour_us >= :since_us AND h.hour_us < :until_us"
_PEOPLE: Final = "sum(h.known), sum(h.strangers)"
_VEHICLES: Final = ", ".join(
    f"coalesce(sum(h.passages) FILTER (WHERE h.direction = '{direction}'), 0)" for direction in Direction
)
_WITHIN: Final = reach.condition("d.area", "d.grid")
_THESE: Final = "(SELECT value FROM json_each(:devices))"


def series(
    db: Database,
    *,
    bucket: Bucket,
    since_us: int,
    until_us: int,
    zone_us: int,
    device: str | None = None,
    place: str | None = None,
    reach: Reach = EVERYWHERE,
) -> list[Counted]:
    """Buckets in which somebody passed, in their order; hours count whole, by their beginning.

    The hour in which `since_us` lies is in. Raises InvalidValueError.
    """
    _check_span(since_us, until_us)
    if (until_us - since_us) // _BUCKET_US.get(bucket, _SPAN_US) > BUCKETS_MAX:
        raise InvalidValueError("until", f"时间太长，最多 {BUCKETS_MAX} 格；at most {BUCKETS_MAX} hours or days")
    return folded(
        hours(db, since_us=since_us, until_us=until_us, device=device, place=place, reach=reach), bucket, zone_us
    )


def folded(by_hour: Iterable[Counted], bucket: Bucket, zone_us: int) -> list[Counted]:
    """Hours put together. Pure."""
    found: dict[int, Counts] = {}
    for one in by_hour:
        value = _value(bucket, one.value, zone_us)
        found[value] = found.get(value, Counts()) + one.counts
    return [Counted(value=value, counts=counts) for value, counts in sorted(found.items())]


def hours(
    db: Database,
    *,
    since_us: int,
    until_us: int,
    device: str | None = None,
    place: str | None = None,
    reach: Reach = EVERYWHERE,
) -> list[Counted]:
    """Every hour in which somebody passed, in their order. Raises InvalidValueError."""
    _check_span(since_us, until_us)
    devices = within(db, Wanted(device=device, place=place), reach)
    values = {"since_us": hour(since_us), "until_us": until_us, "devices": json.dumps(devices)}
    found: dict[int, Counts] = {}
    for hour_us, known, strangers in db.execute(_people_by_hour(devices), values):
        found[hour_us] = Counts(known=known, strangers=strangers)
    for hour_us, into, out, unknown in db.execute(_vehicles_by_hour(devices), values):
        found[hour_us] = found.get(hour_us, Counts()) + Counts(into=into, out=out, unknown=unknown)
    return [Counted(value=hour_us, counts=found[hour_us]) for hour_us in sorted(found)]


def _people_by_hour(devices: Sequence[str] | None) -> str:
    """Of these devices; None: of all."""
    source = f"people_hours h INDEXED BY people_hours_hour WHERE {_SPAN}"
    if devices is not None:
        source = f"{source} AND h.device IN {_THESE}"
        if len(devices) <= _FEW:
            source = f"json_each(:devices) one CROSS JOIN people_hours h ON h.device = one.value WHERE {_SPAN}"
    return f"SELECT h.hour_us, {_PEOPLE} FROM {source} GROUP BY 1"


def _vehicles_by_hour(devices: Sequence[str] | None) -> str:
    """The same; by the hours of each, for few devices see vehicles."""
    these = "devices one CROSS JOIN vehicle_hours h ON h.device = one.id"
    if devices is not None:
        these = "json_each(:devices) one CROSS JOIN vehicle_hours h ON h.device = one.value"
    return f"SELECT h.hour_us, {_VEHICLES} FROM {these} WHERE {_SPAN} GROUP BY 1"


def by_device(
    db: Database, *, since_us: int, until_us: int, after: str | None, limit: int, reach: Reach = EVERYWHERE
) -> list[GateCounts]:
    """Devices that counted somebody in this time, by id. Raises InvalidValueError."""
    _check_span(since_us, until_us)
    values = {"since_us": hour(since_us), "until_us": until_us, "after": after or "", "reach": reach.value}
    found: dict[str, GateCounts] = {}
    for device, place, known, strangers in db.execute(_by_device("people_hours", _PEOPLE), values):
        found[device] = GateCounts(device=device, place=place, counts=Counts(known=known, strangers=strangers))
    for device, place, into, out, unknown in db.execute(_by_device("vehicle_hours", _VEHICLES), values):
        before = found[device].counts if device in found else Counts()
        counts = before + Counts(into=into, out=out, unknown=unknown)
        found[device] = GateCounts(device=device, place=place, counts=counts)
    return [found[device] for device in sorted(found)][: limits.page_rows(limit)]


def _by_device(table: str, sums: str) -> str:
    """Devices first, then the hours of each by its key: what lies outside the span is not read."""
    return (
        f"SELECT d.id, d.place, {sums} FROM devices d CROSS JOIN {table} h ON h.device = d.id AND {_SPAN}"
        f" WHERE d.id > :after AND {_WITHIN} GROUP BY d.id"
    )


def clinics(db: Database, *, since_us: int, until_us: int, zone_us: int, reach: Reach = EVERYWHERE) -> list[ClinicDay]:
    """Of each place that is a clinic, the days on which somebody known was seen there, the newest first.

    From the events themselves, as far back as they are kept; whoever was erased since is in no day. Raises
    InvalidValueError.
    """
    _check_span(since_us, until_us)
    rows = db.execute(
        f"""
        SELECT d.place, (e.captured_us + :zone_us) / :day_us * :day_us - :zone_us AS day_us,
            count(DISTINCT e.person), count(*)
        FROM places p CROSS JOIN devices d ON d.place = p.name
        CROSS JOIN events e INDEXED BY events_passed_device
            ON e.device = d.id AND e.captured_us >= :since_us AND e.captured_us < :until_us AND e.{PASSED}
        WHERE p.kind = 'clinic' AND p.removed_us IS NULL AND {_WITHIN} AND e.person NOT NULL AND e.clock_trusted = 1
            AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.event = e.id)
        GROUP BY 1, 2 ORDER BY 2 DESC, 1 LIMIT :rows_max
        """,
        {
            "since_us": since_us,
            "until_us": until_us,
            "reach": reach.value,
            "zone_us": zone_us,
            "day_us": DAY_US,
            "rows_max": BUCKETS_MAX,
        },
    )
    return [ClinicDay(place=row[0], day_us=row[1], people=row[2], passages=row[3]) for row in rows]


def _value(bucket: Bucket, hour_us: int, zone_us: int) -> int:
    """1970 began on a Thursday."""
    local_us = hour_us + zone_us
    match bucket:
        case Bucket.HOUR:
            return hour_us
        case Bucket.DAY:
            return local_us // DAY_US * DAY_US - zone_us
        case Bucket.WEEKDAY:
            return (local_us // DAY_US + 3) % 7
        case Bucket.HOUR_OF_DAY:
            return local_us // HOUR_US % 24


def _check_span(since_us: int, until_us: int) -> None:
    if until_us <= since_us:
        raise InvalidValueError("until", "须晚于 since；must be later than since")
    if until_us - since_us > _SPAN_US:
        raise InvalidValueError("until", f"最多 {SPAN_DAYS_MAX} 天；at most {SPAN_DAYS_MAX} days")
