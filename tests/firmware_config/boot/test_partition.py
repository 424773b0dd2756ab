"""Boot partitions: known, refused, written whole, twice the same."""

import os
import stat
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cards import CLINIC, COMMAND_LINE, GATE, TEMPLATE, card, partition
from hypothesis import given
from hypothesis import strategies as st

from firmware_config.boot import write as writing
from firmware_config.boot.bundle import write_bundle
from firmware_config.boot.cmdline import RUN, with_start
from firmware_config.boot.detect import BootError, detect
from firmware_config.boot.write import refuse_others, write_card
from firmware_config.device.card import FOLDER, Start
from firmware_config.profile import DeviceProfile


def write(folder: Path, profile: DeviceProfile = GATE, wheels: dict[str, Path] | None = None) -> list[str]:
    found = detect(folder)
    return write_card(found, card(profile, found.start), profile, wheels=wheels or {})


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- which images there are -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "issued", "expected", "python"),
    [
        (Start.CLOUD_INIT, "2025-11-24", Start.CLOUD_INIT, "3.13"),
        (Start.FIRSTRUN, "2024-11-19", Start.FIRSTRUN, "3.11"),
        (Start.FIRSTRUN, "2025-12-04", Start.CLOUD_INIT, "3.13"),  # somebody removed the templates
        (Start.CLOUD_INIT, "", Start.CLOUD_INIT, "3.13"),  # an image that does not say when it was made
        (Start.FIRSTRUN, "", Start.FIRSTRUN, "3.11"),
        (Start.CLOUD_INIT, "2024-11-19", Start.CLOUD_INIT, "3.11"),  # Bookworm, with cloud-init added
    ],
)
def test_how_an_image_starts_is_seen(tmp_path: Path, start: Start, issued: str, expected: Start, python: str) -> None:
    found = detect(partition(tmp_path / "boot", start=start, issued=issued))
    assert (found.start, found.python) == (expected, python)


def test_a_folder_that_is_none_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "config.txt").write_text("")
    with pytest.raises(
        BootError, match=r"looked for cmdline\.txt, config\.txt and overlays/.*no cmdline\.txt and no ov"
    ):
        detect(tmp_path)


def test_a_home_folder_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BootError, match="no boot partition"):
        detect(tmp_path)
    with pytest.raises(BootError, match="no folder"):
        detect(tmp_path / "bootfs")


def test_a_command_line_without_a_root_is_refused(tmp_path: Path) -> None:
    boot = partition(tmp_path / "boot")
    (boot / "cmdline.txt").write_text("console=tty1\n")
    with pytest.raises(BootError, match="names no root="):
        detect(boot)


def test_an_image_whose_python_is_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BootError, match="older than Bookworm"):
        detect(partition(tmp_path / "boot", start=Start.FIRSTRUN, issued="2023-05-03"))


def test_nothing_is_written_where_something_is_refused(tmp_path: Path) -> None:
    boot = partition(tmp_path / "boot", issued="2023-05-03")
    before = content(boot)
    with pytest.raises(BootError):
        write(boot)
    assert content(boot) == before


# --- the command line -------------------------------------------------------------------------------------------

WORDS = st.lists(st.text("abcdefgh=.,/:-0123456789", min_size=1, max_size=20), min_size=1, max_size=12)


@given(WORDS, st.sampled_from(["\n", "", "\r\n", " \n\n"]), st.sampled_from(list(Start)))
def test_the_command_line_stays_one_line_and_keeps_its_words(words: list[str], end: str, start: Start) -> None:
    line = with_start("  ".join(words) + end, start=start, profile=GATE)
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert line.split()[: len(words)] == words
    assert with_start(line, start=start, profile=GATE) == line, "twice is once"


@pytest.mark.parametrize("growing", ["resize", "init=/usr/lib/raspberrypi-sys-mods/firstboot"])
def test_the_root_grows_over_the_card_unless_data_is_to_lie_there(growing: str) -> None:
    line = f"{COMMAND_LINE} {growing}"
    assert growing in with_start(line, start=Start.CLOUD_INIT, profile=GATE).split()
    assert growing not in with_start(line, start=Start.CLOUD_INIT, profile=CLINIC).split()


def test_what_imager_left_does_not_hide_ours() -> None:
    left = f"{COMMAND_LINE} cfg80211.ieee80211_regdom=GB ds=nocloud;i=rpi-imager-1764 systemd.run=/boot/firstrun.sh"
    line = with_start(left, start=Start.CLOUD_INIT, profile=GATE)
    assert line == f"{COMMAND_LINE} cfg80211.ieee80211_regdom=CN\n"


def test_the_first_boot_of_an_older_image_runs_our_script_and_never_in_circles() -> None:
    words = with_start(COMMAND_LINE, start=Start.FIRSTRUN, profile=CLINIC).split()
    assert words[-len(RUN) :] == list(RUN)
    assert "systemd.run=/boot/firmware/firstrun.sh" in words
    assert "systemd.run_failure_action=reboot" in words, "else systemd switches off when the script fails"


