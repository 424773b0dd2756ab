"""CSV: its encoding and delimiter found strictly, its records as lines."""

import codecs
import csv
import io
import re
from typing import Final

from hub_server.tables import limits, texts
from hub_server.tables.errors import TableError, Words
from hub_server.tables.table import Form, Line, Table

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_GUESSES: Final = (("utf-8", "UTF-8"), ("gb18030", "GB18030"))
# GB18030 has a character for nearly every pair of bytes: what is no text shows by controls, private use, nonsense.
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ud800-\udfff\ue000-\uf8ff]")
_DELIMITERS: Final = ",;\t"
_SAID = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def read(data: bytes) -> Table:
    """Raises TableError."""
    text, encoding = _decoded(data)
    said = _SAID.match(text)
    delimiter = said.group(1) if said is not None else _delimiter(text)
    body = text[said.end() :] if said is not None else text
    return Table(form=Form.CSV, sheet="", encoding=encoding, lines=tuple(_lines(body, delimiter)))


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return _text(data, codec), name
    for codec, name in _GUESSES:
        try:
            return _text(data, codec), name
        except TableError:
            continue
    raise _no_text()


def _text(data: bytes, codec: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise _no_text() from error
    if _NO_TEXT.search(text):
        raise _no_text()
    return text


def _delimiter(text: str) -> str:
    """Which stands most often, outside quotes, in the first lines; the comma when none does."""
    head = _QUOTED.sub("", "\n".join(text.split("\n", limits.HEADINGS_BY_LINE)[: limits.HEADINGS_BY_LINE]))
    return max(_DELIMITERS, key=head.count)


def _lines(text: str, delimiter: str) -> list[Line]:
    found: list[Line] = []
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, record in enumerate(records, 1):
            line = _line(number, record)
            if line is not None:
                found.append(line)
            if len(found) > limits.ROWS_MAX + limits.HEADINGS_BY_LINE:
                raise too_long()
    except csv.Error as error:
        raise TableError(
            f"第 {number + 1} 行的引号不成对，或一格太长",
            f"row {number + 1}: a quotation mark without its twin ({error})",
        ) from error
    return found


def _line(number: int, record: list[str]) -> Line | None:
    wrong: dict[int, Words] = {}
    cells: list[str] = []
    for column, raw in enumerate(record):
        text, trouble = short(texts.plain(raw))
        cells.append(text)
        if trouble is not None:
            wrong[column] = trouble
    return trimmed(number, cells, wrong)


def short(text: str) -> tuple[str, Words | None]:
    """The text, or why it is too long."""
    if len(text) <= limits.CELL_CHARS_MAX:
        return text, None
    return "", (f"一格超过 {limits.CELL_CHARS_MAX} 个字", f"over {limits.CELL_CHARS_MAX} characters in one cell")


def trimmed(number: int, cells: list[str], wrong: dict[int, Words]) -> Line | None:
    """Without the empty cells at its end; None: there is nothing in it. Raises TableError (too many columns)."""
    width = max([column + 1 for column, text in enumerate(cells) if text] + [column + 1 for column in wrong], default=0)
    if width > limits.COLUMNS_MAX:
        raise TableError(f"超过 {limits.COLUMNS_MAX} 列", f"more than {limits.COLUMNS_MAX} columns")
    return Line(number=number, cells=tuple(cells[:width]), wrong=wrong) if width else None


def too_long() -> TableError:
    return TableError(
        f"超过 {limits.ROWS_MAX} 行；请分几次导入", f"more than {limits.ROWS_MAX} rows: bring them in parts"
    )


def _no_text() -> TableError:
    return TableError(
        "看不懂这个文件的文字编码；请用 Excel 另存为 .xlsx，或存为 UTF-8、GBK 的 CSV",
        "the text's encoding is not known: save it as .xlsx, or as CSV in UTF-8 or GBK",
    )
