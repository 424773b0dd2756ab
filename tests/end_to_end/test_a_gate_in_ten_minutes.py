"""As a new technician: from an empty folder to a gate that reports, with the commands of TECHNICIAN.md and no others.

What is not here is simulated: systemd by a stand-in that starts Mosquitto and the hub as their units say, with a folder
in front of every path; the Pi's first boot by its own `join` and `run`, with a recorded walk for a camera.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from site_machine import MOSQUITTO, Machine, free_port
from stage import BIN, Stage

from firmware_config.provision.client import HubClient, LocalDoor, at
from firmware_config.site import places
from firmware_config.site.folder import SiteFolder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here: apt-get install mosquitto"),
    pytest.mark.skipif(os.geteuid() != 0, reason="install.sh gives files to other users: root only"),
    pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd here"),
]
PASSPHRASE = "four words of a test"
COMMANDS_MAX, MINUTES_MAX = 8, 10
GATE = "gate-east"
EX_TEMPFAIL = 75  # an agent that wants to be started again, as its unit does


@dataclass(kw_only=True)
class Typed:
    """What the technician has typed so far, and how long it took."""

    environ: dict[str, str]
    commands: list[str] = field(default_factory=list)

    def type(self, *words: str, status: int = 0) -> str:
        """One command of TECHNICIAN.md, as it stands there but for the paths of a test. What it said."""
        self.commands.append(shlex.join(words))
        program = {
            "provision": [sys.executable, "-m", "firmware_config.provision.main"],
            "hub-server": [str(BIN / "hub-server")],
        }.get(words[0], [words[0]])
        done = subprocess.run(
            [*program, *words[1:]], env=self.environ, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stdout


def wait_for(what: str, condition: Callable[[], object], timeout_s: float = 90) -> None:
    """Polls a public view of another process; there is no event to wait on across processes."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.2)


@pytest.fixture
def technician(tmp_path: Path) -> Typed:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWANG_")}
    return Typed(environ=kept | {"SHOUWANG_LANG": "zh", "SHOUWANG_SITE": str(tmp_path / "guihua")})


@pytest.fixture
def machine(tmp_path: Path, technician: Typed) -> Iterator[Machine]:
    """The hub's machine: the site was made, and its files are installed and started."""
    site = tmp_path / "guihua"
    secret = tmp_path / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text(PASSPHRASE)
    ports = ("--broker-port", str(free_port()), "--page-port", str(free_port()))
    words = ("--name", "guihua", "--host", "localhost", "--area", "桂花村", *ports)
    said = technician.type("provision", "site", "init", str(site), *words, "--passphrase-file", str(secret))
    assert "下一步" in said
    assert "install.sh" in said
    (tmp_path / "root").mkdir()
    machine = Machine(tmp_path / "root", SiteFolder(site))
    technician.type(str(site / "files" / "install.sh"), "--root", str(machine.root))
    machine.start()
    with path_unit(machine):
        yield machine
    machine.stop()


@contextmanager
def path_unit(machine: Machine) -> Iterator[None]:
    """What the hub writes for the broker is carried out within a moment, as by shouwang-broker-files.path."""
    changed, over = machine.at(places.BROKER_FILES / "changed"), threading.Event()

    def watch() -> None:
        known = None
        while not over.wait(0.1):
            order = changed.read_bytes() if changed.exists() else None
            if order != known:
                machine.broker_files("take")
                machine.broker_files("tell")
                known = order

    watching = threading.Thread(target=watch)
    watching.start()
    yield
    over.set()
    watching.join()


def start_hub(stage: Stage, machine: Machine) -> Path:
    """What the unit says, below the machine's folder; where its data are."""
    unit = machine.at(places.UNITS / places.HUB_SERVICE).read_text()
    (line,) = re.findall(r"^ExecStart=\S+/hub-server (.*)$", unit, re.MULTILINE)
    words = [word.replace("%d/", f"{places.HUB_ETC}/") for word in shlex.split(line)]
    moved = re.compile(r"^/(?=etc|var)")
    data = machine.at(Path("/var/lib/shouwang"))
    os.chown(data, 0, 0)  # the hub of a test runs as whoever tests
    stage.start("hub", "hub-server", *(moved.sub(f"{machine.root}/", word) for word in words))
    wait_for("the hub answers", (data / "hub.sock").exists)
    return data