# --- writing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [Start.CLOUD_INIT, Start.FIRSTRUN])
def test_written_twice_is_written_once(tmp_path: Path, start: Start) -> None:
    boot = partition(tmp_path / "boot", start=start, issued="")
    wheel = tmp_path / "a-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    write(boot, wheels={wheel.name: wheel})
    once = content(boot)
    inodes = {path: path.stat().st_ino for path in boot.rglob("*") if path.is_file()}
    write(boot, wheels={wheel.name: wheel})
    assert content(boot) == once
    same = {path: path.stat().st_ino for path in boot.rglob("*") if path.is_file()}
    assert same == inodes, "what is there already is not written again: cards wear out"


def test_what_is_on_the_card_is_what_was_rendered(tmp_path: Path) -> None:
    boot = partition(tmp_path / "boot")
    names = write(boot)
    files = card()
    assert {path: rendered.text.encode() for path, rendered in files.items()}.items() <= content(boot).items()
    assert set(names) == {*files, "cmdline.txt"}
    assert not [path for path in content(boot) if path.endswith(".part")]


def test_what_an_earlier_writing_left_goes_but_for_the_logs(tmp_path: Path) -> None:
    boot = partition(tmp_path / "boot")
    write(boot, replace(GATE, data="LABEL=old"))
    for name in ("install.log", "wheels/old.whl", "keys/device.key"):
        (boot / FOLDER / name).parent.mkdir(exist_ok=True)
        (boot / FOLDER / name).write_text("old")
    write(boot)
    there = content(boot)
    assert f"{FOLDER}/install.log" in there
    gone = [path for path in there if "old" in path or "keys" in path or path.endswith(".mount")]
    assert gone == []


def test_another_devices_card_is_not_taken_unasked(tmp_path: Path) -> None:
    boot = partition(tmp_path / "boot")
    write(boot)
    refuse_others(detect(boot), GATE)
    with pytest.raises(BootError, match="this card is gate-east's, not clinic-1's"):
        refuse_others(detect(boot), CLINIC)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("user-data", "#cloud-config\nusers:\n- name: alice\n"),
        ("user-data", TEMPLATE + "hostname: mine\n"),
        ("firstrun.sh", "#!/bin/bash\nset +e\necho mine\n"),
    ],
)
def test_somebodys_own_settings_are_not_overwritten_unasked(tmp_path: Path, name: str, text: str) -> None:
    boot = partition(tmp_path / "boot")
    (boot / name).write_text(text)
    with pytest.raises(BootError, match=r"somebody's own settings.*--force"):
        refuse_others(detect(boot), GATE)


def test_the_template_of_the_image_is_nobodys(tmp_path: Path) -> None:
    refuse_others(detect(partition(tmp_path / "boot")), GATE)


def test_a_label_that_cannot_be_read_is_somebodys(tmp_path: Path) -> None:
    boot = partition(tmp_path / "boot")
    write(boot)
    (boot / FOLDER / "device.json").write_text("[]")
    with pytest.raises(BootError, match="nobody knows who"):
        refuse_others(detect(boot), GATE)


def test_what_starts_the_device_is_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that is pulled out too early does not half start: at worst it is a card of Raspberry Pi OS."""
    boot = partition(tmp_path / "boot")
    real = writing.put
    puts = list[str]()

    def put(path: Path, content: bytes) -> None:
        puts.append(path.relative_to(boot).as_posix())
        real(path, content)

    monkeypatch.setattr(writing, "put", put)
    write(boot)
    begins = puts.index("user-data")
    assert all(path.startswith(f"{FOLDER}/") for path in puts[:begins])
    assert set(puts[begins:]) == {"user-data", "meta-data", "network-config", "cmdline.txt"}


def test_a_full_card_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = partition(tmp_path / "boot")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BootError, match="No space left on device: the card was not written whole"):
        write(boot)
    assert (boot / "user-data").read_text() == TEMPLATE


# --- the archive ------------------------------------------------------------------------------------------------


def test_an_archive_has_the_same_bytes_each_time_and_is_its_owners_alone(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    first, second = tmp_path / "1.tar", tmp_path / "2.tar"
    assert write_bundle(first, card(), {wheel.name: wheel}) == write_bundle(second, card(), {wheel.name: wheel})
    assert first.read_bytes() == second.read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_an_archive_unpacks_to_the_card(tmp_path: Path) -> None:
    file, folder = tmp_path / "gate.tar", tmp_path / "boot"
    files = card(GATE, Start.FIRSTRUN)
    write_bundle(file, files, {})
    with tarfile.open(file) as tar:
        tar.extractall(folder, filter="data")
        modes = {member.name: member.mode for member in tar if member.isfile()}
        assert {member.uname for member in tar} == {"root"}
    assert content(folder) == {path: rendered.text.encode() for path, rendered in files.items()}
    assert modes == {path: rendered.mode for path, rendered in files.items()}


def test_an_archive_that_is_there_is_kept_unless_forced(tmp_path: Path) -> None:
    file = tmp_path / "gate.tar"
    file.write_text("mine")
    with pytest.raises(BootError, match="already"):
        write_bundle(file, card(), {})
    assert file.read_text() == "mine"
    write_bundle(file, card(), {}, force=True)
    assert tarfile.is_tarfile(file)
