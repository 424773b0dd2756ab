"""What a field was before is kept, newest first, in pages, under the name of whatever it is about."""

from sqlite_utils import Database

from hub_server.store import areas, histories, households, people, places, vehicles
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner

NOW_US = 1_795_471_200_000_000


def record(db: Database, n: int, subject: str = "person/p-li") -> None:
    histories.record(
        db, subject=subject, field="phone", before=f"{n}", after=f"{n + 1}", author="王敏", now_us=NOW_US + n
    )


def test_the_newest_stands_first_and_pages_go_on_without_gap(store: Store) -> None:
    for n in range(5):
        store.write(lambda db, n=n: record(db, n))  # type: ignore[misc]
    store.write(lambda db: record(db, 9, "person/p-wang"))
    with store.read() as db:
        first = histories.page(db, "person/p-li", limit=3)
        rest = histories.page(db, "person/p-li", before=first[-1].id, limit=3)
    assert [row.after for row in first + rest] == ["5", "4", "3", "2", "1"]
    assert {row.author for row in first} == {"王敏"}


def test_what_has_not_changed_leaves_no_row(store: Store) -> None:
    store.write(
        lambda db: histories.record_all(
            db,
            subject="person/p-li",
            before={"name": "李", "born": None, "household": 3},
            after={"name": "李", "born": None, "household": 3},
            author="王敏",
            now_us=NOW_US,
        )
    )
    with store.read() as db:
        assert histories.page(db, "person/p-li") == []


def changed(db: Database) -> None:
    """One field of each kind of thing."""
    people.create(db, id="p-li", name="李", address="", phone="", note="", now_us=NOW_US)
    people.change(db, "p-li", now_us=NOW_US, by="王敏", note="新")
    home = households.create(db, now_us=NOW_US)
    households.change(db, home.id, by="王敏", now_us=NOW_US, phone="0755")
    places.create(db, name="东门", now_us=NOW_US)
    places.change(db, "东门", by="王敏", now_us=NOW_US, kind="gate")
    areas.create(db, name="桂花村", kind="village", now_us=NOW_US)
    areas.change(db, "桂花村", by="王敏", now_us=NOW_US, code="44")
    given = {"valid_from_us": None, "valid_until_us": None, "by": "王敏", "now_us": NOW_US}
    car = vehicles.add(db, plate="粤B12345", owner=Owner.HOUSEHOLD, label="3 栋", **given)  # type: ignore[arg-type]
    vehicles.change(db, car.id, by="王敏", now_us=NOW_US, label="4 栋")
    vehicles.join(db, car.id, household=home.id, by="王敏", now_us=NOW_US)
    vehicles.assign(db, car.id, person="p-li", by="王敏", now_us=NOW_US)


def test_every_kind_of_thing_remembers_its_changes(store: Store) -> None:
    store.write(changed)
    with store.read() as db:
        found = {
            subject: [(row.field, row.after) for row in histories.page(db, subject)]
            for subject in ("person/p-li", "household/1", "place/东门", "area/桂花村", "vehicle/1")
        }
    assert found == {
        "person/p-li": [("note", "新")],
        "household/1": [("phone", "0755")],
        "place/东门": [("kind", "gate")],
        "area/桂花村": [("code", "44")],
        "vehicle/1": [("person", "p-li"), ("household", "1"), ("label", "4 栋")],
    }


def test_a_vehicle_forgets_whose_it_was_with_the_person(store: Store) -> None:
    store.write(changed)
    store.write(lambda db: people.erase(db, "p-li"))
    with store.read() as db:
        values = {value for row in histories.page(db, "vehicle/1") for value in (row.before, row.after)}
    assert "p-li" not in values
