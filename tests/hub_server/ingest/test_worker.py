import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from device_model import DEVICE, EPOCH, SITE, batch, hello, passage

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import Ack, Batch, DownMessage, UpMessage, Welcome, wire_bytes
from hub_server.ingest import reading as reading_module
from hub_server.ingest import worker as worker_module
from hub_server.ingest.apply import Shift
from hub_server.ingest.inbox import Arrival, Entry, Inbox, Listening, Opened
from hub_server.ingest.worker import Worker
from hub_server.store import alerts, devices, events, people, watches
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
RAWS = [passage(wall_us=NOW_US - n, mono_us=n) for n in range(100)]


class Outlet:
    """Where answers go; looks into the store at the very moment of each."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.said: list[DownMessage] = []

    def publish(self, device: str, message: DownMessage) -> None:
        if isinstance(message, Ack):
            with self.store.read() as db:
                held = events.held_at(db, device=device, epoch=message.epoch, seq=message.high)
            assert held is not None, "acknowledged before it was durable"
            assert held.hash == message.hash
        self.said.append(message)


@pytest.fixture
def outlet(store: Store) -> Outlet:
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
    return Outlet(store)


def worker(outlet: Outlet) -> Worker:
    return Worker(store=outlet.store, inbox=Inbox(), publish=outlet.publish, site=SITE)


def arrival(message: bytes, topic: str = f"shouwang/v1/{SITE}/{DEVICE}/up") -> Arrival:
    return Arrival(topic=topic, payload=message, retained=False, received_us=NOW_US)


def batches() -> list[Entry]:
    return [arrival(wire_bytes(batch(raw, first_seq=n + 1))) for n, raw in enumerate(RAWS)]


def test_every_ack_finds_its_event_on_the_disk_already(outlet: Outlet) -> None:
    worker(outlet).handle(batches())
    highs = [answer.high for answer in outlet.said if isinstance(answer, Ack)]
    assert highs == sorted(set(highs))
    assert highs[-1] == 100


def test_many_messages_of_one_transaction_are_acknowledged_once(
    outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HOLD_S", 60)
    worker(outlet).handle(batches())
    assert outlet.said == [Ack(epoch=EPOCH, high=100, hash=event_hash(RAWS[-1]))]


def test_one_message_that_cannot_be_stored_does_not_hold_up_the_others(
    outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Shift.up

    def breaks_at_50(shift: Shift, device: str, message: UpMessage, **more: Any) -> list[DownMessage]:
        if isinstance(message, Batch) and message.items[0].seq == 50:
            raise ZeroDivisionError
        return real(shift, device, message, **more)

    monkeypatch.setattr(Shift, "up", breaks_at_50)
    monkeypatch.setattr(worker_module, "HOLD_S", 60)  # all of them in one transaction
    worker(outlet).handle(batches())
    assert [answer.high for answer in outlet.said if isinstance(answer, Ack)][-1] == 49
    monkeypatch.undo()
    worker(outlet).handle(batches())
    assert outlet.said[-1] == Ack(epoch=EPOCH, high=100, hash=event_hash(RAWS[-1]))


def test_one_message_that_cannot_be_read_does_not_hold_up_the_others(
    outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reading_module.read

    def breaks_at_50(received: reading_module.Received) -> reading_module.Reading:
        if received.item.seq == 50:
            raise ZeroDivisionError
        return real(received)

    monkeypatch.setattr(reading_module, "read", breaks_at_50)
    ingest = worker(outlet)
    ingest.handle(batches())
    assert [answer.high for answer in outlet.said if isinstance(answer, Ack)][-1] == 49
    assert ingest.failed == 1
    monkeypatch.undo()
    ingest.handle(batches())
    assert outlet.said[-1] == Ack(epoch=EPOCH, high=100, hash=event_hash(RAWS[-1]))


def test_topics_that_are_not_ours_are_ignored(outlet: Outlet) -> None:
    foreign = ["shouwang/v1/other/door-east/up", "shouwang/v1/demo/door-east/ack", "a", "shouwang/v1/demo/+/up"]
    worker(outlet).handle([arrival(wire_bytes(hello(last=0)), topic) for topic in foreign])
    assert outlet.said == []


def test_a_new_connection_forgets_who_was_there_and_greets_whom_it_knows(outlet: Outlet) -> None:
    hub = worker(outlet)
    hub.handle([arrival(wire_bytes(batch(RAWS[0])))])
    outlet.store.write(lambda db: devices.set_online(db, DEVICE, online=True))
    hub.handle([Opened(), Listening()])
    with outlet.store.read() as db:
        device = devices.get(db, DEVICE)
    assert device is not None
    assert not device.online
    assert outlet.said[-1] == Welcome(epoch=EPOCH, high=1, hash=event_hash(RAWS[0]))


DYING_HUB = """
import os, signal, sys
from pathlib import Path
from hub_server.ingest.inbox import Arrival, Inbox
from hub_server.ingest.worker import Worker
from hub_server.store.store import Store

