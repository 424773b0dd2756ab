"""One search over everything that has a name: what is typed is found, what is not to be seen is not."""

import random
import time
from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.store import devices, households, people, places, searching, vehicles
from hub_server.store.reach import EVERYWHERE, Reach, of_areas
from hub_server.store.searching import FOUND_MAX, Found
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner

NOW_US = 1_795_471_200_000_000
PEOPLE, HOUSEHOLDS, VEHICLES = 30_000, 10_000, 8_000


def person(db: Database, id: str, name: str, **given: Any) -> None:  # noqa: A002 a column
    people.create(db, id=id, name=name, now_us=NOW_US, **{"address": "", "phone": "", "note": ""} | given)


def car(db: Database, plate: str, label: str, household: int | None = None) -> None:
    given = {"valid_from_us": None, "valid_until_us": None, "by": "王", "now_us": NOW_US}
    row = vehicles.add(db, plate=plate, owner=Owner.HOUSEHOLD, label=label, **given)  # type: ignore[arg-type]
    if household is not None:
        vehicles.join(db, row.id, household=household, by="王", now_us=NOW_US)


def furnish(db: Database) -> None:
    person(db, "p-li", "李秀兰", phone="138 0013-0001", address="桂花村 3 组 12 号", area="桂花村")
    person(db, "p-shan", "单田芳", area="柳荫村", address="柳荫村 50%_号")
    person(db, "p-gone", "李秀兰", area="桂花村")
    people.remove(db, "p-gone", by="王", now_us=NOW_US)
    households.create(db, number="H-77", address="桂花村 3 组 12 号", area="桂花村", now_us=NOW_US)
    car(db, "粤B12345", "三组老李", 1)
    places.create(db, name="东大门", area="桂花村", now_us=NOW_US)
    devices.create(db, id="east-gate", place="东大门", area="桂花村", now_us=NOW_US)


def find(store: Store, typed: str, reach: Reach = EVERYWHERE) -> Found:
    with store.read() as db:
        return searching.find(db, typed, reach=reach)


def names(found: Found) -> list[str]:
    return [
        *(one.id for one in found.people),
        *(one.number for one in found.households),
        *(one.plate for one in found.vehicles),
        *(one.name for one in found.places),
        *(one.id for one in found.devices),
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("李秀", ["p-li"]),
        ("lixiu", ["p-li"]),
        ("LXL", ["p-li"]),
        ("li xiu lan", ["p-li"]),
        ("xiulan", ["p-li"]),
        ("stf", ["p-shan"]),
        ("dantian", ["p-shan"]),
        ("13800130001", ["p-li"]),
        ("138 0013", ["p-li"]),
        ("0001", ["p-li"]),
        ("p-li", ["p-li"]),
        ("3 组 12", ["p-li", "H-77"]),
        ("h-77", ["H-77"]),
        ("粤b·12345", ["粤B12345"]),
        ("b1234", ["粤B12345"]),
        ("老李", ["粤B12345"]),
        ("大门", ["东大门", "east-gate"]),
        ("east", ["east-gate"]),
        ("ｅａｓｔ", ["east-gate"]),
        ("没有这个人", []),
        ("", []),
        ("   ", []),
    ],
)
def test_what_is_typed_is_found(store: Store, typed: str, expected: list[str]) -> None:
    store.write(furnish)
    assert names(find(store, typed)) == expected


@pytest.mark.parametrize(
    ("typed", "expected"), [("%", ["p-shan"]), ("_", ["p-shan"]), ("50%_", ["p-shan"]), ("5_%", []), ("\\", [])]
)
def test_the_signs_of_a_pattern_are_signs_like_others(store: Store, typed: str, expected: list[str]) -> None:
    store.write(furnish)
    assert names(find(store, typed)) == expected


def test_nothing_beyond_ones_reach_is_found(store: Store) -> None:
    store.write(furnish)
    with store.read() as db:
        willow, cassia, nowhere = (of_areas(db, areas) for areas in (["柳荫村"], ["桂花村"], []))
    assert names(find(store, "12", cassia)) == ["p-li", "H-77", "粤B12345"]
    assert names(find(store, "12", willow)) == []
    for typed in ("李", "大门", "b123", "H-77", "e"):
        assert names(find(store, typed, nowhere)) == []


def test_there_are_at_most_ten_of_each_and_names_that_begin_so_come_first(store: Store) -> None:
    def many(db: Database) -> None:
        for n in range(15):
            person(db, f"p-{n:02}", f"欧阳安{n}")
        person(db, "p-an", "安静")

    store.write(many)
    found = find(store, "安")
    assert len(found.people) == FOUND_MAX
    assert found.people[0].id == "p-an"


@pytest.mark.parametrize("typed", ["'; DROP TABLE people; --", "\x00", "𠮷" * 100, "a" * 10_000, "%" * 60])
def test_whatever_is_typed_is_only_words(store: Store, typed: str) -> None:
    store.write(furnish)
    find(store, typed)
    assert names(find(store, "lxl")) == ["p-li"]


@pytest.mark.slow
def test_a_search_in_a_large_office_answers_within_100_ms(store: Store) -> None:
    chance = random.Random(7)

    def fill(db: Database) -> None:
        for n in range(HOUSEHOLDS):
            households.create(
                db, number=f"H{n:05}", address=f"桂花村 {n % 30} 组 {n} 号", area=f"村{n % 10}", now_us=NOW_US
            )
        for n in range(PEOPLE):
            name = chance.choice("李王张刘陈杨赵黄周吴单曾") + "".join(chance.sample("秀兰明芳建国伟丽敏静军洋", 2))
            phone = f"138 {n % 10_000:04} {n * 7 % 10_000:04}"
            person(db, f"p-{n:05}", name, phone=phone, address=f"桂花村 {n % 30} 组 {n} 号", area=f"村{n % 10}")
        for n in range(VEHICLES):
            car(db, f"粤B{n:05}", f"{n} 户", n + 1)

    store.write(fill)
    with store.read() as db:
        village = of_areas(db, ["村3"])
    slowest_ms: dict[str, float] = {}
    for typed in ("李", "l", "lxl", "lixiulan", "1380", "桂花村", "b01", "没有", "0", "12"):
        for reach in (EVERYWHERE, village):
            times = []
            for _ in range(5):
                began_s = time.perf_counter()
                find(store, typed, reach)
                times.append((time.perf_counter() - began_s) * 1000)
            slowest_ms[typed] = max(slowest_ms.get(typed, 0), min(times))  # what else the machine does is not ours
    assert max(slowest_ms.values()) <= 100, slowest_ms
