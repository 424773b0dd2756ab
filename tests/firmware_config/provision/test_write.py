"""Cards as a technician writes them, over a real hub; and the device that joins with one is the agent's own code."""

import json
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cards import SSH_KEY, make_wheel, partition
from technician import Desk

from edge_agent import config as agent_config
from edge_agent.joining.join import Joining, join_with_card
from firmware_config.boot.wheels import VERSION
from firmware_config.device.card import Start

COUNT = iter(range(1000))
AddGate = Callable[..., str]


@pytest.fixture
def add(desk: Desk) -> AddGate:
    def make(*words: str) -> str:
        name = f"point-{next(COUNT)}"
        desk.must("device", "add", name, "--place", "东门", "--area", "桂花村", "--kind", "barrier", *words)
        return name

    return make


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    return partition(tmp_path / "bootfs")


def card_state(desk: Desk, name: str) -> str | None:
    card: dict[str, Any] | None = desk.must("device", "show", name)["card"]
    return None if card is None else card["state"]


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def settle_in(card: Path, folder: Path) -> tuple[agent_config.AgentConfig, Path]:
    """What install.sh does on a device, with everything below a folder."""
    folder.mkdir()
    shutil.copy(card / "ca.pem", folder / "ca.pem")
    file = folder / "agent.toml"
    file.write_text((card / "agent.toml").read_text().replace("/var/lib/shouwang", str(folder)))
    return agent_config.load(file), file


def test_a_device_joins_with_the_card_that_was_written_for_it(
    desk: Desk, add: AddGate, boot: Path, tmp_path: Path
) -> None:
    name = add("--relay", "gpio:17", "--set", "camera_name=east")
    told = desk.must("device", "write", name, "--boot", str(boot))
    assert told["start"] == "cloud-init"
    assert f"provision device show {name}" in told["next"]
    assert card_state(desk, name) == "live"

    card = boot / "shouwang"
    config, file = settle_in(card, tmp_path / "pi")
    assert (config.device, config.camera.name, config.relay.pin) == (name, "east", 17)
    done = join_with_card(Joining(config, patience_s=20), config_file=file, token_file=card / "join.json", again=False)
    assert f"{name} has joined" in done
    assert not (card / "join.json").exists()
    assert card_state(desk, name) == "used"
    state = tmp_path / "pi"
    words: list[str | Path] = [
        "openssl",
        "verify",
        "-CAfile",
        state / "ca.pem",
        "-untrusted",
        state / "device.pem",
        state / "device.pem",
    ]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_card_written_twice_differs_by_its_token_alone(desk: Desk, add: AddGate, boot: Path) -> None:
    name = add()
    desk.must("device", "write", name, "--boot", str(boot))
    once = content(boot)
    desk.must("device", "write", name, "--boot", str(boot))
    twice = content(boot)
    assert [path for path in once if once[path] != twice[path]] == ["shouwang/join.json"]
    assert set(once) == set(twice)


def test_a_card_that_waits_becomes_void_only_when_somebody_says_yes(desk: Desk, add: AddGate, boot: Path) -> None:
    name = add()
    desk.must("device", "write", name, "--boot", str(boot))
    before = content(boot)
    told = desk.type("device", "write", name, "--boot", str(boot))
    assert told.status != 0
    assert "becomes void" in told.err
    assert content(boot) == before


def test_an_older_image_gets_its_first_run(desk: Desk, add: AddGate, tmp_path: Path) -> None:
    boot = partition(tmp_path / "old", start=Start.FIRSTRUN, issued="2024-11-19")
    told = desk.must("device", "write", add(), "--boot", str(boot))
    assert told["start"] == "firstrun"
    assert (boot / "firstrun.sh").exists()
    assert "systemd.run=/boot/firmware/firstrun.sh" in (boot / "cmdline.txt").read_text()


def test_a_dry_run_names_the_files_and_changes_neither_card_nor_hub(desk: Desk, add: AddGate, boot: Path) -> None:
    name, before = add(), content(boot)
    told = desk.must("device", "write", name, "--boot", str(boot), "--dry-run")
    assert {"user-data", "shouwang/join.json", "shouwang/agent.toml"} <= set(told["files"])
    assert content(boot) == before
    assert card_state(desk, name) is None


