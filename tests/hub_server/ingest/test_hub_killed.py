"""kill -9 of a real hub in the middle of ingest, beside a real Mosquitto: what was acknowledged is there, once."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import pytest
from device_model import DEVICE, EPOCH, SITE, batch, hello, passage
from mqtt_device import WAIT_S, MqttDevice, topic

from edge_agent.wire.codec import decode_down
from edge_agent.wire.messages import Ack, Welcome, wire_bytes
from edge_agent.wire.topics import Channel
from hub_server.ingest.subscriber import Broker
from hub_server.store import verify
from hub_server.store.store import Store

pytestmark = pytest.mark.slow
NOW_US = 1_795_471_200_000_000
EVENTS = [passage(wall_us=NOW_US - n, mono_us=n, person="zhao") for n in range(3000)]
BATCH = 10
WINDOW = 400
KILLS = 3


class BrokerProcess(Protocol):
    broker: Broker


class HubProcess:
    """`hub-server serve` beside a broker; it listens when this exists."""

    def __init__(self, data: Path, broker: Broker, password: Path) -> None:
        command = [sys.executable, "-m", "hub_server.cli.main", "serve", "--data", str(data), "--port", "0"]
        mqtt = ["--mqtt-port", str(broker.port), "--mqtt-username", broker.username or "", "--site", SITE]
        self.process = subprocess.Popen(
            [*command, *mqtt, "--mqtt-password-file", str(password)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        listens = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(listens,))
        self._reader.start()
        assert listens.wait(20), "the hub did not reach its broker"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._reader.join(10)

    def _read(self, listens: threading.Event) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            for line in log:
                if "broker: connected to" in line:
                    listens.set()


@pytest.fixture
def data(store: Store, secrets: dict[str, str], tmp_path: Path) -> Path:
    assert DEVICE in secrets
    store.close()
    return tmp_path / "data"


@pytest.fixture
def device(mosquitto_process: BrokerProcess, secrets: dict[str, str]) -> Iterator[MqttDevice]:
    device = MqttDevice(mosquitto_process.broker, DEVICE, secrets[DEVICE])
    device.open()
    device.subscribe(topic(DEVICE, Channel.ACK))
    yield device
    device.close()


def welcomed(device: MqttDevice) -> int:
    """How far the hub is, by its own word, after all that it said before."""
    device.send(wire_bytes(hello(last=len(EVENTS))))
    while True:
        answer = device.answer()
        if isinstance(answer, Welcome):
            with suppress(queue.Empty):  # its own greeting, and the answer to ours, say the same
                device.heard.get(timeout=0.2)
            return answer.high


def push(device: MqttDevice, high: int, until: int) -> int:
    """Keeps the window full from high + 1 on; the highest ack once it is at `until` or above."""
    sent = high
    while high < until:
        while sent < min(high + WINDOW, len(EVENTS)):
            raws = EVENTS[sent : sent + BATCH]
            device.client.publish(topic(DEVICE, Channel.UP), wire_bytes(batch(*raws, first_seq=sent + 1)), qos=1)
            sent += len(raws)
        answer = decode_down(bytes(device.heard.get(timeout=WAIT_S).payload))
        if isinstance(answer, Ack):
            high = max(high, answer.high)
    return high


def test_three_kills_in_the_middle_of_ingest_lose_nothing_and_double_nothing(
    data: Path, device: MqttDevice, mosquitto_process: BrokerProcess, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text(mosquitto_process.broker.password or "")
    acked = 0
    for kill in range(1, KILLS + 1):
        hub = HubProcess(data, mosquitto_process.broker, password)
        high = welcomed(device)
        assert high >= acked, "the hub has what it acknowledged"
        acked = push(device, high, until=kill * len(EVENTS) // (KILLS + 1))
        hub.kill()
    hub = HubProcess(data, mosquitto_process.broker, password)
    high = welcomed(device)
    assert high >= acked
    assert push(device, high, until=len(EVENTS)) == len(EVENTS)
    hub.kill()
    store = Store.open(data)
    with store.read() as db:
        rows = [row[0] for row in db.execute("SELECT raw FROM events WHERE epoch = ? ORDER BY seq", [EPOCH])]
        assert [check.detail for check in verify.checks(db) if not check.ok] == []
    store.close()
    assert rows == EVENTS
