"""XLSX out. Apart, because openpyxl takes 20 MB: the hub that never writes a workbook does without it."""

import re
from collections.abc import Iterable, Sequence
from typing import IO, Any, Final

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from hub_server.tables import limits
from hub_server.tables.errors import TableError
from hub_server.tables.writing import NOT_XML, Cell, disarmed

_HEAD_FILL: Final = PatternFill("solid", fgColor="F3EEE2")


def xlsx_to(
    file: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str, widths: Sequence[int]
) -> None:
    """One sheet with its heading row frozen; texts are texts whatever they look like. `widths` in characters.

    Raises TableError beyond XLSX_ROWS_MAX rows.
    """
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31])
    sheet.freeze_panes = "A2"
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    try:
        _fill(sheet, headings, rows)
    except BaseException:
        sheet.close()
        sheet._writer.cleanup()  # noqa: SLF001 else what it has written lies in a temporary file until the end
        raise
    book.save(file)


def _fill(sheet: Any, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet.append([_heading(sheet, heading) for heading in headings])
    for count, row in enumerate(rows, 1):
        if count > limits.XLSX_ROWS_MAX:
            raise TableError(
                f"超过 {limits.XLSX_ROWS_MAX} 行，请导出为 CSV",
                f"more than {limits.XLSX_ROWS_MAX} rows: take them as CSV",
            )
        sheet.append([_xlsx_cell(sheet, cell) for cell in row])


def _xlsx_cell(sheet: object, cell: Cell) -> object:
    if not isinstance(cell, str):
        return cell
    text = disarmed(NOT_XML.sub("", cell))
    if not text.startswith("#"):  # the beginning of what openpyxl takes for an error
        return text or None
    written = WriteOnlyCell(sheet, value="")
    written.value, written.data_type = text, "s"
    return written


def _heading(sheet: object, heading: str) -> object:
    cell = WriteOnlyCell(sheet, value=heading)
    cell.font = Font(bold=True)
    cell.fill = _HEAD_FILL
    cell.alignment = Alignment(vertical="center")
    return cell
