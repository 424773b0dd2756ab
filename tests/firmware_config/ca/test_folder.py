import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_config.ca import __main__ as command
from firmware_config.ca.authority import (
    CaError,
    Pair,
    load_authority,
    load_certificate,
    make_request,
)
from firmware_config.ca.folder import CaFolder
from firmware_config.ca.revocation import revoked_serials

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> CaFolder:
    folder = CaFolder(tmp_path / "ca")
    folder.begin("riverside", ["localhost"], now=NOW)
    return folder


def contents(folder: CaFolder) -> dict[str, bytes]:
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def power_cut(*_: object) -> None:
    raise OSError("power cut")


def serials(folder: CaFolder) -> frozenset[int]:
    authority = load_authority(
        Pair(certificate=(folder.path / "ca.pem").read_bytes(), key=(folder.path / "ca.key").read_bytes())
    )
    return revoked_serials(authority, (folder.path / "crl.pem").read_bytes())


def test_a_site_begins_with_all_that_its_broker_and_hub_need(folder: CaFolder) -> None:
    assert set(contents(folder)) == {
        "ca.pem", "ca.key", "crl.pem", "broker.pem", "broker.key", "hub.pem", "hub.key"
    }  # fmt: skip


def test_keys_are_for_their_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = CaFolder(tmp_path / "ca")
        folder.begin("riverside", ["localhost"], now=NOW)
        folder.add_device("east-gate", now=NOW)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in folder.path.rglob("*")}
    assert {mode for path, mode in modes.items() if path.suffix == ".key"} == {0o600}
    assert {mode for path, mode in modes.items() if path.suffix == ".pem"} == {0o644}
    assert {stat.S_IMODE(folder.path.stat().st_mode), modes[folder.path / "devices"]} == {0o700}


def test_nothing_is_overwritten_and_a_refusal_writes_nothing(folder: CaFolder) -> None:
    folder.add_device("east-gate", now=NOW)
    before = contents(folder)
    tries: list[Callable[[], object]] = [
        lambda: folder.begin("riverside", ["localhost"], now=NOW),
        lambda: folder.add_broker(["localhost"], now=NOW),
        lambda: folder.add_device("east-gate", now=NOW),
        lambda: folder.sign("east-gate", make_request("east-gate").certificate, now=NOW),
    ]
    for again in tries:
        with pytest.raises(CaError, match="already"):
            again()
    assert contents(folder) == before


def test_what_a_crash_left_half_written_is_in_nobodys_way(folder: CaFolder) -> None:
    (folder.path / "devices").mkdir()
    (folder.path / "devices" / ".east-gate.key.part").write_text("half")
    folder.add_device("east-gate", now=NOW)
    assert not list(folder.path.rglob("*.part"))


def test_a_stolen_card_is_put_on_the_list_and_its_device_gets_another_certificate(folder: CaFolder) -> None:
    folder.add_device("east-gate", now=NOW)
    stolen = load_certificate((folder.path / "devices" / "east-gate.pem").read_bytes())
    folder.revoke("east-gate", now=NOW)
    assert serials(folder) == {stolen.serial_number}
    folder.add_device("east-gate", now=NOW)
    again = load_certificate((folder.path / "devices" / "east-gate.pem").read_bytes())
    assert again.serial_number not in serials(folder)
    folder.revoke("east-gate", now=NOW)
    assert serials(folder) == {stolen.serial_number, again.serial_number}
    assert len(list((folder.path / "revoked").iterdir())) == 2


def test_a_revocation_that_was_cut_short_can_be_made_again(folder: CaFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.add_device("east-gate", now=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", power_cut)
        with pytest.raises(OSError, match="power cut"):
            folder.revoke("east-gate", now=NOW)
    assert len(serials(folder)) == 1, "on the list before anything else"
    folder.revoke("east-gate", now=NOW)
    assert len(serials(folder)) == 1


def test_two_people_who_revoke_at_once_lose_neither(folder: CaFolder) -> None:
    names = [f"gate-{n}" for n in range(8)]
    for name in names:
        folder.add_device(name, now=NOW)
    threads = [threading.Thread(target=CaFolder(folder.path).revoke, args=(n,), kwargs={"now": NOW}) for n in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(serials(folder)) == len(names)


def test_a_device_that_keeps_its_key_gets_a_certificate_only(folder: CaFolder) -> None:
    assert folder.sign("east-gate", make_request("east-gate").certificate, now=NOW) == [
        folder.path / "devices" / "east-gate.pem"
    ]
    assert not (folder.path / "devices" / "east-gate.key").exists()
    folder.revoke("east-gate", now=NOW)


def test_the_broker_gets_another_certificate_once_the_old_one_is_moved_away(folder: CaFolder) -> None:
    for name in ("broker.pem", "broker.key"):
        (folder.path / name).rename(folder.path / f"old-{name}")
    assert [path.name for path in folder.add_broker(["new.lan"], now=NOW)] == ["broker.pem", "broker.key"]


def test_a_folder_that_is_none_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(CaError, match="No such file"):
        CaFolder(tmp_path / "nothing").add_device("east-gate", now=NOW)
    with pytest.raises(CaError, match=r"ca\.pem"):
        CaFolder(tmp_path).add_device("east-gate", now=NOW)


def test_the_command_makes_a_site_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "ca")
    key = make_request("west-gate")
    (tmp_path / "west.csr").write_bytes(key.certificate)
    site = ["--site", "riverside", "--broker", "hub.lan", "--broker", "10.0.0.1"]
    assert command.main(["begin", folder, *site]) == 0
    assert command.main(["device", folder, "east-gate", "--days", "30"]) == 0
    assert command.main(["sign", folder, "west-gate", "--request", str(tmp_path / "west.csr")]) == 0
    capsys.readouterr()
    assert command.main(["revoke", folder, "east-gate", "--json"]) == 0
    assert f"{folder}/crl.pem" in json.loads(capsys.readouterr().out)["written"]
    assert command.main(["begin", folder, *site]) == 1
    assert "already" in capsys.readouterr().err
    assert command.main(["sign", folder, "x", "--request", str(tmp_path / "nothing")]) == 1
    assert command.main(["broker", folder, "--broker", "hub.lan"]) == 1


def test_the_command_teaches_by_example() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "firmware_config.ca", "--help"], capture_output=True, text=True, check=True
    )
    for action in ("begin", "device", "sign", "revoke"):
        assert f"python -m firmware_config.ca {action} " in done.stdout
