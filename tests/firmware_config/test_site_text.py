"""SITE.md says what works."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import firmware_config
from firmware_config.ca.authority import HUB_NAME
from firmware_config.provision.main import main
from firmware_config.site.files import render
from firmware_config.site.folder import SiteFolder

TEXT = Path(firmware_config.__file__).with_name("SITE.md").read_text(encoding="utf-8")
COMMANDS = [words.split() for words in re.findall(r"(?:^    |`)provision (site [^`\n]*)", TEXT, re.MULTILINE)]
COMMANDS = [words for words in COMMANDS if "./guihua" in words]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Made by the text's own first command."""
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text("four words of a test\n")
    assert main([*COMMANDS[0], "--passphrase-file", str(secret)]) == 0
    return tmp_path / "guihua"


def test_its_commands_are_commands(site: Path) -> None:
    assert site.is_dir()
    assert len(COMMANDS) >= 4
    for words in COMMANDS[1:]:
        assert main(words) == 0, words


def test_it_names_every_file_and_every_unit(site: Path) -> None:
    for path in [*site.glob("*.*"), *site.glob("devices/*")]:
        assert f"`{path.relative_to(site)}`" in TEXT, path.name
    for name in render(SiteFolder(site).read()):
        if name.endswith((".service", ".timer", ".path")):
            assert name.rpartition(".")[0] in TEXT, name


def test_its_program_writes_the_brokers_files(tmp_path: Path) -> None:
    [program] = re.findall(r"```python example\n(.*?)```", TEXT, re.DOTALL)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"mosquitto.conf", "acl"}
    assert f"user {HUB_NAME}\n" in (tmp_path / "acl").read_text()
