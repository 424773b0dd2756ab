"""A data folder that cannot be used is told in one sentence, and left as it was."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_server.cli import main
from hub_server.store.errors import DataFolderError
from hub_server.store.store import Store

SOMEBODY_ELSE = 12345


def told(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1, said
    return said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_another_user_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    os.chown(data, SOMEBODY_ELSE, SOMEBODY_ELSE)
    options = ["--data", str(data), "--embedded-broker", "--broker-port", "0", "--port", "0"]
    assert main(["serve", *options]) == 1
    assert "belongs to another user (uid 12345): run this as that user" in told(capsys)
    assert main(["seed-demo", "--data", str(data)]) == 1
    assert main(["device", "add", "door", "--data", str(data)]) == 1
    assert list(data.iterdir()) == []
    assert data.stat().st_mode & 0o777 == 0o755


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A hub's folder on a disk that takes no writes, for root too."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no mounting here: {mounted.stderr.decode()}")
    Store.open(folder / "data").close()
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield folder / "data"
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_folder_on_a_read_only_disk_is_told_in_one_sentence(
    read_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", str(read_only), "--embedded-broker", "--broker-port", "0", "--port", "0"]
    assert main(["serve", *options]) == 1
    assert "Read-only file system" in told(capsys)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    Store.open(data).close()
    (data / "hub.sqlite3").chmod(0o400)
    data.chmod(0o500)
    assert main(["backup", "--data", str(data), "--to", str(data)]) == 1
    assert "no backup was made" in told(capsys)


def test_a_database_file_that_is_none_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "hub.sqlite3").write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(DataFolderError, match=r"hub\.sqlite3: the database file is none"):
        Store.open(tmp_path)
    assert (tmp_path / "hub.sqlite3").read_bytes().startswith(b"this is a letter")


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataFolderError, match="cannot be used: File exists"):
        Store.open(tmp_path / "data")
