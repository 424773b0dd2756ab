"""What a table's columns are called, in Chinese and in English, and by the other names that offices give them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub_server.tables import limits
from hub_server.tables.errors import TableError, Words
from hub_server.tables.table import Line, Table


class Kind(StrEnum):
    """What the rows of a table are."""

    PEOPLE = "people"
    HOUSEHOLDS = "households"
    VEHICLES = "vehicles"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One that a table may have."""

    name: str
    zh: str
    en: str
    others: tuple[str, ...] = ()  # what else it is called
    must: bool = False
    example: str = ""
    width: int = 14


_AREA = Column(
    name="area",
    zh="社区/村",
    en="area",
    others=("社区", "村", "村居", "村社区", "所属社区", "所属村", "村名", "社区名称", "community", "village"),
    example="桂花村",
)
_GRID = Column(
    name="grid", zh="网格", en="grid", others=("网格名称", "所属网格", "网格号", "网格编号"), example="桂花村第1网格"
)
_ADDRESS = Column(
    name="address",
    zh="住址",
    en="address",
    others=("地址", "居住地址", "家庭住址", "现住址", "现居住地", "详细地址", "home address"),
    example="桂花村 3 组 12 号",
    width=28,
)
_NOTE = Column(name="note", zh="备注", en="note", others=("说明", "notes", "remark", "remarks"), width=28)
_PHONE = Column(
    name="phone",
    zh="电话",
    en="phone",
    others=("联系电话", "手机", "手机号", "手机号码", "电话号码", "联系方式", "本人电话", "telephone", "mobile"),
    example="138 0013 0001",
    width=16,
)
_NUMBER = ("家庭编号", "户编号", "家庭号", "门牌户号", "household number", "household no")

COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = {
    Kind.PEOPLE: (
        Column(name="id", zh="编号", en="id", others=("人员编号", "居民编号", "person id"), width=18),
        Column(
            name="name",
            zh="姓名",
            en="name",
            others=("名字", "居民姓名", "姓 名", "full name"),
            must=True,
            example="李秀兰",
        ),
        Column(
            name="kind",
            zh="性质",
            en="kind",
            others=("人员性质", "居住性质", "人员类型", "人员类别", "居民类型", "居住类型"),
            example="常住",
        ),
        _AREA,
        _GRID,
        Column(name="household", zh="户号", en="household", others=_NUMBER, example="3-12"),
        Column(
            name="relation",
            zh="与户主关系",
            en="relation",
            others=("户主关系", "关系", "与户主的关系", "relation to head"),
            example="户主",
        ),
        _ADDRESS,
        _PHONE,
        Column(
            name="born",
            zh="出生日期",
            en="born",
            others=("出生年月日", "生日", "出生年月", "出生", "date of birth", "birthday", "birth date"),
            example="1948-03-05",
        ),
        Column(
            name="care",
            zh="关爱类型",
            en="care",
            others=("关爱", "关爱类别", "关爱原因", "重点人群", "人员标签", "特殊人群", "关爱对象", "cared for"),
            example="独居、高龄",
            width=18,
        ),
        Column(
            name="contact_name",
            zh="家属",
            en="contact name",
            others=(
                "家属姓名",
                "紧急联系人",
                "联系人",
                "紧急联系人姓名",
                "亲属",
                "亲属姓名",
                "contact",
                "emergency contact",
            ),
            example="李明",
        ),
        Column(
            name="contact_relation",
            zh="家属关系",
            en="contact relation",
            others=("联系人关系", "与本人关系", "紧急联系人关系", "亲属关系"),
            example="女儿",
        ),
        Column(
            name="contact_phone",
            zh="家属电话",
            en="contact phone",
            others=("紧急联系人电话", "联系人电话", "亲属电话", "家属联系电话", "紧急联系电话", "emergency phone"),
            example="138 0013 0003",
            width=16,
        ),
        _NOTE,
        Column(
            name="watch_hours",
            zh="守望小时",
            en="watch hours",
            others=("守望时长", "守望（小时）", "守望时间", "守望周期", "watch"),
            example="24",
        ),
    ),
    Kind.HOUSEHOLDS: (
        Column(
            name="number",
            zh="户号",
            en="number",
            others=(*_NUMBER, "编号", "household"),
            must=True,
            example="3-12",
        ),
        _AREA,
        _GRID,
        _ADDRESS,
        _PHONE,
        _NOTE,
    ),
    Kind.VEHICLES: (
        Column(
            name="plate",
            zh="车牌",
            en="plate",
            others=("车牌号", "车牌号码", "号牌", "plate number"),
            must=True,
            example="粤B12345",
        ),
        Column(name="household", zh="户号", en="household", others=_NUMBER, example="3-12"),
        Column(
            name="label",
            zh="车主",
            en="label",
            others=("车主姓名", "说明", "备注", "用途", "单位", "owner name", "note"),
            example="3 组 12 号李家",
            width=24,
        ),
        Column(name="person", zh="车主编号", en="person id", others=("人员编号", "居民编号", "person"), width=18),
        Column(
            name="owner",
            zh="车辆性质",
            en="owner",
            others=("性质", "车辆类型", "类型", "owner kind"),
            example="住户",
        ),
        Column(
            name="valid_from",
            zh="有效期自",
            en="valid from",
            others=("开始日期", "起始日期", "生效日期"),
            example="2026-12-01",
        ),
        Column(
            name="valid_until",
            zh="有效期至",
            en="valid until",
            others=("到期日期", "有效期", "截止日期", "有效期截止", "到期"),
            example="2027-11-30",
        ),
    ),
}
EXAMPLE: Final = "（示例）"
"""Behind the first text of the template's example row: such a row is never taken over."""
_NEVER: Final[Mapping[str, Words]] = {
    "身份证": ("系统不保存身份证号，这一列不会读入", "identity numbers are not kept here: the column is not read"),
    "证件": ("系统不保存证件号，这一列不会读入", "numbers of papers are not kept here: the column is not read"),
}
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_SIGNS = re.compile(r"[\s*:/、,.·_-]+")
_KNOWN_MIN: Final = 2  # words known in a line that make it the headings, when the one that must be there is not


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where each column stands, and what was not understood. Columns count from 0."""

    head: Line
    columns: Mapping[str, int]  # by Column.name
    unknown: tuple[str, ...]  # headings that are not read, as they stand
    notes: tuple[Words, ...]


def column(kind: Kind, name: str) -> Column:
    return next(one for one in COLUMNS[kind] if one.name == name)


def layout(table: Table, kind: Kind) -> Layout:
    """Which line has the headings, and what they mean. Raises TableError."""
    names = _names(kind)
    first = table.lines[: limits.HEADINGS_BY_LINE]
    known = [[names[_key(cell)] for cell in line.cells if cell and _key(cell) in names] for line in first]
    best = max(known, key=len, default=[])
    must = next(one for one in COLUMNS[kind] if one.must)
    if len(best) < _KNOWN_MIN and must.name not in best:
        raise TableError(
            f"没有找到表头。请从模板开始，至少要有“{must.zh}”一列",
            f"there are no headings that are known: start from the template; the column {must.en} must be there",
        )
    head = first[known.index(best)]
    found = _layout(head, names, table.lines[first.index(head) + 1 :])
    if must.name not in found.columns:
        raise TableError(f"缺少必填的列：{must.zh}", f"the column {must.en} is missing")
    return found


def _layout(head: Line, names: Mapping[str, str], rows: Sequence[Line]) -> Layout:
    columns: dict[str, int] = {}
    unknown: list[str] = []
    notes: list[Words] = []
    for place, heading in enumerate(head.cells):
        name = names.get(_key(heading))
        if name is not None and name not in columns:
            columns[name] = place
        elif name is not None:
            notes.append(
                (f"“{heading}”与前面的列重复，没有读", f"{heading} means the same as a column before it: not read")
            )
        elif heading:
            unknown.append(heading)
            notes += [words for sign, words in _NEVER.items() if sign in heading]
    notes += _nameless(head, rows)
    return Layout(head=head, columns=columns, unknown=tuple(unknown), notes=tuple(notes))


def _letter(place: int) -> str:
    """As a spreadsheet names its columns: 0 is A, 26 is AA."""
    above, last = divmod(place, 26)
    return (_letter(above - 1) if above else "") + chr(ord("A") + last)


def _nameless(head: Line, rows: Sequence[Line]) -> list[Words]:
    """Columns with values and without a heading: told, so that nothing is left out in silence."""
    named = {place for place, heading in enumerate(head.cells) if heading}
    filled = {place for row in rows for place, text in enumerate(row.cells) if text} - named
    if not filled:
        return []
    letters = "、".join(_letter(place) for place in sorted(filled))
    return [(f"{letters} 列没有表头，没有读", f"without a heading and not read: {letters}")]


def _names(kind: Kind) -> dict[str, str]:
    """What a heading may say -> the column's name."""
    found: dict[str, str] = {}
    for one in COLUMNS[kind]:
        for said in (one.zh, one.en, f"{one.zh} {one.en}", one.name, *one.others):
            assert found.setdefault(_key(said), one.name) == one.name, f"two columns are called {said}"
    return found


def _key(heading: str) -> str:
    """Without blanks, brackets with what is in them, stars and signs; small letters."""
    bare = _SIGNS.sub("", _BRACKETS.sub("", unicodedata.normalize("NFKC", heading)).lower())
    return bare or _SIGNS.sub("", unicodedata.normalize("NFKC", heading).lower())
