"""What columns are called, what cells mean, and what is told of both."""

from typing import Any

import pytest
from books import book

from hub_server.store.care import Care
from hub_server.store.people import PersonKind
from hub_server.store.vehicles import Owner
from hub_server.tables import template, values
from hub_server.tables.checking import Checked, check
from hub_server.tables.columns import COLUMNS, Kind
from hub_server.tables.errors import TableError, WrongCellError
from hub_server.tables.reading import read

HOUR_S = 3600


def checked(text: str, kind: Kind = Kind.PEOPLE) -> Checked:
    return check(read(text.encode()), kind)


def said(text: str, kind: Kind = Kind.PEOPLE) -> dict[str, Any]:
    (row,) = checked(text, kind).rows
    return dict(row.values)


def wrong(text: str, kind: Kind = Kind.PEOPLE) -> list[tuple[int, str]]:
    found = checked(text, kind).mistakes
    assert all(one.zh and one.en for one in found)
    return [(one.row, one.column) for one in found]


@pytest.mark.parametrize("kind", Kind)
def test_the_template_is_understood_whole_and_its_example_is_never_taken_over(kind: Kind) -> None:
    empty = book(template.headings(kind), template.example(kind))
    with pytest.raises(TableError, match="没有数据"):
        check(read(empty), kind)
    filled = template.example(kind)
    real = [cell.removesuffix("（示例）") for cell in filled]
    found = check(read(book(template.headings(kind), filled, real)), kind)
    assert set(found.layout.columns) == {column.name for column in COLUMNS[kind]}
    assert not found.layout.unknown
    assert not found.mistakes, "the example shows how it is done right"
    assert [row.number for row in found.rows] == [3]
    assert ("跳过了模板里的示例行", "the template's example row is left out") in found.notes


@pytest.mark.parametrize("kind", Kind)
def test_every_name_of_a_column_means_that_column(kind: Kind) -> None:
    must = next(column for column in COLUMNS[kind] if column.must)
    for column in COLUMNS[kind]:
        for heading in (column.zh, column.en, f"{column.zh}*", f" {column.zh}（必填）：", *column.others):
            found = check(read(f"{must.zh},{heading}\n粤B12345,\n".encode()), kind).layout if column != must else None
            if found is not None:
                assert column.name in found.columns, heading


def test_headings_may_stand_below_a_title() -> None:
    found = checked("桂花村居民登记表,,\n制表：王敏,2026年,\n姓名,电话,住址\n李秀兰,13800130001,3 组\n")
    assert found.layout.head.number == 3
    assert [row.number for row in found.rows] == [4]


def test_what_is_not_read_is_told_and_nothing_of_it_kept() -> None:
    found = checked("姓名,身份证号,电话,手机,爱好,\n李秀兰,440100194803051234,138 0013 0001,139,象棋,多出来的\n")
    assert found.layout.unknown == ("身份证号", "爱好")
    notes = "；".join(zh for zh, _ in found.notes)
    assert "身份证" in notes
    assert "“手机”与前面的列重复" in notes
    assert "F 列没有表头" in notes
    assert found.rows[0].values == {"name": "李秀兰", "phone": "138 0013 0001"}


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "电话,住址\n138,村\n"])
def test_a_table_without_what_it_must_have_is_refused(text: str) -> None:
    with pytest.raises(TableError, match="姓名"):
        checked(text)


def test_a_row_says_what_its_cells_mean() -> None:
    assert said(
        "编号,姓名,性质,社区,网格,户号,与户主关系,住址,电话,生日,关爱类型,家属,家属关系,家属电话,备注,守望小时\n"
        "p-li,李秀兰,流动人口,桂花村,第1网格,3-12,户主,3 组,１３８００１３０００１,1948年3月5日,独居、残疾人/低保,李明,"
        "女儿,010-6666 0001 转 8,怕狗,24 小时\n"
    ) == {
        "id": "p-li",
        "name": "李秀兰",
        "kind": "tenant",
        "area": "桂花村",
        "grid": "第1网格",
        "household": "3-12",
        "relation": "户主",
        "address": "3 组",
        "phone": "13800130001",
        "born": "1948-03-05",
        "care": ["disabled", "lives_alone", "poor"],
        "contact_name": "李明",
        "contact_relation": "女儿",
        "contact_phone": "010-6666 0001 转 8",
        "note": "怕狗",
        "watch_hours": 24 * HOUR_S,
    }


@pytest.mark.parametrize(
    "day", ["1948-03-05", "1948/3/5", "1948.3.5", "1948年3月5日", "1948年03月05日", "19480305", "1948-03-05 00:00:00"]
)
def test_days_are_read_as_people_write_them(day: str) -> None:
    assert said(f"姓名,出生日期\n李,{day}\n")["born"] == "1948-03-05"


@pytest.mark.parametrize("day", ["1950-02-30", "1948-13-01", "3/5/1948", "48-3-5", "1948", "五月"])
def test_what_is_no_day_is_a_mistake_of_its_row(day: str) -> None:
    assert wrong(f"姓名,出生日期\n李,{day}\n") == [(2, "born")]


@pytest.mark.parametrize("phone", ["无", "12", "138****0001", "a138"])
def test_what_is_no_telephone_is_a_mistake(phone: str) -> None:
    assert wrong(f"姓名,电话\n李,{phone}\n") == [(2, "phone")]


