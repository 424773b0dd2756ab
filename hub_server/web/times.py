"""Times at the edge: RFC 3339 in UTC for programs, the office's own clock for people. Inside they are microseconds."""

from datetime import UTC, datetime, timedelta

from hub_server.watch.zone import OFFICE_ZONE, OFFICE_ZONE_NAME

__all__ = [
    "DAY_US",
    "OFFICE_ZONE",
    "OFFICE_ZONE_NAME",
    "OFFICE_ZONE_US",
    "microseconds",
    "parse",
    "rfc3339",
    "rfc3339_or_none",
    "today",
]

OFFICE_ZONE_US = 8 * 3600 * 1_000_000
DAY_US = 24 * 3600 * 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def rfc3339(us: int) -> str:
    """Microseconds since 1970 UTC as "2026-11-23T21:40:00.123456Z"."""
    return f"{(_EPOCH + us * _MICROSECOND).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def rfc3339_or_none(us: int | None) -> str | None:
    return None if us is None else rfc3339(us)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware time; negative before 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def today(now_us: int) -> tuple[int, int]:
    """From when until when it is today by the office's clock."""
    began_us = (now_us + OFFICE_ZONE_US) // DAY_US * DAY_US - OFFICE_ZONE_US
    return began_us, began_us + DAY_US


def parse(text: str) -> datetime:
    """What `rfc3339` wrote."""
    return datetime.fromisoformat(text)
