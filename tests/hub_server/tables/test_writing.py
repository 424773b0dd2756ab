"""What goes out is no formula anywhere, and comes back as it went."""

import csv
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_server.tables import limits, texts, writing
from hub_server.tables.errors import TableError
from hub_server.tables.reading import read

EVIL = [
    "=1+1",
    "+86 138 0013 0001",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    " =cmd|' /C calc'!A0",
    "\u3000=1",
    '=HYPERLINK("http://evil","x")',
    "#N/A",
    "#REF!",
]


def workbook(*rows: list[str | int | None]) -> bytes:
    file = io.BytesIO()
    writing.xlsx_to(file, ["甲", "乙"], rows, title="居民/[1]", widths=[10, 20])
    return file.getvalue()


def csv_rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_that_goes_out_is_a_formula_to_openpyxl_or_to_whoever_opens_the_csv(evil: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook([evil, 1]))).active
    assert sheet["A2"].data_type == "s"
    for shown in (str(sheet["A2"].value), csv_rows(b"".join(writing.csv_of(["甲"], [[evil]])))[1][0]):
        assert shown.lstrip(" \u3000")[0] not in texts.DANGEROUS


@pytest.mark.parametrize("evil", EVIL)
def test_what_was_disarmed_comes_back_as_it_was(evil: str) -> None:
    if evil.startswith("#"):
        return  # an error of a spreadsheet is one when it comes back
    for data in (workbook([evil, "x"]), b"".join(writing.csv_of(["甲", "乙"], [[evil, "x"]]))):
        assert read(data).lines[1].cells == (texts.plain(evil), "x")


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_whatever_people_wrote_goes_out_and_opens(text: str) -> None:
    opened = openpyxl.load_workbook(io.BytesIO(workbook([text, None]))).active
    assert opened["A2"].data_type in {"s", "n"}
    (row,) = csv_rows(b"".join(writing.csv_of(["甲"], [[text]])))[1:] or [[""]]
    assert not row or not row[0].startswith(tuple("=+-@"))


def test_the_heading_row_is_frozen_and_columns_have_their_widths() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(["a", 1]))).active
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["B"].width == 20
    assert sheet["A1"].font.bold
    assert sheet["B2"].value == 1


def test_a_csv_says_that_it_is_utf_8() -> None:
    assert b"".join(writing.csv_of(["姓名"], [])).startswith(b"\xef\xbb\xbf\xe5\xa7\x93")


def test_rows_go_out_as_they_come_in_pieces_and_not_all_at_once() -> None:
    drawn = 0

    def rows() -> object:
        nonlocal drawn
        for drawn in range(1, 200_001):
            yield ["李秀兰" * 10, drawn]

    pieces = writing.csv_of(["a", "b"], rows())  # type: ignore[arg-type] # a generator of lists
    assert len(next(pieces)) < 1024 * 1024
    assert drawn < 10_000


def test_a_workbook_takes_no_more_rows_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "XLSX_ROWS_MAX", 3)
    row: list[str | int | None] = ["a", 1]
    workbook(row, row, row)
    with pytest.raises(TableError, match="CSV"):
        workbook(row, row, row, row)
