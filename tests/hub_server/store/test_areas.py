"""The tree of areas: built, renamed with all that names it, moved, and removed only when it is empty."""

from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.store import accounts, areas, devices, histories, households, ladder, people, places, recipients
from hub_server.store.alarms import AlarmKind
from hub_server.store.areas import AreaKind, Inside
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.reach import of_areas
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

NOW_US = 1_795_471_200_000_000


def build(db: Database) -> None:
    areas.create(db, name="临河街道", kind="sub_district", now_us=NOW_US)
    areas.create(db, name="桂花村", kind="village", parent="临河街道", now_us=NOW_US)
    areas.create(db, name="榕树社区", kind="community", parent="临河街道", now_us=NOW_US)
    areas.create(db, name="一网格", kind="grid", parent="桂花村", now_us=NOW_US)


def furnish(db: Database) -> None:
    """Something of each kind that names an area."""
    build(db)
    people.create(db, id="li", name="李", address="", phone="", note="", area="桂花村", grid="一网格", now_us=NOW_US)
    people.create(db, id="wang", name="王", address="", phone="", note="", area="桂花村", now_us=NOW_US)
    households.create(db, area="桂花村", grid="一网格", now_us=NOW_US)
    devices.create(db, id="gate", place="东门", area="桂花村", now_us=NOW_US)
    recipients.add(db, area="桂花村", rung=Rung.WORKER, name="王敏", phone="", urls=["json://a"], now_us=NOW_US)
    ladder.set_wait(db, area="桂花村", rung=Rung.WORKER, wait_s=120)
    accounts.create(db, name="wangmin", display="王敏", role="grid_worker", areas=["桂花村"], by="tests", now_us=NOW_US)
    db.execute(
        "INSERT INTO alarms (kind, subject, detail, since_us, raised_us) VALUES (?, 'area/桂花村', '', 1, 1)",
        [AlarmKind.DELIVERY],
    )


def change(store: Store, area: str, **fields: Any) -> areas.Area:
    return store.write(lambda db: areas.change(db, area, by="王敏", now_us=NOW_US, **fields))


def test_the_tree_has_each_before_what_lies_in_it_with_what_lies_in_each(store: Store) -> None:
    store.write(furnish)
    with store.read() as db:
        rows = areas.tree(db)
    assert [(row.name, row.depth) for row in rows] == [("临河街道", 0), ("桂花村", 1), ("一网格", 2), ("榕树社区", 1)]
    inside = {row.name: row.inside for row in rows}
    assert inside["一网格"] == Inside(people=1, households=1)
    assert inside["桂花村"] == inside["临河街道"] == Inside(people=2, households=1, devices=1, places=1)
    assert inside["榕树社区"] == Inside()


def test_whoever_is_bound_sees_their_part_of_the_tree(store: Store) -> None:
    store.write(furnish)
    with store.read() as db:
        rows = areas.tree(db, reach=of_areas(db, ["桂花村"]))
        assert areas.names(db, AreaKind.GRID, reach=of_areas(db, ["榕树社区"])) == []
    assert [(row.name, row.depth) for row in rows] == [("桂花村", 0), ("一网格", 1)]


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        ("grid", "临河街道"),
        ("village", "榕树社区"),
        ("sub_district", "临河街道"),
        ("grid", "一网格"),
        ("grid", "无此片区"),
    ],
)
def test_what_does_not_fit_into_the_tree_is_refused(store: Store, kind: str, parent: str) -> None:
    store.write(build)
    with pytest.raises(InvalidValueError) as refused:
        store.write(lambda db: areas.create(db, name="新", kind=kind, parent=parent, now_us=NOW_US))
    assert refused.value.field == "parent"


@pytest.mark.parametrize("name", ["", "  ", "a/b", ".", "..", "x" * 101])
def test_a_name_can_stand_in_a_path(store: Store, name: str) -> None:
    with pytest.raises(InvalidValueError):
        store.write(lambda db: areas.create(db, name=name, kind="village", now_us=NOW_US))


def test_a_name_is_there_once(store: Store) -> None:
    store.write(build)
    with pytest.raises(ExistsError):
        store.write(lambda db: areas.create(db, name="桂花村", kind="village", now_us=NOW_US))
    with pytest.raises(ExistsError):
        change(store, "桂花村", name="榕树社区")


def test_everything_that_names_an_area_goes_along_with_its_new_name(store: Store) -> None:
    store.write(furnish)
    change(store, "桂花村", code="44")
    assert change(store, "桂花村", name="桂花社区").name == "桂花社区"
    with store.read() as db:
        assert [row.name for row in areas.tree(db)] == ["临河街道", "桂花社区", "一网格", "榕树社区"]
        tables = ("people", "households", "devices", "places", "recipients", "ladder_waits", "account_areas")
        for table in tables:
            found = {row["area"] for row in db.table(table).rows} - {""}
            assert found == {"桂花社区"}, table
        assert db.execute("SELECT subject FROM alarms").fetchall() == [("area/桂花社区",)]
        assert [row.field for row in histories.page(db, "area/桂花社区")] == ["name", "code"]
        assert histories.page(db, "area/桂花村") == []
        row = areas.get(db, "一网格")
    assert row is not None
    assert row.parent == "桂花社区"


