"""Backups of a working store, what is verified in them, and what a restored hub asks its agents for again."""

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from device_model import DAY_US, DEVICE, EPOCH, batch, hello, passage
from sqlite_utils import Database

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import Ack, DownMessage, UpMessage, Welcome
from hub_server.ingest.apply import apply_up
from hub_server.store import alerts, backup, devices, events, people, verify, watches
from hub_server.store.backup import BackupError
from hub_server.store.connection import open_copy
from hub_server.store.erasures import ErasureLog, ErasuresError, Scope
from hub_server.store.errors import ExistsError, NotFoundError, StoreBusyError
from hub_server.store.replay import replay_erasures
from hub_server.store.restore import restore
from hub_server.store.store import Store
from hub_server.watch.states import AlertState

NOW_US = 1_795_471_200_000_000
A, B, C, D, E = (passage(wall_us=NOW_US - n * 1_000_000, mono_us=n, person="zhao") for n in range(5, 0, -1))


@pytest.fixture
def data(store: Store, tmp_path: Path) -> Path:
    """A device has sent three sightings of zhao, whose alert they retracted; that of qian was taken by somebody."""

    def job(db: Database) -> None:
        devices.create(db, id=DEVICE, place="", now_us=NOW_US)
        for person in ("qian", "zhao"):
            people.create(db, id=person, name=person, address="", phone="", note="", now_us=NOW_US)
            watches.create(db, person=person, period_s=86400, last_seen_us=NOW_US - 2 * DAY_US, now_us=NOW_US)
        alerts.raise_due(db, now_us=NOW_US, limit=9)
        alerts.move(db, 1, to=AlertState.ACKNOWLEDGED, outcome=None, author="王", note="", until_us=None, now_us=NOW_US)

    store.write(job)
    say(store, batch(A, B, C))
    return tmp_path / "data"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def say(store: Store, message: UpMessage) -> list[DownMessage]:
    return store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))


def reopened(data_dir: Path) -> Store:
    return Store.open(data_dir, clock=lambda: NOW_US)


def failed(path: Path) -> dict[str, str]:
    with closing(open_copy(path)) as db:
        return {check.name: check.detail for check in verify.checks(db) if not check.ok}


def test_a_backup_of_a_running_hub_is_whole_and_its_manifest_says_what_it_holds(data: Path, shelf: Path) -> None:
    made = backup.take(data, shelf, now_us=NOW_US)
    assert made.path == shelf / "hub-20261123T220000Z.sqlite3"
    assert made.manifest.taken_at == "2026-11-23T22:00:00+00:00"
    assert made.manifest.counts["events"] == 3
    assert "m0003_clocks" in made.manifest.schema
    assert backup.read(made.path) == made
    assert failed(made.path) == {}
    assert {path.name for path in shelf.iterdir()} == {made.path.name, made.path.name + ".manifest.json"}
    assert {path.stat().st_mode & 0o777 for path in shelf.iterdir()} == {0o600}


def test_a_backup_shows_one_moment_while_the_hub_goes_on_writing(store: Store, data: Path, shelf: Path) -> None:
    """Person n and device n are written together: a backup that tore would hold one without the other."""
    ending = threading.Event()

    def busy() -> None:
        n = 0
        while not ending.is_set():
            n += 1

            def job(db: Database, name: str = f"n{n}") -> None:
                people.create(db, id=name, name=name, address="x" * 200, phone="", note="y" * 2000, now_us=NOW_US)
                devices.create(db, id=name, place="", now_us=NOW_US)

            store.write(job)

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        taken = [backup.take(data, shelf / f"b{n}", now_us=NOW_US).manifest.counts for n in range(5)]
    finally:
        ending.set()
        writer.join()
    assert all(counts["people"] == counts["devices"] + 1 for counts in taken)
    assert taken[-1]["people"] > taken[0]["people"]
    assert [failed(shelf / f"b{n}") for n in range(5)] == [{}] * 5


def test_a_backup_replaces_nothing(data: Path, shelf: Path) -> None:
    backup.take(data, shelf / "one", now_us=NOW_US)
    before = (shelf / "one").read_bytes()
    with pytest.raises(ExistsError):
        backup.take(data, shelf / "one", now_us=NOW_US + 1)
    assert (shelf / "one").read_bytes() == before


def test_there_is_no_backup_of_nothing(tmp_path: Path, shelf: Path) -> None:
    with pytest.raises(NotFoundError):
        backup.take(tmp_path / "nowhere", shelf, now_us=NOW_US)
    assert list(shelf.iterdir()) == []


@pytest.mark.parametrize("harm", ["a bit", "the end", "the manifest", "its format"])
def test_a_backup_that_is_damaged_is_refused(data: Path, shelf: Path, harm: str) -> None:
    path = backup.take(data, shelf / "one", now_us=NOW_US).path
    manifest, raw = backup.manifest_path(path), bytearray(path.read_bytes())
    if harm == "a bit":
        raw[-1] ^= 1
        path.write_bytes(raw)
    elif harm == "the end":
        path.write_bytes(raw[:-4096])
    elif harm == "the manifest":
        manifest.unlink()
    else:
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 2}))
    with pytest.raises(BackupError):
        backup.read(path)


