"""What a card brings: golden files, and each of them by the real program that reads it."""

import json
import os
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from cards import BROKEN_OUT, CLINIC, GATE, HOSTILE, ISSUED, SITE, SSH_KEY, TOKEN, card

from edge_agent import config as agent_config
from edge_agent.joining.token import read_token
from edge_agent.recognition.observing import LOOK_AGE_MAX_S, PICTURE_AGE_MAX_S
from firmware_config.device import units
from firmware_config.device.agent_toml import render_agent_toml
from firmware_config.device.card import FOLDER, ROOT, Start
from firmware_config.device.cloud_init import unknown_keys
from firmware_config.device.files import Files
from firmware_config.device.network import CONNECTION
from firmware_config.device.system import HARDWARE_WATCHDOG_S
from firmware_config.profile import DeviceProfile, Wifi

GOLDEN = Path(__file__).parents[1] / "golden"
SCRIPTS = Path(__file__).parents[3] / "firmware_config" / "device" / "scripts"
UNSHOWN = {
    f"{FOLDER}/install.sh",
    f"{FOLDER}/split_card.sh",
    "firstrun.sh",
    f"{FOLDER}/SHA256SUMS",
}  # the scripts as they are, and their sums
CARDS = {
    "gate-east": (GATE, Start.CLOUD_INIT),
    "clinic-1": (CLINIC, Start.FIRSTRUN),
}
ALL = pytest.mark.parametrize(("profile", "start"), CARDS.values(), ids=CARDS.keys())


def hostile(profile: DeviceProfile = GATE) -> DeviceProfile:
    wifi = Wifi(ssid="\"'$(id)`x`\\;#: {[%!&*", passphrase="\"'$(id)`x`\\;#: {[%", country="CN", hidden=True)
    return replace(profile, place=HOSTILE, area=HOSTILE, wifi=wifi, ssh_keys=(f"{SSH_KEY} {HOSTILE}",))


def lay_out(files: Files, folder: Path) -> Path:
    for path, rendered in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(rendered.text, encoding="utf-8")
    return folder


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, timeout=60)


@ALL
def test_a_card_is_what_its_golden_folder_shows(profile: DeviceProfile, start: Start) -> None:
    """SHOUWANG_WRITE_GOLDEN=1 writes them anew: then read the difference."""
    folder = GOLDEN / profile.device
    shown = {path: rendered for path, rendered in card(profile, start).items() if path not in UNSHOWN}
    if os.environ.get("SHOUWANG_WRITE_GOLDEN"):
        shutil.rmtree(folder, ignore_errors=True)
        lay_out(shown, folder)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == set(shown)
    for path, rendered in shown.items():
        assert (folder / path).read_text(encoding="utf-8") == rendered.text, path


@ALL
def test_the_same_profile_gives_the_same_bytes(profile: DeviceProfile, start: Start) -> None:
    assert card(profile, start) == card(profile, start)


# --- agent.toml -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [GATE, CLINIC, hostile()], ids=["gate", "clinic", "hostile"])
def test_the_agent_takes_its_configuration(profile: DeviceProfile) -> None:
    table = tomllib.loads(render_agent_toml(profile, SITE))
    config = agent_config.parse(table, folder=Path("/etc/shouwang"), source="agent.toml")
    assert (config.site, config.device, config.hub.host, config.hub.port) == (
        "guihua",
        profile.device,
        "hub.guihua.lan",
        8883,
    )
    assert (config.faces.enabled, config.plates.enabled) == (profile.sees_faces, profile.sees_plates)
    assert config.camera.source == profile.camera
    assert config.journal.file == Path("/var/lib/shouwang/journal.sqlite3")
    own = {config.hub.tls_cert, config.hub.tls_key, config.hub.sign_key}
    assert {path.parent for path in own if path is not None} == {Path("/var/lib/shouwang")}


def test_a_relay_and_a_speaker_stand_in_it_where_they_are_fitted() -> None:
    def parsed(profile: DeviceProfile) -> agent_config.AgentConfig:
        return agent_config.parse(tomllib.loads(render_agent_toml(profile, SITE)), folder=Path("/"), source="x")

    gate, clinic = parsed(replace(GATE, relay_pulse_ms=700, relay_active_high=False)), parsed(CLINIC)
    assert (gate.relay.pin, gate.relay.pulse_ms, gate.relay.active_high) == (17, 700, False)
    assert (clinic.relay.pin, clinic.speaker.alsa) == (None, "default")


