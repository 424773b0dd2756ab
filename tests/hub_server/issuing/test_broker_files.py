import os
import stat
from pathlib import Path

import pytest

from hub_server.issuing.broker_files import BrokerFiles, Files


@pytest.fixture
def files(tmp_path: Path) -> BrokerFiles:
    return BrokerFiles(tmp_path)


def changed(files: BrokerFiles) -> str:
    return (files.folder / "changed").read_text()


def test_both_files_are_written_and_what_to_do_is_said_with_a_number_that_rises_by_one(files: BrokerFiles) -> None:
    assert files.read() == Files(acl=None, crl=None)
    assert files.write(acl=b"a", crl=b"c", restart=False)
    assert files.read() == Files(acl=b"a", crl=b"c")
    assert changed(files) == "reload 1\n"
    assert files.write(acl=b"a", crl=b"d", restart=True)
    assert changed(files) == "restart 2\n"
    assert files.write(acl=b"b", crl=b"d", restart=False)
    assert changed(files) == "reload 3\n"


def test_what_is_the_same_is_neither_written_nor_said(files: BrokerFiles) -> None:
    files.write(acl=b"a", crl=b"c", restart=False)
    before = {path.name: path.stat().st_mtime_ns for path in files.folder.iterdir()}
    assert not files.write(acl=b"a", crl=b"c", restart=True)
    assert {path.name: path.stat().st_mtime_ns for path in files.folder.iterdir()} == before


def test_the_broker_reads_them_by_the_folders_group_whatever_the_umask_and_nobody_else(files: BrokerFiles) -> None:
    before = os.umask(0o077)
    try:
        files.write(acl=b"a", crl=b"c", restart=False)
    finally:
        os.umask(before)
    for name in ("acl", "crl.pem", "changed"):
        assert stat.S_IMODE((files.folder / name).stat().st_mode) == 0o640
    assert sorted(path.name for path in files.folder.iterdir()) == ["acl", "changed", "crl.pem"]


@pytest.mark.parametrize("said", ["", "reload\n", "restart x\n", "reload " + "9" * 40, "reload 5\nrestart 6\n"])
def test_a_word_that_cannot_be_read_begins_again_at_one(files: BrokerFiles, said: str) -> None:
    (files.folder / "changed").write_text(said)
    files.write(acl=b"a", crl=b"c", restart=False)
    assert changed(files) == "reload 1\n"


class DiesAt(BrokerFiles):
    """A hub that is killed when it is about to write this file."""

    dies_at = ""

    def _put(self, name: str, content: bytes) -> None:
        if name == self.dies_at:
            raise OSError(name)
        super()._put(name, content)


@pytest.mark.parametrize("at", [".pending", "crl.pem", "acl", "changed"])
def test_a_hub_that_is_killed_at_any_file_says_it_when_it_starts_again(tmp_path: Path, at: str) -> None:
    BrokerFiles(tmp_path).write(acl=b"a", crl=b"c", restart=False)
    dying = DiesAt(tmp_path)
    dying.dies_at = at
    with pytest.raises(OSError, match=at):
        dying.write(acl=b"b", crl=b"d", restart=True)
    after = BrokerFiles(tmp_path)
    # The new hub sees what is on the disk only: it need not know any more that this was a theft.
    assert after.write(acl=b"b", crl=b"d", restart=at == ".pending")
    assert after.read() == Files(acl=b"b", crl=b"d")
    assert changed(after) == "restart 2\n"
    assert not after.write(acl=b"b", crl=b"d", restart=False)


def test_a_link_in_the_place_of_a_part_is_not_followed(files: BrokerFiles, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (files.folder / ".acl.part").symlink_to(victim)
    files.write(acl=b"a", crl=b"c", restart=False)
    assert victim.read_text() == "mine"
