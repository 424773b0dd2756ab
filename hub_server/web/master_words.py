"""Words for people, households, vehicles, places and areas, Chinese first; and what was changed of them."""

from collections.abc import Mapping
from typing import Final

from hub_server.store import areas, care, places
from hub_server.store.histories import FieldChange
from hub_server.web import master_shapes, words
from hub_server.web.masking import Looker
from hub_server.web.times import rfc3339

Words = tuple[str, str]
Options = list[tuple[str, str, str]]

KINDS: Final[Mapping[str, Words]] = {
    "resident": ("常住", "resident"),
    "tenant": ("租户", "tenant"),
    "visitor": ("访客", "visitor"),
}
OWNERS: Final[Mapping[str, Words]] = {"household": ("住户", "household"), "visitor": ("访客", "visitor")}
VEHICLE_STATES: Final[Mapping[str, Words]] = {
    "waiting": ("未生效", "not yet valid"),
    "valid": ("有效", "valid"),
    "expired": ("已过期", "expired"),
    "removed": ("已移除", "removed"),
}
WATCH_STATES: Final[Mapping[str, Words]] = {
    "off": ("已停", "off"),
    "alert": ("有警报", "alert"),
    "paused": ("外出", "away"),
    "due": ("到期", "due"),
    "late": ("已晚", "late"),
    "unseen": ("还没见过", "not yet seen"),
    "seen": ("按时见到", "seen in time"),
}
RELATIONS: Final = ("户主", "配偶", "子", "女", "父亲", "母亲", "孙子", "孙女", "租客", "护工")
PERIODS: Final[Options] = [
    ("43200", "12 小时", "12 hours"),
    ("86400", "24 小时", "24 hours"),
    ("129600", "36 小时", "36 hours"),
    ("172800", "48 小时", "48 hours"),
    ("259200", "3 天", "3 days"),
]
_FIELDS: Final[Mapping[str, Words]] = {
    "name": ("名称", "name"),
    "address": ("住址", "address"),
    "phone": ("电话", "phone"),
    "note": ("备注", "note"),
    "area": ("片区", "area"),
    "grid": ("网格", "grid"),
    "born": ("出生日期", "born"),
    "kind": ("类别", "kind"),
    "household": ("家庭", "household"),
    "relation": ("与户主关系", "relation"),
    "care": ("关爱原因", "care"),
    "number": ("户号", "number"),
    "label": ("归属", "label"),
    "person": ("车主", "person"),
    "valid_from_us": ("生效", "valid from"),
    "valid_until_us": ("到期", "valid until"),
    "longitude": ("经度", "longitude"),
    "latitude": ("纬度", "latitude"),
    "parent": ("上级", "lies in"),
    "code": ("编码", "code"),
    "removed": ("移除", "removed"),
}
_CODED: Final[Mapping[str, Mapping[str, Words]]] = {
    "kind": {
        **KINDS,
        **{str(kind): both for kind, both in places.WORDS.items()},
        **{str(kind): both for kind, both in areas.WORDS.items()},
    },
    "care": {str(reason): both for reason, both in care.WORDS.items()},
    "removed": {"yes": ("是", "yes")},
}


def options(table: Mapping[str, Words], *, empty: Words | None = None) -> Options:
    """For a <select>; `empty`: the words of the choice that is none."""
    first = [] if empty is None else [("", *empty)]
    return first + [(str(code), *both) for code, both in table.items()]


def cared(stored: str) -> list[Words]:
    """Why somebody is cared for."""
    return [care.WORDS[reason] for reason in care.reasons(stored)]


def change(row: FieldChange, who: Looker, *, now_s: int) -> dict[str, str]:
    """One line of a history, masked as the fields are."""
    shape = master_shapes.field_change(row, who)
    zh, en = _FIELDS.get(row.field, (row.field, row.field))
    return {
        "field": zh,
        "field_en": en,
        "before": _value(row.field, shape["before"], now_s),
        "after": _value(row.field, shape["after"], now_s),
        "author": row.author,
        "time": words.clock(shape["at"], now_s),
        "time_utc": words.utc(shape["at"]),
    }


def _value(field: str, text: str | None, now_s: int) -> str:
    if not text:
        return "—"
    if field.endswith("_us") and text.isdecimal():
        return words.clock(rfc3339(int(text)), now_s)
    table = _CODED.get(field)
    return text if table is None else "、".join(table.get(one, (one, one))[0] for one in text.split())