def test_a_grid_takes_its_people_into_its_new_area(store: Store) -> None:
    store.write(furnish)
    change(store, "一网格", parent="榕树社区")
    with store.read() as db:
        rows = {name: (area, grid) for name, area, grid in db.execute("SELECT id, area, grid FROM people")}
        assert db.execute("SELECT area FROM households").fetchall() == [("榕树社区",)]
    assert rows == {"li": ("榕树社区", "一网格"), "wang": ("桂花村", "")}


def test_a_kind_must_still_fit_what_lies_in_it(store: Store) -> None:
    store.write(build)
    with pytest.raises(InvalidValueError) as refused:
        change(store, "桂花村", kind="grid", parent=None)
    assert refused.value.field == "kind"
    assert change(store, "桂花村", kind="community").kind is AreaKind.COMMUNITY


def test_an_area_is_removed_only_when_nothing_names_it(store: Store) -> None:
    store.write(furnish)
    for name in ("临河街道", "桂花村", "一网格"):
        with pytest.raises(ConflictingChangeError):
            store.write(lambda db, name=name: areas.remove(db, name, by="王敏", now_us=NOW_US))  # type: ignore[misc]
    store.write(lambda db: areas.remove(db, "榕树社区", by="王敏", now_us=NOW_US))
    with store.read() as db:
        assert areas.get(db, "榕树社区") is None
        assert [row.field for row in histories.page(db, "area/榕树社区")] == ["removed"]
    with pytest.raises(NotFoundError):
        store.write(lambda db: areas.remove(db, "榕树社区", by="王敏", now_us=NOW_US))


@pytest.mark.parametrize(
    "named",
    [
        lambda db: people.create(db, id="li", name="李", address="", phone="", note="", area="村", now_us=NOW_US),
        lambda db: households.create(db, area="村", now_us=NOW_US),
        lambda db: devices.create(db, id="gate", place="", area="村", now_us=NOW_US),
        lambda db: places.create(db, name="东门", area="村", now_us=NOW_US),
        lambda db: recipients.add(
            db, area="村", rung=Rung.WORKER, name="王", phone="", urls=["json://a"], now_us=NOW_US
        ),
        lambda db: accounts.create(db, name="w", display="王", role="viewer", areas=["村"], by="tests", now_us=NOW_US),
    ],
    ids=["people", "households", "devices", "places", "recipients", "accounts"],
)
def test_each_kind_of_thing_keeps_its_area(store: Store, named: Any) -> None:
    store.write(lambda db: areas.create(db, name="村", kind="village", now_us=NOW_US))
    store.write(named)
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: areas.remove(db, "村", by="王敏", now_us=NOW_US))


def test_who_was_removed_keeps_their_area_too_since_they_may_come_back(store: Store) -> None:
    store.write(furnish)
    with store.read() as db:
        before = {row.name: row.inside.people for row in areas.tree(db)}
    store.write(lambda db: people.remove(db, "li", by="王敏", now_us=NOW_US))
    with store.read() as db:
        after = {row.name: row.inside.people for row in areas.tree(db)}
    assert (before["一网格"], after["一网格"]) == (1, 0)
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: areas.remove(db, "一网格", by="王敏", now_us=NOW_US))


def test_whoever_names_an_unknown_area_or_grid_puts_it_on_the_list(store: Store) -> None:
    store.write(
        lambda db: people.create(
            db, id="li", name="李", address="", phone="", note="", area="新村", grid="新网格", now_us=NOW_US
        )
    )
    with store.read() as db:
        found = {row.name: (row.kind, row.parent) for row in areas.tree(db)}
    assert found == {"新村": (AreaKind.COMMUNITY, None), "新网格": (AreaKind.GRID, "新村")}


@pytest.mark.parametrize("what", ["person", "household", "device", "place"])
def test_a_grid_of_one_village_is_not_taken_for_one_of_the_same_name_in_another(store: Store, what: str) -> None:
    def make(db: Database, area: str, name: str) -> None:
        where: dict[str, Any] = {"area": area, "grid": "第一网格", "now_us": NOW_US}
        if what == "person":
            people.create(db, id=name, name="李秀兰", address="", phone="", note="", **where)
        elif what == "household":
            households.create(db, number=name, **where)
        elif what == "device":
            devices.create(db, id=name, place="", **where)
        else:
            places.create(db, name=name, **where)

    store.write(lambda db: make(db, "桂花村", "first"))
    with pytest.raises(InvalidValueError, match=r"第一网格.*桂花村"):
        store.write(lambda db: make(db, "兰花村", "second"))
    store.write(lambda db: make(db, "桂花村", "third"))
