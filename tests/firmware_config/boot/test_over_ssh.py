"""To a Pi that runs: with a real sshd on this machine, and one that fails in the ways that ssh fails."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cards import GATE, card, make_pip, make_wheel

from firmware_config.boot.detect import BootError
from firmware_config.boot.over_ssh import over_ssh
from firmware_config.boot.wheels import digests
from firmware_config.device.card import Program, Start

SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
WAIT_S = 20


@dataclass(frozen=True, kw_only=True)
class Pi:
    """A machine whose files lie below `root`."""

    root: Path
    host: str
    options: tuple[str, ...]


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


@pytest.fixture
def pi(tmp_path: Path) -> Iterator[Pi]:
    """Its sshd says where its root is, as nothing on a real Pi does: install.sh then leaves this machine alone."""
    if SSHD is None or shutil.which("ssh-keygen") is None:
        pytest.skip("no sshd here")
    root, port = tmp_path / "pi", _port()
    (root / "boot/firmware").mkdir(parents=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    (tmp_path / "authorized").write_text((tmp_path / "user.pub").read_text())
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/authorized\n"
        f"PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nSetEnv SHOUWANG_ROOT={root}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    daemon = subprocess.Popen([SSHD, "-D", "-e", "-f", config], stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + WAIT_S
        while not _answers(port):
            if daemon.poll() is not None or time.monotonic() > until:
                pytest.skip(f"sshd does not start here: {daemon.stderr.read() if daemon.stderr else ''}")
        host_key = (tmp_path / "host.pub").read_text()
        (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {host_key}")
        options = [
            "-F",
            "none",
            "-i",
            f"{tmp_path}/user",
            "-p",
            f"{port}",
            "-o",
            f"UserKnownHostsFile={tmp_path}/known",
        ]
        yield Pi(root=root, host=f"{getpass.getuser()}@127.0.0.1", options=tuple(options))
    finally:
        daemon.terminate()
        daemon.wait(10)
        if daemon.stderr is not None:
            daemon.stderr.close()


def test_a_pi_that_runs_is_installed_through_one_ssh(pi: Pi, tmp_path: Path) -> None:
    pip = make_pip(tmp_path)
    ours = make_wheel(tmp_path, "shouwang", "0.1.0")
    wheels = {pip.name: pip, ours.name: ours}
    program = Program(requirement="shouwang[edge]==0.1.0", wheels=digests(wheels))
    files = card(GATE, Start.RUNNING, program=program)
    told = over_ssh(pi.host, files, wheels, options=pi.options)
    assert "DONE: gate-east is installed" in told
    assert (pi.root / "boot/firmware/shouwang/join.json").exists()
    agent = subprocess.run([pi.root / "opt/shouwang/bin/edge-agent"], capture_output=True, text=True, check=True)
    assert agent.stdout == "installed\n"
    assert over_ssh(pi.host, files, wheels, options=pi.options) == "", "twice is once"


def test_what_failed_there_is_told_here(pi: Pi) -> None:
    files = card(GATE, Start.RUNNING)
    del files["shouwang/ca.pem"]
    with pytest.raises(BootError, match=r"(?s)ca\.pem.*the card is damaged"):
        over_ssh(pi.host, files, {}, options=pi.options)


def test_a_machine_that_is_no_pi_is_refused(pi: Pi) -> None:
    shutil.rmtree(pi.root / "boot")
    with pytest.raises(BootError, match=r"there is no /boot/firmware"):
        over_ssh(pi.host, card(GATE, Start.RUNNING), {}, options=pi.options)


def test_a_stranger_host_key_is_not_taken(pi: Pi, tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    with pytest.raises(BootError, match=r"127\.0\.0\.1: .*[Hh]ost key verification failed"):
        over_ssh(pi.host, card(GATE, Start.RUNNING), {}, options=pi.options)


@pytest.mark.parametrize("host", ["-oProxyCommand=touch x", "a b", "a;id", "", "user@", "-x", "user@-oX=y", "$(id)"])
def test_what_is_no_host_never_reaches_ssh(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no ssh there: had it been asked for, the words would be others
    with pytest.raises(BootError, match="is no host for ssh"):
        over_ssh(host, card(GATE, Start.RUNNING), {})


def test_a_machine_without_ssh_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BootError, match="no program `ssh`"):
        over_ssh("pi@192.0.2.1", card(GATE, Start.RUNNING), {})


Fake = Callable[[str], None]


@pytest.fixture
def fake_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A program `ssh` of one line."""

    def make(line: str) -> None:
        program = tmp_path / "ssh"
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return make


def test_a_host_that_is_not_there_is_told_in_sshs_own_words(fake_ssh: Fake) -> None:
    fake_ssh("echo 'ssh: connect to host 192.0.2.1 port 22: No route to host' >&2; exit 255")
    with pytest.raises(BootError, match=r"192\.0\.2\.1: ssh: connect .*No route to host"):
        over_ssh("pi@192.0.2.1", card(GATE, Start.RUNNING), {})


def test_a_line_that_breaks_off_is_an_error_and_not_a_success(fake_ssh: Fake) -> None:
    fake_ssh("head -c 100 >/dev/null; exit 255")
    with pytest.raises(BootError, match="ssh ended with 255"):
        over_ssh("pi@192.0.2.1", card(GATE, Start.RUNNING), {})


def test_no_list_of_processes_shows_the_token(fake_ssh: Fake, tmp_path: Path) -> None:
    fake_ssh(f'cat >/dev/null; printf "%s\\n" "$@" >{tmp_path}/words')
    over_ssh("pi@192.0.2.1", card(GATE, Start.RUNNING), {})
    words = (tmp_path / "words").read_text()
    assert "pi@192.0.2.1" in words
    assert "T0ken" not in words
