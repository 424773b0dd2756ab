"""From the site's folder to a broker that lets in whom it should: install.sh, Mosquitto and systemd's own programs."""

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from site_machine import MOSQUITTO, Machine, free_port
from tls_site import NO_MOSQUITTO, Caller, Papers

from edge_agent.wire.topics import Address, Channel
from firmware_config.ca.folder import CaFolder
from firmware_config.ca.revocation import empty_list, revoke
from firmware_config.mosquitto import Account, access_list
from firmware_config.site import live, places
from firmware_config.site.files import broker
from firmware_config.site.folder import SiteFolder
from firmware_config.site.profile import render

NEEDED = ("systemd-sysusers", "systemd-tmpfiles", "systemctl")
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users: root only"),
    pytest.mark.skipif(any(shutil.which(name) is None for name in NEEDED), reason="no systemd here"),
    # paho leaves the socket of a handshake that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]
RUNNING = pytest.mark.skipif(MOSQUITTO is None, reason=NO_MOSQUITTO)


@pytest.fixture
def machine(folder: SiteFolder, tmp_path: Path) -> Machine:
    """Not yet installed; its broker listens on a free port."""
    site = replace(folder.read(), broker_port=free_port(), broker_hosts=("localhost", "127.0.0.1"))
    (folder.path / "site.toml").write_text(render(site))
    folder.write_files()
    (tmp_path / "root").mkdir()
    return Machine(tmp_path / "root", folder)


@pytest.fixture
def running(machine: Machine) -> Iterator[Machine]:
    done = machine.install()
    assert done.returncode == 0, done.stderr
    machine.start()
    yield machine
    machine.stop()


@pytest.fixture
def call(running: Machine) -> Iterator[Callable[[str], Caller]]:
    callers: list[Caller] = []

    def call(name: str) -> Caller:
        papers = folder_papers(running.site.certificates, name)
        site = type("Site", (), {"port": running.site.read().broker_port})()
        callers.append(Caller(site, papers, client_id=f"caller-{len(callers)}"))
        return callers[-1]

    yield call
    for caller in callers:
        caller.close()


def folder_papers(folder: CaFolder, name: str) -> Papers:
    certificate, key = folder.files(name)
    return Papers(ca=folder.path / "root.pem", certificate=certificate, key=key)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- install.sh -------------------------------------------------------------------------------------------------


def test_it_puts_everything_where_the_units_look_for_it(machine: Machine) -> None:
    done = machine.install()
    assert done.returncode == 0, done.stderr
    for name in ("page", "hub", "issuing"):
        assert mode(machine.at(places.HUB_ETC / f"{name}.key")) == 0o600
        assert machine.at(places.HUB_ETC / f"{name}.key").stat().st_uid == 0, "the hub gets it as a credential"
    users, groups = owners(machine, "/etc/passwd"), owners(machine, "/etc/group")
    key, shared = machine.at(places.BROKER_ETC / "broker.key"), machine.at(places.BROKER_FILES)
    assert (mode(key), str(key.stat().st_uid)) == (0o600, users["mosquitto"])
    assert (mode(shared), str(shared.stat().st_uid), str(shared.stat().st_gid)) == (
        0o2750,
        users["shouwang"],
        groups["mosquitto"],
    )
    for name in ("acl", "crl.pem"):
        assert (mode(shared / name), str((shared / name).stat().st_gid)) == (0o640, groups["mosquitto"])
        assert str((shared / name).stat().st_uid) == users["shouwang"], "who reads it before it writes it"
    assert mode(machine.at(places.BROKER_SCRIPT)) == 0o755
    wanted = {path.name for path in machine.at(places.UNITS).glob("*.wants/*")}
    assert wanted == {
        places.BROKER_SERVICE,
        places.HUB_SERVICE,
        places.FILES_PATH,
        places.FILES_TIMER,
        places.BACKUP_TIMER,
    }
    assert not list(machine.root.rglob("root.key"))
    assert "root.key lies on this machine" in done.stderr


def owners(machine: Machine, path: str) -> dict[str, str]:
    """Numbers by name, of /etc/passwd or /etc/group."""
    rows = [line.split(":") for line in machine.at(Path(path)).read_text().splitlines()]
    return {row[0]: row[2] for row in rows}


def snapshot(machine: Machine) -> dict[str, tuple[int, int, bytes]]:
    files = [path for path in machine.root.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path): (path.stat().st_mtime_ns, mode(path), path.read_bytes()) for path in files}


def test_it_changes_nothing_the_second_time_and_nothing_at_all_when_only_asked(machine: Machine) -> None:
    before = snapshot(machine)
    dry = machine.install("--dry-run")
    assert (dry.returncode, snapshot(machine)) == (0, before)
    assert dry.stdout.count("would: install") > 20
    machine.install()
    before = snapshot(machine)
    assert machine.install().returncode == 0
    assert snapshot(machine) == before
    assert "would: install" not in machine.install("--dry-run").stdout


def test_it_takes_a_renewed_certificate_and_leaves_what_the_hub_has_written(machine: Machine) -> None:
    machine.install()
    machine.hub_writes(acl="# the hub's own\n")
    site = machine.site.read()
    machine.site.certificates.renew("broker", site.broker_names, now=site.made)
    machine.install()
    installed = machine.at(places.BROKER_ETC / "broker.pem").read_bytes()
    assert installed == machine.site.certificates.pair("broker").certificate
    assert machine.at(places.BROKER_FILES / "acl").read_text() == "# the hub's own\n"


def test_the_watchdog_is_started_once_it_has_somebody_to_tell(machine: Machine) -> None:
    assert "nobody to tell" in machine.install().stdout
    urls = machine.at(places.ALARMS)
    assert mode(urls) == 0o600
    urls.write_text(urls.read_text() + "jsons://alarm.invalid/\n")
    assert "nobody to tell" not in machine.install().stdout
    assert (machine.at(places.UNITS) / "timers.target.wants" / "shouwang-watchdog.timer").is_symlink()


