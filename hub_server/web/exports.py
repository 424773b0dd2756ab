"""/api/v1/exports: lists out as tables, within reach; what was exported can be brought back as it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response
from msgspec import Struct

from hub_server.store import exports, traffic
from hub_server.store.exports import Row
from hub_server.store.reach import Reach
from hub_server.store.store import Store
from hub_server.store.traffic import Kind as PassageKind
from hub_server.store.traffic import Wanted
from hub_server.tables import template, writing
from hub_server.tables.columns import COLUMNS, Kind
from hub_server.tables.table import Form
from hub_server.tables.writing import Cell
from hub_server.web import exchange_words as words
from hub_server.web import fields, masking
from hub_server.web.auth import caller
from hub_server.web.files import attached
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.scopes import Scope
from hub_server.web.times import today

blueprint = Routes("exports", __name__)
_PASSAGES_PAGE: Final = 500
_FIELDS: Final[Mapping[str, str]] = {
    "watch_hours": "watch_s",
    "valid_from": "valid_from_us",
    "valid_until": "valid_until_us",
}
"""A column's name -> the field of the row, where they differ."""
_MASKS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "phone": masking.phone,
    "contact_phone": masking.phone,
    "address": masking.address,
    "note": masking.note,
    "born": masking.born,
}


class ExportQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`day`: of passages, by the office's clock; today without it."""

    form: fields.TableForm = "xlsx"
    day: fields.Day | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One list as a table."""

    name: str  # of the file
    headings: Sequence[str]
    widths: Sequence[int]
    rows: Iterator[Sequence[Cell]]


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/exports/<listing>",
        summary="A list as a table: people, households, vehicles, alerts, or passages of a day",
        scope=Scope.EXCHANGE,
        query=ExportQuery,
        answer=str,
        content=writing.XLSX_TYPE,
        other_contents=(writing.CSV_TYPE,),
        looks=True,
        anywhere="each list holds what is within reach, and nothing else",
        rules="`day` must be one. Over 200,000 rows only CSV. Without the scope reveal personal columns are masked.",
    )
)
def export(listing: str, asked: ExportQuery) -> Response:
    who, store = caller(), office().store
    sheet = _sheet(listing, store, who.reach, asked.day, clear=who.may(Scope.REVEAL))
    return attached(Form(asked.form), sheet.name, sheet.headings, sheet.rows, widths=sheet.widths)


def _sheet(name: str, store: Store, reach: Reach, day: str | None, *, clear: bool) -> Sheet:
    if name in {kind.value for kind in _PAGES}:
        return _filed(Kind(name), store, reach, clear=clear)
    if name == "alerts":
        return _alerts(store, reach, clear=clear)
    if name == "passages":
        return _passages(store, reach, day)
    raise invalid(
        {"listing": "居民、家庭、车辆、警报或进出；must be one of people, households, vehicles, alerts, passages"}
    )


_PAGES: Final[Mapping[Kind, Callable[..., list[Row]]]] = {
    Kind.PEOPLE: exports.people_page,
    Kind.HOUSEHOLDS: exports.households_page,
    Kind.VEHICLES: exports.vehicles_page,
}


def _filed(kind: Kind, store: Store, reach: Reach, *, clear: bool) -> Sheet:
    """With the columns of a table that comes in."""
    page = _PAGES[kind]
    names = [column.name for column in COLUMNS[kind]]

    def rows() -> Iterator[Sequence[Cell]]:
        for row in exports.all_of(_reading(store, page, reach), "" if kind is Kind.PEOPLE else 0):
            yield [_cell(name, row, clear=clear) for name in names]

    zh = {Kind.PEOPLE: "居民", Kind.HOUSEHOLDS: "家庭", Kind.VEHICLES: "车辆"}[kind]
    return Sheet(name=_named(zh, store), headings=template.headings(kind), widths=template.widths(kind), rows=rows())


def _reading(store: Store, page: Callable[..., list[Row]], reach: Reach) -> Callable[[str | int], list[Row]]:
    def read(after: str | int) -> list[Row]:
        with store.read() as db:
            return page(db, after=after, reach=reach)

    return read


def _cell(name: str, row: Row, *, clear: bool) -> Cell:
    field = _FIELDS.get(name, name)
    said = words.text(field, row[field])
    return said if clear or name not in _MASKS else _MASKS[name](said) or ""


def _alerts(store: Store, reach: Reach, *, clear: bool) -> Sheet:
    def rows() -> Iterator[Sequence[Cell]]:
        for row in exports.all_of(_reading(store, exports.alerts_page, reach), 0):
            yield [
                *(row["id"], row["person"], row["person_name"], row["area"], row["grid"]),
                *(words.moment(row[name]) for name in ("last_seen_us", "due_us", "raised_us")),
                *(words.STATES[row["state"]], words.OUTCOMES.get(row["outcome"], "")),
                *(words.moment(row["at_us"]), row["author"] or ""),
                (row["note"] or "") if clear else masking.note(row["note"] or ""),
            ]

    headings = [
        *("警报 alert", "编号 id", "姓名 name", "社区/村 area", "网格 grid", "上次见到 last seen", "到期 due"),
        *("发出 raised", "状态 state", "结果 outcome", "最后一步 last step", "由谁 by", "备注 note"),
    ]
    widths = [8, 18, 12, 14, 16, 20, 20, 20, 10, 10, 20, 12, 30]
    return Sheet(name=_named("警报", store), headings=headings, widths=widths, rows=rows())


def _passages(store: Store, reach: Reach, day: str | None) -> Sheet:
    try:
        from_us, until_us = today(store.now_us()) if day is None else words.day_us(day)
    except ValueError as error:
        raise invalid({"day": "日历里没有这一天；is no day of the calendar"}) from error
    asked = Wanted(from_us=from_us, until_us=until_us)

    def rows() -> Iterator[Sequence[Cell]]:
        before: int | None = None
        while True:
            with store.read() as db:
                found = traffic.page(db, asked, before=before, limit=_PASSAGES_PAGE, reach=reach)
            for row in found:
                yield _passage(row)
            if len(found) < _PASSAGES_PAGE:
                return
            before = found[-1].id

    headings = [
        *("时间 time", "地点 place", "社区/村 area", "设备 device", "镜头 camera", "类别 kind", "姓名 name"),
        *("编号 id", "车牌 plate", "方向 direction", "说明 remark"),
    ]
    widths = [20, 16, 14, 16, 12, 12, 12, 18, 12, 10, 20]
    shown = words.day(from_us, exclusive=False)
    return Sheet(name=f"进出-{shown}", headings=headings, widths=widths, rows=rows())


_PASSAGE_KINDS: Final[Mapping[PassageKind, str]] = {
    PassageKind.KNOWN: "居民",
    PassageKind.STRANGER: "陌生人",
    PassageKind.VEHICLE_KNOWN: "登记车辆",
    PassageKind.VEHICLE_UNKNOWN: "其他车辆",
}
_DIRECTIONS: Final[Mapping[str, str]] = {"in": "进", "out": "出", "unknown": "不明"}


def _passage(row: traffic.Passage) -> Sequence[Cell]:
    remarks = ["时间不准"] if not row.clock_trusted else []
    remarks += ["已更正：不是此人"] if row.corrected else []
    return [
        *(words.moment(row.at_us), row.place, row.area, row.device, row.camera, _PASSAGE_KINDS[row.kind]),
        *(row.person_name or "", row.person or "", row.listed or row.text or ""),
        "" if row.direction is None else _DIRECTIONS[row.direction],
        "，".join(remarks),
    ]


def _named(zh: str, store: Store) -> str:
    """With the day on which it was made, by the office's clock."""
    return f"{zh}-{words.day(store.now_us(), exclusive=False)}"
