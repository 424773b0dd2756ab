"""The broker's files follow the store, whoever changes it, and what ends soon is an alarm."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from issuing_site import Joiner, issuer, keeper_of

from firmware_config.ca import revocation
from hub_server.issuing.access_list import Guests, access_list
from hub_server.issuing.broker_files import BrokerFiles
from hub_server.issuing.keeper import BROKER, DEVICES, ISSUING, Keeper
from hub_server.store import alarms, certificates, devices, retiring
from hub_server.store.certificates import ENDING_US, Certificate, NewCertificate
from hub_server.store.store import Store

DAY_US = 86_400_000_000
EAST, WEST = "east-gate", "west-gate"
TIMEOUT_S = 30.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "broker-files"
    made.mkdir()
    return made


@pytest.fixture
def keeper(store: Store, folder: Path) -> Keeper:
    for name in (EAST, WEST):
        add(store, name)
    made = keeper_of(store, folder)
    assert made.settle() == "written"
    return made


def add(store: Store, name: str) -> None:
    store.write(lambda db: devices.create(db, id=name, place="", now_us=store.now_us()))


def certify(store: Store, device: str = EAST) -> Certificate:
    new = issuer().sign(device, Joiner(device=device).pair.certificate.decode(), now_us=store.now_us())
    return store.write(lambda db: certificates.add(db, device, new, now_us=store.now_us()))


def revoke(store: Store, device: str = EAST) -> None:
    store.write(lambda db: retiring.revoke(db, device, reason="偷", now_us=store.now_us()))


def word(folder: Path) -> str:
    return (folder / "changed").read_text().split()[0]


def listed(folder: Path) -> set[str]:
    serials = revocation.revoked_serials(issuer().authority, (folder / "crl.pem").read_bytes())
    return {f"{serial:x}" for serial in serials}


def test_what_the_store_says_stands_in_the_files(store: Store, folder: Path, keeper: Keeper) -> None:
    acl = (folder / "acl").read_text()
    assert acl == access_list("demo", [EAST, WEST], Guests())
    assert f"user {EAST}\n" in acl
    assert keeper.settle() == "unchanged"
    add(store, "new-gate")
    assert keeper.settle() == "written"
    assert "user new-gate\n" in (folder / "acl").read_text()
    assert word(folder) == "reload"


def test_a_theft_restarts_the_broker_and_another_card_does_not(store: Store, folder: Path, keeper: Keeper) -> None:
    first, second = certify(store), certify(store)
    assert keeper.settle() == "written"
    assert (word(folder), listed(folder)) == ("reload", {first.serial})
    revoke(store)
    assert keeper.settle() == "written"
    assert (word(folder), listed(folder)) == ("restart", {first.serial, second.serial})
    assert f"user {EAST}\n" not in (folder / "acl").read_text()
    add(store, "new-gate")
    assert keeper.settle() == "written"
    assert word(folder) == "reload", "an old theft is no reason to put everybody out again"


def test_a_hub_restored_from_a_backup_takes_nobody_off_the_list(store: Store, folder: Path, keeper: Keeper) -> None:
    stolen = certify(store)
    revoke(store)
    keeper.settle()
    # A backup of before the theft: it knows neither the certificate nor that it was revoked.
    store.write(lambda db: db.execute("DELETE FROM certificates"))
    store.write(lambda db: db.execute("UPDATE devices SET barred_us = NULL"))
    again = keeper_of(store, folder)
    assert again.settle() == "written", "the device may speak, as the backup has it"
    assert listed(folder) == {stolen.serial}


def test_files_that_were_lost_or_forged_are_made_anew_when_the_hub_starts(
    store: Store, folder: Path, keeper: Keeper
) -> None:
    stolen = certify(store)
    revoke(store)
    keeper.settle()
    number = int((folder / "changed").read_text().split()[1])
    (folder / "crl.pem").write_text("nothing")
    (folder / "acl").write_text("topic readwrite #\n")
    assert keeper_of(store, folder).settle() == "written"
    assert listed(folder) == {stolen.serial}
    assert (folder / "acl").read_text() == access_list("demo", [WEST], Guests())
    assert (folder / "changed").read_text() == f"restart {number + 1}\n"


@pytest.mark.usefixtures("keeper")
def test_watchdogs_and_listeners_keep_their_rights(store: Store, folder: Path) -> None:
    guests = Guests(watchdogs=("watchdog",), listeners=("board",))
    assert keeper_of(store, folder, guests=guests).settle() == "written"
    acl = (folder / "acl").read_text()
    assert "user watchdog\ntopic read shouwang/v1/demo/hub/status" in acl
    assert "user board\n" in acl


@pytest.mark.usefixtures("keeper")
def test_a_device_of_a_watchdogs_name_keeps_the_old_files_and_says_why(store: Store, folder: Path) -> None:
    clash = keeper_of(store, folder, guests=Guests(watchdogs=(EAST,)))
    before = (folder / "acl").read_bytes()
    assert clash.settle().startswith("failing: ")
    assert "two accounts have one name" in clash.trouble
    assert (folder / "acl").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_an_alarm_and_ends_with_it(
    store: Store, folder: Path, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    away = folder.rename(folder.with_name("away"))
    add(store, "new-gate")
    for _ in range(3):
        assert keeper.settle().startswith("failing: ")
    assert caplog.text.count("cannot be written") == 1, "it is said once"
    keeper.look_at_ends()
    assert [one.subject for one in standing(store)] == [BROKER]
    away.rename(folder)
    assert keeper.settle() == "written"
    keeper.look_at_ends()
    assert standing(store) == []
    assert "user new-gate\n" in (folder / "acl").read_text()


def standing(store: Store) -> list[alarms.Alarm]:
    with store.read() as db:
        return alarms.open(db)


def test_certificates_that_end_within_sixty_days_are_one_alarm_that_goes_when_they_are_replaced(
    store: Store, clock: Any, keeper: Keeper
) -> None:
    for device in (EAST, WEST):
        new = NewCertificate(serial=device, key_sha256="", pem="", ends_us=store.now_us() + ENDING_US + DAY_US)
        store.write(lambda db, d=device, n=new: certificates.add(db, d, n, now_us=store.now_us()))  # type: ignore[misc]
    keeper.look_at_ends()
    assert standing(store) == []
    clock.now_us += DAY_US + 1
    keeper.look_at_ends()
    (alarm,) = standing(store)
    assert (alarm.kind, alarm.subject) == ("certificate", DEVICES)
    assert "2 台设备" in alarm.detail
    assert "2 certificates" in alarm.detail
    certify(store, EAST)
    keeper.look_at_ends()
    assert len(standing(store)) == 1
    certify(store, WEST)
    keeper.look_at_ends()
    assert standing(store) == []


def test_the_end_of_the_issuing_certificate_itself_is_an_alarm(store: Store, clock: Any, keeper: Keeper) -> None:
    clock.now_us = issuer().ends_us - ENDING_US
    keeper.look_at_ends()
    assert standing(store) == []
    clock.now_us += 1
    keeper.look_at_ends()
    assert [one.subject for one in standing(store)] == [ISSUING]


def test_a_hub_that_keeps_no_files_says_so_and_writes_none(store: Store) -> None:
    assert keeper_of(store, None).settle() == "not_kept"


@pytest.fixture
def running(store: Store, folder: Path) -> Iterator[Keeper]:
    keeper = keeper_of(store, folder, look_s=0.02)
    keeper.start()
    yield keeper
    keeper.stop()


@pytest.mark.usefixtures("running")
def test_what_anybody_changes_in_the_store_reaches_the_files_by_itself(store: Store, folder: Path) -> None:
    """An import of a sheet, a command of the technician's: nobody has to remember the broker."""
    seen = threading.Event()
    add(store, "by-import")

    def look() -> None:
        while not seen.wait(0.02):
            acl = folder / "acl"
            if acl.exists() and "user by-import\n" in acl.read_text():
                seen.set()

    threading.Thread(target=look, daemon=True).start()
    assert seen.wait(TIMEOUT_S)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's group")
def test_what_is_written_belongs_to_the_folders_group(store: Store, folder: Path) -> None:
    os.chown(folder, 0, 65534)
    folder.chmod(0o2750)
    add(store, EAST)
    assert keeper_of(store, folder).settle() == "written"
    for name in ("acl", "crl.pem", "changed"):
        assert (folder / name).stat().st_gid == 65534


def test_an_open_session_ends_with_its_certificate(store: Store, folder: Path, keeper: Keeper) -> None:
    """Mosquitto looks at a certificate when somebody connects; a restart makes it look again, once."""
    keeper.look_at_ends()
    over = NewCertificate(serial="5", key_sha256="5" * 64, pem="", ends_us=store.now_us() - DAY_US)
    store.write(lambda db: certificates.add(db, WEST, over, now_us=store.now_us()))
    keeper.settle()
    keeper.look_at_ends()
    assert word(folder) == "reload", "it had ended before the last look: nobody can have a session with it"
    BrokerFiles(folder).note_look(store.now_us() - 2 * DAY_US)
    keeper.look_at_ends()
    assert word(folder) == "restart"
    after = (folder / "changed").read_text()
    keeper.look_at_ends()
    assert (folder / "changed").read_text() == after
