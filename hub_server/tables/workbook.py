"""XLSX: the first sheet that can be seen, its values as texts. Formulas are never evaluated."""

import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils import column_index_from_string

from hub_server.tables import limits, texts
from hub_server.tables.errors import TableError, Words
from hub_server.tables.separated import short, too_long, trimmed
from hub_server.tables.table import Form, Line, Table

_CHUNK_BYTES: Final = 1024 * 1024
_OVERLAP_BYTES: Final = 256
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_EXACT_MAX: Final = 10**15  # a spreadsheet keeps 15 digits of a number, and zeros for the rest
_STUMBLES: Final = (
    *(
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        OSError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
    ),
    *(zipfile.BadZipFile, zlib.error),
)
"""What openpyxl, and what it reads with, raise for a part that is not as it should be: it has no error of its own."""
_COLUMNS_READ: Final = limits.COLUMNS_MAX + 1  # one more, to notice it


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """What its text shows before it is read."""

    formulas: bool
    merged: tuple[tuple[int, int, int, int], ...]  # first column, first row, last column, last row; from 1


def read(archive: zipfile.ZipFile) -> Table:
    """Raises TableError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of what it leaves out: validation, themes, extensions
            return _read(archive)
    except TableError:
        raise
    except _STUMBLES as error:
        if _is_unsafe(error):
            raise TableError(
                "文件里有不安全的内容，不能导入", "the workbook declares entities: it is not taken"
            ) from error
        raise TableError(
            "这个工作簿读不懂；请在 Excel 里另存为 .xlsx 再试",
            "the workbook cannot be understood: save it again as .xlsx",
        ) from error


def _is_unsafe(error: BaseException | None) -> bool:
    """Openpyxl puts an error of its own around what defusedxml refuses."""
    while error is not None and not isinstance(error, DefusedXmlException):
        error = error.__cause__ or error.__context__
    return error is not None


def _read(archive: zipfile.ZipFile) -> Table:
    if not openpyxl.DEFUSEDXML:  # switched off by the environment
        raise TableError("服务器没有装好 defusedxml", "openpyxl runs without defusedxml here")
    file: Any = archive.fp
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not seen:
        raise TableError("没有看得见的工作表", "no sheet of the workbook can be seen")
    sheet = seen[0]
    looked = _look(archive, sheet._worksheet_path)  # noqa: SLF001 no other way says which part it is
    unanswered: Callable[[int, int], bool] = _never
    if looked.formulas:
        unanswered = _unanswered(file, sheet.title)
    return Table(
        form=Form.XLSX,
        sheet=sheet.title,
        encoding="",
        lines=tuple(_lines(sheet, looked, unanswered)),
        notes=_notes(book.worksheets, seen, looked),
    )


def _look(archive: zipfile.ZipFile, part: str) -> _Sheet:
    """The sheet's bytes once, piece by piece. Raises TableError: more cells than anybody waits for."""
    cells, formulas, merged, tail = 0, False, [], b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            text = tail + chunk
            cells += sum(1 for _ in _CELL.finditer(text, max(0, len(tail) - 4)))
            formulas = formulas or b"<f" in text or b":f" in text or b"\x00f\x00" in text
            merged += _MERGED.findall(text)  # one in the overlap comes twice, to no harm
            if cells > limits.SHEET_CELLS_MAX or len(merged) > limits.MERGED_MAX:
                raise too_long()
            tail = text[-_OVERLAP_BYTES:]
    ranges = tuple(
        (column_index_from_string(left.decode()), int(top), column_index_from_string(right.decode()), int(bottom))
        for left, top, right, bottom in merged
    )
    return _Sheet(formulas=formulas, merged=ranges)


def _never(_row: int, _column: int) -> bool:
    return False


def _unanswered(file: Any, title: str) -> Callable[[int, int], bool]:
    """Whether a cell, from 1, holds a formula."""
    book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
    sheet = book[title]
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=limits.SHEET_LINES_MAX, max_col=_COLUMNS_READ)
    found = {(cell.row, cell.column) for row in rows for cell in row if cell.data_type == "f"}
    return lambda row, column: (row, column) in found


