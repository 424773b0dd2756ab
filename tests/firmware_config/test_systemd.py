"""The watchdog's units: read by systemd's own checker, and their command line by the command itself."""

import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_config.systemd import SERVICE, TIMER, Heartbeat, WatchdogUnits, render
from hub_server.cli.main import _parser

ANALYZE = shutil.which("systemd-analyze")
BEAT = Heartbeat(
    host="hub.riverside.lan",
    site="riverside",
    ca=Path("/etc/shouwang/ca.pem"),
    certificate=Path("/etc/shouwang/watchdog.pem"),
    key=Path("/etc/shouwang/watchdog.key"),
)
UNITS = WatchdogUnits(
    program=Path("/opt/shouwang/bin/hub-server"),
    alarms=Path("/etc/shouwang/watchdog-urls"),
    name="桂花村 hub",
    hub="http://127.0.0.1:8080",
    heartbeat=BEAT,
)
BOTH_WAYS = pytest.mark.parametrize(
    "units",
    [UNITS, replace(UNITS, hub=None), replace(UNITS, heartbeat=None), replace(UNITS, name='100% "$HOME" \\ sure')],
    ids=["both", "heartbeat", "page", "odd-name"],
)


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@BOTH_WAYS
@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
def test_systemd_itself_finds_nothing_wrong_with_them(units: WatchdogUnits, tmp_path: Path) -> None:
    assert ANALYZE is not None
    for name, text in render(replace(units, program=Path(sys.executable))).items():
        (tmp_path / name).write_text(text)
    checked = subprocess.run(
        [ANALYZE, "verify", "--man=no", str(tmp_path / SERVICE), str(tmp_path / TIMER)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    ours = [line for line in checked.stderr.splitlines() if "shouwang-watchdog" in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
def test_the_checker_would_have_found_something(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    assert ANALYZE is not None
    text = render(replace(UNITS, program=Path(sys.executable)))[SERVICE]
    (tmp_path / SERVICE).write_text(text.replace("Type=oneshot", "Type=nonsense"))
    checked = subprocess.run(
        [ANALYZE, "verify", "--man=no", str(tmp_path / SERVICE)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "nonsense" in checked.stderr


@BOTH_WAYS
def test_the_command_understands_the_units_command_line(units: WatchdogUnits) -> None:
    [line] = settings(render(units)[SERVICE])["ExecStart"]
    program, *words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)]
    asked = _parser().parse_args(words)
    assert program == str(units.program)
    assert (asked.name, asked.hub, asked.every) == (units.name, units.hub, None)
    assert (asked.alarms, asked.state) == (Path("%d/alarms"), Path("%S/shouwang-watchdog/state"))
    if units.heartbeat is not None:
        assert (asked.mqtt_host, asked.mqtt_port, asked.site) == (BEAT.host, 8883, BEAT.site)
        assert (asked.mqtt_ca, asked.mqtt_cert, asked.mqtt_key) == (BEAT.ca, Path("%d/cert"), Path("%d/key"))


def test_secrets_are_credentials_and_the_service_may_write_its_own_state_alone() -> None:
    text = render(UNITS)[SERVICE]
    found = settings(text)
    assert found["LoadCredential"] == [
        "alarms:/etc/shouwang/watchdog-urls",
        "cert:/etc/shouwang/watchdog.pem",
        "key:/etc/shouwang/watchdog.key",
    ]
    assert (found["DynamicUser"], found["ProtectSystem"]) == (["yes"], ["strict"])
    assert str(UNITS.alarms) not in found["ExecStart"][0]


def test_a_look_ends_before_systemd_ends_it_and_two_never_run_at_once() -> None:
    asked = _parser().parse_args(["watchdog", "--hub", "http://127.0.0.1:1"])
    found = settings(render(UNITS)[SERVICE])
    looking_s = asked.patience + 2 * asked.timeout + asked.heartbeat + 2 * 5
    assert looking_s < int(found["TimeoutStartSec"][0]) - 60, "a channel needs its time, too"
    assert "OnUnitInactiveSec" in settings(render(UNITS)[TIMER])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"hub": None, "heartbeat": None}, "needs a page or a heartbeat"),
        ({"program": Path("hub-server")}, "no absolute path"),
        ({"alarms": Path("/etc/my urls")}, "no absolute path"),
        ({"name": "a\nExecStartPre=/bin/sh"}, "cannot stand"),
        ({"hub": "-x"}, "cannot stand"),
        ({"name": ""}, "cannot stand"),
        ({"every_s": 5}, "10 to 3600"),
    ],
)
def test_what_could_smuggle_in_a_setting_or_looks_at_nothing_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(UNITS, **wrong)  # type: ignore[arg-type]
