"""Keys are there when they are promised, gone when they are destroyed, and never half, whatever is killed when."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub_server.store import keyring as keyring_rules
from hub_server.store import vault
from hub_server.store.epoch_files import EpochFiles, EpochFilesError
from hub_server.store.keyring import Keyring, KeyringError
from hub_server.store.site_key import create_site_key, read_site_key
from hub_server.store.vault import KeyPurpose

SITE_KEY = bytes(range(32))
ERASED, KEPT = ("p-erased", KeyPurpose.TEMPLATE), ("p-kept", KeyPurpose.TEMPLATE)
KILLER = Path(__file__).with_name("keyring_killer.py")


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keys", site_key=SITE_KEY)


def opened(folder: Path) -> Keyring:
    return Keyring(folder, site_key=SITE_KEY)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_keys_are_found_again_by_owner_and_by_id_after_a_restart(keyring: Keyring, tmp_path: Path) -> None:
    first, second = keyring.ensure([ERASED, KEPT])
    again = opened(tmp_path / "keys")
    assert again.key_of(*ERASED) == again.key(first.id) == first
    assert again.key_ids() == {first.id, second.id}
    assert again.key_of("p-nobody", KeyPurpose.TEMPLATE) is None


def test_a_person_has_one_key_for_each_purpose_however_often_it_is_asked_for(keyring: Keyring) -> None:
    template, photo = keyring.ensure([ERASED, ("p-erased", KeyPurpose.PHOTO)])
    assert template.secret != photo.secret
    assert keyring.ensure([ERASED, ERASED]) == [template, template]


def test_destruction_leaves_others_and_makes_a_new_epoch(keyring: Keyring, tmp_path: Path) -> None:
    erased, kept = keyring.ensure([ERASED, KEPT])
    ciphertext = vault.encrypt(b"template", key=kept, record="1")
    assert keyring.destroy(["p-erased", "p-nobody"]) == {erased.id}
    for ring in (keyring, opened(tmp_path / "keys")):
        assert ring.epoch == 2
        assert ring.key(erased.id) is ring.key_of(*ERASED) is None
        found = ring.key(kept.id)
        assert found is not None
        assert vault.decrypt(ciphertext, key=found, record="1") == b"template"
    assert names(tmp_path / "keys") == ["epoch-2.key", "ring-2"]


def test_to_destroy_nothing_changes_nothing(keyring: Keyring) -> None:
    keyring.ensure([KEPT])
    assert keyring.destroy(["p-nobody"]) == frozenset()
    assert keyring.destroy_keys(["0" * 32]) == frozenset()
    assert keyring.epoch == 1


def test_only_the_photo_key_goes_when_only_the_photo_is_withdrawn(keyring: Keyring) -> None:
    template, photo = keyring.ensure([ERASED, ("p-erased", KeyPurpose.PHOTO)])
    assert keyring.destroy(["p-erased"], purposes=[KeyPurpose.PHOTO]) == {photo.id}
    assert keyring.key(template.id) == template


def test_who_enrols_again_gets_another_key(keyring: Keyring) -> None:
    (before,) = keyring.ensure([ERASED])
    keyring.destroy(["p-erased"])
    (after,) = keyring.ensure([ERASED])
    assert before.id != after.id
    assert before.secret != after.secret


def test_an_old_copy_of_the_wrapped_keys_is_noise_after_an_erasure(keyring: Keyring, tmp_path: Path) -> None:
    """The stray copy in an old backup: the ring of then, with all that the hub still has now."""
    keyring.ensure([ERASED, KEPT])
    old_ring = (tmp_path / "keys" / "ring-1").read_bytes()
    keyring.destroy(["p-erased"])
    secret = (tmp_path / "keys" / "epoch-2.key").read_bytes()
    for number in (1, 2, 3):
        forged = tmp_path / f"forged-{number}"
        forged.mkdir()
        (forged / f"ring-{number}").write_bytes(old_ring)
        (forged / f"epoch-{number}.key").write_bytes(secret)
        with pytest.raises(KeyringError):
            opened(forged)


def test_the_old_secret_is_written_over_before_it_is_unlinked(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.ensure([ERASED])
    old = {name: (tmp_path / "keys" / name).read_bytes() for name in ("epoch-1.key", "ring-1")}
    at_unlink: dict[str, bytes] = {}
    real = Path.unlink

    def unlink(path: Path, **named: Any) -> None:
        if path.exists():
            at_unlink[path.name] = path.read_bytes()
        real(path, **named)

    monkeypatch.setattr(Path, "unlink", unlink)
    keyring.destroy(["p-erased"])
    assert list(at_unlink) == ["epoch-1.key", "ring-1"]  # the key first
    for name, before in old.items():
        assert len(at_unlink[name]) == len(before)
        assert at_unlink[name] != before


def test_a_rename_follows_a_sync_of_the_file_and_is_followed_by_one_of_the_folder(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 cannot show a missing fsync; a power cut would."""
    import os  # noqa: PLC0415 its functions are replaced here

    steps: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(fd: int) -> None:
        steps.append("sync folder" if Path(f"/proc/self/fd/{fd}").resolve().is_dir() else "sync file")
        real_fsync(fd)

    def renamed(source: Path, target: Path) -> None:
        steps.append("rename")
        real_replace(source, target)

    keyring.ensure([ERASED])
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", renamed)
    keyring.destroy(["p-erased"])
    write, overwrite = ["sync file", "rename", "sync folder"], ["sync file", "sync folder"]
    assert steps == write + write + overwrite + overwrite