def _lines(sheet: Any, looked: _Sheet, unanswered: Callable[[int, int], bool]) -> Iterator[Line]:
    sheet.reset_dimensions()  # what the sheet says of its own size need not be so
    carried = _Carried(looked.merged)
    count = 0
    rows = sheet.iter_rows(max_row=limits.SHEET_LINES_MAX, max_col=_COLUMNS_READ, values_only=not looked.formulas)
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        values = _values(row, number, unanswered) if looked.formulas else row
        if all(value is None for value in values):
            continue
        line = _line(number, carried.over(number, values))
        if line is None:
            continue
        count += 1
        if count > limits.ROWS_MAX + limits.HEADINGS_BY_LINE:
            raise too_long()
        yield line


class _NoAnswer:
    """In place of a formula's value that nobody has computed."""


def _values(row: Sequence[Any], number: int, unanswered: Callable[[int, int], bool]) -> list[Any]:
    found = []
    for column, cell in enumerate(row, 1):
        # A formula whose answer is the empty text has the type of a text; one without an answer that of a number.
        lacks = cell.value is None and cell.data_type == "n" and unanswered(number, column)
        found.append(_NoAnswer() if lacks else cell.value)
    return found


class _Carried:
    """A cell that reaches over several rows says the same for each of them: a household's number, an area."""

    def __init__(self, merged: Sequence[tuple[int, int, int, int]]) -> None:
        self._open = {
            (top, left): bottom for left, top, right, bottom in merged if bottom > top and left == right
        }  # what goes down one column; a title above all columns goes nowhere
        self._now: dict[int, tuple[int, Any]] = {}  # column -> until which row, and what

    def over(self, number: int, values: Sequence[Any]) -> Sequence[Any]:
        if not self._open:
            return values
        filled = list(values)
        for column, value in enumerate(values, 1):
            until = self._open.get((number, column))
            if until is not None:
                self._now[column] = (until, value)
            elif value is None and column in self._now and number <= self._now[column][0]:
                filled[column - 1] = self._now[column][1]
        return filled


def _line(number: int, values: Sequence[Any]) -> Line | None:
    wrong: dict[int, Words] = {}
    cells: list[str] = []
    for column, value in enumerate(values):
        text, trouble = _text(value)
        cells.append(text)
        if trouble is not None:
            wrong[column] = trouble
    return trimmed(number, cells, wrong)


def _text(value: Any) -> tuple[str, Words | None]:
    """A cell's value as people read it, or why it has none."""
    if isinstance(value, str):
        wrong = (f"公式出错：{value}", f"a formula's error: {value}") if value in ERROR_CODES else None
        return ("", wrong) if wrong else short(texts.plain(value))
    if isinstance(value, _NoAnswer):
        return "", (
            "公式没有结果；请在 Excel 里打开、保存后再导入，或改成数值",
            "a formula without a result: open and save it in Excel, or write the value",
        )
    if isinstance(value, bool):
        return ("是" if value else "否"), None
    if isinstance(value, int | float):
        return _number(value)
    return ("" if value is None else _moment(value)), None


def _number(value: float) -> tuple[str, Words | None]:
    if value != value or abs(value) >= _EXACT_MAX:  # noqa: PLR0124 what is no number differs from itself
        return "", (
            "数字太长，Excel 已丢掉后面的位数；请把这一列设为“文本”重新填",
            "so long a number has lost its last digits in Excel: make the column text and write it again",
        )
    return (str(int(value)) if value == int(value) else repr(value)), None


def _moment(value: date | datetime | time | timedelta) -> str:
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _notes(sheets: Sequence[Any], seen: Sequence[Any], looked: _Sheet) -> tuple[Words, ...]:
    found: list[Words] = []
    if len(sheets) > 1:
        title = seen[0].title
        found.append(
            (
                f"只读第一个看得见的工作表“{title}”，共 {len(sheets)} 个",
                f"only the first sheet that can be seen, {title}",
            )
        )
    if any(bottom > top and left == right for left, top, right, bottom in looked.merged):
        found.append(("合并的单元格按每行都填了处理", "cells merged over rows count for each of the rows"))
    return tuple(found)
