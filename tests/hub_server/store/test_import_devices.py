"""A table of devices: new ones, those that are there, those that nobody may touch; all of it or nothing."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.store import areas, device_profiles, devices, imports, migrations
from hub_server.store.areas import AreaKind
from hub_server.store.connection import open_writer
from hub_server.store.errors import ConflictingChangeError
from hub_server.store.import_plans import Does, ImportRow
from hub_server.store.imports import Brought, Import, ImportKind
from hub_server.store.reach import EVERYWHERE, Reach, of_areas
from hub_server.store.store import Store

Row = dict[str, Any]
GATE: Row = {
    "device": "gate-east",
    "place": "东门",
    "area": "桂花村",
    "point_kind": "barrier",
    "camera": "rtsp://viewer:secret@192.0.2.20/main",
    "relay": "gpio:17",
}


def bring(store: Store, *rows: Row, reach: Reach = EVERYWHERE) -> Import:
    numbered = tuple(ImportRow(number=number, values=values) for number, values in enumerate(rows, 2))
    brought = Brought(kind=ImportKind.DEVICES, file_name="points.xlsx", rows=numbered)
    with store.read() as db:
        preview = imports.preview(db, brought, reach=reach)
    return store.write(lambda db: imports.keep(db, preview, author="token local", now_us=store.now_us()))


def apply(store: Store, found: Import, *, reach: Reach = EVERYWHERE) -> Import:
    with store.read() as db:
        ready = imports.ready(db, found.id, now_us=store.now_us())
    return store.write(lambda db: imports.apply(db, ready, reach=reach, by="王敏", now_us=store.now_us()))


def take(store: Store, *rows: Row) -> Import:
    found = bring(store, *rows)
    assert not found.mistakes, found.mistakes
    return apply(store, found)


def everything(store: Store) -> dict[str, list[Any]]:
    with store.read() as db:
        tables = ("devices", "device_profiles", "areas", "places")
        return {table: list(db.query(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608 our own names


def retire(db: Database) -> None:
    db.execute("UPDATE devices SET retired_us = 1 WHERE id = 'gate-east'")


def test_a_new_device_gets_its_place_and_its_profile(store: Store) -> None:
    done = take(store, GATE, {"device": "door-west", "place": "西门"})
    assert (done.facts.new, done.facts.update, done.facts.new_areas) == (2, 0, ("桂花村",))
    with store.read() as db:
        east, west = devices.page(db, after=None, limit=10)[::-1]
        profile = device_profiles.get(db, "gate-east")
        usual = device_profiles.get(db, "door-west")
    assert (east.id, east.place, east.area) == ("gate-east", "东门", "桂花村")
    assert (west.id, west.place, west.area) == ("door-west", "西门", "")
    assert (profile.kind, profile.camera, profile.relay) == ("barrier", GATE["camera"], "gpio:17")
    assert (usual.kind, usual.camera, usual.relay) == ("door", "picamera2", "")


def test_the_same_table_twice_does_nothing_the_second_time(store: Store) -> None:
    take(store, GATE)
    before = everything(store)
    again = take(store, GATE)
    assert (again.facts.new, again.facts.update, again.facts.unchanged) == (0, 0, 1)
    assert everything(store) == before


def test_a_device_that_is_there_is_named_and_only_what_the_row_says_is_changed(store: Store) -> None:
    take(store, GATE)
    store.write(
        lambda db: device_profiles.put(
            db, "gate-east", kind="barrier", camera="picamera2", relay="", settings={"wifi": "y"}, now_us=store.now_us()
        )
    )
    found = bring(store, {"device": "gate-east", "relay": "gpio:4"})
    (plan,) = found.plans
    assert (plan.does, plan.before, plan.after) == (Does.UPDATE, {"relay": ""}, {"relay": "gpio:4"})
    assert plan.hint is not None
    assert "已有" in plan.hint[0]
    apply(store, found)
    with store.read() as db:
        profile, device = device_profiles.get(db, "gate-east"), devices.get(db, "gate-east")
    assert (profile.camera, profile.relay, profile.settings) == ("picamera2", "gpio:4", {"wifi": "y"})
    assert device is not None
    assert device.place == "东门"


def test_a_new_device_without_a_place_and_one_that_is_retired_are_refused_by_row(store: Store) -> None:
    take(store, GATE)
    store.write(retire)
    elsewhere = {"device": "gate-east", "place": "别处"}
    found = bring(store, {"device": "gate-new"}, elsewhere, {"device": "d", "place": "门"})
    assert [(one.row, one.column) for one in found.mistakes] == [(2, "place"), (3, "device")]
    before = everything(store)
    with pytest.raises(ConflictingChangeError, match="2 行有错"):
        apply(store, found)
    assert everything(store) == before


def test_whoever_is_bound_to_an_area_adds_and_changes_devices_there_only(store: Store) -> None:
    def lay(db: Database) -> Reach:
        for name in ("桂花村", "东湖社区"):
            areas.create(db, name=name, kind=AreaKind.COMMUNITY, now_us=store.now_us())
        return of_areas(db, ["桂花村"])

    bound = store.write(lay)
    take(store, {"device": "lake-1", "place": "湖边", "area": "东湖社区"})
    found = bring(
        store,
        {"device": "gate-1", "place": "门", "area": "桂花村"},
        {"device": "gate-2", "place": "门", "area": "东湖社区"},
        {"device": "gate-3", "place": "门"},
        {"device": "lake-1", "place": "改"},
        reach=bound,
    )
    assert [(one.row, one.column) for one in found.mistakes] == [(3, "area"), (4, "area"), (5, "device")]


def test_a_device_that_somebody_makes_after_the_preview_refuses_the_whole(store: Store) -> None:
    found = bring(store, GATE, {"device": "door-west", "place": "西门"})
    store.write(lambda db: devices.create(db, id="gate-east", place="别处", now_us=store.now_us()))
    before = everything(store)
    with pytest.raises(ConflictingChangeError, match="第 2 行"):
        apply(store, found)
    assert everything(store) == before


def test_tables_that_were_brought_before_stay_with_their_numbers_and_no_number_comes_twice(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "hub.sqlite3")
    with closing(db.conn):
        migrations._steps.apply(db, stop_before="m0009_provisioning")
        for _ in range(3):
            db.execute(
                "INSERT INTO imports (kind, file_name, author, created_us, rows, errors, counts)"
                " VALUES ('people', 'a.xlsx', 'account wangmin', 1, '{}', '[]', '{}')"
            )
        db.execute("DELETE FROM imports WHERE id = 3")
        before = list(db.query("SELECT * FROM imports"))
        migrations.migrate(db)
        assert list(db.query("SELECT * FROM imports")) == before
        new = db.execute(
            "INSERT INTO imports (kind, file_name, author, created_us, rows, errors, counts)"
            " VALUES ('devices', 'b.xlsx', 'token local', 2, '{}', '[]', '{}')"
        ).lastrowid
        assert new == 4
        assert "imports_created" in {index.name for index in db.table("imports").indexes}