@pytest.mark.parametrize("damage", ["cut", "edited", "other site key", "short secret", "empty"])
def test_a_damaged_keyring_is_refused_as_a_whole_and_nothing_is_destroyed(
    keyring: Keyring, tmp_path: Path, damage: str
) -> None:
    keyring.ensure([ERASED, KEPT])
    folder = tmp_path / "keys"
    ring = (folder / "ring-1").read_bytes()
    if damage in {"cut", "edited", "empty"}:
        changed = {"cut": ring[:-200], "edited": ring.replace(b"p-kept", b"p-kepd"), "empty": b""}[damage]
        (folder / "ring-1").write_bytes(changed)
    if damage == "short secret":
        (folder / "epoch-1.key").write_bytes(b"short")
    (folder / "epoch-0.key").write_bytes(b"an older secret, perhaps still needed")
    with pytest.raises((KeyringError, EpochFilesError)):
        Keyring(folder, site_key=bytes(32) if damage == "other site key" else SITE_KEY)
    assert names(folder) == ["epoch-0.key", "epoch-1.key", "ring-1"]


def test_a_higher_epoch_from_elsewhere_destroys_nothing(keyring: Keyring, tmp_path: Path) -> None:
    keyring.ensure([KEPT])
    EpochFiles(tmp_path / "keys")._write(tmp_path / "keys" / "epoch-9.key", bytes(32))
    EpochFiles(tmp_path / "keys")._write(tmp_path / "keys" / "ring-9", b"{}\n\n")
    with pytest.raises(KeyringError):
        opened(tmp_path / "keys")
    assert {"epoch-1.key", "ring-1"} <= set(names(tmp_path / "keys"))


def test_a_missing_keyring_is_not_made_by_opening_and_an_existing_one_not_by_creating(tmp_path: Path) -> None:
    with pytest.raises(EpochFilesError, match="mirror"):
        opened(tmp_path / "keys")
    assert not (tmp_path / "keys").exists()
    Keyring.create(tmp_path / "keys", site_key=SITE_KEY)
    with pytest.raises(KeyringError, match="already"):
        Keyring.create(tmp_path / "keys", site_key=SITE_KEY)


def test_its_files_are_for_its_user_only(keyring: Keyring, tmp_path: Path) -> None:
    keyring.ensure([KEPT])
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_no_secret_lies_in_the_ring(keyring: Keyring, tmp_path: Path) -> None:
    (key,) = keyring.ensure([KEPT])
    ring = (tmp_path / "keys" / "ring-1").read_bytes()
    assert key.id.encode() in ring
    assert key.secret not in ring
    assert key.secret.hex().encode() not in ring


