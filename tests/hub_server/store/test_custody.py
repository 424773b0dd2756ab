"""Custody: nothing readable on the disk, nothing kept without consent, nothing back after an erasure."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from residents import agree, enrolled, face, resident, template

from edge_agent.wire.gallery import Purpose
from hub_server.store import backup, consents, custody, faces, people, verify
from hub_server.store.backup import Backup
from hub_server.store.custody import Custody
from hub_server.store.erasures import ErasureLog, Scope
from hub_server.store.errors import ConflictingChangeError, NotFoundError, StoreFailingError
from hub_server.store.faces import Face
from hub_server.store.keyring import Keyring
from hub_server.store.replay import replay_erasures
from hub_server.store.restore import restore
from hub_server.store.site_key import SiteKeyError, read_site_key
from hub_server.store.store import Store
from hub_server.store.vault import VaultError, decrypt

DOOR, WELFARE = Purpose.DOOR, Purpose.WELFARE
NOW_US = 1_795_471_200_000_000
PHOTO = b"\xff\xd8\xff a photograph that its owner allowed to keep"


@pytest.fixture
def keeper(store: Store) -> Custody:
    return Custody.open(store, store.data_dir)


def templates(store: Store, keeper: Custody, person: str = "li") -> list[bytes] | None:
    with store.read() as db:
        row = faces.get(db, person)
        return None if row is None else keeper.templates(db, row.record, row.key_id, row.template_length)


def on_disk(store: Store) -> bytes:
    return b"".join(path.read_bytes() for path in store.data_dir.rglob("*") if path.is_file())


def started(data: Path) -> tuple[Store, Custody]:
    """As `hub-server serve` does."""
    store = Store.open(data, clock=lambda: NOW_US + 10)
    replay_erasures(store, data)
    return store, Custody.open(store, data)


def test_a_template_comes_back_bit_for_bit_and_lies_nowhere_readable(store: Store, keeper: Custody) -> None:
    resident(store, "li")
    agree(store, "li", WELFARE)
    made = keeper.enrol("li", face(3, kept=(PHOTO, b"two")), by="王敏")
    assert (made.photos, made.quality) == (2, 0.8)
    assert templates(store, keeper) == [template(3)]
    assert keeper.photo("li", 1) == PHOTO
    assert keeper.photo("li", 2) == b"two"
    everything = on_disk(store)
    assert template(3) not in everything
    assert PHOTO not in everything
    assert b"li" in everything, "we have looked where something is"


def test_template_and_photographs_lie_under_separate_keys(store: Store, keeper: Custody) -> None:
    resident(store, "li")
    agree(store, "li", WELFARE)
    keeper.enrol("li", face(kept=(PHOTO,)), by="王敏")
    with store.read() as db:
        kept, row = faces.photo(db, "li", 1), faces.get(db, "li")
    assert kept is not None
    assert row is not None
    assert kept.key_id != row.key_id


def test_nobody_is_kept_without_a_consent_in_force(store: Store, keeper: Custody) -> None:
    with pytest.raises(NotFoundError):
        keeper.enrol("nobody", face(), by="王敏")
    resident(store, "li")
    with pytest.raises(ConflictingChangeError):
        keeper.enrol("li", face(), by="王敏")
    agree(store, "li", DOOR)
    keeper.withdraw("li", DOOR, by="王敏")
    with pytest.raises(ConflictingChangeError):
        keeper.enrol("li", face(), by="王敏")
    assert templates(store, keeper) is None


def test_one_of_two_purposes_may_go_and_the_last_takes_everything_along(store: Store, keeper: Custody) -> None:
    enrolled(store, keeper, "li", DOOR, WELFARE)
    keeper.withdraw("li", DOOR, by="王敏")
    assert templates(store, keeper) == [template(0)]
    keeper.withdraw("li", WELFARE, by="王敏")
    assert templates(store, keeper) is None
    with pytest.raises(NotFoundError):
        keeper.withdraw("li", WELFARE, by="王敏")
    scopes = [line.scope for line in ErasureLog(store.data_dir / "erasures.jsonl").erasures]
    assert scopes == [Scope.DOOR, Scope.WELFARE, Scope.BIOMETRICS]


def test_who_withdrew_may_agree_again_and_gets_new_keys(store: Store, keeper: Custody) -> None:
    first = enrolled(store, keeper, "li", DOOR)
    keeper.erase_face("li", by="王敏")
    agree(store, "li", DOOR)
    second = keeper.enrol("li", face(1), by="王敏")
    assert second.key_id != first.key_id
    assert templates(store, keeper) == [template(1)]


def test_what_an_old_copy_of_the_database_holds_does_not_open_after_an_erasure(
    store: Store, keeper: Custody, tmp_path: Path
) -> None:
    row = enrolled(store, keeper, "li", DOOR)
    enrolled(store, keeper, "wang", DOOR, n=1)
    kept = backup.take(store.data_dir, tmp_path, now_us=NOW_US).path
    keeper.erase_person("li")
    with closing(sqlite3.connect(kept)) as db:
        (sealed,) = db.execute("SELECT ciphertext FROM templates WHERE person = 'li'").fetchone()
    ring = Keyring(store.data_dir / "keys", site_key=read_site_key(store.data_dir))
    assert ring.key(row.key_id) is None
    for key_id in ring.key_ids():
        key = ring.key(key_id)
        assert key is not None
        with pytest.raises(VaultError):
            decrypt(sealed, key=key, record=row.record)
    assert templates(store, keeper, "wang") == [template(1)], "the others are read as before"


def restored(store: Store, made: Backup) -> tuple[Store, Custody]:
    data = store.data_dir
    store.close()
    restore(data, made.path, force=True, now_us=NOW_US)
    return started(data)


def test_a_restored_backup_brings_back_neither_face_nor_person_nor_a_withdrawn_purpose(
    store: Store, keeper: Custody, tmp_path: Path
) -> None:
    for n, person in enumerate(("li", "wang", "zhao")):
        enrolled(store, keeper, person, DOOR, WELFARE, n=n)
    made = backup.take(store.data_dir, tmp_path, now_us=NOW_US)
    keeper.erase_person("li")
    keeper.erase_face("wang", by="王敏")
    keeper.withdraw("zhao", DOOR, by="王敏")
    older, its_keeper = restored(store, made)
    with older.read() as db:
        assert people.all_ids(db) == ["wang", "zhao"]
        assert consents.purposes_in_force(db, "wang") == frozenset()
        assert consents.purposes_in_force(db, "zhao") == {WELFARE}
    assert templates(older, its_keeper, "wang") is None
    assert templates(older, its_keeper, "zhao") == [template(2)]
    older.close()


def test_a_backup_from_after_a_second_enrolment_keeps_it(store: Store, keeper: Custody, tmp_path: Path) -> None:
    enrolled(store, keeper, "li", DOOR)
    keeper.erase_face("li", by="王敏")
    store._clock = lambda: NOW_US + 5
    agree(store, "li", DOOR)
    keeper.enrol("li", face(1), by="王敏")
    older, its_keeper = restored(store, backup.take(store.data_dir, tmp_path, now_us=NOW_US))
    assert templates(older, its_keeper) == [template(1)]
    older.close()


class CrashError(Exception):
    """The power fails here."""


def crash(*_args: object, **_named: object) -> None:
    raise CrashError


def whole_face(keeper: Custody) -> None:
    keeper.erase_face("li", by="王敏")


def whole_person(keeper: Custody) -> None:
    keeper.erase_person("li")


def last_purpose(keeper: Custody) -> None:
    keeper.withdraw("li", DOOR, by="王敏")


@pytest.mark.parametrize("step", ["line", "keys", "rows"])
@pytest.mark.parametrize("erase", [whole_face, whole_person, last_purpose])
def test_an_erasure_that_a_crash_interrupts_is_finished_at_the_next_start(
    store: Store, keeper: Custody, monkeypatch: pytest.MonkeyPatch, step: str, erase: Callable[[Custody], None]
) -> None:
    """`line`: before the promise for the face; a withdrawal is on record then, and its erasure is settled."""
    enrolled(store, keeper, "li", DOOR)
    enrolled(store, keeper, "wang", DOOR, n=1)
    data = store.data_dir
    with monkeypatch.context() as patch:
        if step == "line":
            patch.setattr(keeper, "_erase", crash)
        elif step == "keys":
            patch.setattr(Keyring, "destroy_keys", crash)
        else:
            patch.setattr(custody, "erase_rows", crash)
        with pytest.raises(CrashError):
            erase(keeper)
    store.close()
    store, keeper = started(data)
    promised = not (step == "line" and erase is whole_person)
    assert (templates(store, keeper) is None) is promised
    with store.read() as db:
        assert (people.get(db, "li") is None) is (erase is whole_person and promised)
        if promised:
            assert faces.keys_held(db).keys() == {"wang"}
            assert faces.erasures(db, after=None, limit=9)
    assert templates(store, keeper, "wang") == [template(1)]
    assert len(Keyring(data / "keys", site_key=read_site_key(data)).key_ids()) == (1 if promised else 2)
    store.close()


def test_a_disk_that_takes_no_erasure_erases_nothing_and_says_so(
    store: Store, keeper: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(store, keeper, "li", DOOR)

    def full(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ErasureLog, "_write", full)
    with pytest.raises(StoreFailingError, match="No space"):
        keeper.erase_person("li")
    assert templates(store, keeper) == [template(0)]


def test_the_first_start_makes_keys_and_lost_keys_are_never_replaced_by_new_ones(store: Store, keeper: Custody) -> None:
    enrolled(store, keeper, "li", DOOR)
    data = store.data_dir
    assert (data / "site.key").stat().st_mode & 0o777 == 0o600
    shutil.rmtree(data / "keys")
    with pytest.raises(SiteKeyError, match="mirror"):
        Custody.open(store, data)
    assert not (data / "keys").exists()


def test_the_mirror_follows_and_one_that_is_away_stops_no_erasure(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mirror = tmp_path / "other-disk" / "keys"
    keeper = Custody.open(store, store.data_dir, mirror=mirror)
    enrolled(store, keeper, "li", DOOR)
    site_key = read_site_key(store.data_dir)
    assert len(Keyring(mirror, site_key=site_key).key_ids()) == 1
    keeper.erase_face("li", by="王敏")
    assert Keyring(mirror, site_key=site_key).key_ids() == frozenset()
    agree(store, "li", DOOR)
    keeper.enrol("li", face(), by="王敏")
    shutil.rmtree(mirror.parent)
    mirror.parent.write_text("the disk is not there")
    with caplog.at_level(logging.ERROR):
        keeper.erase_face("li", by="王敏")
    assert "not up to date" in caplog.text
    assert templates(store, keeper) is None


def test_nothing_about_an_erased_person_is_left_in_the_database_file(store: Store, keeper: Custody) -> None:
    enrolled(store, keeper, "p-unusual", DOOR)
    store.write(lambda db: people.change(db, "p-unusual", now_us=1, address="一个不寻常的地址 117"))
    enrolled(store, keeper, "wang", DOOR, n=1)
    keeper.erase_person("p-unusual")
    data = store.data_dir
    store.close()  # what the log still holds goes into the file
    left = (data / "hub.sqlite3").read_bytes()
    assert "一个不寻常的地址".encode() not in left
    assert b"wang" in left


def test_a_face_that_nobody_agrees_to_fails_verification(store: Store, keeper: Custody) -> None:
    enrolled(store, keeper, "li", DOOR)
    with store.read() as db:
        assert [check.name for check in verify.checks(db) if not check.ok] == []
    store.write(lambda db: consents.withdraw(db, person="li", purpose=DOOR, by="x", now_us=NOW_US))
    with store.read() as db:
        assert [check.name for check in verify.checks(db) if not check.ok] == ["faces"]


def test_the_row_of_a_face_tells_no_template(store: Store, keeper: Custody) -> None:
    row = enrolled(store, keeper, "li", DOOR)
    assert isinstance(row, Face)
    assert repr(template(0)) not in repr(row)
    assert "templates" not in repr(face())