@pytest.mark.parametrize(
    ("heading", "cell", "column"),
    [
        ("住址", "桂花村…", "address"),
        ("备注", "…", "note"),
        ("性质", "村长", "kind"),
        ("关爱类型", "独居、抑郁", "care"),
        ("守望小时", "一天", "watch_hours"),
        ("守望小时", "721", "watch_hours"),
        ("编号", "李 秀兰", "id"),
        ("家属电话", "13800130003", "contact_name"),
        ("户号", "3" * 41, "household"),
    ],
)
def test_cells_that_do_not_say_what_they_should_are_told_by_column(heading: str, cell: str, column: str) -> None:
    assert wrong(f"姓名,{heading}\n李,{cell}\n") == [(2, column)]


def test_every_mistake_of_a_table_is_told_at_once() -> None:
    text = "姓名,出生日期,电话\n,1948-03-05,138\n李,x,无\n王,1950-01-02,139\n"
    found = checked(text)
    assert wrong(text) == [(2, "name"), (3, "born"), (3, "phone")] or wrong(text) == [
        (2, "name"),
        (3, "phone"),
        (3, "born"),
    ]
    assert [row.number for row in found.rows] == [4]


def test_the_same_twice_is_told_with_the_row_that_came_first() -> None:
    assert wrong("编号,姓名\np-1,李\np-1,王\n") == [(3, "id")]
    twice = checked("姓名,电话,出生日期\n李,138,1948-03-05\n王,139,\n李,138,1948/3/5\n")
    (one,) = twice.mistakes
    assert (one.row, one.column) == (4, "name")
    assert "第 2 行" in one.zh
    assert wrong("姓名,电话\n李,138\n李,139\n") == [], "two of a name are two people"
    assert wrong("户号,住址\n3-1,a\n3-1,b\n", Kind.HOUSEHOLDS) == [(3, "number")]
    assert wrong("车牌,户号\n粤B12345,\n粤B·12345,\n", Kind.VEHICLES) == [(3, "plate")]


def test_a_vehicle_is_valid_until_the_end_of_its_last_day() -> None:
    found = said("车牌,有效期自,有效期至,车辆性质\n粤b·12345,2026-12-01,2026-12-01,访客\n", Kind.VEHICLES)
    assert (found["plate"], found["owner"]) == ("粤B12345", "visitor")
    assert found["valid_until"] - found["valid_from"] == 24 * HOUR_S * 1_000_000
    assert wrong("车牌,有效期自,有效期至\n粤B12345,2026-12-02,2026-12-01\n", Kind.VEHICLES) == [(2, "valid_until")]
    assert wrong("车牌,户号\n粤I12345,\n", Kind.VEHICLES) == [(2, "plate")]


def test_a_mistake_in_a_column_that_is_not_read_does_not_matter() -> None:
    assert check(read(book(("姓名", "身份证号"), ("李", 440_100_194_803_051_234))), Kind.PEOPLE).mistakes == ()
    (one,) = check(read(book(("姓名", "电话"), ("李", 440_100_194_803_051_234))), Kind.PEOPLE).mistakes
    assert one.column == "phone"


def test_the_words_of_tables_are_those_of_the_store() -> None:
    assert set(values.KIND_WORDS.values()) == set(PersonKind)
    assert set(values.OWNER_WORDS.values()) == set(Owner)
    assert set(values.CARE_WORDS.values()) == set(Care)
    assert set(values.READERS) >= {column.name for columns in COLUMNS.values() for column in columns}


def test_a_wrong_cell_says_so_in_both_languages() -> None:
    with pytest.raises(WrongCellError) as caught:
        values.day("x")
    zh, en = caught.value.words
    assert "1948-03-05" in zh
    assert "1948-03-05" in en


def test_a_device_is_read_as_technicians_write_it() -> None:
    headings = "点位编号,安装位置,所属社区,类型,摄像机,继电器"
    found = said(f"{headings}\ngate-east,桂花村东门,桂花村,道闸,CSI,GPIO17\n", Kind.DEVICES)
    assert found == {
        "device": "gate-east",
        "place": "桂花村东门",
        "area": "桂花村",
        "point_kind": "barrier",
        "camera": "picamera2",
        "relay": "gpio:17",
    }
    found = said("name,location,kind,camera,relay\ndoor-1,west,clinic,rtsp://u:p@192.0.2.1/a?b=1,无\n", Kind.DEVICES)
    assert (found["point_kind"], found["camera"], found["relay"]) == ("clinic", "rtsp://u:p@192.0.2.1/a?b=1", "")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("Gate East,东门,,,", "device"),
        ("../x,东门,,,", "device"),
        ("-gate,东门,,,", "device"),
        ("hub,东门,,,", "device"),
        (f"{'g' * 64},东门,,,", "device"),
        ("g,=HYPERLINK(1),,,", "place"),
        ("g,'=1+1,,,", "place"),
        ("g,＝1+1,,,", "place"),
        ("g,@SUM(A1),,,", "place"),
        (f"g,{'门' * 201},,,", "place"),
        ("g,东门,城堡,,", "point_kind"),
        ("g,东门,,ftp://x/y,", "camera"),
        ("g,东门,,rtsp://,", "camera"),
        ("g,东门,,rtsp://a b,", "camera"),
        ("g,东门,,=1+1,", "camera"),
        (f"g,东门,,rtsp://{'a' * 500},", "camera"),
        ("g,东门,,,28", "relay"),
        ("g,东门,,,gpio:-1", "relay"),
        ("g,东门,,,usb:1", "relay"),
    ],
)
def test_a_cell_of_a_device_that_cannot_be_is_told_by_row_and_column(row: str, column: str) -> None:
    assert wrong(f"设备编号,地点,类型,摄像头,继电器\n{row}\n", Kind.DEVICES) == [(2, column)]


def test_a_device_stands_in_a_table_once() -> None:
    assert wrong("设备编号,地点\ng,东门\ng,西门\n", Kind.DEVICES) == [(3, "device")]
