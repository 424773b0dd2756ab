"""Whatever somebody brings becomes a table, or one sentence that says why it does not."""

import contextlib
import io
import os
import re
import struct
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from books import book, repacked
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_server.tables import limits
from hub_server.tables.errors import TableError
from hub_server.tables.reading import read
from hub_server.tables.table import Form, Table

HEAD = ("姓名", "电话", "出生日期")
TEXT = "姓名,电话\r\n李秀兰,138 0013 0001\r\n"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def cells(table: Table) -> list[tuple[str, ...]]:
    return [line.cells for line in table.lines]


def shared() -> bytes:
    """A workbook whose texts stand in a part of their own, as Excel writes them, one of them with two fonts."""
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = '<sst xmlns="%s"><si><t>姓名</t></si><si><r><t>李</t></r><r><t>兰</t></r></si></sst>'.encode()
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    relation = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"

    def sheet(text: bytes) -> bytes:
        return text.replace(b'<c r="A1" t="inlineStr"><is><t>a</t></is>', b'<c r="A1" t="s"><v>0</v>').replace(
            b'<c r="A2" t="inlineStr"><is><t>b</t></is>', b'<c r="A2" t="s"><v>1</v>'
        )

    return repacked(
        book(("a",), ("b",), ("c",)),
        {
            SHEET: sheet,
            STRINGS: strings % main,
            "[Content_Types].xml": lambda text: text.replace(
                b"</Types>", b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
            ),
            "xl/_rels/workbook.xml.rels": lambda text: text.replace(
                b"</Relationships>",
                b'<Relationship Id="rId99" Type="%s" Target="sharedStrings.xml"/></Relationships>' % relation,
            ),
        },
    )


def refusal(data: bytes) -> TableError:
    with pytest.raises(TableError) as caught:
        read(data)
    assert caught.value.zh
    assert caught.value.en
    assert caught.value.zh != caught.value.en
    return caught.value


@pytest.mark.parametrize(
    ("codec", "named"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("gbk", "GB18030"),
        ("gb18030", "GB18030"),
    ],
)
def test_a_csv_is_read_in_the_encodings_that_offices_save(codec: str, named: str) -> None:
    table = read(TEXT.encode(codec))
    assert (table.form, table.encoding) == (Form.CSV, named)
    assert cells(table) == [("姓名", "电话"), ("李秀兰", "138 0013 0001")]


def test_utf_16_of_the_other_byte_order_is_read_too() -> None:
    assert cells(read(b"\xfe\xff" + TEXT.encode("utf-16-be")))[1][0] == "李秀兰"


def test_a_rare_character_of_gb18030_comes_through() -> None:
    assert cells(read("姓名\n李𠮷\n".encode("gb18030")))[1] == ("李𠮷",)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00\xd8\x41",  # UTF-16 that breaks off
        TEXT.encode("utf-16-le"),  # without its mark
        b"\xef\xbb\xbf\xff\xff",
        bytes(range(1, 256)) * 4,
        b"a,b\n1,\x00\n",
        os.urandom(4096),
    ],
)
def test_bytes_that_are_no_text_are_no_csv(data: bytes) -> None:
    assert "编码" in refusal(data).zh


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = f'姓名{delimiter}住址\n李秀兰{delimiter}"桂花村{delimiter} 3 组"\n'
    assert cells(read(text.encode()))[1] == ("李秀兰", f"桂花村{delimiter} 3 组".replace("\t", "").strip())


def test_excel_may_say_the_delimiter() -> None:
    assert cells(read("sep=;\r\n姓名;a,b,c\r\n李;1\r\n".encode())) == [("姓名", "a,b,c"), ("李", "1")]


def test_a_quotation_mark_without_its_twin_names_the_row() -> None:
    assert "第 2 行" in refusal('姓名,备注\n李,"独居\n王,好\n'.encode()).zh


def test_full_width_signs_and_strange_blanks_become_usual_ones() -> None:
    table = read("姓名,电话,住址\n 李\u3000秀兰\u200b ,１３８　００１３　０００１,桂花村（东）３组\n".encode())
    assert cells(table)[1] == ("李 秀兰", "138 0013 0001", "桂花村（东）3组")


def test_empty_lines_are_passed_over_and_rows_keep_their_number() -> None:
    table = read("姓名,电话\n,\n李,1\n\n王,2\n".encode())
    assert [(line.number, line.cells[0]) for line in table.lines] == [(1, "姓名"), (3, "李"), (5, "王")]


