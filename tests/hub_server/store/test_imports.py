"""A table is taken over whole or not at all, and does what its preview said or nothing."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.store import (
    areas,
    directory,
    histories,
    households,
    import_people_apply,
    imports,
    people,
    recipients,
    vehicles,
    watches,
)
from hub_server.store.areas import AreaKind
from hub_server.store.errors import ConflictingChangeError, NotFoundError
from hub_server.store.import_plans import Does, ImportRow, Mistake, Plan
from hub_server.store.imports import Brought, Import, ImportKind
from hub_server.store.reach import EVERYWHERE, Reach, of_areas
from hub_server.store.rows import Person
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner

NOW_US = 1_795_471_200_000_000
DAY_US = 24 * 3600 * 1_000_000
Row = dict[str, Any]


def bring(
    store: Store, *rows: Row, kind: ImportKind = ImportKind.PEOPLE, reach: Reach = EVERYWHERE, **more: Any
) -> Import:
    """Rows as a table has them, from its second line on."""
    numbered = tuple(ImportRow(number=number, values=values) for number, values in enumerate(rows, 2))
    brought = Brought(kind=kind, file_name="a.xlsx", rows=numbered, **more)
    with store.read() as db:
        preview = imports.preview(db, brought, reach=reach)
    return store.write(lambda db: imports.keep(db, preview, author="account wangmin", now_us=store.now_us()))


def apply(store: Store, found: Import, *, reach: Reach = EVERYWHERE) -> Import:
    with store.read() as db:
        ready = imports.ready(db, found.id, now_us=store.now_us())
    return store.write(lambda db: imports.apply(db, ready, reach=reach, by="王敏", now_us=store.now_us()))


def take(store: Store, *rows: Row, **more: Any) -> Import:
    found = bring(store, *rows, **more)
    assert not found.mistakes, found.mistakes
    return apply(store, found)


def everything(store: Store) -> dict[str, list[Any]]:
    """Of what an import writes, but the import itself."""
    tables = ("people", "households", "contacts", "watches", "vehicles", "vehicle_changes", "field_changes", "areas")
    with store.read() as db:
        return {table: list(db.query(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608 our own names


def find(store: Store, name: str) -> Person:
    with store.read() as db:
        (row,) = [row for row in directory.page(db, after=None, limit=500) if row.name == name]
    return row


def community(store: Store, *names: str) -> None:
    def job(db: Database) -> None:
        for name in names:
            areas.create(db, name=name, kind=AreaKind.COMMUNITY, parent=None, code="", now_us=NOW_US)

    store.write(job)


LI: Row = {
    "name": "李秀兰",
    "area": "桂花村",
    "grid": "桂花村第1网格",
    "household": "3-12",
    "relation": "户主",
    "address": "桂花村 3 组 12 号",
    "phone": "138 0013 0001",
    "born": "1948-03-05",
    "care": ["elderly", "lives_alone"],
    "note": "怕狗",
    "contact_name": "李明",
    "contact_relation": "女儿",
    "contact_phone": "138 0013 0003",
    "watch_hours": 86400,
}
WANG: Row = {"name": "王建国", "household": "3-12", "relation": "配偶", "kind": "tenant"}


def test_a_family_is_taken_over_with_its_household_contact_and_watch(store: Store) -> None:
    found = bring(store, LI, WANG)
    assert (found.facts.new, found.facts.new_households, found.facts.new_watches) == (2, 1, 1)
    assert found.facts.new_areas == ("桂花村", "桂花村第1网格")
    assert everything(store)["people"] == [], "a preview changes nothing"
    done = apply(store, found)
    assert (done.applied_us, done.applied_by, done.plans) == (NOW_US, "王敏", ())
    li, wang = find(store, "李秀兰"), find(store, "王建国")
    with store.read() as db:
        home = households.by_number(db, "3-12")
        assert home is not None
        assert (home.address, home.area, home.grid, home.people) == (LI["address"], "桂花村", "桂花村第1网格", 2)
        (contact,) = recipients.contacts_of(db, li.id)
        watch = watches.get_by_person(db, li.id)
    assert (li.household, li.relation, li.care, li.born) == (home.id, "户主", "elderly lives_alone", "1948-03-05")
    assert "lixiulan" in li.pinyin
    assert (wang.kind, wang.area, wang.grid) == ("tenant", "桂花村", "桂花村第1网格"), "where the household lies"
    assert (contact.name, contact.relation, contact.phone) == ("李明", "女儿", "138 0013 0003")
    assert watch is not None
    assert (watch.period_s, watch.due_us, watch.active) == (86400, NOW_US + DAY_US, True)


def test_people_are_written_as_people_create_writes_them(store: Store) -> None:
    take(store, LI)
    taken = find(store, "李秀兰")
    store.write(
        lambda db: people.create(
            db,
            id="p-other",
            now_us=NOW_US,
            household=taken.household,
            **{
                name: LI[name]
                for name in ("name", "area", "grid", "relation", "address", "phone", "born", "care", "note")
            },
        )
    )
    with store.read() as db:
        other = people.get(db, "p-other")
    assert other is not None
    assert replace(other, id=taken.id) == taken


def test_the_same_table_again_changes_nothing(store: Store) -> None:
    take(store, LI, WANG)
    before = everything(store)
    found = bring(store, LI, WANG)
    assert (found.facts.new, found.facts.update, found.facts.unchanged) == (0, 0, 2)
    apply(store, found)
    assert everything(store) == before


def test_who_is_there_is_changed_with_a_history_and_empty_cells_change_nothing(store: Store) -> None:
    take(store, LI)
    li = find(store, "李秀兰")
    row = {**LI, "phone": "139 0013 0001", "care": ["disabled"], "contact_phone": "137 1", "watch_hours": 43200}
    del row["note"], row["address"]
    found = bring(store, row)
    (plan,) = found.plans
    assert (plan.does, plan.target, plan.label) == (Does.UPDATE, li.id, "李秀兰")
    assert set(plan.after) == {"phone", "care", "contact", "watch_s"}
    assert plan.before["phone"] == "138 0013 0001"
    apply(store, found)
    changed = find(store, "李秀兰")
    assert (changed.id, changed.phone, changed.care, changed.note) == (li.id, "139 0013 0001", "disabled", "怕狗")
    with store.read() as db:
        told = {(row.field, row.before, row.after, row.author) for row in histories.page(db, f"person/{li.id}")}
        (contact,) = recipients.contacts_of(db, li.id)
        watch = watches.get_by_person(db, li.id)
    assert told == {
        ("phone", "138 0013 0001", "139 0013 0001", "王敏"),
        ("care", "elderly lives_alone", "disabled", "王敏"),
    }
    assert (contact.phone, contact.relation) == ("137 1", "女儿")
    assert watch is not None
    assert watch.period_s == 43200


def test_a_history_of_an_import_reads_like_one_of_a_change_by_hand(store: Store) -> None:
    for number in ("1", "2"):
        store.write(lambda db, number=number: households.create(db, number=number, now_us=NOW_US))  # type: ignore[misc]
    for one in ("p-a", "p-b"):
        store.write(
            lambda db, one=one: people.create(  # type: ignore[misc]
                db, id=one, name="赵", address="", phone="", note="", now_us=NOW_US, household=1
            )
        )
    store.write(
        lambda db: people.change(
            db, "p-a", by="王敏", now_us=NOW_US, name="钱", born="1950-01-02", household=2, kind="tenant", care=["ill"]
        )
    )
    row = {"id": "p-b", "name": "钱", "born": "1950-01-02", "household": "2", "kind": "tenant", "care": ["ill"]}
    take(store, row)
    with store.read() as db:
        by_hand, by_table = (
            {(row.field, row.before, row.after, row.author) for row in histories.page(db, f"person/{one}")}
            for one in ("p-a", "p-b")
        )
        hand, table = people.get(db, "p-a"), people.get(db, "p-b")
    assert by_hand == by_table
    assert hand is not None
    assert table is not None
    assert replace(hand, id="p-b") == table


@pytest.mark.parametrize(
    ("row", "is_same"),
    [
        ({"born": "1948-03-05"}, True),
        ({"household": "3-12"}, True),
        ({"phone": "13800130001"}, True),
        ({"address": "桂花村 3 组 12 号"}, True),
        ({}, False),
        ({"born": "1950-01-01", "phone": "13800130001"}, False),
        ({"phone": "139", "household": "9"}, False),
    ],
)
def test_a_name_with_something_else_that_fits_is_the_same_person(store: Store, row: Row, *, is_same: bool) -> None:
    take(store, LI)
    (plan,) = bring(store, {"name": "李秀兰", "area": "桂花村", **row}).plans
    assert (plan.target is not None) is is_same
    if not is_same:
        assert plan.hint is not None
        assert "同名" in plan.hint[0]


def test_several_that_fit_are_told_and_an_id_says_which(store: Store) -> None:
    for one in ("p-a", "p-b"):
        take(store, {"id": one, "name": "李秀兰", "born": "1948-03-05"})
    (mistake,) = bring(store, {"name": "李秀兰", "born": "1948-03-05"}).mistakes
    assert (mistake.row, mistake.column) == (2, "name")
    assert "编号" in mistake.zh
    (plan,) = bring(store, {"id": "p-b", "name": "李秀兰", "phone": "1381"}).plans
    assert plan.target == "p-b"


def test_two_rows_that_mean_one_person_are_told(store: Store) -> None:
    take(store, LI)
    rows = ({"name": "李秀兰", "born": "1948-03-05"}, {"name": "李秀兰", "phone": "138 0013 0001"})
    (mistake,) = bring(store, *rows).mistakes
    assert (mistake.row, "第 2 行" in mistake.zh) == (3, True)


def test_an_id_of_somebody_removed_is_taken(store: Store) -> None:
    take(store, {"id": "p-a", "name": "李"})
    store.write(lambda db: people.remove(db, "p-a", by="王敏", now_us=NOW_US))
    (mistake,) = bring(store, {"id": "p-a", "name": "李"}).mistakes
    assert mistake.column == "id"


def test_nothing_is_taken_over_while_a_row_is_wrong(store: Store) -> None:
    wrong = Mistake(row=3, column="born", zh="没有这一天", en="no such day")
    found = bring(store, LI, mistakes=(wrong,))
    assert (found.facts.wrong, found.mistakes) == (1, (wrong,))
    with pytest.raises(ConflictingChangeError, match="1 行有错"):
        apply(store, found)
    assert everything(store)["people"] == []


def test_an_error_half_way_leaves_nothing_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{**LI, "name": f"李{n}", "household": f"3-{n}", "born": "1948-03-05"} for n in range(12)]
    found = bring(store, *rows)
    before, seen = everything(store), 0

    def breaks(db: Database, person: str, plan: Plan, *, now_us: int) -> None:
        nonlocal seen
        seen += 1
        if plan.row == 7:
            raise OSError("the disk is gone")
        real(db, person, plan, now_us=now_us)

    real: Callable[..., None] = import_people_apply._watch
    monkeypatch.setattr(import_people_apply, "_watch", breaks)
    with pytest.raises(OSError, match="the disk is gone"):
        apply(store, found)
    assert seen == 6, "people, households and five watches had been written"
    assert everything(store) == before
    monkeypatch.undo()
    assert apply(store, found).applied_us == NOW_US, "and it can be applied later"
    assert len(everything(store)["people"]) == 12


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda db: people.change(db, "p-a", by="x", now_us=NOW_US, phone="137"),
        lambda db: people.change(db, "p-a", by="x", now_us=NOW_US, name="李英"),
        lambda db: people.remove(db, "p-a", by="x", now_us=NOW_US),
        lambda db: people.erase(db, "p-a"),
        lambda db: people.create(db, id="p-b", name="李秀兰", address="", phone="138", note="", now_us=NOW_US),
    ],
)
def test_what_has_changed_since_the_preview_refuses_the_whole_table(
    store: Store, meanwhile: Callable[[Database], object]
) -> None:
    take(store, {"id": "p-a", "name": "李秀兰", "phone": "138"})
    found = bring(store, {"name": "王"}, {"name": "李秀兰", "phone": "138", "note": "怕狗", "address": "3 组"})
    with store.read() as db:
        ready = imports.ready(db, found.id, now_us=NOW_US)
    store.write(meanwhile)
    before = everything(store)

    def job(db: Database) -> Import:
        return imports.apply(db, ready, reach=EVERYWHERE, by="王敏", now_us=NOW_US)

    with pytest.raises((ConflictingChangeError, NotFoundError)) as caught:
        store.write(job)
    assert isinstance(caught.value, NotFoundError) or "第 3 行" in str(caught.value)
    assert everything(store) == before


def test_a_change_that_no_row_is_about_does_not_matter(store: Store) -> None:
    take(store, {"id": "p-a", "name": "李秀兰", "phone": "138"}, {"id": "p-b", "name": "王"})
    found = bring(store, {"name": "李秀兰", "phone": "138", "note": "怕狗"})
    store.write(lambda db: people.change(db, "p-b", by="x", now_us=NOW_US, phone="137"))
    apply(store, found)
    assert find(store, "李秀兰").note == "怕狗"


def test_a_table_is_applied_once(store: Store) -> None:
    found = bring(store, LI)
    with store.read() as db:
        ready = imports.ready(db, found.id, now_us=NOW_US)
    store.write(lambda db: imports.apply(db, ready, reach=EVERYWHERE, by="王敏", now_us=NOW_US))
    with pytest.raises(ConflictingChangeError, match="已经导入过"):
        store.write(lambda db: imports.apply(db, ready, reach=EVERYWHERE, by="王敏", now_us=NOW_US))
    with pytest.raises(ConflictingChangeError):
        apply(store, found)
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: imports.remove(db, found.id))


def test_a_preview_is_gone_after_a_day_to_the_microsecond(store: Store, clock: Any) -> None:
    found = bring(store, LI)
    clock.now_us = NOW_US + imports.PREVIEW_US - 1
    with store.read() as db:
        assert imports.get(db, found.id, now_us=clock.now_us) is not None
        assert [row.id for row in imports.page(db, author=None, now_us=clock.now_us, limit=9)] == [found.id]
        ready = imports.ready(db, found.id, now_us=clock.now_us)
    clock.now_us += 1
    with store.read() as db:
        assert imports.get(db, found.id, now_us=clock.now_us) is None
        assert imports.page(db, author=None, now_us=clock.now_us, limit=9) == []
        with pytest.raises(NotFoundError):
            imports.ready(db, found.id, now_us=clock.now_us)
    with pytest.raises(NotFoundError):
        store.write(lambda db: imports.apply(db, ready, reach=EVERYWHERE, by="王敏", now_us=clock.now_us))
    bring(store, WANG)
    with store.read() as db:
        assert [row[0] for row in db.execute("SELECT id FROM imports")] == [found.id + 1], "the next one sweeps"


def test_what_was_applied_stays_on_file_without_its_rows(store: Store, clock: Any) -> None:
    found = take(store, LI)
    clock.now_us += 2 * imports.PREVIEW_US
    with store.read() as db:
        (row,) = imports.page(db, author="account wangmin", now_us=clock.now_us, limit=9)
        assert imports.page(db, author="account other", now_us=clock.now_us, limit=9) == []
        (stored,) = db.execute("SELECT rows FROM imports").fetchone()
    assert (row.id, row.facts.new) == (found.id, 1)
    assert "李" not in stored


def test_somebody_keeps_no_more_than_a_few_previews(store: Store) -> None:
    made = [bring(store, LI).id for _ in range(imports.PREVIEWS_MAX + 2)]
    with store.read() as db:
        kept = [row.id for row in imports.page(db, author=None, now_us=NOW_US, limit=9)]
    assert kept == made[:1:-1]


def test_who_is_erased_stands_in_no_preview_either(store: Store) -> None:
    take(store, {"id": "p-a", "name": "李秀兰"}, {"id": "p-b", "name": "王建国"})
    bring(store, {"id": "p-a", "name": "李秀兰", "note": "x"})
    other = bring(store, {"id": "p-b", "name": "王建国", "note": "x"})
    store.write(lambda db: people.erase(db, "p-a"))
    with store.read() as db:
        assert [row.id for row in imports.page(db, author=None, now_us=NOW_US, limit=9) if row.applied_us is None] == [
            other.id
        ]


def test_a_grid_brings_its_area_and_lies_in_one_area_only(store: Store) -> None:
    community(store, "桂花村", "东湖社区")
    take(store, {"name": "李", "area": "桂花村", "grid": "桂1"})
    (plan,) = bring(store, {"name": "王", "grid": "桂1"}).plans
    assert (plan.after["area"], plan.after["grid"]) == ("桂花村", "桂1")
    rows = (
        {"name": "王", "area": "东湖社区", "grid": "桂1"},
        {"name": "王", "area": "桂1"},
        {"name": "王", "area": "桂花村", "grid": "东湖社区"},
        {"name": "王", "area": "桂花村", "grid": "新1"},
        {"name": "王", "area": "东湖社区", "grid": "新1"},
    )
    found = bring(store, *rows)
    assert [(one.row, one.column) for one in found.mistakes] == [(2, "grid"), (3, "area"), (4, "grid"), (6, "grid")]


def test_who_moves_to_another_area_leaves_the_old_grid(store: Store) -> None:
    take(store, {"id": "p-a", "name": "李", "area": "桂花村", "grid": "桂1"})
    take(store, {"id": "p-a", "name": "李", "area": "东湖社区"})
    assert (find(store, "李").area, find(store, "李").grid) == ("东湖社区", "")


@pytest.fixture
def bound(store: Store) -> Reach:
    """Somebody of 桂花村; in 东湖社区 there is a household, a person and a vehicle."""
    community(store, "桂花村", "东湖社区")
    take(store, {"id": "p-far", "name": "李秀兰", "area": "东湖社区", "household": "9-9", "born": "1948-03-05"})
    take(store, {"plate": "粤B99999", "household": "9-9"}, kind=ImportKind.VEHICLES)
    with store.read() as db:
        return of_areas(db, ["桂花村"])


def test_whoever_is_bound_to_an_area_brings_people_into_it_only(store: Store, bound: Reach) -> None:
    rows: tuple[Row, ...] = (
        {"name": "王", "area": "桂花村"},
        {"name": "王", "area": "东湖社区"},
        {"name": "王"},
        {"name": "王", "area": "新村"},
        {"id": "p-far", "name": "李秀兰", "area": "桂花村"},
        {"name": "王", "area": "桂花村", "household": "9-9"},
        {"name": "李秀兰", "area": "桂花村", "born": "1948-03-05"},
    )
    found = bring(store, *rows, reach=bound)
    assert [(one.row, one.column) for one in found.mistakes] == [
        (3, "area"),
        (4, "area"),
        (5, "area"),
        (6, "id"),
        (7, "household"),
    ]
    assert [plan.row for plan in found.plans if plan.does is Does.NEW] == [2, 8], "who is out of reach is not there"


def test_whoever_is_bound_changes_no_household_or_vehicle_elsewhere(store: Store, bound: Reach) -> None:
    rows: tuple[Row, ...] = ({"number": "9-9", "phone": "1"}, {"number": "1", "area": "桂花村"}, {"number": "2"})
    found = bring(store, *rows, kind=ImportKind.HOUSEHOLDS, reach=bound)
    assert [(one.row, one.column) for one in found.mistakes] == [(2, "number"), (4, "area")]
    rows = (
        {"plate": "粤B99999", "label": "我的"},
        {"plate": "粤B11111", "household": "9-9"},
        {"plate": "粤B22222", "person": "p-far"},
        {"plate": "粤B33333"},
    )
    found = bring(store, *rows, kind=ImportKind.VEHICLES, reach=bound)
    assert [(one.row, one.column) for one in found.mistakes] == [
        (2, "plate"),
        (3, "household"),
        (4, "person"),
        (5, "household"),
    ]


def test_a_table_is_applied_with_the_reach_of_whoever_applies_it(store: Store, bound: Reach) -> None:
    found = bring(store, {"name": "王", "area": "东湖社区"})
    before = everything(store)
    with pytest.raises(ConflictingChangeError, match="第 2 行"):
        apply(store, found, reach=bound)
    assert everything(store) == before


def test_households_are_found_by_their_number(store: Store) -> None:
    take(store, {"number": "3-12", "area": "桂花村", "address": "3 组"}, kind=ImportKind.HOUSEHOLDS)
    take(store, {**LI, "area": "桂花村"})
    found = take(
        store,
        {"number": "3-12", "address": "4 组", "phone": "0755"},
        {"number": "4-1", "area": "桂花村"},
        kind=ImportKind.HOUSEHOLDS,
    )
    assert (found.facts.new, found.facts.update) == (1, 1)
    with store.read() as db:
        home = households.by_number(db, "3-12")
        assert home is not None
        assert (home.address, home.phone, home.people) == ("4 组", "0755", 1)
        told = {(row.field, row.before, row.after) for row in histories.page(db, f"household/{home.id}")}
    assert told == {("address", "3 组", "4 组"), ("phone", "", "0755")}


def test_vehicles_are_found_by_their_plate(store: Store) -> None:
    take(store, LI)
    li = find(store, "李秀兰")
    take(store, {"plate": "粤B12345", "household": "3-12"}, {"plate": "粤B67890"}, kind=ImportKind.VEHICLES)
    row = {"plate": "粤B12345", "person": li.id, "valid_until": NOW_US + DAY_US}
    found = bring(store, row, {"plate": "粤B67890"}, kind=ImportKind.VEHICLES)
    assert (found.facts.update, found.facts.unchanged) == (1, 1)
    apply(store, found)
    with store.read() as db:
        one, other = vehicles.page(db, after=None, limit=9)
    assert (one.label, one.person, one.household, one.valid_until_us) == (
        "户 3-12",
        li.id,
        li.household,
        NOW_US + DAY_US,
    )
    assert (one.area, one.owner, other.label) == ("桂花村", Owner.HOUSEHOLD, "粤B67890")
    (mistake,) = bring(
        store, {"plate": "粤B12345", "valid_from": NOW_US + 2 * DAY_US}, kind=ImportKind.VEHICLES
    ).mistakes
    assert mistake.column == "valid_until"
    (plan,) = bring(store, {"plate": "粤B12345", "owner": "visitor"}, kind=ImportKind.VEHICLES).plans
    assert plan.hint is not None


def test_a_household_or_person_that_is_not_there_is_told(store: Store) -> None:
    rows: tuple[Row, ...] = ({"plate": "粤B12345", "household": "x"}, {"plate": "粤B12346", "person": "p-x"})
    found = bring(store, *rows, kind=ImportKind.VEHICLES)
    assert [(one.row, one.column) for one in found.mistakes] == [(2, "household"), (3, "person")]


def many(count: int) -> list[Row]:
    return [
        {
            "name": f"{'李王张刘陈'[n % 5]}{chr(0x4E00 + n % 3000)}",
            "area": f"社区{n // 3 % 6}",
            "phone": f"138{n:08}",
            "household": f"{n // 3}",
            "relation": "户主" if n % 3 == 0 else "子",
            "born": f"19{40 + n % 60}-01-02",
            **({"contact_name": "李明", "contact_phone": f"139{n:08}"} if n % 5 == 0 else {}),
        }
        for n in range(count)
    ]


@pytest.mark.slow
def test_20000_rows_are_taken_over_in_one_transaction_while_a_reader_sees_none_or_all(store: Store) -> None:
    found = bring(store, *many(20_000))
    with store.read() as db:
        ready = imports.ready(db, found.id, now_us=NOW_US)
    held_s = 0.0

    def job(db: Database) -> None:
        nonlocal held_s
        began_s = time.thread_time()
        imports.apply(db, ready, reach=EVERYWHERE, by="王敏", now_us=NOW_US)
        held_s = time.thread_time() - began_s
        with store.read() as other:
            assert directory.count(other) == 0

    store.write(job)
    with store.read() as db:
        assert directory.count(db) == 20_000
        assert households.count(db) == 6667
    assert held_s < 6, "about 1.6 s of the processor where this was written"


def test_the_mistakes_that_are_kept_are_limited_and_all_are_counted(store: Store) -> None:
    many_wrong = tuple(Mistake(row=n, column="", zh="错", en="wrong") for n in range(imports.MISTAKES_KEPT + 9))
    found = bring(store, mistakes=many_wrong)
    assert (len(found.mistakes), found.facts.mistakes) == (imports.MISTAKES_KEPT, len(many_wrong))


def test_a_preview_is_json_that_another_program_could_read(store: Store) -> None:
    bring(store, LI)
    with store.read() as db:
        rows, errors, counts = db.execute("SELECT rows, errors, counts FROM imports").fetchone()
    assert json.loads(rows)["rows"][0]["values"]["name"] == "李秀兰"
    assert json.loads(errors) == []
    assert json.loads(counts)["new"] == 1