def test_after_a_change_that_failed_half_way_the_next_one_starts_from_the_files(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.ensure([ERASED, KEPT])
    with monkeypatch.context() as patch:
        patch.setattr(EpochFiles, "_destroy_all_but", _broken)
        with pytest.raises(OSError, match="broken"):
            keyring.destroy(["p-erased"])
    (added,) = keyring.ensure([("p-new", KeyPurpose.TEMPLATE)])
    assert keyring.epoch == opened(tmp_path / "keys").epoch == 2
    assert opened(tmp_path / "keys").key(added.id) == added
    assert keyring.key_of(*ERASED) is None
    assert names(tmp_path / "keys") == ["epoch-2.key", "ring-2"]


def _broken(*_: object) -> None:
    raise OSError(5, "broken disk")


def test_a_mirror_follows_and_keeps_no_history(keyring: Keyring, tmp_path: Path) -> None:
    erased, kept = keyring.ensure([ERASED, KEPT])
    keyring.mirror(tmp_path / "mirror")
    assert opened(tmp_path / "mirror").key_ids() == {erased.id, kept.id}
    (added,) = keyring.ensure([("p-new", KeyPurpose.TEMPLATE)])
    keyring.mirror(tmp_path / "mirror")
    assert opened(tmp_path / "mirror").key(added.id) == added
    keyring.destroy(["p-erased"])
    keyring.mirror(tmp_path / "mirror")
    assert opened(tmp_path / "mirror").key_ids() == {kept.id, added.id}
    assert names(tmp_path / "mirror") == ["epoch-2.key", "ring-2"]


def test_a_mirror_that_is_newer_or_another_sites_is_not_written_over(keyring: Keyring, tmp_path: Path) -> None:
    keyring.ensure([ERASED])
    shutil.copytree(tmp_path / "keys", tmp_path / "old")
    keyring.destroy(["p-erased"])
    keyring.mirror(tmp_path / "mirror")
    with pytest.raises(KeyringError, match="epoch 2"):
        opened(tmp_path / "old").mirror(tmp_path / "mirror")
    with pytest.raises(KeyringError, match="epoch 1"):
        Keyring.create(tmp_path / "strange", site_key=SITE_KEY).mirror(tmp_path / "old")


@pytest.mark.parametrize("action", ["ensure", "destroy", "mirror"])
def test_kill_9_at_every_step_leaves_the_old_keys_or_the_new_and_never_half(tmp_path: Path, action: str) -> None:
    base, work = tmp_path / "base", tmp_path / "work"
    base.mkdir()
    create_site_key(base)
    site_key = read_site_key(base)
    before = Keyring.create(base / "keys", site_key=site_key)
    before.mirror(base / "mirror")
    erased, kept = before.ensure([ERASED, KEPT])
    if action == "mirror":
        before.destroy(["p-erased"])
    command = [sys.executable, str(KILLER), str(base), str(work), action]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    killed = int(result.stdout)
    assert killed >= 6
    seen = {_check_after_kill(work / str(step), site_key, action, erased.id, kept.id) for step in range(killed + 1)}
    assert seen == {"before", "after"}


def _check_after_kill(data: Path, site_key: bytes, action: str, erased: str, kept: str) -> str:
    """Opens what the kill left, says which state it is in, and ends what was begun."""
    folder = data / ("mirror" if action == "mirror" else "keys")
    ring = Keyring(folder, site_key=site_key)
    assert names(folder) == [f"epoch-{ring.epoch}.key", f"ring-{ring.epoch}"]
    if action == "mirror":
        assert ring.key_ids() == (frozenset() if ring.epoch == 1 else {kept})
        return "before" if ring.epoch == 1 else "after"
    assert ring.key(kept) is not None
    if action == "ensure":
        assert ring.key(erased) is not None
        return "before" if ring.key_of("p-new", KeyPurpose.TEMPLATE) is None else "after"
    assert (ring.key(erased) is None) == (ring.epoch == 2)
    state = "before" if ring.epoch == 1 else "after"
    ring.destroy(["p-erased"])
    assert Keyring(folder, site_key=site_key).key_ids() == {kept}
    return state


def _forge(folder: Path, content: bytes) -> None:
    """A ring that whoever holds both secrets has signed."""
    epoch = EpochFiles(folder).read()
    ring = content + b"\n" + keyring_rules._mac(SITE_KEY, epoch.secret, content) + b"\n"
    EpochFiles(folder).replace_ring(replace(epoch, ring=ring))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"format":2,"epoch":1,"keys":[]}', "format 2"),
        (b'{"format":1,"epoch":7,"keys":[]}', "epoch 7"),
        (b'{"format":1,"epoch":1,"keys":[],"more":1}', "cannot be read"),
        (
            b'{"format":1,"epoch":1,"keys":[{"id":"a","person":"b","purpose":"photo","wrapped":"AAAA"}]}',
            "does not open",
        ),
    ],
)
def test_a_signed_ring_that_is_not_what_belongs_here_is_refused(
    keyring: Keyring, tmp_path: Path, content: bytes, says: str
) -> None:
    keyring.ensure([KEPT])
    _forge(tmp_path / "keys", content)
    with pytest.raises(KeyringError, match=says):
        opened(tmp_path / "keys")


def test_a_keyring_has_a_limit_and_says_so_before_it_writes(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = keyring.ensure([KEPT])
    monkeypatch.setattr(keyring_rules, "KEYS_MAX", 1)
    with pytest.raises(KeyringError, match="limit"):
        keyring.ensure([ERASED])
    assert opened(tmp_path / "keys").key_ids() == keyring.key_ids() == {key.id}


def test_an_epoch_never_steps_back(keyring: Keyring, tmp_path: Path) -> None:
    keyring.ensure([KEPT])
    files = EpochFiles(tmp_path / "keys")
    with pytest.raises(ValueError, match="not above 1"):
        files.step_to(files.read())
