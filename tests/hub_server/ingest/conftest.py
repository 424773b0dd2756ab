"""One suite, two brokers: the embedded one and a real Mosquitto."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from device_model import SITE
from mqtt_device import LISTENER, WATCHDOG, Ingest, Running, free_port
from tls_site import end

from firmware_config.mosquitto import CONF, Account, MosquittoSite, render
from hub_server.ingest.access import Access
from hub_server.ingest.embedded_broker import EmbeddedBroker
from hub_server.ingest.subscriber import Broker
from hub_server.store import devices
from hub_server.store.store import Store

HUB = Account(username="hub.office", secret="the hub's own secret")


@pytest.fixture
def secrets(store: Store) -> dict[str, str]:
    names = ("door-east", "door-west")
    return {
        name: store.write(lambda db, name=name: devices.create(db, id=name, place="", now_us=1))[1]  # type: ignore[misc]
        for name in names
    }


@pytest.fixture
def embedded(store: Store) -> Iterator[Broker]:
    def device_secret_is(device: str, secret: str) -> bool:
        with store.read() as db:
            return devices.secret_is(db, device, secret)

    access = Access(site=SITE, device_secret_is=device_secret_is)
    broker = EmbeddedBroker(port=0, access=access)
    broker.start()
    yield Broker(
        host="127.0.0.1",
        port=broker.port,
        username=access.hub_username,
        password=access.hub_password,
        speaks_v5=False,
    )
    broker.stop()


class Mosquitto:
    """A real broker with the configuration that we generate; it can be killed and come back."""

    def __init__(self, program: str, folder: Path, port: int) -> None:
        self._command = [program, "-c", str(folder / CONF)]
        self._log = folder / "log"
        self.broker = Broker(host="127.0.0.1", port=port, username=HUB.username, password=HUB.secret)

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log)
        _wait_for_port(self._process, self.broker.port, self._log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        end(self._process)


@pytest.fixture
def mosquitto_process(secrets: dict[str, str], tmp_path: Path) -> Iterator[Mosquitto]:
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("no mosquitto here: apt-get install mosquitto")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    site = MosquittoSite(
        site=SITE,
        host="127.0.0.1",
        port=free_port(),
        folder=folder,
        hub=HUB,
        devices=tuple(Account(username=name, secret=secret) for name, secret in secrets.items()),
        watchdogs=(Account(username=WATCHDOG[0], secret=WATCHDOG[1]),),
        listeners=(Account(username=LISTENER[0], secret=LISTENER[1]),),
        run_as="root" if os.geteuid() == 0 else None,
    )
    for name, text in render(site).items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text)
    process = Mosquitto(program, folder, site.port)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def mosquitto(mosquitto_process: Mosquitto) -> Broker:
    return mosquitto_process.broker


def _wait_for_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline_s = time.monotonic() + 10
    while time.monotonic() < deadline_s and process.poll() is None:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return
        time.sleep(0.02)
    raise AssertionError(f"mosquitto did not start: {log.read_text()}")


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Broker:
    found: Broker = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def running(store: Store, broker: Broker, secrets: dict[str, str]) -> Iterator[Running]:
    ingest = Ingest(store, broker)
    running = Running(store=store, broker=broker, ingest=ingest, secrets=secrets)
    ingest.start()
    running.wait_until(lambda: ingest.subscriber.listening_since_s is not None)
    yield running
    for client in running.clients:
        client.close()
    running.ingest.stop()