@pytest.mark.parametrize(
    "words", [["--boot", "{empty}"], ["--boot", "{others}"]], ids=["no-partition", "anothers-card"]
)
def test_what_is_refused_uses_up_no_token(
    desk: Desk, add: AddGate, boot: Path, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    desk.must("device", "write", add(), "--boot", str(boot))
    name, before = add(), content(boot)
    asked = [word.format(empty=tmp_path / "empty", others=boot) for word in words]
    told = desk.type("device", "write", name, *asked)
    assert told.status == 1
    assert "no boot partition" in told.err or f"not {name}'s: --force" in told.err
    assert card_state(desk, name) is None
    assert content(boot) == before


def test_another_devices_card_is_taken_with_force(desk: Desk, add: AddGate, boot: Path) -> None:
    first, second = add(), add()
    desk.must("device", "write", first, "--boot", str(boot))
    desk.must("device", "write", second, "--boot", str(boot), "--force")
    assert json.loads((boot / "shouwang/device.json").read_text())["device"] == second
    assert [path for path, found in content(boot).items() if first.encode() in found] == []


def test_all_that_is_wrong_with_a_profile_is_told_before_a_token_is_asked(desk: Desk, add: AddGate, boot: Path) -> None:
    name = add("--set", "fps=900", "--set", "fsp=3", "--camera", "walk.mp4")
    told = desk.type("device", "write", name, "--boot", str(boot))
    assert told.status == 1
    for word in ("fps must be", "settings.fsp is no setting", "camera must be one of"):
        assert word in told.err
    assert card_state(desk, name) is None


def test_wifi_and_keys_are_given_at_the_card_and_stay_with_it(
    desk: Desk, add: AddGate, boot: Path, tmp_path: Path
) -> None:
    (tmp_path / "wifi.txt").write_text("correct horse battery\n")
    (tmp_path / "id.pub").write_text(SSH_KEY + "\n")
    name = add()
    words = [
        "--wifi",
        "桂花村",
        "--wifi-passphrase-file",
        str(tmp_path / "wifi.txt"),
        "--ssh-key",
        str(tmp_path / "id.pub"),
    ]
    told = desk.type("device", "write", name, "--boot", str(boot), *words)
    assert told.status == 0
    network = yaml.safe_load((boot / "network-config").read_text())["network"]
    assert list(network["wifis"]["wlan0"]["access-points"]) == ["桂花村"]
    assert yaml.safe_load((boot / "user-data").read_text())["users"][0]["ssh_authorized_keys"] == [SSH_KEY]
    everything = b"".join(content(boot).values()) + told.out.encode() + told.err.encode()
    everything += b"".join(path.read_bytes() for path in desk.data.rglob("*") if path.is_file())
    assert b"correct horse" not in everything


def test_a_passphrase_that_no_radio_takes_is_not_repeated(desk: Desk, add: AddGate, boot: Path, tmp_path: Path) -> None:
    (tmp_path / "wifi.txt").write_text("short")
    told = desk.type(
        "device", "write", add(), "--boot", str(boot), "--wifi", "a", "--wifi-passphrase-file", f"{tmp_path}/wifi.txt"
    )
    assert told.status == 1
    assert "passphrase must be 8 to 63" in told.err
    assert "'short'" not in told.err


def test_a_device_that_nobody_knows_and_one_that_is_retired_get_no_card(desk: Desk, add: AddGate, boot: Path) -> None:
    before = content(boot)
    assert "there is no device nobody" in desk.type("device", "write", "nobody", "--boot", str(boot)).err
    name = add()
    desk.must("device", "retire", name)
    assert "is retired" in desk.type("device", "write", name, "--boot", str(boot)).err
    assert content(boot) == before


# --- keys made beforehand ---------------------------------------------------------------------------------------


def test_a_preissued_card_brings_key_and_certificate_of_the_site(desk: Desk, add: AddGate, boot: Path) -> None:
    name = add()
    words = ["device", "write", name, "--boot", str(boot), "--preissued", "--yes"]
    desk.must(*words)
    keys = boot / "shouwang/keys"
    assert {path.name for path in keys.iterdir()} == {"device.key", "device.pem", "hub-sign.pub", "hub-picture.pub"}
    assert not (boot / "shouwang/join.json").exists()
    checks: list[str | Path] = [
        "openssl",
        "verify",
        "-CAfile",
        desk.site / "root.pem",
        "-untrusted",
        keys / "device.pem",
        keys / "device.pem",
    ]
    assert subprocess.run(checks, capture_output=True, check=False).returncode == 0
    assert card_state(desk, name) == "used"


def test_the_hub_knows_a_preissued_certificate_and_ends_it_with_the_next_card(
    desk: Desk, add: AddGate, boot: Path
) -> None:
    name = add()
    for _ in range(2):
        desk.must("device", "write", name, "--boot", str(boot), "--preissued", "--yes")
    states = [one["state"] for one in desk.must("device", "show", name)["certificates"]]
    assert sorted(states) == ["good", "revoked"]


# --- archives and wheels ----------------------------------------------------------------------------------------


def test_a_bundle_is_a_tar_for_the_image_that_was_asked_for(desk: Desk, add: AddGate, tmp_path: Path) -> None:
    file = tmp_path / "gate.tar"
    told = desk.must("device", "write", add(), "--bundle", str(file), "--start", "firstrun")
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert {"firstrun.sh", "shouwang/join.json", "shouwang/install.sh"} <= set(names)
    assert "user-data" not in names
    assert len(told["sha256"]) == 64


def test_wheels_travel_and_are_summed(desk: Desk, add: AddGate, boot: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, version in (("shouwang", VERSION), ("pip", "24.0")):
        make_wheel(wheels, name, version)
    desk.must("device", "write", add(), "--boot", str(boot), "--wheels", str(wheels))
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=boot / "shouwang", capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert "wheels/pip-24.0-py3-none-any.whl: OK" in checked.stdout


def test_wheels_that_do_not_do_for_the_cards_python_are_refused_at_the_desk(
    desk: Desk, add: AddGate, boot: Path, tmp_path: Path
) -> None:
    make_wheel(tmp_path, "pip", "24.0")
    make_wheel(tmp_path, "shouwang", VERSION, requires=("msgspec>=0.18",))
    make_wheel(tmp_path, "msgspec", "0.19", tag="cp311-cp311-manylinux2014_aarch64")
    told = desk.type("device", "write", add(), "--boot", str(boot), "--wheels", str(tmp_path))
    assert told.status == 1
    assert "lacks, for this card's Python 3.13: msgspec>=0.18" in told.err


def test_the_agent_on_the_card_is_configured_for_this_hub(desk: Desk, add: AddGate, boot: Path) -> None:
    desk.must("device", "write", add(), "--boot", str(boot))
    table = tomllib.loads((boot / "shouwang/agent.toml").read_text())
    assert (table["site"], table["hub"]["page"]) == ("demo", desk.url)
    assert (boot / "shouwang/ca.pem").read_text().strip() == (desk.site / "root.pem").read_text().strip()