# --- cloud-init -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="no cloud-init here")
@pytest.mark.parametrize("profile", [hostile(), replace(CLINIC, ssh_keys=())], ids=["hostile", "nobody"])
def test_cloud_init_finds_nothing_wrong(profile: DeviceProfile, tmp_path: Path) -> None:
    checked = run("cloud-init", "schema", "--config-file", lay_out(card(profile), tmp_path) / "user-data")
    assert checked.returncode == 0, checked.stderr
    assert "Valid" in checked.stdout


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="no cloud-init here")
def test_its_checker_would_have_found_something(tmp_path: Path) -> None:
    file = lay_out(card(), tmp_path) / "user-data"
    file.write_text(file.read_text().replace("ssh_pwauth: false", "ssh_pwauth: [1]"))
    assert run("cloud-init", "schema", "--config-file", file).returncode != 0


@pytest.mark.parametrize("profile", [GATE, hostile(), replace(CLINIC, ssh_keys=())])
def test_every_key_of_user_data_is_one_that_cloud_init_knows(profile: DeviceProfile) -> None:
    assert unknown_keys(yaml.safe_load(card(profile)["user-data"].text)) == []


def test_a_mistyped_key_is_found_by_us() -> None:
    assert unknown_keys({"hostnam": "x", "users": [{"nme": "x", "sudo": "y"}], "growpart": {"mod": "off"}}) == [
        "hostnam",
        "users.nme",
        "growpart.mod",
    ]


def test_whoever_logs_in_has_a_key_and_nobody_a_password() -> None:
    data = yaml.safe_load(card()["user-data"].text)
    [admin] = data["users"]
    assert (admin["ssh_authorized_keys"], admin["lock_passwd"], data["ssh_pwauth"]) == ([SSH_KEY], True, False)
    [nobody] = yaml.safe_load(card(replace(GATE, ssh_keys=()))["user-data"].text)["users"]
    assert nobody["lock_passwd"] is True
    assert not {"ssh_authorized_keys", "sudo", "groups"} & set(nobody)


def test_other_settings_are_another_instance_so_that_cloud_init_takes_them_up() -> None:
    def instance(profile: DeviceProfile) -> str:
        return str(yaml.safe_load(card(profile)["meta-data"].text)["instance-id"])

    assert instance(GATE) == instance(GATE)
    assert len({instance(GATE), instance(replace(GATE, time_zone="UTC")), instance(replace(GATE, wifi=None))}) == 3


def test_a_hostile_network_stays_one_name_with_one_key() -> None:
    profile = hostile()
    assert profile.wifi is not None
    network = yaml.safe_load(card(profile)["network-config"].text)["network"]
    [(ssid, point)] = network["wifis"]["wlan0"]["access-points"].items()
    assert (ssid, point) == (profile.wifi.ssid, {"password": profile.wifi.key, "hidden": True})
    assert set(network) == {"version", "ethernets", "wifis"}


def test_the_passphrase_stands_nowhere_on_a_card() -> None:
    for start in Start:
        for path, rendered in card(GATE, start).items():
            assert "correct horse" not in rendered.text, path


def test_networkmanager_reads_the_name_as_it_is() -> None:
    profile = hostile()
    assert profile.wifi is not None
    text = card(profile, Start.FIRSTRUN)[f"{ROOT}/{CONNECTION}"].text
    [line] = [line for line in text.splitlines() if line.startswith("ssid=")]
    assert bytes(int(part) for part in line.removeprefix("ssid=").split(";") if part).decode() == profile.wifi.ssid
    assert f"psk={profile.wifi.key}" in text


