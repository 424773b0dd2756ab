import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from hub_server.store import people
from hub_server.store.connection import open_writer
from hub_server.store.errors import StoreBusyError, StoreClosedError, StoreTooNewError
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000


def add(name: str) -> Callable[[Database], object]:
    return lambda db: people.create(db, id=name, name=name, address="", phone="", note="", now_us=NOW_US)


def names(store: Store) -> list[str]:
    with store.read() as db:
        return [person.id for person in people.page(db, after=None, limit=500)]


def pragma(db: Database, name: str) -> object:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_every_connection_is_wal_full_with_foreign_keys(store: Store) -> None:
    def settings(db: Database) -> list[object]:
        return [pragma(db, name) for name in ("journal_mode", "synchronous", "foreign_keys")]

    assert store.write(settings) == ["wal", 2, 1]
    with store.read() as db:
        assert settings(db) == ["wal", 2, 1]


def test_a_commit_reaches_the_disk_before_write_returns(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from hub_server.store.store import Store;"
        "from hub_server.store import people;"
        "store = Store.open(Path(sys.argv[1]));"
        "store.write(lambda db: people.create(db, id='a', name='a', address='', phone='', note='', now_us=1));"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=30, check=False)
    assert done.returncode == -9
    store = Store.open(tmp_path)
    assert names(store) == ["a"]
    store.close()


