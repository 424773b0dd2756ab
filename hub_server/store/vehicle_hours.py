"""How many vehicles went in and out of each gate: by the hour, kept up to date in the transaction of each event."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_agent.wire.messages import Direction
from hub_server.store import limits
from hub_server.store.errors import InvalidValueError, NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
BUCKETS_MAX: Final = 800  # of one answer: 33 days by the hour

_SUMS: Final = ", ".join(
    f"coalesce(sum(h.passages) FILTER (WHERE h.direction = '{direction}'), 0)" for direction in Direction
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """Vehicles that passed; `unknown`: nobody could tell which way."""

    into: int
    out: int
    unknown: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """A device that has seen vehicles, and what it counted in a stretch of time."""

    device: str
    place: str
    counted: Counted
    undated: int  # passages whose time nobody knows yet, whenever they were: they are in no hour
    area: str = ""  # of the device, as `grid`
    grid: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """An hour or a day in which a vehicle passed."""

    began_us: int
    counted: Counted


def count(db: Database, *, device: str, direction: Direction, at_us: int) -> None:
    """One more vehicle in the hour of `at_us`."""
    db.execute(
        "INSERT INTO vehicle_hours (device, hour_us, direction, passages) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (device, hour_us, direction) DO UPDATE SET passages = passages + 1",
        (device, _hour(at_us), direction),
    )


def uncount(db: Database, *, device: str, direction: Direction, at_us: int) -> None:
    """Takes back one that `count` put there: it was at another time."""
    key = (device, _hour(at_us), direction)
    # An hour that is empty has no row, and none may say 0.
    db.execute("DELETE FROM vehicle_hours WHERE device = ? AND hour_us = ? AND direction = ? AND passages = 1", key)
    db.execute(
        "UPDATE vehicle_hours SET passages = passages - 1"
        " WHERE device = ? AND hour_us = ? AND direction = ? AND passages > 1",
        key,
    )


def gates(
    db: Database, *, since_us: int, until_us: int, after: str | None, limit: int, reach: Reach = EVERYWHERE
) -> list[Gate]:
    """Every device that ever saw a vehicle, by name, with the hours that begin in this time.

    The hour in which `since_us` lies is in. Raises InvalidValueError.
    """
    _check_times(since_us, until_us)
    rows = db.execute(
        f"SELECT d.id, d.place, {_SUMS},"  # noqa: S608 our own names
        " (SELECT count(*) FROM plate_passages p WHERE p.device = d.id AND p.clock_trusted = 0), d.area, d.grid"
        " FROM devices d LEFT JOIN vehicle_hours h"
        " ON h.device = d.id AND h.hour_us >= :since_us AND h.hour_us < :until_us"
        f" WHERE d.id > :after AND {condition('d.area', 'd.grid')}"
        " AND (EXISTS (SELECT 1 FROM plate_passages p WHERE p.device = d.id)"
        # Passages are deleted when they are old; their hours stay.
        " OR EXISTS (SELECT 1 FROM vehicle_hours o WHERE o.device = d.id))"
        " GROUP BY d.id ORDER BY d.id LIMIT :limit",
        {
            "since_us": _hour(since_us),
            "until_us": until_us,
            "after": after or "",
            "limit": limits.page_rows(limit),
            "reach": reach.value,
        },
    )
    return [
        Gate(device=row[0], place=row[1], counted=_counted(row[2:5]), undated=row[5], area=row[6], grid=row[7])
        for row in rows
    ]


def series(db: Database, *, device: str, since_us: int, until_us: int, bucket_us: int, zone_us: int) -> list[Bucket]:
    """The gate's hours or days (`bucket_us`) in which a vehicle passed, oldest first; days begin at `zone_us` from UTC.

    Raises NotFoundError, InvalidValueError (BUCKETS_MAX).
    """
    _check_times(since_us, until_us)
    if (until_us - since_us) // bucket_us > BUCKETS_MAX:
        raise InvalidValueError("until", f"时间太长，最多 {BUCKETS_MAX} 格；at most {BUCKETS_MAX} hours or days")
    if db.execute("SELECT 1 FROM devices WHERE id = ?", [device]).fetchone() is None:
        raise NotFoundError(f"没有设备 {device}； there is no device {device}")
    rows = db.execute(
        f"SELECT (h.hour_us + :zone_us) / :bucket_us * :bucket_us - :zone_us AS began_us, {_SUMS}"  # noqa: S608 as above
        " FROM vehicle_hours h WHERE h.device = :device AND h.hour_us >= :since_us AND h.hour_us < :until_us"
        " GROUP BY began_us ORDER BY began_us",
        {
            "device": device,
            "since_us": _hour(since_us),
            "until_us": until_us,
            "bucket_us": bucket_us,
            "zone_us": zone_us,
        },
    )
    return [Bucket(began_us=row[0], counted=_counted(row[1:4])) for row in rows]


def _hour(at_us: int) -> int:
    return at_us // HOUR_US * HOUR_US


def _check_times(since_us: int, until_us: int) -> None:
    if until_us <= since_us:
        raise InvalidValueError("until", "须晚于 since；must be later than since")


def _counted(sums: tuple[int, ...]) -> Counted:
    into, out, unknown = sums
    return Counted(into=into, out=out, unknown=unknown)
