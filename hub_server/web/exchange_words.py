"""How values of tables read: the same words that a table may bring back. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from hub_server.store.care import WORDS, Care
from hub_server.store.device_profiles import WORDS as POINTS
from hub_server.store.device_profiles import PointKind
from hub_server.watch.zone import OFFICE_ZONE
from hub_server.web.issuing_shapes import masked
from hub_server.web.master_words import KINDS, OWNERS
from hub_server.web.times import microseconds

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def text(name: str, value: Any) -> str:
    """Of a field, as a row of store/exports.py or a plan of store/import_plans.py has it; "" for None."""
    if value is None:
        return ""
    if name in _SAID:
        return _SAID[name](value)
    return str(value)


def care(reasons: Iterable[str]) -> str:
    inside = frozenset(reasons)
    return "、".join(WORDS[one][0] for one in Care if one in inside)


def hours(period_s: int) -> str:
    return f"{period_s / 3600:.4f}".rstrip("0").rstrip(".")


def day(us: int, *, exclusive: bool) -> str:
    """By the office's clock; of an exclusive end the day before, when it is a midnight."""
    return (_EPOCH + timedelta(microseconds=us - exclusive)).astimezone(OFFICE_ZONE).date().isoformat()


def moment(us: int | None) -> str:
    """To the second, by the office's clock; "" for None."""
    if us is None:
        return ""
    return (_EPOCH + timedelta(microseconds=us)).astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def day_us(day: str) -> tuple[int, int]:
    """A day of the office's clock, from when until when. Raises ValueError."""
    began = datetime.fromisoformat(day).replace(tzinfo=OFFICE_ZONE)
    return microseconds(began), microseconds(began + timedelta(days=1))


STATES: Final[Mapping[str, str]] = {
    "open": "待处理",
    "acknowledged": "已知晓",
    "on_the_way": "在路上",
    "closed": "已结束",
}
OUTCOMES: Final[Mapping[str, str]] = {"retracted": "自动撤回", "well": "平安", "helped": "已帮助", "away": "外出"}
_SAID: Final[Mapping[str, Callable[[Any], str]]] = {
    "kind": lambda value: KINDS[value][0],
    "point_kind": lambda value: POINTS[PointKind(value)][0],
    "camera": masked,
    "owner": lambda value: OWNERS[value][0],
    "care": lambda value: care(value.split() if isinstance(value, str) else value),
    "watch_s": hours,
    "valid_from_us": lambda value: day(value, exclusive=False),
    "valid_until_us": lambda value: day(value, exclusive=True),
}
