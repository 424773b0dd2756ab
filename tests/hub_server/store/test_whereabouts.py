"""Where things lie, and so who may know of them."""

import pytest
from sqlite_utils import Database

from hub_server.store import accounts, areas, devices, households, people, places, recipients, vehicles, watches
from hub_server.store.reach import EVERYWHERE, Reach
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner
from hub_server.store.whereabouts import KINDS, areas_of, is_within, outside
from hub_server.watch.ladder import Rung

NOW_US = 1_795_471_200_000_000
VILLAGE, GRID, OTHER = "桂花村", "桂花村一格", "青石村"


def furnish(db: Database) -> None:
    for name in (VILLAGE, OTHER):
        areas.create(db, name=name, kind="village", now_us=NOW_US)
    areas.create(db, name=GRID, kind="grid", parent=VILLAGE, now_us=NOW_US)
    people.create(db, id="p-li", name="李", address="", phone="", note="", area=VILLAGE, grid=GRID, now_us=NOW_US)
    people.create(db, id="p-loose", name="无", address="", phone="", note="", now_us=NOW_US)
    watches.create(db, person="p-li", period_s=86400, last_seen_us=None, now_us=NOW_US)
    devices.create(db, id="gate", place="", area=VILLAGE, now_us=NOW_US)
    households.create(db, area=OTHER, now_us=NOW_US)
    places.create(db, name="卫生站", area=VILLAGE, grid=GRID, now_us=NOW_US)
    recipients.add(db, area="", rung=Rung.OFFICE, name="值班室", phone="", urls=["json://a"], now_us=NOW_US)
    for plate in ("粤B11111", "粤B22222"):
        vehicles.add(
            db,
            plate=plate,
            owner=Owner.VISITOR,
            label="车",
            valid_from_us=None,
            valid_until_us=None,
            by="王",
            now_us=NOW_US,
        )
    vehicles.assign(db, 1, person="p-li", by="王", now_us=NOW_US)
    accounts.create(
        db, name="chen", display="陈", role="community_manager", areas=[VILLAGE, OTHER], by="t", now_us=NOW_US
    )
    accounts.create(db, name="boss", display="陈", role="administrator", by="t", now_us=NOW_US)


@pytest.fixture
def office(store: Store) -> Store:
    store.write(furnish)
    return store


@pytest.mark.parametrize(
    ("kind", "value", "named"),
    [
        ("person", "p-li", (VILLAGE, GRID)),
        ("person", "p-loose", ()),
        ("person", "p-nobody", None),
        ("watch", 1, (VILLAGE, GRID)),
        ("watch", 9, None),
        ("alert", 1, None),
        ("device", "gate", (VILLAGE,)),
        ("household", 1, (OTHER,)),
        ("place", "卫生站", (VILLAGE, GRID)),
        ("area", GRID, (GRID,)),
        ("area", "无此村", None),
        ("recipient", 1, ()),
        ("vehicle", 1, (VILLAGE, GRID)),
        ("vehicle", 2, ()),
        ("account", "chen", (VILLAGE, OTHER)),
        ("account", "boss", ()),
        ("account", "nobody", None),
        ("token", "none", None),
    ],
)
def test_a_thing_lies_in_the_areas_that_it_names(
    office: Store,
    kind: str,
    value: str | int,
    named: tuple[str, ...] | None,
) -> None:
    with office.read() as db:
        found = areas_of(db, kind, value)
    assert (None if found is None else set(found)) == (None if named is None else set(named))


def test_every_kind_that_stands_in_a_path_can_be_looked_up(office: Store) -> None:
    with office.read() as db:
        for kind in KINDS:
            assert areas_of(db, kind, 999_999) is None
            assert not is_within(db, kind, 999_999, EVERYWHERE)


def test_an_account_is_ones_business_when_all_that_it_reaches_is(office: Store) -> None:
    with office.read() as db:
        for areas_, within in (([VILLAGE], False), ([VILLAGE, OTHER, GRID], True), ([], False)):
            assert is_within(db, "account", "chen", Reach(areas=frozenset(areas_))) is within
        assert not is_within(db, "account", "boss", Reach(areas=frozenset({VILLAGE, OTHER})))
        assert is_within(db, "account", "boss", EVERYWHERE)


@pytest.mark.parametrize(
    ("reach", "area", "grid", "wrong"),
    [
        (None, "anywhere", "", None),
        ({VILLAGE, GRID}, VILLAGE, "", None),
        ({VILLAGE, GRID}, VILLAGE, GRID, None),
        ({VILLAGE, GRID}, VILLAGE, "青石村一格", "grid"),
        ({VILLAGE, GRID}, OTHER, "", "area"),
        ({VILLAGE, GRID}, "", "", "area"),
        ({VILLAGE, GRID}, OTHER, GRID, "area"),
        ({GRID}, VILLAGE, GRID, None),
        ({GRID}, "", GRID, None),
        ({GRID}, VILLAGE, "", "area"),
        ({GRID}, OTHER, GRID, "area"),
        (set(), VILLAGE, "", "area"),
    ],
)
def test_things_are_put_where_one_reaches(
    office: Store, reach: set[str] | None, area: str, grid: str, wrong: str | None
) -> None:
    with office.read() as db:
        bound = Reach(areas=None if reach is None else frozenset(reach))
        assert outside(db, bound, area=area, grid=grid) == wrong
