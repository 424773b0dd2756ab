"""A real Mosquitto, a hub, an agent: each a process that can be killed and come back."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
from nursery import WAIT_S, Child, Nursery

from edge_agent.journal import read_position
from firmware_config.mosquitto import CONF, Account, MosquittoSite, render
from hub_server.store import devices, people, watches
from hub_server.store.store import Store, now_us

SITE: Final = "demo"
DEVICE: Final = "door-east"
MODULES: Final = ("agent_program", "hub_server.cli.main", "hub_server.cli.serve", "hub_server.app")
MOSQUITTO: Final = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here: apt-get install mosquitto")
_HUB: Final = Account(username="hub.office", secret="the hub's own secret")
_LOOK_EVERY_S: Final = 0.005


class Street:
    """Begin with `start`. `folder` holds all files; they outlive the processes."""

    def __init__(self, forks: Nursery, folder: Path) -> None:
        self._forks = forks
        self.data = folder / "hub"
        self.journal = folder / "journal.sqlite3"
        self.reported = folder / "reported"
        self.logs = {name: folder / f"{name}.log" for name in ("broker", "hub", "agent")}
        self._folder = folder
        self._port = _free_port()
        self._passwords = {"hub": folder / "hub.password", "agent": folder / "agent.password"}
        self._broker: subprocess.Popen[bytes] | None = None
        self.hub: Child | None = None
        self.agent: Child | None = None
        self._furnish()

    def start_broker(self) -> None:
        assert MOSQUITTO is not None
        with self.logs["broker"].open("ab") as log:
            self._broker = subprocess.Popen([MOSQUITTO, "-c", str(self._folder / "broker" / CONF)], stderr=log)
        until(self._listens)

    def kill_broker(self) -> None:
        assert self._broker is not None
        self._broker.kill()
        self._broker.wait(WAIT_S)
        self._broker = None

    def start_hub(self) -> None:
        """It serves when this returns; whether it has reached its broker is another question."""
        mqtt = ["--mqtt-host", "127.0.0.1", "--mqtt-port", str(self._port), "--mqtt-username", _HUB.username]
        options = ["--port", "0", "--site", SITE, *mqtt, "--mqtt-password-file", str(self._passwords["hub"])]
        self.hub = self._forks.fork("street:serve", "serve", "--data", str(self.data), *options, log=self.logs["hub"])
        assert self.hub.stdout.readline().startswith("page"), self.logs["hub"].read_text()[-2000:]

    def start_agent(self, per_s: float) -> None:
        files = [str(self.journal), str(self.reported)]
        self.agent = self._forks.fork(
            "agent_program:main", *files, SITE, DEVICE, str(self._port), str(self._passwords["agent"]), str(per_s),
            log=self.logs["agent"],
        )  # fmt: skip

    def captured(self) -> int:
        """Lines in the agent's list."""
        with suppress(FileNotFoundError):
            return self.reported.read_bytes().count(b"\n")
        return 0

    def acknowledged(self) -> int:
        position = read_position(self.journal)
        return 0 if position is None else position.acked

    def drain(self) -> None:
        """No more is captured; the hub has all when this returns."""
        assert self.agent is not None
        self.agent.stdin.write("enough\n")
        assert self.agent.stdout.readline() == "drained\n", self.logs["agent"].read_text()[-2000:]

    def close(self) -> None:
        for child in (self.agent, self.hub):
            if child is not None:
                child.close()
        if self._broker is not None:
            self.kill_broker()

    def _furnish(self) -> None:
        store = Store.open(self.data)
        try:
            _, secret = store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=now_us()))
            for number in range(4):
                self._add_resident(store, f"resident-{number}")
        finally:
            store.close()
        broker = self._folder / "broker"
        broker.mkdir()
        site = MosquittoSite(
            site=SITE,
            host="127.0.0.1",
            port=self._port,
            folder=broker,
            hub=_HUB,
            devices=(Account(username=DEVICE, secret=secret),),
            run_as="root" if os.geteuid() == 0 else None,
        )
        secrets = {self._passwords["hub"]: _HUB.secret or "", self._passwords["agent"]: secret}
        for path, text in {**{broker / name: text for name, text in render(site).items()}, **secrets}.items():
            path.touch(mode=0o600)
            path.write_text(text)

    @staticmethod
    def _add_resident(store: Store, person: str) -> None:
        store.write(
            lambda db: people.create(db, id=person, name=person, address="", phone="", note="", now_us=now_us())
        )
        store.write(lambda db: watches.create(db, person=person, period_s=86400, last_seen_us=None, now_us=now_us()))

    def _listens(self) -> bool:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self._port), timeout=1)):
            return True
        return False


@contextmanager
def street(forks: Nursery, folder: Path) -> Iterator[Street]:
    made = Street(forks, folder)
    try:
        yield made
    finally:
        made.close()


def until(happened: Callable[[], bool]) -> None:
    """Looks again and again: a killed process cannot tell. Raises TimeoutError."""
    deadline_s = time.monotonic() + WAIT_S
    while not happened():
        if time.monotonic() > deadline_s:
            raise TimeoutError("nothing happens any more")
        time.sleep(_LOOK_EVERY_S)


def serve(*arguments: str) -> int:
    """For a child: `hub-server serve`."""
    from hub_server.cli.main import main  # noqa: PLC0415 - the parent has no need of it

    return main(list(arguments))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