def test_a_restored_older_hub_asks_its_agents_again_and_loses_and_doubles_nothing(
    store: Store, data: Path, shelf: Path, tmp_path: Path
) -> None:
    path = backup.take(data, shelf, now_us=NOW_US).path
    assert say(store, batch(D, E, first_seq=4)) == [Ack(epoch=EPOCH, high=5, hash=event_hash(E))]
    store.close()
    done = restore(data, path, force=True, now_us=NOW_US)
    assert done.set_aside == tmp_path / "data.before-restore-20261123T220000Z"
    older = reopened(data)
    assert say(older, hello(last=5)) == [Welcome(epoch=EPOCH, high=3, hash=event_hash(C))]
    assert say(older, batch(C, D, E, first_seq=3)) == [Ack(epoch=EPOCH, high=5, hash=event_hash(E))]
    with older.read() as db:
        rows = events.page(db, after=0, before=None, limit=9)
        watch = watches.get_by_person(db, "zhao")
        assert [row.body.encode() for row in rows] == [A, B, C, D, E]
        assert [check.detail for check in verify.checks(db) if not check.ok] == []
    assert watch is not None
    assert watch.last_seen_us == NOW_US - 1_000_000
    older.close()


def test_a_folder_in_use_or_not_empty_is_left_alone(store: Store, data: Path, shelf: Path) -> None:
    path = backup.take(data, shelf, now_us=NOW_US).path
    with pytest.raises(StoreBusyError):
        restore(data, path, force=True, now_us=NOW_US)
    store.close()
    before = sorted(data.iterdir())
    with pytest.raises(ExistsError):
        restore(data, path, force=False, now_us=NOW_US)
    assert sorted(data.iterdir()) == before


@pytest.mark.parametrize("there", [True, False])
def test_a_restore_into_a_new_folder_needs_no_force(data: Path, shelf: Path, tmp_path: Path, there: bool) -> None:  # noqa: FBT001 a parameter
    path = backup.take(data, shelf, now_us=NOW_US).path
    fresh = tmp_path / "fresh"
    if there:
        fresh.mkdir()
    assert restore(fresh, path, force=False, now_us=NOW_US).set_aside is None
    assert fresh.stat().st_mode & 0o777 == 0o700
    reopened(fresh).close()


def test_the_keys_go_on_with_the_restored_hub_and_lie_nowhere_else(
    store: Store, data: Path, shelf: Path, tmp_path: Path
) -> None:
    path = backup.take(data, shelf, now_us=NOW_US).path
    store.close()
    (data / "site.key").write_bytes(b"k")
    (data / "keys").mkdir()
    aside = restore(data, path, force=True, now_us=NOW_US).set_aside
    assert aside is not None
    assert (data / "site.key").exists()
    assert (data / "keys").is_dir()
    assert not (aside / "site.key").exists()
    assert not (aside / "keys").exists()
    assert not [left for left in tmp_path.iterdir() if "restoring" in left.name]


def erase(folder: Path, person: str) -> None:
    log = ErasureLog(folder / "erasures.jsonl")
    number = f"{len(log.erasures) + 1:032x}"
    log.append(erasure=number, person=person, scope=Scope.PERSON, keys=(), at_us=NOW_US)


def test_an_older_backup_brings_nobody_back_who_was_erased_since(store: Store, data: Path, shelf: Path) -> None:
    path = backup.take(data, shelf, now_us=NOW_US).path
    erase(data, "zhao")
    store.write(lambda db: people.erase(db, "zhao"))
    store.close()
    restore(data, path, force=True, now_us=NOW_US)
    older = reopened(data)
    assert replay_erasures(older, data) == ("zhao",)
    assert replay_erasures(older, data) == (), "it is done"
    with older.read() as db:
        assert people.get(db, "zhao") is None
        assert [alert.person for alert in alerts.page(db, states=None, after=None, limit=9)] == ["qian"]
        assert [(row.person, row.body) for row in events.page(db, after=0, before=None, limit=9)] == [(None, "")] * 3
        assert [check.detail for check in verify.checks(db) if not check.ok] == []
    assert say(older, batch(A, B, C)) == [Ack(epoch=EPOCH, high=3, hash=event_hash(C))], "they are known by their hash"
    older.close()


def test_an_erased_person_is_named_by_no_event_that_was_kept_aside_or_not_understood(store: Store, data: Path) -> None:
    assert data.is_dir()
    odd = b'{"type":"passage","sighting":{"person":"zhao"}}'
    say(store, batch(odd, b"[]", b"\xff", first_seq=4))
    say(store, batch(E, first_seq=1))
    store.write(lambda db: people.erase(db, "zhao"))
    with store.read() as db:
        kept = [row[0] for row in db.execute("SELECT raw FROM events UNION ALL SELECT raw FROM conflicts")]
    assert sorted(kept) == [b""] * 5 + [b"[]", b"\xff"]


