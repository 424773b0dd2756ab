"""Tables out: XLSX and CSV whose cells no spreadsheet takes for formulas. Rows come one by one and go the same way."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final

from hub_server.tables.texts import DANGEROUS

Cell = str | int | None
CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BOM: Final = "\ufeff"  # without it Excel takes UTF-8 for the machine's own encoding
_CSV_CHUNK_CHARS: Final = 64 * 1024
# XML has no place for them, whoever typed them.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def disarmed(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula, now or when it is saved as CSV later."""
    return f"'{text}" if text.lstrip(" \u3000")[:1] in tuple(DANGEROUS) else text


def csv_of(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, lines end as in RFC 4180."""
    buffer = io.StringIO(_BOM)
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
        if buffer.tell() > _CSV_CHUNK_CHARS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_to(
    file: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str, widths: Sequence[int]
) -> None:
    """One sheet with its heading row frozen; texts are texts whatever they look like. `widths` in characters.

    Raises TableError beyond XLSX_ROWS_MAX rows.
    """
    from hub_server.tables import workbook_writing  # noqa: PLC0415 openpyxl takes 20 MB, when it is first needed

    workbook_writing.xlsx_to(file, headings, rows, title=title, widths=widths)


def _csv_cell(cell: Cell) -> Cell:
    return disarmed(NOT_XML.sub("", cell)) if isinstance(cell, str) else cell
