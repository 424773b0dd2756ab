"""The files of the hub's machine, read by the programs that they are for."""

import hashlib
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_config.mosquitto import CONF
from firmware_config.site import places
from firmware_config.site.files import EXECUTABLE, render
from firmware_config.site.profile import SiteProfile
from hub_server.cli.main import _parser

SITE = SiteProfile(
    name="guihua",
    broker_hosts=("hub.guihua.lan", "192.168.1.10"),
    hub_hosts=("hub.guihua.lan",),
    made=datetime(2026, 11, 28, tzinfo=UTC),
)
ODD = replace(SITE, page_port=443, broker_port=883, keys_mirror=Path("/mnt/second/keys"), watchdogs=("w1", "w2"))
BOTH = pytest.mark.parametrize("site", [SITE, ODD], ids=["plain", "odd"])
UNITS = sorted(name for name in render(SITE) if name.endswith((".service", ".timer", ".path")))


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def verified(folder: Path, texts: dict[str, str]) -> list[str]:
    """What systemd's own checker says of these units, with programs that exist here in the place of ours."""
    for name, text in texts.items():
        for program in (SITE.program, places.BROKER_SCRIPT, places.MOSQUITTO):
            text = text.replace(str(program), sys.executable)  # noqa: PLW2901
        (folder / name).write_text(text)
    words = ["systemd-analyze", "verify", "--man=no", *(str(folder / name) for name in texts)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return [line for line in done.stderr.splitlines() if "shouwang" in line]


@BOTH
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_itself_finds_nothing_wrong_with_the_units(site: SiteProfile, tmp_path: Path) -> None:
    files = render(site)
    assert verified(tmp_path, {name: files[name] for name in UNITS}) == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (places.HUB_SERVICE, "Type=notify", "Type=nonsense"),
        (places.BROKER_SERVICE, "LimitNOFILE=", "LimitNOFLIES="),
        (places.FILES_PATH, "PathChanged=/", "PathChanged="),
        (places.BACKUP_TIMER, "02:20:00", "02:77:00"),
    ],
)
def test_the_checker_would_have_found_something(tmp_path: Path, name: str, good: str, bad: str) -> None:
    """Else the test above could not fail."""
    text = render(SITE)[name]
    assert good in text
    files = {one: render(SITE)[one] for one in UNITS} | {name: text.replace(good, bad)}
    assert verified(tmp_path, files) != []


@BOTH
def test_the_commands_understand_their_command_lines(site: SiteProfile) -> None:
    """The hub's own parser reads what the units would start."""
    files = render(site)
    [line] = settings(files[places.HUB_SERVICE])["ExecStart"]
    program, *words = shlex.split(line)
    asked = _parser().parse_args(words)
    assert program == str(site.program)
    assert (asked.site, asked.port, asked.public_url) == ("guihua", site.page_port, site.page)
    assert (asked.mqtt_host, asked.mqtt_port, asked.mqtt_ca) == ("localhost", site.broker_port, places.ROOT_PEM)
    assert (asked.keys_mirror, asked.data) == (site.keys_mirror, site.data)
    assert (asked.device_broker, tuple(asked.watchdog)) == (site.broker, site.watchdogs)
    assert (asked.issuing_cert, asked.broker_files) == (places.HUB_ETC / "issuing.pem", places.BROKER_FILES)
    [line] = settings(files[places.BACKUP_SERVICE])["ExecStart"]
    asked = _parser().parse_args(shlex.split(line)[1:])
    assert (asked.data, asked.to) == (site.data, site.backups)
    [line] = settings(files["shouwang-watchdog.service"])["ExecStart"]
    asked = _parser().parse_args(shlex.split(line)[1:])
    assert (asked.mqtt_host, asked.mqtt_port, asked.site) == ("hub.guihua.lan", site.broker_port, "guihua")


def test_the_hub_gets_its_keys_as_credentials_and_may_write_its_own_folders_only() -> None:
    found = settings(render(ODD)[places.HUB_SERVICE])
    assert found["LoadCredential"] == [
        f"{name}.key:/etc/shouwang/hub/{name}.key" for name in ("page", "hub", "issuing")
    ]
    keys = [word for word in shlex.split(found["ExecStart"][0]) if word.endswith(".key")]
    assert keys == ["%d/page.key", "%d/hub.key", "%d/issuing.key"]
    assert found["ReadWritePaths"] == ["/var/lib/shouwang /var/lib/shouwang-broker-files /mnt/second/keys"]
    assert (found["User"], found["ProtectSystem"]) == (["shouwang"], ["strict"])


def test_only_a_low_port_brings_a_right_with_it() -> None:
    for name in (places.HUB_SERVICE, places.BROKER_SERVICE):
        assert settings(render(SITE)[name])["CapabilityBoundingSet"] == [""]
        assert settings(render(ODD)[name])["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]


def test_the_broker_has_places_and_open_files_for_a_growing_number_of_devices() -> None:
    files = render(replace(SITE, devices_max=500))
    [connections] = [int(line.split()[1]) for line in files[CONF].splitlines() if line.startswith("max_connections")]
    assert connections >= 4 * 500
    assert int(settings(files[places.BROKER_SERVICE])["LimitNOFILE"][0]) > connections


@BOTH
def test_the_same_site_gives_the_same_bytes(site: SiteProfile) -> None:
    """In another process, too: nothing hangs on the order of a set."""
    code = (
        "import hashlib, sys; from pathlib import Path; from firmware_config.site import files, profile;"
        "sys.stdout.write(hashlib.sha256(repr(files.render(profile.parse(sys.stdin.read()))).encode()).hexdigest())"
    )
    from firmware_config.site import profile  # noqa: PLC0415 beside its use

    there = subprocess.run(
        [sys.executable, "-c", code], input=profile.render(site), capture_output=True, text=True, check=True
    )
    assert there.stdout == hashlib.sha256(repr(render(site)).encode()).hexdigest()


@pytest.mark.parametrize("name", sorted(EXECUTABLE))
@pytest.mark.parametrize("site", [SITE, ODD], ids=["plain", "odd"])
def test_shells_and_shellcheck_find_nothing_wrong_with_the_scripts(
    name: str, site: SiteProfile, tmp_path: Path
) -> None:
    script = tmp_path / name
    script.write_text(render(site)[name])
    for words in (["bash", "-n"], ["dash", "-n"], ["shellcheck"]):
        if shutil.which(words[0]) is not None:
            done = subprocess.run([*words, str(script)], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), words


def test_no_secret_is_among_them() -> None:
    assert not any("PRIVATE" in text for text in render(SITE).values())
