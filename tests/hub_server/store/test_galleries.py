"""Who belongs on which device, when a gallery must be made anew, and whose word is still owed."""

from collections.abc import Callable

import pytest
from residents import agree, camera, enrolled, face, resident
from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose
from hub_server.store import consents, devices, events, faces, galleries, people, placements
from hub_server.store.custody import Custody
from hub_server.store.events import NewEvent
from hub_server.store.faces import Receipt
from hub_server.store.galleries import Plan
from hub_server.store.store import Store

DOOR, WELFARE, WATCHLIST = Purpose.DOOR, Purpose.WELFARE, Purpose.WATCHLIST


@pytest.fixture
def custody(store: Store) -> Custody:
    return Custody.open(store, store.data_dir)


def plan(store: Store, device: str = "east") -> Plan | None:
    with store.read() as db:
        return galleries.plan(db, device, now_us=store.now_us())


def members(store: Store, device: str = "east") -> dict[str, set[Purpose]]:
    found = plan(store, device)
    return {} if found is None else {member.person: set(member.purposes) for member in found.members}


def place(store: Store, person: str, purpose: Purpose, device: str) -> None:
    store.write(lambda db: placements.put(db, person=person, purpose=purpose, device=device))


def make(store: Store, version: int, device: str = "east") -> bool:
    wanted = plan(store, device)
    assert wanted is not None
    return store.write(lambda db: galleries.record(db, wanted, version=version, sha256="0" * 64, now_us=1))


def hold(store: Store, version: int, device: str = "east") -> None:
    store.write(lambda db: galleries.held(db, device, version=version, now_us=store.now_us()))


def receipts(store: Store) -> list[tuple[Receipt, ...]]:
    with store.read() as db:
        return [erased.receipts for erased in faces.erasures(db, after=None, limit=9)]


def test_a_door_entry_goes_to_the_gates_the_person_may_use_and_nowhere_else(store: Store, custody: Custody) -> None:
    camera(store, "east")
    camera(store, "west")
    enrolled(store, custody, "li", DOOR)
    assert members(store) == {}
    place(store, "li", DOOR, "east")
    assert members(store) == {"li": {DOOR}}
    assert members(store, "west") == {}


def test_a_welfare_entry_goes_to_every_camera_of_the_area_and_to_added_places(store: Store, custody: Custody) -> None:
    camera(store, "east")
    camera(store, "clinic", area="别处")
    camera(store, "nowhere", area="")
    enrolled(store, custody, "li", WELFARE)
    enrolled(store, custody, "homeless", WELFARE, n=1, area="")
    assert members(store) == {"li": {WELFARE}}
    assert members(store, "clinic") == {}
    assert members(store, "nowhere") == {}, "two that have no area have nothing in common"
    place(store, "li", WELFARE, "clinic")
    assert members(store, "clinic") == {"li": {WELFARE}}


def test_who_was_removed_is_in_no_gallery_until_brought_back(store: Store, custody: Custody) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", DOOR, WELFARE, WATCHLIST)
    enrolled(store, custody, "wang", WELFARE, n=1)
    place(store, "li", DOOR, "east")
    assert members(store) == {"li": {DOOR, WELFARE, WATCHLIST}, "wang": {WELFARE}}
    store.write(lambda db: people.remove(db, "li", by="王敏", now_us=1))
    assert members(store) == {"wang": {WELFARE}}
    store.write(lambda db: people.restore(db, "li", by="王敏", now_us=2))
    assert members(store) == {"li": {DOOR, WELFARE, WATCHLIST}, "wang": {WELFARE}}


def test_the_watchlist_goes_everywhere_and_purposes_meet_in_one_entry(store: Store, custody: Custody) -> None:
    camera(store, "east")
    camera(store, "clinic", area="别处")
    enrolled(store, custody, "li", DOOR, WELFARE, WATCHLIST)
    place(store, "li", DOOR, "east")
    assert members(store) == {"li": {DOOR, WELFARE, WATCHLIST}}
    assert members(store, "clinic") == {"li": {WATCHLIST}}


def test_a_purpose_that_is_not_agreed_to_carries_nobody_wherever_they_are_placed(
    store: Store, custody: Custody
) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", DOOR)
    place(store, "li", WELFARE, "east")
    assert members(store) == {}
    agree(store, "li", WELFARE)
    assert members(store) == {"li": {WELFARE}}


def test_who_was_enrolled_with_another_embedder_is_left_out_until_enrolled_again(
    store: Store, custody: Custody
) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", WELFARE, embedder="older")
    assert members(store) == {"li": {WELFARE}}
    store._clock = lambda: 1_795_471_200_000_001  # a moment later
    enrolled(store, custody, "wang", WELFARE, n=1, embedder="newer")
    assert members(store) == {"wang": {WELFARE}}
    custody.enrol("li", face(2, embedder="newer"), by="王敏")
    assert set(members(store)) == {"li", "wang"}


