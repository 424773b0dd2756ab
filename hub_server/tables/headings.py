"""Which line of a table has its headings, and which column each of them means."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub_server.tables import limits
from hub_server.tables.columns import COLUMNS, Kind
from hub_server.tables.errors import TableError, Words
from hub_server.tables.table import Line, Table

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
