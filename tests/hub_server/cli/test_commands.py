"""`hub-server` as a person uses it: processes, exit codes, words."""

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub_server.store import alerts, devices, people, recipients, watches
from hub_server.store.rows import Watch
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

pytestmark = pytest.mark.slow
HUB = [sys.executable, "-m", "hub_server.cli.main"]
RSS_BYTES_MAX = 150 * 1024 * 1024


def command(*words: str, data: Path | None = None) -> "subprocess.CompletedProcess[str]":
    options = [] if data is None else ["--data", str(data)]
    return subprocess.run([*HUB, *words, *options], capture_output=True, text=True, timeout=30, check=False)


class Serving:
    """A hub in a process of its own; it is ready when this exists."""

    def __init__(self, data: Path, *options: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*HUB, "serve", "--data", str(data), "--port", "0", "--embedded-broker", "--broker-port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        assert self.process.stdout is not None
        self.greeting = [self.process.stdout.readline() for _ in range(4)]
        self.run = json.loads((data / "run.json").read_text())

    def healthz(self) -> dict[str, object]:
        address = urlsplit(self.run["url"])
        connection = http.client.HTTPConnection(address.netloc, timeout=10)
        connection.request("GET", "/healthz")
        answer: dict[str, object] = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and log."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, log = self.process.communicate(timeout=10)
        return self.process.returncode, log


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path / "data")
    yield serving
    serving.end()


def test_a_hub_greets_serves_and_ends_cleanly_within_five_seconds(tmp_path: Path, serving: Serving) -> None:
    page, login, _, token = serving.greeting
    assert serving.run["url"] in page
    assert f"{serving.run['url']}/login?code=" in login
    assert str(tmp_path / "data" / "api-token") in token
    assert set(serving.run) == {"pid", "url", "broker", "site", "started_at"}
    health = serving.healthz()
    assert health["store"] == "ok"
    assert health["watch"] in {"judging", "draining"}
    assert rss_bytes(serving.process.pid) < RSS_BYTES_MAX
    asked_s = time.monotonic()
    code, log = serving.end()
    assert (code, time.monotonic() - asked_s < 5) == (0, True)
    assert not (tmp_path / "data" / "run.json").exists()
    secrets = [(tmp_path / "data" / "api-token").read_text().strip(), login.partition("code=")[2].strip()]
    assert not [secret for secret in secrets if secret in log]
    assert "Traceback" not in log


def rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def test_ctrl_c_ends_it_cleanly_too(serving: Serving) -> None:
    assert serving.end(signal.SIGINT)[0] == 0


def test_two_hubs_on_one_directory_do_not_happen(tmp_path: Path, serving: Serving) -> None:
    second = command("serve", "--embedded-broker", "--broker-port", "0", "--port", "0", data=tmp_path / "data")
    assert second.returncode == 1
    assert "another hub-server is using" in second.stderr
    assert serving.healthz()["store"] == "ok"


def test_a_killed_hub_leaves_nothing_that_stops_the_next(tmp_path: Path, serving: Serving) -> None:
    serving.end(signal.SIGKILL)
    assert (tmp_path / "data" / "run.json").exists()
    again = Serving(tmp_path / "data")
    assert again.run["pid"] == again.process.pid
    assert again.end()[0] == 0


def test_the_token_stays_the_same_and_is_its_owners_alone(tmp_path: Path, serving: Serving) -> None:
    path = tmp_path / "data" / "api-token"
    token = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    serving.end()
    Serving(tmp_path / "data").end()
    assert path.read_text() == token


def test_a_device_is_added_through_the_running_hub_or_into_the_resting_store(tmp_path: Path, serving: Serving) -> None:
    data = tmp_path / "data"
    first = json.loads(command("device", "add", "door-1", "--place", "东门", "--json", data=data).stdout)
    twice = command("device", "add", "door-1", data=data)
    serving.end()
    second = json.loads(command("device", "add", "door-2", "--json", data=data).stdout)
    bad = command("device", "add", "Door 3", data=data)
    assert (twice.returncode, bad.returncode) == (1, 1)
    assert "already" in twice.stderr
    assert "id:" in bad.stderr
    store = Store.open(data)
    with store.read() as db:
        assert devices.secret_is(db, "door-1", first["secret"])
        assert devices.secret_is(db, "door-2", second["secret"])
        door = devices.get(db, "door-1")
    assert door is not None
    assert door.place == "东门"
    store.close()


@pytest.mark.usefixtures("serving")
def test_login_asks_the_running_hub_for_a_link(tmp_path: Path) -> None:
    done = command("login", data=tmp_path / "data")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/login\?code=[\w-]{40,}\n", done.stdout)


def test_links_bear_the_address_by_which_people_reach_the_page(tmp_path: Path) -> None:
    serving = Serving(tmp_path / "data", "--public-url", "https://hub.riverside.lan:8443")
    try:
        done = command("admin", "create", "wanghong", "--display", "王红", data=tmp_path / "data")
        assert re.search(r"^https://hub\.riverside\.lan:8443/login\?code=[\w-]{40,}$", done.stdout, re.MULTILINE)
    finally:
        serving.end()


