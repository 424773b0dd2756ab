"""Whose plate may pass where, and for how long: what is refused, what is on file, what a device is sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from residents import AREA, camera, enrolled
from sqlite_utils import Database

from edge_agent.wire.gallery import VEHICLES_MAX, Purpose
from hub_server.store import galleries, migrations, vehicles
from hub_server.store.connection import open_writer
from hub_server.store.custody import Custody
from hub_server.store.errors import ConflictingChangeError, ExistsError, InvalidValueError, NotFoundError
from hub_server.store.galleries import Embedder, MayPass, Plan
from hub_server.store.store import Store
from hub_server.store.vehicles import Change, Owner, Vehicle

NOW_US = 1_795_471_200_000_000
HOUR_US = 3_600_000_000
TOLD = Embedder(id="of-the-manifest", template_length=4)


def add(store: Store, plate: str = "粤B·12345", **otherwise: Any) -> Vehicle:
    given = {"owner": Owner.HOUSEHOLD, "label": "3 栋 502", "valid_from_us": None, "valid_until_us": None, "by": "王敏"}
    return store.write(lambda db: vehicles.add(db, plate=plate, now_us=store.now_us(), **given | otherwise))


def place(store: Store, vehicle: int = 1, device: str = "east") -> Vehicle:
    return store.write(lambda db: vehicles.place(db, vehicle, device=device, by="王敏", now_us=store.now_us()))


def plan(store: Store, device: str = "east", *, now_us: int = NOW_US, fallback: Embedder | None = TOLD) -> Plan | None:
    with store.read() as db:
        return galleries.plan(db, device, now_us=now_us, fallback=fallback)


def may_pass(store: Store, device: str = "east", *, now_us: int = NOW_US) -> list[str]:
    found = plan(store, device, now_us=now_us)
    return [] if found is None else [one.plate for one in found.vehicles]


def make(store: Store, version: int, device: str = "east") -> bool:
    wanted = plan(store, device)
    assert wanted is not None
    return store.write(lambda db: galleries.record(db, wanted, version=version, sha256="0" * 64, now_us=NOW_US))


def story(store: Store, vehicle: int = 1) -> list[tuple[str, str, str | None]]:
    with store.read() as db:
        return [(row.change, row.author, row.device) for row in reversed(vehicles.changes(db, vehicle))]


@pytest.mark.parametrize(
    "typed", ["粤B12345", "粤B·12345", " 粤 b 12345 ", "粤b・12345", "粤Ｂ１２３４５", "粤B•12345", "粤\u3000B\t12345"]
)
def test_a_plate_is_taken_as_people_write_it(store: Store, typed: str) -> None:
    assert add(store, typed).plate == "粤B12345"


@pytest.mark.parametrize("typed", ["粤BD12345", "粤B12345D", "粤B1234学", "粤B1234警", "使123456", "粤Z1234港"])
def test_every_kind_of_plate_is_a_plate(store: Store, typed: str) -> None:
    assert add(store, typed).plate == typed


@pytest.mark.parametrize(
    "typed", ["", "B12345", "粤B1234", "粤B123456", "粤BO1234", "粤I12345", "粤B-12345", "粤B12345' OR 1", "粤" * 5000]
)
def test_what_is_no_plate_is_refused_in_chinese_first(store: Store, typed: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        add(store, typed)
    assert refused.value.field == "plate"
    assert refused.value.message.startswith("不是车牌号")
    with store.read() as db:
        assert vehicles.page(db, after=None, limit=9) == []


def test_a_plate_is_there_once_however_it_is_written_and_whatever_its_validity(store: Store) -> None:
    add(store, valid_until_us=NOW_US - HOUR_US, valid_from_us=NOW_US - 2 * HOUR_US)
    for times in ((None, None), (NOW_US, NOW_US + 1), (NOW_US - 90, NOW_US - 80)):
        with pytest.raises(ExistsError, match="已经登记"):
            add(store, "粤b 12345", valid_from_us=times[0], valid_until_us=times[1])
    store.write(lambda db: vehicles.remove(db, 1, by="王敏", now_us=NOW_US))
    assert add(store).id == 2


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ((NOW_US, NOW_US), "valid_until"),
        ((NOW_US, NOW_US - 1), "valid_until"),
        ((-1, None), "valid_from"),
        ((None, 2**53), "valid_until"),
    ],
)
def test_a_validity_that_cannot_be_is_refused_at_the_beginning_and_later(
    store: Store, times: tuple[int | None, int | None], field: str
) -> None:
    given: dict[str, Any] = {"valid_from_us": times[0], "valid_until_us": times[1]}
    with pytest.raises(InvalidValueError) as refused:
        add(store, **given)
    assert refused.value.field == field
    add(store)
    with pytest.raises(InvalidValueError):
        store.write(lambda db: vehicles.change(db, 1, by="王敏", now_us=NOW_US, **given))
    assert story(store) == [("added", "王敏", None)]


@pytest.mark.parametrize("lack", [{"label": " "}, {"label": "x" * 201}, {"by": ""}])
def test_whose_it_is_and_who_says_so_must_be_told(store: Store, lack: dict[str, str]) -> None:
    with pytest.raises(InvalidValueError):
        add(store, **lack)


def test_each_change_is_on_file_with_its_author_and_what_changes_nothing_is_not(store: Store) -> None:
    camera(store, "east")
    add(store)
    place(store)
    place(store)
    for until_us in (NOW_US + HOUR_US, NOW_US + HOUR_US):
        store.write(
            lambda db, until_us=until_us: vehicles.change(db, 1, by="李", now_us=NOW_US, valid_until_us=until_us)  # type: ignore[misc]
        )
    store.write(lambda db: vehicles.unplace(db, 1, device="east", by="李", now_us=NOW_US))
    gone = store.write(lambda db: vehicles.remove(db, 1, by="张", now_us=NOW_US + 5))
    assert (gone.removed_us, gone.removed_by, gone.devices) == (NOW_US + 5, "张", ())
    assert story(store) == [
        ("added", "王敏", None),
        ("placed", "王敏", "east"),
        ("changed", "李", None),
        ("unplaced", "李", "east"),
        ("removed", "张", None),
    ]
    with store.read() as db:
        newest = vehicles.changes(db, 1)[0]
    assert (newest.change, newest.valid_until_us, newest.label) == (Change.REMOVED, NOW_US + HOUR_US, "3 栋 502")


REFUSED: dict[str, Callable[[Database], object]] = {
    "change": lambda db: vehicles.change(db, 1, by="x", now_us=1, label="y"),
    "place": lambda db: vehicles.place(db, 1, device="east", by="x", now_us=1),
    "unplace": lambda db: vehicles.unplace(db, 1, device="east", by="x", now_us=1),
    "remove": lambda db: vehicles.remove(db, 1, by="x", now_us=1),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("known", [True, False])
def test_what_was_removed_or_never_was_cannot_be_changed(store: Store, what: str, *, known: bool) -> None:
    camera(store, "east")
    if known:
        add(store)
        store.write(lambda db: vehicles.remove(db, 1, by="王敏", now_us=NOW_US))
    with pytest.raises(NotFoundError):
        store.write(REFUSED[what])


def test_nothing_else_of_a_vehicle_can_be_changed(store: Store) -> None:
    add(store)
    with pytest.raises(InvalidValueError, match="plate"):
        store.write(lambda db: vehicles.change(db, 1, by="x", now_us=1, plate="粤B99999"))


def test_a_vehicle_goes_to_the_devices_it_is_placed_at_and_to_no_other(store: Store) -> None:
    for device in ("east", "west"):
        camera(store, device)
    add(store)
    with pytest.raises(NotFoundError, match="nowhere"):
        place(store, device="nowhere")
    assert plan(store) is None
    assert place(store).devices == ("east",)
    assert may_pass(store) == ["粤B12345"]
    assert plan(store, "west") is None


def test_a_device_with_vehicles_alone_has_a_gallery_by_the_embedder_that_it_is_told(
    store: Store,
) -> None:
    camera(store, "east")
    add(store)
    place(store)
    found = plan(store)
    assert found is not None
    assert (found.embedder, found.template_length, found.members) == (TOLD.id, TOLD.template_length, ())
    assert plan(store, fallback=None) is None, "nobody knows what to call it"
    assert make(store, 1)
    assert plan(store, fallback=None) is not None
    enrolled(store, Custody.open(store, store.data_dir), "li", Purpose.WELFARE, area=AREA)
    found = plan(store)
    assert found is not None
    assert (found.embedder, len(found.members), len(found.vehicles)) == ("test", 1, 1)


@pytest.mark.parametrize(
    ("from_us", "until_us", "sent"),
    [
        (None, NOW_US, False),
        (None, NOW_US + 1, True),
        (NOW_US + HOUR_US, None, True),
        (NOW_US - 9, NOW_US - 1, False),
    ],
)
def test_a_vehicle_is_sent_ahead_of_its_time_and_not_after_it(
    store: Store, from_us: int | None, until_us: int | None, *, sent: bool
) -> None:
    camera(store, "east")
    add(store, valid_from_us=from_us, valid_until_us=until_us)
    place(store)
    found = plan(store)
    assert (() if found is None else found.vehicles) == (
        (MayPass(plate="粤B12345", valid_from_us=from_us, valid_until_us=until_us),) if sent else ()
    )


def test_the_devices_of_vehicles_whose_time_ends_are_told_at_the_very_moment(store: Store) -> None:
    for device in ("east", "west"):
        camera(store, device)
    add(store, valid_until_us=NOW_US)
    place(store)
    add(store, "粤B67890", valid_until_us=NOW_US)
    add(store, "粤B11111")
    place(store, 3, "west")
    with store.read() as db:
        assert galleries.ending(db, after_us=NOW_US - 1, until_us=NOW_US) == ["east"]
        assert galleries.ending(db, after_us=NOW_US, until_us=NOW_US + 1) == []
        assert galleries.ending(db, after_us=0, until_us=NOW_US - 1) == []


CHANGES: dict[str, Callable[[Database], object]] = {
    "a validity": lambda db: vehicles.change(db, 1, by="x", now_us=1, valid_until_us=NOW_US + HOUR_US),
    "another vehicle": lambda db: vehicles.place(db, 2, device="east", by="x", now_us=1),
    "a gate less": lambda db: vehicles.unplace(db, 1, device="east", by="x", now_us=1),
    "a removal while placed": lambda db: vehicles.remove(db, 1, by="x", now_us=1),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_matters_for_the_list_raises_the_revision_and_changes_the_plan(store: Store, what: str) -> None:
    camera(store, "east")
    add(store)
    add(store, "粤B67890")
    place(store)
    assert make(store, 1)
    before, wanted = revision(store), plan(store)
    store.write(CHANGES[what])
    after = plan(store)
    assert revision(store) > before
    assert wanted is not None
    assert after is not None, "an emptied list is a gallery too"
    assert after.digest != wanted.digest


def revision(store: Store) -> int:
    with store.read() as db:
        return galleries.revision(db)


def test_a_label_and_a_vehicle_that_is_placed_nowhere_change_no_gallery(store: Store) -> None:
    before = revision(store)
    add(store)
    store.write(lambda db: vehicles.change(db, 1, by="x", now_us=1, label="4 栋"))
    assert plan(store) is None
    assert revision(store) == before


def test_without_vehicles_the_digest_is_what_it_was_before_there_were_any() -> None:
    bare = Plan(device="east", seal_key="6" * 64, embedder="e", template_length=2, members=())
    assert bare.digest == "e68a32faa5ee6141c9d05fffec2f4cc801e4bb6e68277a53ad9ca78e07dde76c"


def test_a_store_of_the_fourth_step_is_brought_up_to_date_and_keeps_what_it_has(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "hub.sqlite3")
    migrations._steps.apply(db, stop_before="m0005_plates")
    db.execute("INSERT INTO devices (id, place, created_us, secret_sha256) VALUES ('east', '', 1, '')")
    before = db.execute("SELECT n FROM gallery_revision").fetchone()[0]
    db.close()
    store = Store.open(tmp_path, clock=lambda: NOW_US)
    assert revision(store) == before
    add(store)
    assert place(store).devices == ("east",)
    store.close()


def test_a_vehicle_that_expires_while_its_gallery_is_made_is_not_recorded_as_sent(store: Store) -> None:
    camera(store, "east")
    add(store, valid_until_us=NOW_US + 5)
    place(store)
    wanted = plan(store)
    assert wanted is not None
    assert not store.write(lambda db: galleries.record(db, wanted, version=1, sha256="0" * 64, now_us=NOW_US + 5))


@pytest.mark.slow
def test_a_device_takes_twenty_thousand_vehicles_and_not_one_more(store: Store) -> None:
    camera(store, "east")

    def fill(db: Database) -> None:
        rows = [(n, f"粤B{n:05}") for n in range(1, VEHICLES_MAX + 1)]
        db.conn.executemany(
            "INSERT INTO vehicles (id, plate, owner, label, created_us, created_by)"
            " VALUES (?, ?, 'household', 'x', 1, 'x')",
            rows,
        )
        db.conn.executemany(
            "INSERT INTO vehicle_placements (vehicle, device) VALUES (?, 'east')", [(n,) for n, _ in rows]
        )

    store.write(fill)
    assert len(may_pass(store)) == VEHICLES_MAX
    one_more = add(store, "粤B99999")
    with pytest.raises(ConflictingChangeError, match="放不下"):
        place(store, one_more.id)
    assert story(store, one_more.id) == [("added", "王敏", None)]
    store.write(lambda db: vehicles.remove(db, 7, by="王敏", now_us=NOW_US))
    place(store, one_more.id)
    assert len(may_pass(store)) == VEHICLES_MAX


def test_vehicles_are_listed_by_id_by_plate_and_by_device_and_the_removed_are_not(store: Store) -> None:
    for device in ("east", "west"):
        camera(store, device)
    for n in range(5):
        add(store, f"粤B1234{n}")
        place(store, n + 1, "east" if n % 2 else "west")
    store.write(lambda db: vehicles.remove(db, 5, by="x", now_us=1))

    def listed(**asked: Any) -> list[int]:
        with store.read() as db:
            return [row.id for row in vehicles.page(db, **{"after": None, "limit": 9} | asked)]

    assert listed() == [1, 2, 3, 4]
    assert listed(after=2, limit=1) == [3]
    assert listed(plate="粤b·12343") == [4]
    assert listed(device="west") == [1, 3]
    assert listed(device="west", plate="粤B12341") == []
