"""Tables as answers: CSV row by row, XLSX by way of a file on the disk; the memory stays flat either way."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final
from urllib.parse import quote

from flask import Response

from hub_server.tables import limits, writing
from hub_server.tables.errors import TableError
from hub_server.tables.table import Form
from hub_server.tables.writing import Cell
from hub_server.web.decode import turn
from hub_server.web.problems import invalid

_CHUNK_BYTES: Final = 64 * 1024


def attached(
    form: Form,
    name: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    widths: Sequence[int],
) -> Response:
    """A file of this name, without its ending, to be kept. Raises ProblemError (422: too many rows for a workbook).

    `rows` may be read after the view has returned: it must not need the request.
    """
    if form is Form.CSV:
        response = Response(writing.csv_of(headings, rows), content_type=writing.CSV_TYPE)
    else:
        response = Response(_workbook(name, headings, rows, widths), content_type=writing.XLSX_TYPE)
    ending = f"{name}.{form.value}"
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(ending)}"
    return response


def _workbook(
    name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int]
) -> Iterator[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 closed when it is sent
    try:
        with turn(limits.FILE_BYTES_MAX):
            writing.xlsx_to(file, headings, rows, title=name, widths=widths)
    except TableError as error:
        file.close()
        raise invalid({"form": str(error)}) from error
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return _sent(file)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