def die(device, message):
    os.kill(os.getpid(), signal.SIGKILL)

store = Store.open(Path(sys.argv[1]), clock=lambda: int(sys.argv[3]))
payload = sys.stdin.buffer.read()
worker = Worker(store=store, inbox=Inbox(), publish=die, site="demo")
worker.handle([Arrival(topic=sys.argv[2], payload=payload, retained=False, received_us=int(sys.argv[3]))])
"""


def test_kill_9_between_commit_and_ack_leaves_everything_once(tmp_path: Path) -> None:
    """The device never heard the ack, so it sends again: nothing is stored, counted or retracted twice."""
    day_us = 24 * 3_600_000_000
    store = Store.open(tmp_path, clock=lambda: NOW_US)
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
    store.write(lambda db: people.create(db, id="zhao", name="z", address="", phone="", note="", now_us=NOW_US))
    store.write(
        lambda db: watches.create(db, person="zhao", period_s=86400, last_seen_us=NOW_US - day_us, now_us=NOW_US)
    )
    store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=9))
    store.close()
    payload = wire_bytes(batch(*RAWS[:50], passage(wall_us=NOW_US - 5, person="zhao")))
    topic = f"shouwang/v1/{SITE}/{DEVICE}/up"
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", DYING_HUB, str(tmp_path), topic, str(NOW_US)],
            input=payload,
            timeout=30,
            check=False,
        )
        assert done.returncode == -9
    store = Store.open(tmp_path, clock=lambda: NOW_US)
    outlet = Outlet(store)
    worker(outlet).handle([arrival(payload)])
    assert [type(answer) for answer in outlet.said] == [Ack]
    with store.read() as db:
        assert [row.seq for row in events.page(db, after=0, before=None, limit=500)] == list(range(1, 52))
        (alert,) = alerts.page(db, states=None, after=None, limit=9)
        assert len(alerts.history(db, alert.id)) == 2
    store.close()


def test_another_version_of_the_protocol_is_ignored_counted_and_said_once(
    outlet: Outlet, caplog: pytest.LogCaptureFixture
) -> None:
    ingest = worker(outlet)
    strange = [arrival(b"{}", f"shouwang/v2/{SITE}/{DEVICE}/up") for _ in range(50)]
    ingest.handle([*strange, arrival(wire_bytes(batch(RAWS[0])))])
    assert [answer.high for answer in outlet.said if isinstance(answer, Ack)] == [1]
    assert ingest.ignored == 50
    assert len([record for record in caplog.records if "shouwang/v2/" in record.message]) == 1


def test_however_many_kinds_of_foreign_topics_there_are_the_log_stays_short(
    outlet: Outlet, caplog: pytest.LogCaptureFixture
) -> None:
    ingest = worker(outlet)
    ingest.handle([arrival(b"{}", f"shouwang/v{n}/{SITE}/{DEVICE}/up") for n in range(2, 102)])
    assert ingest.ignored == 100
    assert len([record for record in caplog.records if "ignored a message" in record.message]) == 16
