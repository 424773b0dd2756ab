"""Places: where devices stand, with coordinates for the map."""

from typing import Any

import pytest

from hub_server.store import devices, histories, places
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.places import Place, PlaceKind
from hub_server.store.reach import of_areas
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000


def create(store: Store, name: str = "东门", **given: Any) -> Place:
    return store.write(lambda db: places.create(db, name=name, now_us=NOW_US, **given))


def change(store: Store, place: str, **fields: Any) -> Place:
    return store.write(lambda db: places.change(db, place, by="王敏", now_us=NOW_US, **fields))


def test_every_kind_has_words_in_both_languages() -> None:
    assert set(places.WORDS) == set(PlaceKind)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "a/b"}, "name"),
        ({"name": " "}, "name"),
        ({"kind": "moon"}, "kind"),
        ({"longitude": 114.0}, "latitude"),
        ({"latitude": 22.5}, "longitude"),
        ({"longitude": 181.0, "latitude": 0.0}, "longitude"),
        ({"longitude": 0.0, "latitude": -91.0}, "latitude"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_what_cannot_be_is_refused_by_name(store: Store, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        create(store, **given)
    assert refused.value.field == field
    create(store, "西门")
    with pytest.raises(InvalidValueError) as refused:
        change(store, "西门", **given)
    assert refused.value.field == field


def test_a_device_that_names_an_unknown_place_puts_it_on_the_list(store: Store) -> None:
    store.write(lambda db: devices.create(db, id="gate", place="东门", area="桂花村", now_us=NOW_US))
    with store.read() as db:
        (found,) = places.page(db, after=None, limit=9)
    assert (found.name, found.kind, found.area, found.devices) == ("东门", PlaceKind.OTHER, "桂花村", 1)


def test_devices_take_the_new_name_along_and_so_does_the_history(store: Store) -> None:
    store.write(lambda db: devices.create(db, id="gate", place="东门", now_us=NOW_US))
    change(store, "东门", kind="gate")
    after = change(store, "东门", name="东大门", longitude=114.0, latitude=22.5)
    assert (after.name, after.kind, after.longitude, after.devices) == ("东大门", PlaceKind.GATE, 114.0, 1)
    with store.read() as db:
        device = devices.get(db, "gate")
        assert [row.name for row in places.page(db, after=None, limit=9)] == ["东大门"]
        assert {row.field for row in histories.page(db, "place/东大门")} == {"name", "kind", "longitude", "latitude"}
    assert device is not None
    assert device.place == "东大门"


def test_a_name_is_there_once(store: Store) -> None:
    create(store, "东门")
    create(store, "西门")
    with pytest.raises(ExistsError):
        create(store, "东门")
    with pytest.raises(ExistsError):
        change(store, "东门", name="西门")


def test_a_place_is_removed_when_no_device_stands_there(store: Store) -> None:
    create(store, "东门")
    store.write(lambda db: devices.create(db, id="gate", place="东门", now_us=NOW_US))
    with pytest.raises(ConflictingChangeError):
        store.write(lambda db: places.remove(db, "东门", by="王敏", now_us=NOW_US))
    store.write(lambda db: devices.change(db, "gate", now_us=NOW_US, place="西门"))
    store.write(lambda db: places.remove(db, "东门", by="王敏", now_us=NOW_US))
    with pytest.raises(NotFoundError):
        change(store, "东门", kind="gate")


def test_a_list_is_narrowed_by_area_kind_words_and_reach(store: Store) -> None:
    create(store, "东门", kind="gate", area="桂花村")
    create(store, "卫生站", kind="clinic", area="柳荫村", grid="一网格")

    def listed(**asked: Any) -> list[str]:
        with store.read() as db:
            return [row.name for row in places.page(db, after=None, limit=9, **asked)]

    with store.read() as db:
        within = of_areas(db, ["一网格"])
    assert listed(kind="gate") == ["东门"]
    assert listed(area="柳荫村") == ["卫生站"]
    assert listed(q="生") == ["卫生站"]
    assert listed(q="%") == []
    assert listed(reach=within) == ["卫生站"]