def test_each_write_waits_for_its_own_flush_to_the_disk(tmp_path: Path) -> None:
    """SQLite's FULL in WAL flushes the log in every commit; strace sees it."""
    trace = tmp_path / "trace"
    program = (
        "import sys; from pathlib import Path; from hub_server.store.store import Store;"
        "from hub_server.store import devices;"
        "store = Store.open(Path(sys.argv[1]));"
        "store.write(lambda db: devices.create(db, id='a', place='', now_us=1));"
        "[store.write(lambda db: devices.heard(db, 'a', now_us=n)) for n in range(50)]; store.close()"
    )
    tracer = ["strace", "-f", "-e", "trace=fdatasync,fsync", "-o", str(trace)]
    try:
        done = subprocess.run(
            [*tracer, sys.executable, "-c", program, str(tmp_path / "data")],
            timeout=60,
            check=False,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("no strace here")
    if done.returncode != 0:
        pytest.skip(f"strace may not trace here: {done.stderr.decode()[-200:]}")
    assert trace.read_text().count("sync(") >= 50


def test_a_reader_cannot_write(store: Store) -> None:
    with store.read() as db, pytest.raises(sqlite3.OperationalError):
        db.execute("DELETE FROM people")


def test_a_failing_job_rolls_back_and_its_error_reaches_the_caller(store: Store) -> None:
    def job(db: Database) -> None:
        add("half")(db)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(job)
    assert names(store) == []
    store.write(add("whole"))
    assert names(store) == ["whole"]


ENDINGS: dict[str, Callable[[Database], object]] = {
    "COMMIT": lambda db: db.execute("COMMIT"),
    "ROLLBACK": lambda db: db.execute("ROLLBACK"),
    "BEGIN": lambda db: db.execute("BEGIN"),
    "connection.commit()": lambda db: db.conn.commit(),
    "with connection": lambda db: db.conn.__exit__(None, None, None),
    "executescript": lambda db: db.conn.executescript("SELECT 1"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_job_cannot_end_the_transaction_it_stands_in(store: Store, ending: str) -> None:
    store.write(add("before"))

    def job(db: Database) -> None:
        add("half")(db)
        ENDINGS[ending](db)

    for _ in range(2):  # the second time SQLite may know the statement already
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            store.write(job)
    store.write(add("next"))
    assert names(store) == ["before", "next"]


def test_a_person_goes_ahead_of_the_ingest_that_waits(store: Store) -> None:
    order: list[str] = []
    first_runs, release = threading.Event(), threading.Event()

    def hold(_db: Database) -> None:
        first_runs.set()
        assert release.wait(10)

    def note(name: str) -> Callable[[Database], None]:
        return lambda _db: order.append(name)

    threads = [threading.Thread(target=store.write, args=(hold,))]
    threads[0].start()
    assert first_runs.wait(10)
    for name, urgent in (("ingest-1", False), ("ingest-2", False), ("person", True)):
        thread = threading.Thread(target=store.write, args=(note(name),), kwargs={"urgent": urgent})
        thread.start()
        threads.append(thread)
        _until_queued(store, len(threads) - 1)
    release.set()
    for thread in threads:
        thread.join(10)
    assert order == ["person", "ingest-1", "ingest-2"]


def _until_queued(store: Store, tasks: int) -> None:
    writer = store._writer
    with writer._condition:
        assert writer._condition.wait_for(lambda: len(writer._urgent) + len(writer._patient) >= tasks, 10)


def test_a_job_that_writes_through_the_store_is_told_instead_of_waiting_for_itself(store: Store) -> None:
    with pytest.raises(RuntimeError, match="may not wait"):
        store.write(lambda _db: store.write(add("inner")))


def test_the_feed_rises_after_each_commit_and_not_after_a_failure(store: Store) -> None:
    before = store.changes.version
    store.write(add("a"))
    assert store.changes.wait(before, 5) == before + 1
    with pytest.raises(ZeroDivisionError):
        store.write(lambda _db: 1 / 0)
    assert store.changes.version == before + 1


def test_a_read_sees_one_moment_however_long_it_looks(store: Store) -> None:
    with store.read() as db:
        assert people.get(db, "late") is None
        store.write(add("late"))
        assert people.get(db, "late") is None
        with store.read() as again:
            assert again is db
    assert names(store) == ["late"]


def test_a_second_process_is_refused_and_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with pytest.raises(StoreBusyError, match="another hub-server"):
        Store.open(tmp_path)
    store.close()
    Store.open(tmp_path).close()


def test_a_closed_store_refuses_and_lets_its_waiters_go(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    waited = threading.Thread(target=store.changes.wait, args=(store.changes.version, 60))
    waited.start()
    store.close()
    waited.join(5)
    assert not waited.is_alive()
    assert store.changes.closed
    with pytest.raises(StoreClosedError):
        store.write(add("late"))
    with pytest.raises(StoreClosedError), store.read():
        pass


def test_the_files_are_their_owners_alone(store: Store, tmp_path: Path) -> None:
    store.write(add("a"))
    folder = tmp_path / "data"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert {"hub.sqlite3", "hub.sqlite3-wal"} <= set(modes)


def test_migrations_run_once_and_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    Store.open(tmp_path).close()
    db = open_writer(tmp_path / "hub.sqlite3")
    steps = [row["name"] for row in db.query("SELECT name FROM _sqlite_migrations")]
    assert steps[:3] == ["m0001_first_light", "m0002_tokens", "m0003_clocks"]
    assert steps == sorted(steps)
    db.table("_sqlite_migrations").insert({"migration_set": "hub", "name": "m9999_later", "applied_at": ""})
    db.close()
    with pytest.raises(StoreTooNewError, match="m9999_later"):
        Store.open(tmp_path)


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_server.store.migrations.FIRST_LIGHT", ("CREATE TABLE a (b INTEGER)", "NO SQL"))
    with pytest.raises(sqlite3.OperationalError):
        Store.open(tmp_path)
    monkeypatch.undo()
    store = Store.open(tmp_path)
    with store.read() as db:
        assert "a" not in db.table_names()
        assert "people" in db.table_names()
    store.close()


def test_every_table_is_strict(store: Store) -> None:
    with store.read() as db:
        ours = [table for table in db.tables if not table.name.startswith(("_", "sqlite_"))]
        assert len(ours) > 10
        assert [table.name for table in ours if not table.strict] == []


def test_a_hundred_threads_share_a_few_readers(store: Store) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(100)

    def look() -> None:
        try:
            start.wait(10)
            names(store)
        except BaseException as error:  # noqa: BLE001 told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
    assert store._readers._opened <= 8
    assert len(os.listdir("/proc/self/fd")) < 200  # noqa: PTH208 descriptors are no paths