def test_a_device_that_takes_none_or_has_nobody_gets_no_plan_and_an_emptied_one_gets_an_empty_gallery(
    store: Store, custody: Custody
) -> None:
    camera(store, "old", takes=False)
    camera(store, "east")
    assert plan(store) is None
    enrolled(store, custody, "li", WELFARE)
    assert plan(store, "old") is None
    assert make(store, 1)
    custody.withdraw("li", WELFARE, by="王敏")
    emptied = plan(store)
    assert emptied is not None
    assert emptied.members == ()
    assert emptied.embedder == "test"


CHANGES: dict[str, Callable[[Database], object]] = {
    "an area of a person": lambda db: people.change(db, "li", now_us=1, area="别处"),
    "an area of a device": lambda db: devices.change(db, "east", now_us=1, area="别处"),
    "a new card": lambda db: devices.said_hello(db, "east", agent="x", seal_key="7" * 64, now_us=1),
    "a placement": lambda db: placements.put(db, person="li", purpose=DOOR, device="east"),
    "a withdrawal": lambda db: consents.withdraw(db, person="li", purpose=DOOR, by="x", now_us=1),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_matters_for_a_gallery_raises_the_revision_and_changes_the_plan(
    store: Store, custody: Custody, what: str
) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", DOOR, WELFARE)
    if what == "a withdrawal":
        place(store, "li", DOOR, "east")
    assert make(store, 1)
    before, wanted = revision(store), plan(store)
    store.write(CHANGES[what])
    assert revision(store) > before
    after = plan(store)
    assert wanted is not None
    assert after is None or after.digest != wanted.digest


def revision(store: Store) -> int:
    with store.read() as db:
        return galleries.revision(db)


def test_what_does_not_matter_leaves_the_revision_alone(store: Store, custody: Custody) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", WELFARE)
    before = revision(store)
    stored = NewEvent(
        device="east", epoch="0" * 32, seq=1, last_seq=1, hash="0" * 64, type="passage", received_us=1, raw=b"{}"
    )

    def job(db: Database) -> None:
        people.change(db, "li", now_us=1, phone="138")
        devices.heard(db, "east", now_us=5)
        devices.set_online(db, "east", online=True)
        events.add(db, stored)

    store.write(job)
    assert revision(store) == before


def test_a_gallery_whose_plan_has_changed_meanwhile_is_not_recorded(store: Store, custody: Custody) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", WELFARE)
    wanted = plan(store)
    assert wanted is not None
    custody.erase_face("li", by="王敏")
    resident(store, "wang")
    assert not store.write(lambda db: galleries.record(db, wanted, version=1, sha256="0" * 64, now_us=1))
    with store.read() as db:
        assert galleries.made(db, "east") is None


def test_an_erasure_owes_the_word_of_every_device_that_may_hold_the_person_and_of_no_other(
    store: Store, custody: Custody
) -> None:
    camera(store, "east")
    camera(store, "clinic", area="别处")
    enrolled(store, custody, "li", WELFARE)
    assert make(store, 1)
    custody.erase_person("li")
    assert receipts(store) == [(Receipt(device="east", version=None, received_us=None),)]
    assert make(store, 2)
    hold(store, 1)
    assert receipts(store) == [(Receipt(device="east", version=2, received_us=None),)], "an older one says nothing"
    hold(store, 2)
    assert receipts(store) == [(Receipt(device="east", version=2, received_us=store.now_us()),)]


def test_who_left_a_gallery_that_is_not_confirmed_yet_and_is_erased_then_is_told_by_that_one(
    store: Store, custody: Custody
) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", WELFARE)
    assert make(store, 1)
    store.write(lambda db: people.change(db, "li", now_us=1, area="别处"))
    assert make(store, 2)
    custody.erase_face("li", by="王敏")
    assert receipts(store) == [(Receipt(device="east", version=2, received_us=None),)]
    hold(store, 2)
    assert receipts(store)[0][0].received_us is not None


def test_who_enrols_again_before_the_device_has_answered_still_gets_the_receipt_of_the_first(
    store: Store, custody: Custody
) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", WELFARE)
    assert make(store, 1)
    custody.erase_face("li", by="王敏")
    agree(store, "li", WELFARE)
    custody.enrol("li", face(5), by="王敏")
    assert make(store, 2)
    hold(store, 2)
    assert receipts(store) == [(Receipt(device="east", version=2, received_us=store.now_us()),)]
    custody.erase_face("li", by="王敏")
    assert receipts(store)[1] == (Receipt(device="east", version=None, received_us=None),)


def test_a_device_that_is_ahead_gets_a_version_above_its_own(store: Store, custody: Custody) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", WELFARE)
    assert make(store, 1)
    store.write(lambda db: galleries.make_above(db, "east", 41))
    with store.read() as db:
        found = galleries.made(db, "east")
    assert found is not None
    assert (found.version, found.plan) == (41, "")


def test_why_a_device_did_not_take_a_gallery_is_shown_until_it_takes_one(store: Store, custody: Custody) -> None:
    camera(store, "east")
    enrolled(store, custody, "li", WELFARE)
    assert make(store, 1)

    def trouble() -> str:
        with store.read() as db:
            found = devices.get(db, "east")
        assert found is not None
        return found.gallery_trouble

    store.write(lambda db: galleries.refused(db, "east", version=1, trouble="storage: full"))
    assert trouble() == "storage: full"
    hold(store, 1)
    assert trouble() == ""