def test_another_machine_gets_the_watchdog_alone(machine: Machine) -> None:
    machine.at(places.MOSQUITTO).unlink()
    assert machine.install("--watchdog", "watchdog").returncode == 0
    assert not machine.at(places.HUB_ETC).exists()
    assert not machine.at(places.BROKER_ETC).exists()
    assert machine.at(places.WATCHDOG_ETC / "watchdog.key").exists()


def test_what_is_missing_is_said_before_anything_is_written(machine: Machine) -> None:
    for program, words in ((places.MOSQUITTO, "apt-get install mosquitto"), (machine.site.read().program, "README")):
        machine.at(program).unlink()
        done = machine.install()
        assert (done.returncode, machine.at(places.ETC).exists()) == (1, False)
        assert words in done.stderr
    assert machine.install("--nonsense").returncode == 2
    assert machine.install("--root", "relative").returncode == 2


# --- the broker with these files --------------------------------------------------------------------------------


@RUNNING
def test_hub_and_watchdog_are_let_in_and_a_device_once_the_hub_has_written_it(
    running: Machine, call: Callable[[str], Caller]
) -> None:
    site, certificates = running.site.read(), running.site.certificates
    assert call("hub").come() == "Success"
    assert [one for one in live.findings(running.site, site) if one.code == "broker_live"] == []
    certificates.add_device("east-gate", now=site.made)
    topic = Address(site="guihua", device="east-gate").topic(Channel.UP)
    east = call("devices/east-gate")
    assert east.come() == "Success"
    assert str(east.publish(topic, b"x")) == "Not authorized"
    with_east = replace(broker(site), devices=(Account(username="east-gate"),))
    running.hub_writes(acl=access_list(with_east), order="reload 1\n")
    assert running.carried_out() == ["kill --kill-who=main --signal=HUP shouwang-broker.service"]
    while str(east.publish(topic, b"x")) == "Not authorized":
        """The signal is on its way: the same connection, and now it may."""


@pytest.mark.slow
@RUNNING
def test_a_revoked_device_is_thrown_out_by_a_restart_and_does_not_come_again(
    running: Machine, call: Callable[[str], Caller]
) -> None:
    site, certificates = running.site.read(), running.site.certificates
    for name in ("stolen", "good"):
        certificates.add_device(name, now=site.made)
    stolen, good = call("devices/stolen"), call("devices/good")
    assert (stolen.come(), good.come()) == ("Success", "Success")
    issuing = certificates.issuing()
    listed = revoke(issuing, empty_list(issuing), [certificates.pair("devices/stolen").certificate], now=site.made)
    running.hub_writes(crl=listed, order="restart 1\n")
    began = time.monotonic()
    assert running.carried_out() == ["restart shouwang-broker.service"]
    stolen.gone.get(timeout=30)
    assert time.monotonic() - began < 10, "seconds, not minutes"
    assert call("devices/stolen").come().startswith("gone")
    assert call("devices/good").come() == "Success"
    assert running.carried_out() == [], "what a broker has read at its start is not told to it again"


@pytest.mark.slow
@RUNNING
def test_each_order_is_carried_out_once_and_a_missed_one_counts_as_a_restart(running: Machine) -> None:
    done = []
    for order in ("reload 1", "reload 1", "reload 2", "restart 3", "reload 4", "reload 6", "reload 1", "reload 2"):
        running.hub_writes(order=f"{order}\n")
        done.append((order, " ".join(line.split()[0] for line in running.carried_out())))
    assert done == [
        ("reload 1", "kill"),
        ("reload 1", ""),
        ("reload 2", "kill"),
        ("restart 3", "restart"),
        ("reload 4", "kill"),
        ("reload 6", "restart"),  # who knows what 5 was
        ("reload 1", "restart"),  # a hub that counts anew: its data were restored
        ("reload 2", "kill"),
    ]


@RUNNING
def test_what_is_no_order_is_refused_and_reaches_nobody(machine: Machine) -> None:
    machine.install()
    machine.prepare()
    many = ("", "reload", "reload x", "reload 1; reboot", "$(reboot) 1", "restart -1", "reload 01", "poweroff 1")
    for order in (*many, "reload " + "9" * 40):
        machine.hub_writes(order=order)
        done = machine.broker_files("take")
        assert (done.returncode, "no order" in done.stderr) == (1, True), order
    machine.hub_writes(order="reload 1\n")
    assert machine.broker_files("take").returncode == 0


@RUNNING
def test_half_a_set_of_files_changes_nothing(running: Machine) -> None:
    kept = (running.at(places.BROKER_STATE) / "acl").read_bytes()
    running.at(places.BROKER_FILES / "crl.pem").unlink()
    running.hub_writes(order="reload 1\n")
    assert running.broker_files("take").returncode != 0
    assert (running.at(places.BROKER_STATE) / "acl").read_bytes() == kept
    assert running.broker_files("tell").returncode == 0


@RUNNING
def test_the_live_check_tells_who_does_not_answer_and_who_is_another(running: Machine, tmp_path: Path) -> None:
    site = running.site.read()
    silent = replace(site, broker_port=free_port(), hub_hosts=("127.0.0.1",), page_port=free_port())
    assert [one.code for one in live.findings(running.site, silent, timeout_s=3)] == [
        "broker_live",
        "broker_live",
        "page_live",
    ]
    other = SiteFolder(tmp_path / "other")
    other.begin(site, passphrase="four words of a test")
    [first, *_] = live.findings(other, site, timeout_s=3)
    assert "certificate verify failed" in first.en
