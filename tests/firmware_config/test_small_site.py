"""SMALL_SITE.md says what works."""

import re
import subprocess
import sys
from pathlib import Path

import firmware_config
from firmware_config.ca import __main__ as command
from firmware_config.ca.authority import HUB_NAME
from firmware_config.systemd import SERVICE, TIMER

TEXT = Path(firmware_config.__file__).with_name("SMALL_SITE.md").read_text(encoding="utf-8")


def test_its_commands_are_commands(tmp_path: Path) -> None:
    lines = re.findall(r"^    python -m firmware_config\.ca (.*)$", TEXT, re.MULTILINE)
    lines += re.findall(r"`python -m firmware_config\.ca (revoke .*?)`", TEXT)
    assert len(lines) == 4
    for line in lines:
        words = line.replace("./riverside-ca", str(tmp_path / "riverside-ca")).split()
        assert command.main(words) == 0, line


def test_its_programs_write_the_brokers_files_and_the_watchdogs_units(tmp_path: Path) -> None:
    programs = re.findall(r"```python example\n(.*?)```", TEXT, re.DOTALL)
    for program in programs:
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"mosquitto.conf", "acl", SERVICE, TIMER}
    assert f"user {HUB_NAME}\n" in (tmp_path / "acl").read_text()


def test_it_names_every_file_that_the_authority_writes(tmp_path: Path) -> None:
    command.main(["begin", str(tmp_path / "ca"), "--site", "riverside", "--broker", "hub.lan"])
    for path in (tmp_path / "ca").iterdir():
        assert f"`{path.name}`" in TEXT, path.name
