"""Many devices from one sheet: all mistakes first, then all or nothing, whatever the file is."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from technician import Desk

HEAD = "设备编号,安装地点,社区/村,点位类型,摄像头,继电器"


def lines(prefix: str, count: int) -> str:
    rows = (f"{prefix}-{n},{n} 号门,桂花村,道闸,picamera2,17" for n in range(count))
    return "\n".join((HEAD, *rows)) + "\n"


@pytest.mark.parametrize(
    ("kind", "encode"),
    [
        ("gbk", lambda text: text.encode("gbk")),
        ("utf8", lambda text: text.encode("utf-8-sig")),
        ("utf16", lambda text: text.encode("utf-16")),
        ("tabs", lambda text: text.replace(",", "\t").encode()),
    ],
)
def test_a_sheet_of_any_encoding_becomes_devices_and_twice_is_once(
    desk: Desk, kind: str, encode: Callable[[str], bytes]
) -> None:
    sheet = desk.sheet(f"{kind}.csv", encode(lines(f"e-{kind}", 3)))
    done = desk.must("device", "add", "--sheet", sheet)
    assert {name: done[name] for name in ("sheet", "applied", "new", "update", "unchanged")} == {
        "sheet": f"{kind}.csv",
        "applied": True,
        "new": 3,
        "update": 0,
        "unchanged": 0,
    }
    shown = desk.must("device", "show", f"e-{kind}-1")
    assert (shown["device"]["place"], shown["profile"]["relay"]) == ("1 号门", "gpio:17")
    again = desk.must("device", "add", "--sheet", sheet)
    assert (again["applied"], again["unchanged"]) == (False, 3)


def test_english_headings_and_a_workbook_are_read_too(desk: Desk, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["name", "location", "kind", "camera"])
    sheet.append(["x-en-1", "East gate", "barrier", "rtsp://viewer:pw@192.0.2.20/main"])
    book.save(tmp_path / "points.xlsx")
    assert desk.must("device", "add", "--sheet", str(tmp_path / "points.xlsx"))["new"] == 1
    assert desk.must("device", "show", "x-en-1")["profile"]["camera"].startswith("rtsp://viewer:")


def test_every_mistake_is_told_by_its_row_and_nothing_is_taken_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (
        "m-good,好门,桂花村,门,,",
        "Gate B,门,桂花村,城堡,=1+1,99",
        "m-good,重复,,,,",
        "m-bare,,桂花村,门,,",
        'm-evil,=HYPERLINK("http://x"),桂花村,门,,',
    )
    sheet = desk.sheet("wrong.csv", "\n".join((HEAD, *rows)))
    told = desk.type("device", "add", "--sheet", sheet, "--json", "--yes")
    assert told.status == 1
    error = told.value["error"]
    assert error["code"] == "wrong_sheet"
    assert [(one["row"], one["column"]) for one in error["mistakes"]] == [
        (3, "device"),
        (3, "point_kind"),
        (3, "camera"),
        (3, "relay"),
        (4, "device"),
        (5, "place"),
        (6, "place"),
    ]
    assert desk.type("device", "show", "m-good").status == 1, "nothing was taken over"
    monkeypatch.setenv("SHOUWANG_LANG", "zh")
    told = desk.type("device", "add", "--sheet", sheet)
    assert "  第 4 行“设备编号”：与第 2 行重复\n" in told.out
    assert told.err == "provision: 4 行有错，没有导入任何一行；请在文件里改好，再做一次\n"


def test_a_formula_without_a_result_is_refused_and_one_with_a_result_is_a_value(desk: Desk, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["设备编号", "安装地点"])
    sheet.append(["f-1", '=HYPERLINK("http://example.org","门")'])
    book.save(tmp_path / "f.xlsx")
    told = desk.type("device", "add", "--sheet", str(tmp_path / "f.xlsx"), "--json", "--yes")
    assert [(one["row"], one["column"]) for one in told.value["error"]["mistakes"]] == [(2, "place")]


def test_what_changes_devices_that_are_there_is_named_and_asked_about(desk: Desk) -> None:
    desk.must("device", "add", "--sheet", desk.sheet("a.csv", lines("u", 2)))
    changed = desk.sheet("b.csv", f"{HEAD}\nu-0,新的门,,,,\nu-2,门,桂花村,,,\n")
    told = desk.type("device", "add", "--sheet", changed)
    assert (told.status, "row 2 u-0: there is such a device already" in told.out) == (1, True)
    assert "1 devices that are there change" in told.err
    assert desk.type("device", "show", "u-2").status == 1
    done = desk.must("device", "add", "--sheet", changed)
    assert (done["new"], done["update"]) == (1, 1)
    shown = desk.must("device", "show", "u-0")
    assert (shown["device"]["place"], shown["profile"]["relay"]) == ("新的门", "gpio:17")


def test_a_dry_run_tells_the_same_and_leaves_nothing_behind(desk: Desk) -> None:
    sheet = desk.sheet("dry.csv", lines("dry", 2))
    told = desk.type("device", "add", "--sheet", sheet, "--dry-run", "--json")
    assert (told.status, told.value["new"], told.value["applied"]) == (0, 2, False)
    assert desk.type("device", "show", "dry-0").status == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "file"),
        (b"\x00\x01\x02\x03" * 100, "file"),
        (b"PK\x03\x04 not a workbook", "file"),
        ("姓名,电话\n李,1\n".encode(), "设备编号"),
        (f"{HEAD}\n".encode(), "below the headings"),
    ],
)
def test_a_file_that_is_no_sheet_of_devices_is_refused_in_a_sentence(desk: Desk, content: bytes, said: str) -> None:
    told = desk.type("device", "add", "--sheet", desk.sheet("odd.csv", content))
    assert told.status == 1
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_file_that_is_too_large_never_leaves(desk: Desk) -> None:
    told = desk.type("device", "add", "--sheet", desk.sheet("large.csv", b"x" * (10 * 1024 * 1024 + 1)))
    assert (told.status, "more than 10 MB" in told.err) == (2, True)


def test_the_template_is_filled_in_and_taken_back(desk: Desk, tmp_path: Path) -> None:
    for name in ("t.xlsx", "t.csv"):
        desk.must("device", "add", "--template", str(tmp_path / name))
    assert (tmp_path / "t.xlsx").read_bytes().startswith(b"PK")
    with (tmp_path / "t.csv").open("a", encoding="utf-8") as file:
        file.write("t-1,门,桂花村,,道闸,picamera2,\n")
    done = desk.must("device", "add", "--sheet", str(tmp_path / "t.csv"))
    assert done["new"] == 1, "the example row is left out"


@pytest.mark.slow
def test_10000_devices_of_which_half_are_wrong_are_all_told(desk: Desk) -> None:
    rows = (f"big-{n},门,桂花村,{'城堡' if n % 2 else '道闸'},," for n in range(10_000))
    told = desk.type("device", "add", "--sheet", desk.sheet("big.csv", "\n".join((HEAD, *rows))), "--json", "--yes")
    mistakes = told.value["error"]["mistakes"]
    assert (told.status, len(mistakes)) == (1, 5000)
    assert mistakes[-1]["row"] == 10_001
    assert {one["column"] for one in mistakes} == {"point_kind"}
    assert sys.getsizeof(told.err) < 100_000, "people are told the first 200"
