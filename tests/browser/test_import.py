"""The village's own list, as Excel saves it in China: what is wrong is said by row, and nothing half comes in."""

import secrets
from pathlib import Path

import pytest
from accessibility import keeps_nobody_out
from office_hub import OfficeHub
from playwright.sync_api import expect
from screen import Screen

HEADINGS = "姓名,出生日期,电话,村/社区,网格,住址,守望小时"


def table(path: Path, rows: list[str]) -> Path:
    path.write_bytes("\r\n".join([HEADINGS, *rows, ""]).encode("gbk"))
    return path


def bring(screen: Screen, file: Path) -> None:
    page = screen.page
    screen.open("/imports")
    page.get_by_label("居民", exact=False).first.check()
    page.get_by_label("选一个文件").set_input_files(file)
    screen.touch(page.get_by_role("button", name="检查表格"))
    screen.wait_for_path("/imports/[0-9]+")


@pytest.fixture
def village() -> str:
    return f"河西村{secrets.randbelow(10_000)}"


def people_of(office: OfficeHub, village: str) -> list[str]:
    found = office.api.items("/api/v1/people?limit=500")
    return sorted(str(person["name"]) for person in found if person["area"] == village)


def test_a_table_with_mistakes_changes_nothing_and_mended_comes_in(
    screen: Screen, office: OfficeHub, tmp_path: Path, village: str
) -> None:
    page = screen.page
    one, two, three = ("李秀兰", "张国强", "王桂英") if screen.on_phone else ("陈秀英", "周德明", "何玉珍")
    right = f"{one},1943-05-06,138 0013 0001,{village},{village}第一网格,3 组 12 号,24"
    old = f"{two},1950年13月2日,138 0013 0002,{village},{village}第一网格,3 组 14 号,"
    nobody = f",1951-01-02,138 0013 0003,{village},{village}第二网格,4 组 1 号,一天"
    bring(screen, table(tmp_path / "居民.csv", [right, old, nobody]))
    expect(page.get_by_role("status").first).to_contain_text("2 行有错，所以一行也没有导入")
    wrong = page.locator("table.mistakes")
    expect(wrong).to_contain_text("出生日期")
    expect(wrong.get_by_role("row").filter(has_text="姓名")).to_contain_text("4")
    expect(page.get_by_role("button", name="导入")).to_have_count(0)
    keeps_nobody_out(page)
    assert people_of(office, village) == []
    screen.picture("import-1-mistakes")

    mended = [old.replace("13月", "3月"), nobody.replace(",1951", f"{three},1951").replace("一天", "12")]
    bring(screen, table(tmp_path / "居民（改好）.csv", [right, *mended]))
    expect(page.get_by_role("status").first).to_contain_text("表格没有错")
    expect(page.get_by_role("status").first).to_contain_text(village)
    keeps_nobody_out(page)
    screen.picture("import-2-preview")
    assert people_of(office, village) == [], "only shown so far"
    screen.touch(page.get_by_role("button", name="导入：新增 3 人"))
    expect(page.get_by_role("status").first).to_contain_text("已导入")
    screen.picture("import-3-done")
    assert people_of(office, village) == sorted([one, two, three])
    screen.touch(page.get_by_role("link", name="看居民"))
    screen.wait_for_path("/people")


def test_what_is_no_table_is_refused_in_words(screen: Screen, tmp_path: Path) -> None:
    page = screen.page
    file = tmp_path / "照片.xlsx"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    screen.expect("status of 4(00|13|15|22)")
    screen.open("/imports")
    page.get_by_label("选一个文件").set_input_files(file)
    screen.touch(page.get_by_role("button", name="检查表格"))
    expect(page.locator("[data-field=file] .wrong")).not_to_be_empty()
    assert screen.path == "/imports"
    screen.picture("import-4-no-table")
