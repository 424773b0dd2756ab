"""A person's own vehicle at a gate: seen by it only where the watch says so, and as strictly as by a camera."""

import pytest
from device_model import BOOT, DAY_US, DEVICE, HOUR_US, anchor, batch, plate_read
from sqlite_utils import Database

from hub_server.ingest.apply import apply_up
from hub_server.store import alerts, devices, people, signs, vehicles, verify, watches
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Watch
from hub_server.store.store import Store
from hub_server.store.vehicles import Change, Owner, Vehicle
from hub_server.watch.states import AlertState, Outcome

NOW_US = 1_795_471_200_000_000
OLD_US = NOW_US - 2 * DAY_US
PLATE = "粤B12345"


@pytest.fixture
def office(store: Store) -> Store:
    """Zhao owns a car, and an alert is open."""

    def job(db: Database) -> None:
        devices.create(db, id=DEVICE, place="", now_us=NOW_US)
        people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="zhao", period_s=86_400, last_seen_us=OLD_US, now_us=OLD_US)
        vehicles.add(
            db,
            plate=PLATE,
            owner=Owner.HOUSEHOLD,
            label="3 栋",
            valid_from_us=None,
            valid_until_us=None,
            by="王",
            now_us=OLD_US,
        )
        vehicles.assign(db, 1, person="zhao", by="王", now_us=OLD_US)
        alerts.raise_due(db, now_us=NOW_US, limit=9)

    store.write(job)
    return store


def agree(store: Store, *, counts: bool = True) -> None:
    store.write(lambda db: watches.change(db, 1, now_us=NOW_US, own_vehicle=counts))


def send(store: Store, *raws: bytes, first_seq: int = 1) -> None:
    message = batch(*raws, first_seq=first_seq)
    store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))


def watch(store: Store) -> Watch:
    with store.read() as db:
        found = watches.get_by_person(db, "zhao")
        assert {check.name: check.detail for check in verify.checks(db) if not check.ok} == {}
    assert found is not None
    return found


def alert_state(store: Store) -> tuple[AlertState, Outcome | None]:
    with store.read() as db:
        found = alerts.get(db, 1)
    assert found is not None
    return found.state, found.outcome


def test_their_own_car_moves_the_watch_and_retracts_the_alert_where_that_was_agreed(office: Store) -> None:
    agree(office)
    send(office, plate_read(wall_us=NOW_US - HOUR_US, listed=PLATE))
    assert (watch(office).last_seen_us, watch(office).last_seen_by) == (NOW_US - HOUR_US, f"vehicle: {DEVICE}/lane")
    assert alert_state(office) == (AlertState.CLOSED, Outcome.RETRACTED)


def test_where_it_was_not_agreed_it_says_nothing_until_it_is_and_then_no_longer(office: Store) -> None:
    send(office, plate_read(wall_us=NOW_US - HOUR_US, listed=PLATE))
    assert watch(office).last_seen_us == OLD_US
    agree(office)
    assert watch(office).last_seen_us == NOW_US - HOUR_US
    agree(office, counts=False)
    assert watch(office).last_seen_us == OLD_US
    assert alert_state(office) == (AlertState.OPEN, None)


@pytest.mark.parametrize(
    "raw",
    [
        plate_read(wall_us=NOW_US, text="粤B12346", listed=PLATE),
        plate_read(wall_us=NOW_US, text=PLATE, listed=None),
        plate_read(wall_us=NOW_US, text=None),
        plate_read(wall_us=NOW_US, text="粤B99999", listed="粤B99999"),
        plate_read(wall_us=5, listed=PLATE, synced=False),
        plate_read(wall_us=OLD_US - 1, listed=PLATE),
    ],
    ids=["a character misread", "not on the list", "not readable", "another car", "no time", "before it was theirs"],
)
def test_a_passage_that_is_not_surely_theirs_now_counts_for_nobody(office: Store, raw: bytes) -> None:
    agree(office)
    send(office, raw)
    assert watch(office).last_seen_us == OLD_US
    assert alert_state(office) == (AlertState.OPEN, None)


def test_an_anchor_dates_their_car_and_a_better_one_winds_it_back(office: Store) -> None:
    agree(office)
    send(office, plate_read(wall_us=5, listed=PLATE, synced=False, mono_us=10))
    send(office, anchor(mono_us=20, wall_us=NOW_US, uncertainty_us=9), first_seq=2)
    assert watch(office).last_seen_us == NOW_US - 19
    send(office, anchor(mono_us=20, wall_us=NOW_US - HOUR_US), first_seq=3)
    assert watch(office).last_seen_us == NOW_US - HOUR_US - 10
    with office.read() as db:
        assert signs.vehicle_people_of_boot(db, device=DEVICE, boot=BOOT) == ["zhao"]


def test_a_car_that_was_sold_was_theirs_as_long_as_it_was(office: Store) -> None:
    agree(office)
    send(office, plate_read(wall_us=NOW_US - HOUR_US, listed=PLATE))
    store_us = NOW_US - HOUR_US + 1
    office.write(lambda db: vehicles.remove(db, 1, by="王", now_us=store_us))
    send(office, plate_read(wall_us=NOW_US, listed=PLATE), first_seq=2)
    office.write(lambda db: alerts.recount_person(db, person="zhao", now_us=NOW_US))
    assert watch(office).last_seen_us == NOW_US - HOUR_US


def test_whose_it_is_is_on_file_as_a_change_and_gone_with_the_person(office: Store) -> None:
    def assign(person: str | None) -> Vehicle:
        return office.write(lambda db: vehicles.assign(db, 1, person=person, by="李", now_us=NOW_US))

    with pytest.raises(NotFoundError):
        assign("nobody")
    assert assign("zhao").person == "zhao"
    with office.read() as db:
        assert [row.change for row in vehicles.changes(db, 1)] == [Change.CHANGED, Change.ADDED], "the same leaves none"
    assert assign(None).person is None
    assign("zhao")
    office.write(lambda db: people.erase(db, "zhao"))
    with office.read() as db:
        left = vehicles.get(db, 1)
    assert left is not None
    assert left.person is None