def test_a_workbook_gives_texts_numbers_and_days() -> None:
    table = read(
        book(
            HEAD,
            ("李秀兰", 13800130001, date(1948, 3, 5)),
            ("王建国", 1.3800130002e10, datetime(1950, 1, 2)),  # noqa: DTZ001 Excel has no zone
            ("赵", "０１０－１２", "1948年3月5日"),
            ("钱", 3.5, True),
        )
    )
    assert table.form is Form.XLSX
    assert cells(table)[1:] == [
        ("李秀兰", "13800130001", "1948-03-05"),
        ("王建国", "13800130002", "1950-01-02"),
        ("赵", "010－12", "1948年3月5日"),
        ("钱", "3.5", "是"),
    ]


def test_a_number_whose_last_digits_excel_has_lost_is_told() -> None:
    (line,) = read(book(("身份证号",), (440_000_194_803_051_234,))).lines[1:]
    assert line.cells == ("",)
    assert "丢" in line.wrong[0][0]


def test_texts_that_stand_in_a_part_of_their_own_are_read() -> None:
    assert cells(read(shared())) == [("姓名",), ("李兰",), ("c",)]


def test_dates_of_a_workbook_that_counts_from_1904_are_right() -> None:
    def since_1904(made: Any) -> None:
        from openpyxl.utils.datetime import CALENDAR_MAC_1904  # noqa: PLC0415 only here

        made.epoch = CALENDAR_MAC_1904

    assert cells(read(book(("a", "b"), ("李", date(1948, 3, 5)), change=since_1904)))[1][1] == "1948-03-05"


def test_a_formula_is_never_evaluated_and_without_its_result_a_mistake_of_its_row() -> None:
    table = read(book(HEAD, ("=1+1", "1", None), ("李", "2", None)))
    first, second = table.lines[1:]
    assert first.cells[1] == "1"
    assert "公式" in first.wrong[0][0]
    assert not second.wrong


def test_the_result_that_excel_kept_of_a_formula_is_its_value() -> None:
    def answered(sheet: bytes) -> bytes:
        assert b"<f>" in sheet
        return sheet.replace(
            b'<c r="A2"><f>B2&amp;1</f><v /></c>', b'<c r="A2" t="str"><f>B2&amp;1</f><v>\xe6\x9d\x8e</v></c>'
        ).replace(b'<c r="A3"><f>B2</f><v /></c>', b'<c r="A3" t="str"><f>B2</f><v></v></c>')

    table = read(repacked(book(HEAD, ("=B2&1", "1"), ("=B2", "2")), {SHEET: answered}))
    assert [line.cells for line in table.lines[1:]] == [("李", "1"), ("", "2")]
    assert not any(line.wrong for line in table.lines), "an empty text is an answer"


def test_an_error_in_a_cell_is_a_mistake_of_its_row() -> None:
    (line,) = read(book(HEAD, ("李", "#N/A"))).lines[1:]
    assert "#N/A" in line.wrong[1][0]


def test_the_first_sheet_that_can_be_seen_is_read_and_the_others_are_told() -> None:
    def more(made: Any) -> None:
        made.active.sheet_state = "hidden"
        made.create_sheet("居民").append(["姓名"])
        made.create_sheet("别的").append(["x"])

    table = read(book(("密",), change=more))
    assert (table.sheet, cells(table)) == ("居民", [("姓名",)])
    assert "居民" in table.notes[0][0]


def test_a_cell_merged_over_rows_counts_for_each_of_them() -> None:
    def merge(made: Any) -> None:
        made.active.merge_cells("A2:A4")
        made.active.merge_cells("A6:B6")

    rows = (("户号", "姓名"), ("3-12", "李"), (None, "王"), (None, "赵"), (None, "钱"), ("合计", None))
    table = read(book(*rows, change=merge))
    assert cells(table)[1:] == [("3-12", "李"), ("3-12", "王"), ("3-12", "赵"), ("", "钱"), ("合计",)]
    assert "合并" in table.notes[0][0]


def test_what_the_sheet_says_of_its_own_size_is_not_believed() -> None:
    def lie(sheet: bytes) -> bytes:
        return sheet.replace(b'<dimension ref="A1:A2"', b'<dimension ref="A1:XFD1048576"')

    assert cells(read(repacked(book(("姓名",), ("李",)), {SHEET: lie}))) == [("姓名",), ("李",)]


