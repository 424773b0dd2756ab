"""A hub and a broker as processes of their own, for benchmarks and simulations: started, asked, ended."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Final

from firmware_config.mosquitto import CONF, Account, MosquittoSite, render
from hub_server.cli.running_hub import RunningHub
from hub_server.store import devices, people, watches
from hub_server.store.store import Store, now_us

ROOT: Final = Path(__file__).resolve().parent.parent
MOSQUITTO: Final = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_WAIT_S: Final = 10.0
END_WAIT_S: Final = 20.0


def furnish(data: Path, device_names: list[str], *, residents: int) -> tuple[dict[str, str], list[str]]:
    """A store with devices and people who are watched over: secrets by device, ids of the people."""
    store = Store.open(data)

    def job(db: Any) -> tuple[dict[str, str], list[str]]:
        at_us = now_us()
        secrets = {name: devices.create(db, id=name, place="", now_us=at_us)[1] for name in device_names}
        ids = [f"resident-{n}" for n in range(residents)]
        for person in ids:
            people.create(db, id=person, name=person, address="", phone="", note="", now_us=at_us)
            watches.create(db, person=person, period_s=86400, last_seen_us=None, now_us=at_us)
        return secrets, ids

    try:
        return store.write(job)
    finally:
        store.close()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def start_mosquitto(folder: Path, ending: ExitStack, *, site: str, secrets: dict[str, str]) -> tuple[int, Account]:
    """A Mosquitto with our configuration in `folder`; its port, and the hub's account. Raises SystemExit."""
    if MOSQUITTO is None:
        raise SystemExit("Mosquitto is not installed: apt-get install mosquitto")
    hub = Account(username="hub.bench", secret="of this run only")  # noqa: S106 - it lives as long as the folder
    made = MosquittoSite(
        site=site,
        host="127.0.0.1",
        port=free_port(),
        folder=folder,
        hub=hub,
        devices=tuple(Account(username=name, secret=secret) for name, secret in secrets.items()),
        run_as="root" if os.geteuid() == 0 else None,
    )
    for name, text in render(made).items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", str(folder / CONF)], stderr=log, stdout=log)
    ending.callback(end, process)
    deadline_s = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline_s:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", made.port), timeout=1)):
            return made.port, hub
        time.sleep(0.02)
    raise SystemExit(f"Mosquitto did not start: {(folder / 'mosquitto.log').read_text()[-1000:]}")


def broker_options(folder: Path, port: int, hub: Account) -> list[str]:
    """How `hub-server serve` is told of it."""
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(hub.secret or "")
    mqtt = ["--mqtt-host", "127.0.0.1", "--mqtt-port", str(port), "--mqtt-username", hub.username]
    return [*mqtt, "--mqtt-password-file", str(password)]


def start_hub(data: Path, ending: ExitStack, *, site: str, options: list[str]) -> tuple["subprocess.Popen[str]", float]:
    """The hub, and the seconds from its start to its greeting; then wait for its broker. Raises SystemExit."""
    began_s = time.monotonic()
    command = [sys.executable, "-m", "hub_server.cli.main", "serve", "--data", str(data), "--port", "0"]
    log = ending.enter_context((data.parent / "hub.log").open("w"))
    process = subprocess.Popen(
        [*command, "--site", site, *options], stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
    )
    ending.callback(end, process)
    assert process.stdout is not None
    ending.callback(process.stdout.close)
    if not process.stdout.readline().startswith("page"):
        raise SystemExit(f"the hub did not start: {(data.parent / 'hub.log').read_text()[-1000:]}")
    took_s = time.monotonic() - began_s
    hub, deadline_s = RunningHub.of(data), time.monotonic() + START_WAIT_S
    while hub.ask_health().get("broker") != "connected":
        if time.monotonic() > deadline_s:
            raise SystemExit("the hub did not reach its broker")
        time.sleep(0.05)
    return process, took_s


def broker_address(data: Path) -> tuple[str, int]:
    """Host and port of the broker that a running hub uses."""
    run = json.loads((data / "run.json").read_text())
    return run["broker"]["host"], int(run["broker"]["port"])


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """The resident set of a process now, or the largest so far, in 10^6 bytes."""
    key = "VmHWM" if peak else "VmRSS"
    found = re.search(rf"{key}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return round(int(found[1]) * 1024 / 1e6, 1)


def end(process: "subprocess.Popen[Any]") -> None:
    """Asked again each second: a Mosquitto that has just begun forgets a signal."""
    for _ in range(round(END_WAIT_S)):
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
            return
    process.kill()
    process.wait()
