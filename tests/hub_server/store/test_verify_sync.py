"""Each check of `verify` about the sync protocol, on a copy of a good store that is broken in one place."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from device_model import (
    BOOT,
    DEVICE,
    HOUR_US,
    OTHER_BOOT,
    OTHER_EPOCH,
    anchor,
    batch,
    lost,
    observing,
    passage,
    plate_read,
    stamp,
)
from sqlite_utils import Database

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import Direction
from hub_server.ingest.apply import apply_up
from hub_server.ingest.release import release
from hub_server.store import devices, people, quarantine, verify
from hub_server.store.connection import open_copy
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
UNSYNCED = stamp(mono_us=1_000_000, wall_us=5, synced=False)


def furnish(db: Database) -> None:
    """One of everything that ingest makes. Ids: 1 passage, 2 vehicle, 3 stretch, 4-6 undated ones, 7 their anchor."""
    devices.create(db, id=DEVICE, place="", now_us=NOW_US)
    people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)
    later = stamp(mono_us=1_000_000 + HOUR_US, wall_us=6, synced=False)
    events = (
        passage(wall_us=NOW_US, person="zhao"),
        plate_read(wall_us=NOW_US),
        observing(stamp(mono_us=1, wall_us=NOW_US - 5), stamp(mono_us=6, wall_us=NOW_US)),
        passage(wall_us=5, mono_us=1_000_000, synced=False, person="zhao"),
        plate_read(wall_us=5, mono_us=2_000_000, synced=False, direction=Direction.OUT),
        observing(UNSYNCED, later),
        anchor(mono_us=4_000_000_000, wall_us=NOW_US - 60_000_000, uncertainty_us=500_000),
        passage(wall_us=5, mono_us=3, synced=False, boot=OTHER_BOOT),  # 8: nobody knows when
        b'{"type":"lamp"}',  # 9: waits
        b'{"type":"mast"}',  # 10: dismissed
        b'{"type":"bell"}',  # 11: will be released
        lost(12, 20),
    )
    apply_up(db, device=DEVICE, message=batch(*events), now_us=NOW_US)
    apply_up(db, device=DEVICE, message=batch(passage(wall_us=NOW_US), epoch=OTHER_EPOCH), now_us=NOW_US)
    apply_up(db, device=DEVICE, message=batch(passage(wall_us=NOW_US - 1), epoch=OTHER_EPOCH), now_us=NOW_US)
    quarantine.dismiss(db, 10, author="王", note="测试", now_us=NOW_US)
    bell = passage(wall_us=NOW_US - 7)
    db.execute("UPDATE events SET raw = ? WHERE id = 11", [bell])
    assert release(db, 11, author="王", note="", now_us=NOW_US).done


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("verify") / "data"
    store = Store.open(data, clock=lambda: NOW_US)
    store.write(furnish)
    # The upgrade taught the hub the type; here its bytes were changed, and their hash with them.
    store.write(_rehash)
    store.close()
    return data / "hub.sqlite3"


def _rehash(db: Database) -> None:
    (raw,) = db.execute("SELECT raw FROM events WHERE id = 11").fetchone()
    db.execute("UPDATE events SET hash = ? WHERE id = 11", [event_hash(raw)])


def failed(path: Path) -> dict[str, str]:
    with closing(open_copy(path)) as db:
        return {check.name: check.detail for check in verify.checks(db) if not check.ok}


BROKEN = [
    ("counters", "UPDATE devices SET quarantined = 2"),
    ("counters", "UPDATE devices SET lost = 8"),
    ("counters", "UPDATE devices SET conflicts = 0"),
    ("conflicts", "UPDATE conflicts SET hash = (SELECT hash FROM events WHERE epoch = conflicts.epoch)"),
    ("conflicts", "UPDATE conflicts SET seq = 2"),
    ("conflicts", "UPDATE conflicts SET raw = X'00'"),
    ("conflicts", "UPDATE journals SET conflict_seq = NULL"),
    ("quarantine", "UPDATE events SET counts = 1, person = 'zhao' WHERE id = 9"),
    ("quarantine", "UPDATE events SET captured_us = 5 WHERE id = 10"),
    ("quarantine", "UPDATE events SET reason = '' WHERE id = 9"),
    ("quarantine", "UPDATE events SET type = 'quarantined' WHERE id = 11"),
    ("quarantine", "UPDATE quarantine_steps SET step = 'dismissed' WHERE event = 11"),
    ("effects", "UPDATE plate_passages SET event = 9 WHERE event = 2"),
    ("effects", "UPDATE plate_passages SET camera = 'other' WHERE event = 2"),
    ("effects", "DELETE FROM plate_passages WHERE event = 2"),
    ("effects", "UPDATE observing SET event = 1 WHERE event = 3"),
    ("effects", "DELETE FROM observing WHERE event = 3"),
    ("effects", "UPDATE plate_passages SET at_us = at_us - 1 WHERE event = 5"),
    ("vehicle hours", "UPDATE vehicle_hours SET passages = 2 WHERE direction = 'in'"),
    ("vehicle hours", "DELETE FROM vehicle_hours WHERE direction = 'out'"),
    ("dates", "UPDATE events SET captured_us = captured_us + 1 WHERE id = 4"),
    ("dates", "UPDATE events SET captured_us = received_us + 1 WHERE id = 1"),
    ("dates", "UPDATE events SET clock_trusted = 0, counts = 0 WHERE id = 4"),
    ("dates", "UPDATE events SET counts = 0 WHERE id = 4"),
    ("dates", "UPDATE events SET clock_trusted = 1 WHERE id = 8"),
    ("dates", "UPDATE clock_anchors SET uncertainty_us = 0"),
    ("dates", f"INSERT INTO clock_anchors VALUES ('{DEVICE}', '{OTHER_BOOT}', 1, 1, 0)"),  # noqa: S608 our own names
    ("dates", "UPDATE observing SET began_us = began_us - 1 WHERE event = 6"),
    ("dates", "UPDATE observing SET began_us = NULL, ended_us = NULL WHERE event = 6"),
]


def test_a_store_in_which_all_of_this_happened_is_right(good: Path) -> None:
    assert BOOT != OTHER_BOOT
    assert failed(good) == {}


@pytest.mark.parametrize(("check", "damage"), BROKEN)
def test_what_is_broken_is_found(good: Path, tmp_path: Path, check: str, damage: str) -> None:
    path = tmp_path / "hub.sqlite3"
    shutil.copy(good, path)
    with closing(sqlite3.connect(path)) as broken:
        changed = broken.execute(damage).rowcount
        broken.commit()
        broken.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert changed, "the damage was done"
    assert check in failed(path)


def test_a_backup_from_before_these_tables_is_verified_as_far_as_it_goes(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite3"
    shutil.copy(good, path)
    with closing(sqlite3.connect(path)) as older:
        for view in ("quarantine_rows", "conflict_rows", "plate_passage_rows"):
            older.execute(f"DROP VIEW {view}")
        for table in ("quarantine_steps", "conflicts_settled", "plate_passages", "vehicle_hours"):
            older.execute(f"DROP TABLE {table}")
        older.commit()
    assert failed(path) == {}
