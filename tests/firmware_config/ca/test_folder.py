import os
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from firmware_config.ca.authority import (
    CaError,
    Pair,
    load_authority,
    load_certificate,
    make_request,
)
from firmware_config.ca.folder import CaFolder, Names
from firmware_config.ca.revocation import revoked_serials

NOW = datetime(2026, 11, 28, tzinfo=UTC)
NAMES = Names(site="riverside", broker=["localhost"], page=["localhost"], watchdogs=["watchdog"])
PASSPHRASE = "four words of a test"


@pytest.fixture
def folder(tmp_path: Path) -> CaFolder:
    folder = CaFolder(tmp_path / "ca")
    folder.begin(NAMES, passphrase=PASSPHRASE, now=NOW)
    return folder


def contents(folder: CaFolder) -> dict[str, bytes]:
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def power_cut(*_: object) -> None:
    raise OSError("power cut")


def serials(folder: CaFolder) -> frozenset[int]:
    authority = load_authority(
        Pair(certificate=(folder.path / "issuing.pem").read_bytes(), key=(folder.path / "issuing.key").read_bytes())
    )
    return revoked_serials(authority, (folder.path / "crl.pem").read_bytes())


def test_a_site_begins_with_all_that_its_broker_and_hub_need(folder: CaFolder) -> None:
    pairs = ("root", "issuing", "broker", "hub", "page", "devices/watchdog")
    assert set(contents(folder)) == {"crl.pem", *(f"{name}.{kind}" for name in pairs for kind in ("pem", "key"))}


def test_the_roots_key_is_locked_and_no_other_is_and_leaves_show_their_chain(folder: CaFolder) -> None:
    files = contents(folder)
    locked = {name for name, content in files.items() if b"ENCRYPTED" in content}
    assert locked == {"root.key"}
    load_authority(Pair(certificate=files["root.pem"], key=files["root.key"]), PASSPHRASE)
    for name in ("broker", "hub", "page", "devices/watchdog"):
        assert files[f"{name}.pem"].endswith(files["issuing.pem"]), name


def test_a_weak_passphrase_makes_no_site(tmp_path: Path) -> None:
    with pytest.raises(CaError, match="passphrase"):
        CaFolder(tmp_path / "ca").begin(NAMES, passphrase="short", now=NOW)
    assert not (tmp_path / "ca").exists()


def test_keys_are_for_their_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = CaFolder(tmp_path / "ca")
        folder.begin(NAMES, passphrase=PASSPHRASE, now=NOW)
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
        lambda: folder.begin(NAMES, passphrase=PASSPHRASE, now=NOW),
        lambda: folder.add_device("east-gate", now=NOW),
        lambda: folder.sign("east-gate", make_request("east-gate").certificate, now=NOW),
    ]
    for again in tries:
        with pytest.raises(CaError, match="already"):
            again()
    assert contents(folder) == before


def test_what_a_crash_left_half_written_is_in_nobodys_way(folder: CaFolder) -> None:
    (folder.path / "devices").mkdir(exist_ok=True)
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


@pytest.mark.parametrize("name", ["broker", "hub", "page", "devices/watchdog"])
def test_a_certificate_is_renewed_with_another_key_and_the_old_one_is_set_aside(folder: CaFolder, name: str) -> None:
    before = folder.pair(name)
    folder.renew(name, ["new.lan"], now=NOW)
    after = folder.pair(name)
    assert after.key != before.key
    assert load_certificate(after.certificate).serial_number != load_certificate(before.certificate).serial_number
    aside = {path.suffix: path.read_bytes() for path in (folder.path / "old").iterdir()}
    assert aside == {".pem": before.certificate, ".key": before.key}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.path.rglob("*.key")} == {0o600}
    if name in {"broker", "page"}:
        names = load_certificate(after.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert names.value.get_values_for_type(x509.DNSName) == ["new.lan"]


def test_what_cannot_be_renewed_leaves_what_is_there(folder: CaFolder) -> None:
    before = contents(folder)
    for name, hosts in (("broker", ["A B"]), ("page", []), ("Hub", [])):
        with pytest.raises(CaError):
            folder.renew(name, hosts, now=NOW)
    assert contents(folder) == before


def test_a_folder_that_is_none_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(CaError, match="No such folder"):
        CaFolder(tmp_path / "nothing").add_device("east-gate", now=NOW)
    with pytest.raises(CaError, match=r"issuing\.pem"):
        CaFolder(tmp_path).add_device("east-gate", now=NOW)
