"""A disk that takes no more: nothing is acknowledged that is not stored, reads go on, and it mends by itself."""

import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from device_model import DEVICE, EPOCH, SITE, batch, hello, passage
from sqlite_utils import Database

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import Ack, DownMessage, Welcome, wire_bytes
from hub_server.ingest.inbox import Arrival, Entry, Inbox
from hub_server.ingest.worker import Worker
from hub_server.scheduler import Scheduler
from hub_server.store import devices, events, people
from hub_server.store.errors import StoreFailingError
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
RAWS = [passage(wall_us=NOW_US - n, mono_us=n) for n in range(6)]


class Full:
    """A store whose file may not grow: SQLite then says what it says on a full disk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def limit(self, pages: int) -> None:
        self._store.write(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))

    def fill(self) -> None:
        self.limit(1)  # SQLite takes the present size: not a page more

        def job(db: Database) -> None:
            people.create(db, id=None, name="x", address="", phone="", note="y" * 2000, now_us=NOW_US)

        with pytest.raises(StoreFailingError, match="the disk is full; nothing was stored"):
            until_it_fails(lambda: self._store.write(job))

    def make_room(self) -> None:
        self._store._writer._db.conn.set_authorizer(None)
        self._store._writer._db.execute("PRAGMA max_page_count = 1000000")


@pytest.fixture
def full(store: Store) -> Full:
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
    return Full(store)


def worker(store: Store) -> tuple[Worker, list[DownMessage]]:
    said: list[DownMessage] = []
    return Worker(store=store, inbox=Inbox(), publish=lambda _device, message: said.append(message), site=SITE), said


def arrivals(*raws: bytes) -> list[Entry]:
    topic = f"shouwang/v1/{SITE}/{DEVICE}/up"
    return [
        Arrival(topic=topic, payload=wire_bytes(batch(raw, first_seq=n)), retained=False, received_us=NOW_US)
        for n, raw in enumerate(raws, start=1)
    ]


def trouble(store: Store) -> str | None:
    return store.trouble


def until_it_fails(step: Callable[[], object]) -> None:
    """A bounded number of steps; one of them raises."""
    for _ in range(5000):
        step()


def big(n: int) -> bytes:
    return b'{"type":"from the future","n":%d,"x":"%s"}' % (n, b"x" * 12_000)


def test_nothing_is_acknowledged_while_the_disk_is_full_and_all_is_stored_once_there_is_room(
    store: Store, full: Full, caplog: pytest.LogCaptureFixture
) -> None:
    ingest, said = worker(store)
    full.fill()
    big_ones = [big(n) for n in range(3)]
    with pytest.raises(StoreFailingError):
        ingest.handle(arrivals(*big_ones))
    assert said == []
    assert trouble(store) == "the disk is full"
    with store.read() as db:
        assert events.last_id(db) == 0
        assert devices.get(db, DEVICE) is not None
    full.make_room()
    ingest.handle(arrivals(*big_ones))
    assert [answer.high for answer in said if isinstance(answer, Ack)][-1] == 3
    assert trouble(store) is None
    told = [record.message for record in caplog.records if record.name == "hub_server.store.writer"]
    assert len([line for line in told if "takes no writes" in line]) == 1, "said once, however often it fails"
    assert told[-1] == "the store takes writes again"


def test_the_ingest_thread_outlives_a_full_disk(
    store: Store, full: Full, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.fill()
    failed, wrote = threading.Event(), threading.Event()
    write = store.write

    def watched(job: Callable[[Database], object], *, urgent: bool = True) -> object:
        try:
            value = write(job, urgent=urgent)
        except StoreFailingError:
            failed.set()
            raise
        wrote.set()
        return value

    monkeypatch.setattr(store, "write", watched)
    ingest, said = worker(store)
    (message,) = arrivals(big(1))
    assert isinstance(message, Arrival)
    ingest.start()
    ingest._inbox.offer(message)
    assert failed.wait(10)
    assert said == []
    full.make_room()
    ingest._inbox.offer(message)
    assert wrote.wait(10)
    ingest.stop()
    assert [answer.high for answer in said if isinstance(answer, Ack)] == [1]
    assert not [record for record in caplog.records if record.exc_info], "a sentence, not a traceback"


def test_the_watch_asks_the_disk_again_so_that_a_quiet_hub_notices_its_recovery(store: Store, full: Full) -> None:
    scheduler = Scheduler(store=store, listening_since_s=lambda: 0.0, monotonic_s=lambda: 100.0)
    full.fill()
    full.make_room()
    assert trouble(store) == "the disk is full"
    scheduler.tick()
    assert trouble(store) is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no mounting here: {done.stderr.decode()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_really_full_mends_by_itself(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    store = Store.open(small_disk / "data", clock=lambda: NOW_US)
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
    ingest, said = worker(store)
    ingest.handle(arrivals(RAWS[0]))
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        until_it_fails(lambda: file.write(b"x" * 4096))
    for _ in range(3):
        with pytest.raises(StoreFailingError):
            ingest.handle(arrivals(RAWS[0], *[big(n) for n in range(50)]))
    acked = max(answer.high for answer in said if isinstance(answer, Ack))
    with store.read() as db:
        row = devices.get(db, DEVICE)
    assert row is not None
    assert row.high >= acked
    with pytest.raises(StoreFailingError):
        until_it_fails(store.probe)
    ballast.unlink()
    store.probe()
    assert trouble(store) is None
    said.clear()
    hello_now = Arrival(
        topic=f"shouwang/v1/{SITE}/{DEVICE}/up",
        payload=wire_bytes(hello(last=9)),
        retained=False,
        received_us=NOW_US,
    )
    ingest.handle([hello_now])
    assert isinstance(said[0], Welcome)
    assert said[0].high == row.high
    if row.high == 1:
        assert said[0] == Welcome(epoch=EPOCH, high=1, hash=event_hash(RAWS[0]))
    store.close()