@pytest.mark.slow
@pytest.mark.parametrize("row", [b'r="99999999999"', b'r="1048577"'])
def test_a_row_beyond_what_excel_has_costs_seconds_and_not_minutes(row: bytes) -> None:
    def far(sheet: bytes) -> bytes:
        return sheet.replace(b'<row r="2"', b"<row " + row).replace(b'r="A2"', b"")

    began_s = time.process_time()
    with contextlib.suppress(TableError):
        assert len(read(repacked(book(("姓名",), ("李",)), {SHEET: far})).lines) <= 2
    assert time.process_time() - began_s < 60  # of the processor, under coverage too


@pytest.mark.slow
def test_a_formatted_row_at_the_very_end_is_no_row() -> None:
    def last(made: Any) -> None:
        made.active["A1048576"].number_format = "@"

    assert len(read(book(("姓名",), ("李",), change=last)).lines) == 2


def test_more_than_60_columns_are_refused() -> None:
    assert len(read(book(["x"] * limits.COLUMNS_MAX)).lines[0].cells) == limits.COLUMNS_MAX
    assert "60 列" in refusal(book(["x"] * 61)).zh
    assert "60 列" in refusal(",".join(["x"] * 61).encode()).zh


def test_a_cell_over_2000_characters_is_a_mistake_of_its_row() -> None:
    long = "守" * (limits.CELL_CHARS_MAX + 1)
    for data in (book(("备注",), (long,)), f"备注\n{long}\n".encode()):
        line = read(data).lines[1]
        assert line.cells == ("",)
        assert "2000" in line.wrong[0][0]


def test_more_than_20000_rows_are_refused_and_20000_are_not() -> None:
    rows = "".join(f"李{n}\n" for n in range(limits.ROWS_MAX))
    assert len(read(f"姓名\n{rows}".encode()).lines) == limits.ROWS_MAX + 1
    assert "20000 行" in refusal(f"姓名\n{rows}{rows}".encode()).zh


@pytest.mark.slow
def test_20000_rows_of_16_columns_in_a_workbook_are_read_within_limits() -> None:
    row = (
        "李秀兰",
        "常住",
        "桂花村",
        "桂花村第1网格",
        "3-12",
        "户主",
        "桂花村 3 组 12 号",
        13800130001,
        date(1948, 3, 5),
    )
    data = book(("姓名", *"abcdefgh"), *(row for _ in range(limits.ROWS_MAX)))
    assert len(read(data).lines) == limits.ROWS_MAX + 1


def test_an_empty_file_and_a_large_one_are_refused() -> None:
    assert "空" in refusal(b" \r\n").zh
    assert "10 MB" in refusal(b"a" * (limits.FILE_BYTES_MAX + 1)).zh


def test_old_excel_files_and_those_with_a_password_are_told_apart() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert ".xls" in refusal(ole).zh
    assert "密码" in refusal(ole + "EncryptedPackage".encode("utf-16-le")).zh


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\xef\xbb\xbf  <html><table><tr><td>1</table>", "网页"),
        (b"<!DOCTYPE html><p>", "网页"),
        (b'<?xml version="1.0"?><Workbook/>', "XML"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"MZ\x90\x00\x03", "程序"),
        (b"\x1f\x8b\x08\x00", "压缩"),
    ],
)
def test_what_is_no_table_is_called_by_its_name(data: bytes, said: str) -> None:
    assert said in refusal(data).zh


def test_macros_are_refused() -> None:
    assert "宏" in refusal(repacked(book(HEAD), {"xl/vbaProject.bin": b"Sub"})).zh

    def enabled(types: bytes) -> bytes:
        return types.replace(
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        )

    assert "宏" in refusal(repacked(book(HEAD), {"[Content_Types].xml": enabled})).zh


def test_a_file_that_is_two_things_at_once_is_refused() -> None:
    honest = book(HEAD)
    for data in (b"GIF89a" + honest, b"%PDF-1.4\n" + honest, honest + b"<script>alert(1)</script>", honest[:-30]):
        refusal(data)
    # A comment behind the directory would hide the rest.
    hidden = honest[:-2] + struct.pack("<H", 40) + b"<html><script>alert(1)</script></html>  "
    refusal(hidden)


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "不是 Excel" in refusal(file.getvalue()).zh


def test_a_zip_bomb_is_refused_without_being_unpacked() -> None:
    began_s = time.monotonic()
    bomb = repacked(book(HEAD), {SHEET: b"<row/>" + b" " * (120 * 1024 * 1024)})
    made_s = time.monotonic() - began_s
    assert len(bomb) < 1024 * 1024
    began_s = time.monotonic()
    assert "太大" in refusal(bomb).zh
    assert time.monotonic() - began_s < max(0.2, made_s / 4)