def make_card(folder: Path) -> Path:
    """The boot partition of a fresh Raspberry Pi OS (Trixie), as far as anybody looks at it."""
    (folder / "overlays").mkdir(parents=True)
    (folder / "cmdline.txt").write_text("console=serial0,115200 root=PARTUUID=1234abcd-02 rootfstype=ext4 rootwait\n")
    (folder / "config.txt").write_text("[all]\n")
    (folder / "issue.txt").write_text("Raspberry Pi reference 2025-11-24\nGenerated using pi-gen\n")
    for name in ("user-data", "meta-data", "network-config"):
        (folder / name).write_text("#cloud-config\n")
    return folder


def join(pi: Path, card: Path, clip: Path) -> None:
    """As install.sh and its units do: files in place, then `join`; a recorded walk stands for the camera."""
    config, state = pi / "agent.toml", pi / "state"
    state.mkdir(parents=True)
    text = (card / "shouwang" / "agent.toml").read_text()
    text = text.replace("/var/lib/shouwang", str(state)).replace("/run/shouwang", str(state))
    text = text.replace('source = "picamera2"', f'source = "replay:{clip}"\nloop = true')
    config.write_text(text + '\n[clock]\nsynchronised = "always"\n')
    shutil.copy(card / "shouwang" / "ca.pem", state / "ca.pem")
    words = ("join", "--config", str(config), "--token-file", str(card / "shouwang" / "join.json"), "--wait-s", "60")
    done = subprocess.run([str(BIN / "edge-agent"), *words], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not (card / "shouwang" / "join.json").exists(), "the token is off the card"


def test_from_nothing_to_a_gate_that_reports_and_to_one_that_was_stolen(
    stage: Stage, machine: Machine, technician: Typed, clips: Path, tmp_path: Path
) -> None:
    began_s = time.monotonic()
    data = start_hub(stage, machine)
    looks = Looks(data)
    made = technician.type(
        *("hub-server", "token", "create", "technician", "--scope", "read,equipment,exchange,devices"),
        *("--expires-days", "30", "--data", str(data)),
    )
    (token,) = re.findall(r"^secret (\S+)$", made, re.MULTILINE)
    technician.environ["SHOUWANG_TOKEN"] = token

    where = ("--place", "桂花村东门", "--area", "桂花村", "--kind", "door", "--camera", "picamera2")
    assert "provision device write" in technician.type("provision", "device", "add", GATE, *where)
    card = make_card(tmp_path / "bootfs")
    technician.type("provision", "device", "write", GATE, "--boot", str(card))
    join(stage.folder / "pi", card, clips / "east.mp4")
    agent = stage.start("agent", "edge-agent", "run", "--config", str(stage.folder / "pi" / "agent.toml"))

    wait_for("it is online", looks.online)
    assert "在线" in technician.type("provision", "device", "show", GATE)
    wait_for("it reports who walked past", looks.passages)
    took_s = time.monotonic() - began_s
    print(f"{len(technician.commands)} commands, {took_s:.0f} s:", *technician.commands, sep="\n  ")  # noqa: T201
    assert len(technician.commands) <= COMMANDS_MAX, technician.commands
    assert took_s < MINUTES_MAX * 60

    technician.type("provision", "device", "rotate", GATE)
    assert agent.process.wait(timeout=90) == EX_TEMPFAIL, agent.log.read_text()
    agent = stage.start("agent-again", "edge-agent", "run", "--config", str(stage.folder / "pi" / "agent.toml"))
    wait_for("it has another certificate", lambda: looks.certificates() == ["good", "revoked"])
    wait_for("it is back", looks.online)

    technician.type("provision", "device", "revoke", GATE, "--reason", "卡被偷了", "--yes")
    wait_for("its session is gone", lambda: not looks.online())
    wait_for("the agent is told that its certificate counts no more", lambda: "revoked" in agent.log.read_text())


class Looks:
    """What the hub says about the gate, asked over its own socket: quicker than a command, and not counted."""

    def __init__(self, data: Path) -> None:
        self._hub = HubClient(LocalDoor(data))

    def online(self) -> bool:
        return bool(self._hub.get(at("devices", GATE))["online"])

    def certificates(self) -> list[str]:
        """Their states."""
        return sorted(one["state"] for one in self._hub.get(at("devices", GATE, "certificates"))["certificates"])

    def passages(self) -> list[dict[str, Any]]:
        return self._hub.items(at("events"), {"type": "passage", "device": GATE, "limit": 100})
