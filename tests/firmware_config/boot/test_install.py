"""The scripts of a card, really run below a folder: real bash, real venv, real pip, and no network."""

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cards import BROKEN_OUT, CLINIC, GATE, HOSTILE, ISSUED, SSH_KEY, make_wheel

from firmware_config.device.card import Start
from firmware_config.profile import Wifi

LayOut = Callable[..., Path]


def run(script: Path, root: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SHOUWANG_ROOT": str(root), "HOME": str(root), **more}
    command = ["bash", str(script), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def install(boot: Path, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(boot / "shouwang" / "install.sh", root, *words)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_a_card_installs_without_a_network_once_and_again_when_it_is_written_anew(
    lay_out: LayOut, tmp_path: Path
) -> None:
    """One story, since pip takes its time: a power cut left halves; the card brings keys; then it is written anew."""
    boot, root = lay_out(credentials=ISSUED), tmp_path / "root"
    state, program, log = root / "var/lib/shouwang", root / "opt/shouwang/bin/edge-agent", boot / "shouwang/install.log"
    program.parent.mkdir(parents=True)
    program.write_text("half of a")
    (root / "etc/shouwang").mkdir(parents=True)
    (root / "etc/shouwang/agent.toml").write_text("half = ")

    done = install(boot, root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "0.1.0\n"
    assert (root / "etc/systemd/system/shouwang-agent.service").exists()
    assert (root / "usr/local/bin/edge-agent").is_symlink()
    assert (mode(root / "etc/shouwang/agent.toml"), mode(state)) == (0o640, 0o700)
    assert 'device = "gate-east"' in (root / "etc/shouwang/agent.toml").read_text()
    assert (state / "ca.pem").read_text() == (boot / "shouwang/ca.pem").read_text()
    assert {mode(state / name) for name in ("device.key", "device.pem", "hub-sign.pub", "hub-picture.pub")} == {0o600}
    assert (state / "device.key").read_text().strip() == ISSUED.key
    assert not (boot / "shouwang/keys").exists(), "they are the device's own now, and no longer on the card"
    told = log.read_text()
    assert "DONE: gate-east is installed" in told

    again = install(boot, root)
    assert (again.returncode, again.stdout) == (0, "")
    assert log.read_text() == told, "nothing is done at every other boot"

    lay_out(replace(GATE, fps=4))
    [wheel] = (boot / "shouwang/wheels").glob("shouwang-*.whl")
    sums = boot / "shouwang/SHA256SUMS"
    before = hashlib.sha256(wheel.read_bytes()).hexdigest()
    make_wheel(wheel.parent, "shouwang", "0.1.0", says="another build of it")
    sums.write_text(sums.read_text().replace(before, hashlib.sha256(wheel.read_bytes()).hexdigest()))
    assert install(boot, root).returncode == 0
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "another build of it\n"

    lay_out(replace(GATE, fps=5))
    [wheel] = (boot / "shouwang/wheels").glob("shouwang-*.whl")
    wheel.rename(wheel.with_name("shouwang-0.1.0-cp27-cp27m-win32.whl"))
    sums = boot / "shouwang/SHA256SUMS"
    sums.write_text(sums.read_text().replace(wheel.name, "shouwang-0.1.0-cp27-cp27m-win32.whl"))
    shutil.rmtree(root / "opt")
    assert install(boot, root).returncode == 1
    assert "the wheels of this card do not fit this system (Python 3." in log.read_text()
    assert "fps = 5" in (root / "etc/shouwang/agent.toml").read_text(), "another card is not taken for the same"


@pytest.mark.parametrize("victim", ["agent.toml", "settings.sh", "root/etc/systemd/system/shouwang-agent.service"])
def test_a_damaged_card_installs_nothing_and_says_so_on_the_card(lay_out: LayOut, tmp_path: Path, victim: str) -> None:
    boot, root = lay_out(), tmp_path / "root"
    file = boot / "shouwang" / victim
    file.write_text(file.read_text() + "x")
    done = install(boot, root)
    assert done.returncode == 1
    assert not (root / "etc").exists()
    log = (boot / "shouwang/install.log").read_text()
    assert f"{victim}: FAILED" in log
    assert "the card is damaged: write it anew" in log


def test_a_damaged_wheel_is_found_before_anything_is_installed(lay_out: LayOut, tmp_path: Path) -> None:
    boot = lay_out()
    [wheel] = (boot / "shouwang/wheels").glob("shouwang-*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1])
    assert install(boot, tmp_path / "root").returncode == 1
    assert not (tmp_path / "root/opt").exists()


def test_to_begin_only_puts_the_unit_in_place_that_does_the_work(lay_out: LayOut, tmp_path: Path) -> None:
    root = tmp_path / "root"
    done = install(lay_out(), root, "begin")
    assert done.returncode == 0, done.stderr
    there = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    assert there == ["etc/systemd/system/shouwang-setup.service"]


def test_the_log_does_not_grow_for_ever(lay_out: LayOut, tmp_path: Path) -> None:
    boot = lay_out()
    log = boot / "shouwang/install.log"
    log.write_text("x" * 300_000)
    install(boot, tmp_path / "root", "begin")
    assert log.stat().st_size < 10_000


# --- firstrun.sh ------------------------------------------------------------------------------------------------


def first_run(boot: Path, root: Path) -> subprocess.CompletedProcess[str]:
    (root / "etc").mkdir(parents=True)
    (root / "etc/hostname").write_text("raspberrypi\n")
    (root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n")
    return run(boot / "firstrun.sh", root, SHOUWANG_BOOT=str(boot))


def test_the_first_boot_names_the_pi_sets_its_network_and_hands_over(lay_out: LayOut, tmp_path: Path) -> None:
    root = tmp_path / "root"
    boot = lay_out(replace(GATE, hostname="gate-1"), Start.FIRSTRUN)
    done = first_run(boot, root)
    assert (done.returncode, done.stderr) == (0, "")
    assert (root / "etc/hostname").read_text() == "gate-1\n"
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n127.0.1.1\tgate-1\n"
    assert (root / "etc/timezone").read_text() == "Asia/Shanghai\n"
    assert str((root / "etc/localtime").readlink()) == "/usr/share/zoneinfo/Asia/Shanghai"
    assert mode(root / "etc/NetworkManager/system-connections/shouwang.nmconnection") == 0o600
    assert (root / "etc/ssh/sshd_config.d/10-shouwang.conf").exists()
    assert (root / "etc/systemd/system/shouwang-setup.service").exists()
    assert "firstrun: ends" in (boot / "shouwang/install.log").read_text()


def test_it_takes_itself_off_the_command_line_so_that_it_runs_once(lay_out: LayOut, tmp_path: Path) -> None:
    boot = lay_out(CLINIC, Start.FIRSTRUN)
    first_run(boot, tmp_path / "root")
    assert (boot / "cmdline.txt").read_text() == "root=/dev/x rootwait\n"
    assert not (boot / "firstrun.sh").exists()


def test_it_ends_well_and_runs_once_even_when_the_card_is_damaged(lay_out: LayOut, tmp_path: Path) -> None:
    boot = lay_out(CLINIC, Start.FIRSTRUN)
    (boot / "shouwang/settings.sh").write_text("exit 3\n")
    assert first_run(boot, tmp_path / "root").returncode == 0, "else the Pi would not start at all"
    assert "systemd.run" not in (boot / "cmdline.txt").read_text()
    assert "FAILED: the card is damaged" in (boot / "shouwang/install.log").read_text()
    assert (tmp_path / "root/etc/hostname").read_text() == "raspberrypi\n"


def test_hostile_values_do_nothing_at_the_first_boot(lay_out: LayOut, tmp_path: Path) -> None:
    wifi = Wifi(ssid=f"\"'$(touch {BROKEN_OUT})`id`\\;", country="CN")
    profile = replace(GATE, place=HOSTILE, wifi=wifi, ssh_keys=(f"{SSH_KEY} {HOSTILE}",))
    done = first_run(lay_out(profile, Start.FIRSTRUN), tmp_path / "root")
    assert (done.returncode, done.stderr) == (0, "")
    assert not BROKEN_OUT.exists()
