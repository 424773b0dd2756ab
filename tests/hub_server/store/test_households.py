"""Households: a number each, people who move along, and a file that stays when they are gone."""

from typing import Any

import pytest

from hub_server.store import families, histories, households, observations, people, vehicles
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.households import Household
from hub_server.store.reach import of_areas
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner
from hub_server.watch.observation import Kind

NOW_US = 1_795_471_200_000_000


def create(store: Store, **given: Any) -> Household:
    return store.write(lambda db: households.create(db, now_us=NOW_US, **given))


def person(store: Store, id: str, household: int | None, **given: Any) -> None:  # noqa: A002 a column
    texts = {"address": "", "phone": "", "note": ""} | given
    store.write(lambda db: people.create(db, id=id, name=id, household=household, now_us=NOW_US, **texts))


def test_without_a_number_it_gets_the_next_that_is_free(store: Store) -> None:
    assert create(store).number == "00001"
    assert create(store, number="00003").number == "00003"
    assert create(store).number == "00004", "3 is taken"
    assert create(store, number="3-2-502").number == "3-2-502"


def test_a_number_is_there_once_until_its_household_is_removed(store: Store) -> None:
    first = create(store, number="7")
    with pytest.raises(ExistsError):
        create(store, number=" 7 ")
    other = create(store, number="8")
    with pytest.raises(ExistsError):
        store.write(lambda db: households.change(db, other.id, by="王", now_us=NOW_US, number="7"))
    store.write(lambda db: households.remove(db, first.id, by="王", now_us=NOW_US))
    assert create(store, number="7").id not in (first.id, other.id)


def test_members_stand_with_the_head_first_and_are_counted(store: Store) -> None:
    home = create(store)
    person(store, "son", home.id, relation="子")
    person(store, "li", home.id, relation="户主")
    person(store, "gone", home.id)
    store.write(lambda db: people.remove(db, "gone", by="王", now_us=NOW_US))
    with store.read() as db:
        assert [one.id for one in households.members(db, home.id)] == ["li", "son"]
        found = households.get(db, home.id)
    assert found is not None
    assert found.people == 2


def test_who_lives_where_it_did_moves_along_and_who_does_not_stays(store: Store) -> None:
    home = create(store, address="3 组 12 号", area="桂花村", grid="一网格")
    person(store, "li", home.id)
    person(store, "son", home.id, address="深圳", area="别处")
    store.write(
        lambda db: households.change(
            db, home.id, by="王敏", now_us=NOW_US, address="5 组 1 号", area="柳荫村", grid="二网格"
        )
    )
    with store.read() as db:
        li, son = people.get(db, "li"), people.get(db, "son")
        told = {row.field for row in histories.page(db, "person/li")}
    assert li is not None
    assert son is not None
    assert (li.address, li.area, li.grid) == ("5 组 1 号", "柳荫村", "二网格")
    assert told == {"address", "area", "grid"}
    assert (son.address, son.area) == ("深圳", "别处")


def test_it_is_removed_once_nobody_and_no_vehicle_belongs_to_it(store: Store) -> None:
    home = create(store)
    person(store, "li", home.id)
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: households.remove(db, home.id, by="王", now_us=NOW_US))
    store.write(lambda db: people.change(db, "li", now_us=NOW_US, household=None))
    given = {"valid_from_us": None, "valid_until_us": None, "by": "王", "now_us": NOW_US}
    car = store.write(
        lambda db: vehicles.add(db, plate="粤B12345", owner=Owner.HOUSEHOLD, label="x", **given)  # type: ignore[arg-type]
    )
    store.write(lambda db: vehicles.join(db, car.id, household=home.id, by="王", now_us=NOW_US))
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: households.remove(db, home.id, by="王", now_us=NOW_US))
    store.write(lambda db: vehicles.join(db, car.id, household=None, by="王", now_us=NOW_US))
    removed = store.write(lambda db: households.remove(db, home.id, by="王", now_us=NOW_US))
    assert removed.removed_us == NOW_US
    with store.read() as db:
        assert households.page(db, after=None, limit=9) == []
        assert [row.id for row in households.page(db, after=None, limit=9, removed=True)] == [home.id]
    with pytest.raises(NotFoundError):
        store.write(lambda db: households.change(db, home.id, by="王", now_us=NOW_US, phone="1"))
    with pytest.raises(InvalidValueError):
        person(store, "new", home.id)


def test_who_comes_back_is_in_no_household_that_is_gone(store: Store) -> None:
    home = create(store)
    person(store, "li", home.id)
    store.write(lambda db: people.remove(db, "li", by="王", now_us=NOW_US))
    store.write(lambda db: households.remove(db, home.id, by="王", now_us=NOW_US))
    assert store.write(lambda db: people.restore(db, "li", by="王", now_us=NOW_US)).household is None


def test_a_vehicle_lies_where_its_household_does(store: Store) -> None:
    home = create(store, area="桂花村", grid="一网格")
    given = {"valid_from_us": None, "valid_until_us": None, "by": "王", "now_us": NOW_US}
    for plate in ("粤B12345", "粤B67890"):
        store.write(
            lambda db, plate=plate: vehicles.add(db, plate=plate, owner=Owner.HOUSEHOLD, label="x", **given)  # type: ignore[misc,arg-type]
        )
    joined = store.write(lambda db: vehicles.join(db, 1, household=home.id, by="王", now_us=NOW_US))
    assert (joined.area, joined.grid, joined.household) == ("桂花村", "一网格", home.id)
    with store.read() as db:
        grid, other = of_areas(db, ["一网格"]), of_areas(db, ["柳荫村"])
        assert [row.id for row in vehicles.page(db, after=None, limit=9, reach=grid)] == [1]
        assert vehicles.page(db, after=None, limit=9, reach=other) == []
        assert [row.id for row in vehicles.page(db, after=None, limit=9, household=home.id)] == [1]
        assert (vehicles.count(db), vehicles.count(db, reach=grid)) == (2, 1)
        assert [row.id for row in vehicles.page(db, after=None, limit=9, q="b·678")] == [2]


def test_a_list_is_narrowed_by_area_words_and_reach(store: Store) -> None:
    create(store, number="A1", address="桂花村 3 组", area="桂花村")
    create(store, number="B2", address="柳荫村 100% 号", area="柳荫村")

    def listed(**asked: Any) -> list[str]:
        with store.read() as db:
            rows = households.page(db, after=None, limit=9, **asked)
            assert households.count(db, **asked) == len(rows)
        return [row.number for row in rows]

    with store.read() as db:
        within = of_areas(db, ["柳荫村"])
    assert listed(area="桂花村") == ["A1"]
    assert listed(q="3 组") == ["A1"]
    assert listed(q="b2") == ["B2"]
    assert listed(q="%") == ["B2"]
    assert listed(q="_") == []
    assert listed(reach=within) == ["B2"]


def test_a_familys_visits_are_those_of_its_people_and_were_not_withdrawn(store: Store) -> None:
    home = create(store)
    person(store, "li", home.id)
    person(store, "other", None)
    for who, note in (("li", "在家"), ("li", "弄错了"), ("other", "不相干")):
        store.write(
            lambda db, who=who, note=note: observations.add(  # type: ignore[misc]
                db, person=who, kind=Kind.VISIT, at_us=NOW_US, author="王敏", note=note, now_us=NOW_US
            )
        )
    store.write(lambda db: observations.withdraw(db, 2, author="王敏", now_us=NOW_US))
    with store.read() as db:
        assert [(one.person_name, one.note) for one in families.visits(db, home.id, limit=9)] == [("li", "在家")]