@pytest.mark.usefixtures("serving")
def test_whoever_reads_no_further_is_no_error(tmp_path: Path) -> None:
    asking = subprocess.Popen(
        [*HUB, "retention", "show", "--data", str(tmp_path / "data")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert asking.stdout is not None
    asking.stdout.close()
    _, complaint = asking.communicate(timeout=30)
    assert asking.returncode == 0
    assert b"Traceback" not in complaint
    assert b"BrokenPipe" not in complaint


def test_login_without_a_hub_says_how_to_start_one(tmp_path: Path) -> None:
    done = command("login", data=tmp_path)
    assert done.returncode == 1
    assert "hub-server serve" in done.stderr


@pytest.mark.usefixtures("serving")
def test_seed_demo_does_not_write_beside_a_running_hub(tmp_path: Path) -> None:
    done = command("seed-demo", data=tmp_path / "data")
    assert done.returncode == 1
    assert "end it first" in done.stderr


def test_seed_demo_twice_doubles_nothing_and_puts_the_quiet_one_a_minute_before_the_alert(tmp_path: Path) -> None:
    first = json.loads(command("seed-demo", "--json", data=tmp_path).stdout)
    quiet = look(tmp_path)
    minute_us = 60_000_000
    store = Store.open(tmp_path, clock=lambda: quiet.due_us)
    (alert,) = store.write(lambda db: alerts.raise_due(db, now_us=quiet.due_us, limit=9))
    assert alert.person == "resident-02"
    store.close()
    second = json.loads(command("seed-demo", "--json", data=tmp_path).stdout)
    again = look(tmp_path)
    assert again.due_us > quiet.due_us
    assert 0 < again.due_us - time.time_ns() // 1000 <= minute_us
    assert (first["refreshed"], second["refreshed"]) == (False, True)
    assert (first["people"], first["watches"]) == (second["people"], second["watches"]) == (12, 6)
    assert [device["id"] for device in second["devices"]] == ["door-east", "door-west", "gate-lane"]
    store = Store.open(tmp_path)
    with store.read() as db:
        assert len(people.page(db, after=None, limit=500)) == 12
        assert len(watches.page(db, after=None, limit=500)) == 6
        assert all(devices.secret_is(db, device["id"], device["secret"]) for device in second["devices"])
        helpers = recipients.page(db, after=None, limit=500)
        assert [helper.rung for helper in helpers] == [Rung.WORKER, Rung.COMMUNITY, Rung.OFFICE]
        assert all(url.startswith("topic://") for helper in helpers for url in helper.urls), (
            "nothing leaves the machine"
        )
        assert len(recipients.contacts_of(db, "resident-02")) == 1
        assert [alert.state for alert in alerts.page(db, states=None, after=None, limit=9)] == ["closed"]
    store.close()


def look(data: Path) -> Watch:
    store = Store.open(data)
    with store.read() as db:
        watch = watches.get_by_person(db, "resident-02")
    store.close()
    assert watch is not None
    return watch


def test_more_than_this_machine_is_refused_with_the_reason_and_all_mistakes_at_once(tmp_path: Path) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 what must be refused
    done = command(
        "serve", "--host", everywhere, "--port", "99999", "--site", "A B", "--mqtt-ca", "/nowhere", data=tmp_path
    )
    assert done.returncode == 2
    assert "without TLS" in done.stderr
    for option in ("--host", "--port", "--site", "--mqtt-ca"):
        assert option in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_one_broker_at_a_time_and_a_password_needs_a_name(tmp_path: Path) -> None:
    both = command("serve", "--embedded-broker", "--mqtt-host", "127.0.0.1", data=tmp_path)
    nameless = command("serve", "--mqtt-password-file", __file__, data=tmp_path)
    assert (both.returncode, nameless.returncode) == (2, 2)
    assert "--embedded-broker" in both.stderr
    assert "--mqtt-username" in nameless.stderr


def test_an_address_that_is_taken_is_a_sentence_not_a_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for options in (["--port", port, "--broker-port", "0"], ["--port", "0", "--broker-port", port]):
            done = command("serve", "--embedded-broker", *options, data=tmp_path)
            assert done.returncode == 1
            assert "cannot serve" in done.stderr
            assert "Traceback" not in done.stderr


def test_systemd_hears_ready_watchdog_and_stopping(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(path))
        channel.settimeout(10)
        serving = Serving(tmp_path / "data", NOTIFY_SOCKET=str(path), WATCHDOG_USEC="200000")
        assert [channel.recv(100), channel.recv(100)] == [b"READY=1", b"WATCHDOG=1"]
        assert serving.end()[0] == 0
        words = set()
        while b"STOPPING=1" not in words:
            words.add(channel.recv(100))


def test_help_teaches_every_command_by_example() -> None:
    text = command("--help").stdout
    for line in ("hub-server serve", "hub-server seed-demo", "hub-server device add", "hub-server login"):
        assert line in text
    assert re.fullmatch(r"hub-server \d+\.\d+\.\d+\n", command("--version").stdout)


def test_without_a_command_it_is_wrong_usage() -> None:
    assert command().returncode == 2
