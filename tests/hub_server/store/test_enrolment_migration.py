"""A store of the eighth step, with alarms that were told of, goes on as it was, and takes new kinds of alarms."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub_server.store import alarms, devices, migrations
from hub_server.store.alarms import HUB, AlarmKind
from hub_server.store.connection import open_writer
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000


def of_the_eighth_step(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    db = open_writer(folder / "hub.sqlite3")
    with closing(db.conn):
        migrations._steps.apply(db, stop_before="m0009_provisioning")
        for number in range(3):
            db.execute(
                "INSERT INTO alarms (kind, subject, detail, since_us, raised_us) VALUES ('clock', ?, '', 1, ?)",
                (f"{HUB}{number or ''}", NOW_US),
            )
        db.execute(
            "INSERT INTO notices (key, kind, alarm, addressee, created_us, ready_us)"
            " VALUES ('k', 'alarm', 1, 'recipient/1', 1, 1)"
        )
        db.execute("DELETE FROM alarms WHERE id = 3")
        db.execute("INSERT INTO devices (id, place, created_us, secret_sha256) VALUES ('east', '东门', 1, '')")


def test_alarms_keep_their_ids_their_notices_and_their_sequence(tmp_path: Path) -> None:
    of_the_eighth_step(tmp_path / "data")
    store = Store.open(tmp_path / "data", clock=lambda: NOW_US)
    with store.read() as db:
        assert [one.id for one in alarms.open(db)][:1] == [1]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT alarm FROM notices").fetchall() == [(1,)]
        device = devices.get(db, "east")
    assert device is not None
    assert device.retired_us is None
    made = store.write(
        lambda db: alarms.raise_(db, kind=AlarmKind.CARD, subject="east", detail="", since_us=NOW_US, now_us=NOW_US)
    )
    assert made.id == 4, "an id serves once: a message about it must not pass for one of another"
    with pytest.raises(sqlite3.IntegrityError):
        store.write(lambda db: db.execute("DELETE FROM alarms WHERE id = 1"))
    with pytest.raises(sqlite3.IntegrityError):
        store.write(
            lambda db: db.execute(
                "INSERT INTO alarms (kind, subject, detail, since_us, raised_us) VALUES ('card', 'east', '', 1, 1)"
            )
        )
    store.close()