@pytest.mark.slow
def test_a_small_bomb_shows_by_its_ratio_and_one_in_the_styles_by_its_size() -> None:
    assert "太大" in refusal(repacked(book(HEAD), {SHEET: b" " * (20 * 1024 * 1024)})).zh
    many = b"".join(b"<a%d/>" % n for n in range(2_000_000))
    assert "太大" in refusal(repacked(book(HEAD), {"xl/styles.xml": many})).zh


def test_a_directory_that_understates_a_part_does_not_make_it_come_out() -> None:
    data = bytearray(repacked(book(HEAD), {SHEET: b"<x>" + b" " * (900 * 1024)}))
    place = data.rfind(b"PK\x01\x02")
    while place > 0 and data[place + 46 : place + 46 + len(SHEET)] != SHEET.encode():
        place = data.rfind(b"PK\x01\x02", 0, place)
    data[place + 24 : place + 28] = struct.pack("<I", 10)
    refusal(bytes(data))


def test_too_many_parts_and_two_of_a_name_are_refused() -> None:
    assert "部件" in refusal(repacked(book(HEAD), {f"x{n}": b"" for n in range(limits.PARTS_MAX + 1)})).zh
    assert "损坏" in refusal(repacked(book(HEAD), {SHEET.upper(): b"<worksheet/>"})).zh


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;"><!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;">]>"""


@pytest.mark.parametrize("part", [SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
def test_a_billion_laughs_is_refused_wherever_it_stands(part: str) -> None:
    def laugh(text: bytes) -> bytes:
        return LAUGHS + re.sub(rb"^<\?xml.*?\?>", b"", text)

    assert "不安全" in refusal(repacked(shared(), {part: laugh})).zh


@pytest.mark.parametrize("part", [SHEET, STRINGS])
def test_an_external_entity_is_refused(part: str) -> None:
    def steal(text: bytes) -> bytes:
        assert b"<t>" in text
        return b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + text.replace(b"<t>", b"<t>&e;")

    assert "不安全" in refusal(repacked(shared(), {part: steal})).zh


@pytest.mark.slow
def test_millions_of_empty_cells_are_refused_before_they_are_read() -> None:
    many = b"<row>" + b'<c r="A1"/>' * (limits.SHEET_CELLS_MAX + 1) + b"</row>"

    def fill(sheet: bytes) -> bytes:
        return sheet.replace(b"<sheetData>", b"<sheetData>" + many)

    data = repacked(book(HEAD), {SHEET: fill}, packed=zipfile.ZIP_STORED)
    if len(data) > limits.FILE_BYTES_MAX:  # packed as it would be sent
        data = repacked(
            book(HEAD), {SHEET: lambda sheet: fill(sheet) + b"<!--" + os.urandom(100_000).hex().encode() + b"-->"}
        )
    refusal(data)


def test_without_defusedxml_nothing_is_read() -> None:
    program = (
        "import sys; from hub_server.tables.reading import read; from hub_server.tables.errors import TableError\n"
        "try: read(sys.stdin.buffer.read())\nexcept TableError as error: print(error.en)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=book(HEAD),
        env={**os.environ, "OPENPYXL_DEFUSEDXML": "False"},
        capture_output=True,
        check=True,
    )
    assert b"without defusedxml" in done.stdout


@settings(max_examples=120, deadline=None)
@given(place=st.integers(0, 4000), noise=st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_read_or_refused_and_never_anything_else(place: int, noise: bytes) -> None:
    data = bytearray(book(HEAD, ("李秀兰", "138", "1948-03-05"), ("=1+1", None, None)))
    data[place : place + len(noise)] = noise
    with contextlib.suppress(TableError):
        read(bytes(data))


@settings(max_examples=60, deadline=None)
@given(
    old=st.sampled_from([b"<c ", b"<v>", b't="', b'r="', b'ref="', b"<row", b"</", b's="']), noise=st.binary(max_size=8)
)
def test_a_damaged_sheet_is_read_or_refused_and_never_anything_else(old: bytes, noise: bytes) -> None:
    data = repacked(book(HEAD, ("李", 1, date(1948, 3, 5))), {SHEET: lambda sheet: sheet.replace(old, old + noise, 2)})
    with contextlib.suppress(TableError):
        read(data)