# --- units ------------------------------------------------------------------------------------------------------


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def unit(name: str, profile: DeviceProfile = GATE) -> dict[str, list[str]]:
    return settings(card(profile)[f"{ROOT}/{units.FOLDER}/{name}"].text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("profile", [GATE, CLINIC])
def test_systemd_finds_nothing_wrong_with_the_units(profile: DeviceProfile, tmp_path: Path) -> None:
    folder = lay_out(card(profile), tmp_path) / ROOT / units.FOLDER
    for file in folder.iterdir():
        file.write_text(file.read_text().replace("/opt/shouwang/bin/edge-agent", shutil.which("true") or ""))
    checked = run("systemd-analyze", "verify", "--man=no", *sorted(folder.iterdir()))
    ours = [line for line in checked.stderr.splitlines() if "shouwang" in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_its_checker_would_have_found_a_mistyped_setting(tmp_path: Path) -> None:
    file = lay_out(card(), tmp_path) / ROOT / units.FOLDER / units.AGENT
    file.write_text(file.read_text().replace("WatchdogSec=", "WatchdogSeconds="))
    assert "WatchdogSeconds" in run("systemd-analyze", "verify", "--man=no", file).stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_counts_the_agent_among_the_well_guarded(tmp_path: Path) -> None:
    file = lay_out(card(), tmp_path) / ROOT / units.FOLDER / units.AGENT
    found = run("systemd-analyze", "security", "--offline=yes", "--threshold=40", "--no-pager", file)
    assert found.returncode == 0, found.stdout[-1500:]


def test_the_watchdog_is_more_patient_than_a_slow_card_and_less_than_a_person() -> None:
    agent = unit(units.AGENT)
    assert agent["Type"] == ["notify"]
    assert agent["Restart"] == ["always"]
    patience_s = int(agent["WatchdogSec"][0])
    assert patience_s >= LOOK_AGE_MAX_S, "a quiet scene is looked at that seldom"
    assert patience_s + PICTURE_AGE_MAX_S <= 60, "a camera that hangs for a minute is started anew"
    assert agent["RestartForceExitStatus"] == agent["SuccessExitStatus"] == ["75"]


def test_cameras_relays_and_speakers_stay_within_reach() -> None:
    """Each of these takes /dev away, ProtectClock by the DevicePolicy that it brings along."""
    agent = unit(units.AGENT)
    assert not {"PrivateDevices", "DevicePolicy", "DeviceAllow", "ProtectClock", "MemoryDenyWriteExecute"} & set(agent)
    users = card()[f"{ROOT}/etc/sysusers.d/shouwang.conf"].text
    assert {"m shouwang video", "m shouwang gpio", "m shouwang audio", "m shouwang render"} <= set(users.splitlines())


def test_joining_comes_before_the_agent_and_only_with_a_token() -> None:
    join, agent = unit(units.JOIN), unit(units.AGENT)
    assert "/boot/firmware/shouwang/join.json" in join["ConditionPathExists"]
    assert units.AGENT in join["Before"]
    assert units.JOIN in agent["After"][0]
    assert agent["ConditionPathExists"] == ["/var/lib/shouwang/device.pem"]


def test_the_commands_of_the_units_are_ones_that_the_agent_has() -> None:
    from edge_agent.cli import make_parser  # noqa: PLC0415

    for name in (units.JOIN, units.AGENT):
        program, *words = unit(name)["ExecStart"][0].split()
        assert program == "/opt/shouwang/bin/edge-agent"
        assert make_parser(words[:1]).parse_args(words).config == Path("/etc/shouwang/agent.toml")


def test_the_hardware_watchdog_is_within_what_a_pi_counts_to() -> None:
    found = settings(card()[f"{ROOT}/etc/systemd/system.conf.d/80-shouwang.conf"].text)
    assert found == {"RuntimeWatchdogSec": [str(HARDWARE_WATCHDOG_S)]}
    assert 5 <= HARDWARE_WATCHDOG_S < 15


def test_a_data_partition_is_mounted_where_journal_keys_and_configuration_lie() -> None:
    data, etc = unit(units.DATA_MOUNT, CLINIC), unit(units.ETC_MOUNT, CLINIC)
    assert (data["What"], data["Where"]) == (["LABEL=shouwang-data"], ["/var/lib/shouwang"])
    assert (etc["What"], etc["Where"], etc["Options"]) == (["/var/lib/shouwang/etc"], ["/etc/shouwang"], ["bind"])
    assert f"{ROOT}/{units.FOLDER}/{units.DATA_MOUNT}" not in card(GATE)
    assert unit(units.DATA_MOUNT, replace(GATE, data="/dev/sda1"))["What"] == ["/dev/sda1"]


def test_a_root_that_makes_room_for_data_does_not_grow_by_itself() -> None:
    data = yaml.safe_load(card(CLINIC)["user-data"].text)
    assert (data["growpart"], data["resize_rootfs"]) == ({"mode": "off"}, False)
    assert "growpart" not in yaml.safe_load(card(GATE)["user-data"].text)


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
def test_systemd_makes_the_user_of_the_agent(tmp_path: Path) -> None:
    text = card()[f"{ROOT}/etc/sysusers.d/shouwang.conf"].text
    (tmp_path / "etc/sysusers.d").mkdir(parents=True)
    (tmp_path / "etc/sysusers.d/shouwang.conf").write_text(text)
    made = run("systemd-sysusers", f"--root={tmp_path}", tmp_path / "etc/sysusers.d/shouwang.conf")
    assert made.returncode == 0, made.stderr
    assert "shouwang:" in (tmp_path / "etc/passwd").read_text()
    groups = [line for line in (tmp_path / "etc/group").read_text().splitlines() if line.endswith("shouwang")]
    assert {line.split(":")[0] for line in groups} >= {"video", "gpio", "audio", "render"}


# --- scripts and settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_read_by_bash_and_nothing_is_found_by_shellcheck(script: Path) -> None:
    assert run("bash", "-n", script).returncode == 0
    if shutil.which("shellcheck") is not None:
        found = run("shellcheck", script)
        assert found.returncode == 0, found.stdout


def test_hostile_values_are_values_to_the_shell_and_nothing_else(tmp_path: Path) -> None:
    profile = hostile()
    file = lay_out(card(profile, Start.FIRSTRUN), tmp_path) / FOLDER / "settings.sh"
    done = run("bash", "-euc", '. "$1"; printf "%s" "$ssh_keys"', "bash", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, profile.ssh_keys[0], "")
    assert not BROKEN_OUT.exists()
    if shutil.which("shellcheck") is not None:
        assert run("shellcheck", "--exclude=SC2016", file).returncode == 0


def test_a_system_that_runs_keeps_its_users_its_name_and_its_network() -> None:
    files = card(GATE, Start.RUNNING)
    assert not {"user-data", "network-config", "firstrun.sh"} & set(files)
    assert not [path for path in files if "sshd_config" in path or "system-connections" in path]
    assert "admin=''" in files[f"{FOLDER}/settings.sh"].text


# --- credentials ------------------------------------------------------------------------------------------------


def test_the_agent_reads_the_token_of_the_card(tmp_path: Path) -> None:
    token = read_token(lay_out(card(), tmp_path) / FOLDER / "join.json")
    assert token is not None
    assert (token.token, token.device, token.site, token.page) == (TOKEN.token, "gate-east", "guihua", SITE.page)


def test_a_card_brings_a_token_or_keys_never_both_and_neither_is_in_the_sums() -> None:
    with_token, with_keys = set(card()), set(card(credentials=ISSUED))
    assert f"{FOLDER}/join.json" in with_token - with_keys
    keys = {path for path in with_keys if path.startswith(f"{FOLDER}/keys/")}
    assert {path.rsplit("/", 1)[1] for path in keys} == {"device.key", "device.pem", "hub-sign.pub", "hub-picture.pub"}
    assert not keys & with_token
    for files in (card(), card(credentials=ISSUED)):
        sums = files[f"{FOLDER}/SHA256SUMS"].text
        assert "join.json" not in sums
        assert "keys/" not in sums
        assert "agent.toml" in sums


def test_secrets_are_shown_by_no_repr() -> None:
    assert TOKEN.token not in repr(TOKEN)
    assert "PRIVATE" not in repr(ISSUED)


def test_the_label_says_whose_card_it_is() -> None:
    label = json.loads(card()[f"{FOLDER}/device.json"].text)
    assert (label["device"], label["site"], label["place"]) == ("gate-east", "guihua", "东门")