def test_the_erasures_lie_beside_the_backups_and_reach_a_machine_that_never_knew_them(
    data: Path, shelf: Path, tmp_path: Path
) -> None:
    early = backup.take(data, shelf / "early", now_us=NOW_US).path
    erase(data, "zhao")
    backup.take(data, shelf / "late", now_us=NOW_US)
    fresh = tmp_path / "fresh"
    restore(fresh, early, force=False, now_us=NOW_US)
    older = reopened(fresh)
    assert replay_erasures(older, fresh) == ("zhao",)
    older.close()


def test_a_backup_whose_erasures_are_missing_is_not_restored(data: Path, shelf: Path, tmp_path: Path) -> None:
    erase(data, "zhao")
    path = backup.take(data, shelf, now_us=NOW_US).path
    (shelf / "erasures.jsonl").unlink()
    with pytest.raises(ErasuresError, match="cut short"):
        restore(tmp_path / "fresh", path, force=False, now_us=NOW_US)
    assert not (tmp_path / "fresh").exists()


def test_erasures_that_were_edited_keep_the_hub_from_serving(store: Store, data: Path) -> None:
    erase(data, "zhao")
    file = data / "erasures.jsonl"
    file.write_bytes(file.read_bytes().replace(b"zhao", b"qian"))
    with pytest.raises(ErasuresError, match="edited"):
        replay_erasures(store, data)


HARMS: dict[str, tuple[str, str]] = {
    "places": ("DELETE FROM events WHERE seq = 2", "3 follows 1"),
    "places: the hash": ("UPDATE journals SET high_hash = 'x'", "another hash"),
    "places: the bytes": ("UPDATE events SET raw = X'00' WHERE seq = 1", "not those of its hash"),
    "places: nothing": ("DELETE FROM events", "nothing is stored"),
    "due times": ("UPDATE watches SET due_us = due_us + 1", "watch 1: due"),
    "last seen": ("DELETE FROM observations", "the newest sign of life is None"),
    "last seen: an event": ("UPDATE events SET qualifies = 0, counts = 0", "watch 2: last seen"),
    "pauses": ("UPDATE watches SET paused_until_us = 5", "paused until 5, the last pause ends None"),
    "corrections": (
        "INSERT INTO corrections (event, person, author, note, at_us) VALUES (1, 'zhao', 'a', '', 1)",
        "event 1 was corrected, and counts",
    ),
    "ladder": ("UPDATE alerts SET climb_us = NULL", "alert 1 is acknowledged and never climbs"),
    "outbox": (
        "INSERT INTO messages (key, addressee, created_us) VALUES ('m', 'recipient/1', 1)",
        "message 1 tells of nothing",
    ),
    "open alerts": (
        "DROP INDEX alerts_one_not_closed; UPDATE alerts SET state='open', outcome=NULL, person='qian', due_us=id",
        "qian: 2 not closed",
    ),
    "alert histories": ("UPDATE alert_changes SET before = 'closed' WHERE before = 'open'", "from closed to"),
    "alert histories: the end": (
        "UPDATE alerts SET state = 'on_the_way' WHERE state = 'acknowledged'",
        "its history ends with acknowledged",
    ),
    "alert histories: none": ("DELETE FROM alert_changes", "none"),
    "foreign keys": ("DELETE FROM people", "names no people"),
    "schema": ("UPDATE _sqlite_migrations SET name = 'm9999_later' WHERE name = 'm0003_clocks'", "m9999_later"),
    "integrity": ("PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 2 WHERE name = 'sessions'", ""),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_does_not_hold_is_found_and_named(data: Path, shelf: Path, harm: str) -> None:
    path = backup.take(data, shelf, now_us=NOW_US).path
    sql, said = HARMS[harm]
    with closing(sqlite3.connect(path)) as db:
        db.executescript(sql)
        db.commit()
    found = failed(path)
    assert harm.partition(":")[0] in found
    assert said in found[harm.partition(":")[0]]


def test_a_backup_with_a_store_that_does_not_hold_is_not_restored(data: Path, shelf: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "hub.sqlite3")) as db:
        db.execute("UPDATE watches SET due_us = due_us + 1")
        db.commit()
    path = backup.take(data, shelf, now_us=NOW_US).path
    with pytest.raises(BackupError, match="due times"):
        restore(tmp_path / "fresh", path, force=False, now_us=NOW_US)
    assert not (tmp_path / "fresh").exists()


def no_space(*_anything: object) -> Callable[..., object]:
    raise OSError(28, "No space left on device")


def test_a_backup_that_fails_half_way_leaves_nothing(data: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_server.store.backup._describe", no_space)
    with pytest.raises(OSError, match="No space"):
        backup.take(data, shelf, now_us=NOW_US)
    assert list(shelf.iterdir()) == []
