"""Custody of templates and photos: encrypted with their owner's own keys, opened for a purpose, erased for good.

An erasure has four steps, and a crash between any two is mended at the next start (`replay.py`): the line in the
append-only file, durable; the data keys, destroyed; the rows, gone, with the receipts that devices now owe; the mirror
of the keyring, refreshed. The line comes first: what was promised is kept, whatever happens.
"""

import logging
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose
from hub_server.store import audit_subjects, consents, faces, limits, people, vault
from hub_server.store.consents import Consent
from hub_server.store.erasures import ErasureLog, Scope
from hub_server.store.errors import ConflictingChangeError, NotFoundError, StoreFailingError
from hub_server.store.faces import Face, Photo
from hub_server.store.files import ERASURES_NAME
from hub_server.store.keyring import FOLDER_NAME, Keyring
from hub_server.store.site_key import FILE_NAME as SITE_KEY_NAME
from hub_server.store.site_key import SiteKeyError, create_site_key, read_site_key
from hub_server.store.store import Store
from hub_server.store.vault import KeyPurpose

ERASURE: Final = "erasure"
"""Who has withdrawn what the rows of a restored backup still held in force."""

_FLOAT32_BYTES: Final = 4

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFace:
    """What an enrolment has made."""

    embedder: str
    template_length: int
    templates: tuple[bytes, ...] = field(repr=False)  # float32 little-endian, template_length each, of unit length
    qualities: tuple[float, ...]  # of each photograph, 0 to 1
    kept: tuple[bytes, ...] = field(repr=False, default=())  # photographs whose owner allowed keeping them


class Custody:
    """For any thread. One process has it: the one that holds the store."""

    def __init__(self, store: Store, *, keyring: Keyring, log: ErasureLog, mirror: Path | None) -> None:
        self._store = store
        self._keyring = keyring
        self._erasures = log
        self._mirror = mirror
        self._changing = threading.Lock()
        self._mirror_now()

    @classmethod
    def open(cls, store: Store, data_dir: Path, *, mirror: Path | None = None) -> "Custody":
        """Of the keys in `data_dir`; makes them at the first start. `mirror`: a folder on another disk, or None.

        Call it after `replay_erasures`. Raises SiteKeyError, KeyringError, ErasuresError, OSError. Never makes new keys
        beside rows that need old ones.
        """
        custody = cls(
            store,
            keyring=_open_keyring(store, data_dir),
            log=ErasureLog(data_dir / ERASURES_NAME),
            mirror=mirror,
        )
        custody._settle()
        return custody

    # --- enrolment ---

    def enrol(self, person: str, new: NewFace, *, by: str) -> Face:
        """In the place of an older enrolment. Raises NotFoundError, ConflictingChangeError (no consent in force)."""
        now_us = self._store.now_us()
        with self._changing:
            self._demand_consent(person)
            wanted = [(person, KeyPurpose.TEMPLATE), *([(person, KeyPurpose.PHOTO)] if new.kept else [])]
            keys = self._keyring.ensure(wanted)
            self._mirror_now()
            face = Face(
                person=person,
                record=secrets.token_hex(16),
                key_id=keys[0].id,
                embedder=new.embedder,
                template_length=new.template_length,
                photos=len(new.qualities),
                quality=min(new.qualities),
                enrolled_us=now_us,
                enrolled_by=by,
            )
            sealed = vault.encrypt(b"".join(new.templates), key=keys[0], record=face.record)
            photos = [_seal_photo(person, n, raw, keys[-1]) for n, raw in enumerate(new.kept, start=1)]

            def job(db: Database) -> None:
                _check_consent(db, person)
                faces.put(db, face, sealed, photos)

            self._store.write(job)
        return face

    def templates(self, db: Database, record: str, key_id: str, template_length: int) -> list[bytes] | None:
        """The templates of one enrolment, each `template_length` float32; None: erased, or replaced meanwhile.

        Raises VaultError when it does not open.
        """
        sealed, key = faces.ciphertext(db, record), self._keyring.key(key_id)
        if sealed is None or key is None:
            return None
        content = vault.decrypt(sealed, key=key, record=record)
        step = template_length * _FLOAT32_BYTES
        return [content[start : start + step] for start in range(0, len(content), step)]

    def photo(self, person: str, n: int) -> bytes:
        """A kept photograph as it was given. Raises NotFoundError, VaultError."""
        with self._store.read() as db:
            kept = faces.photo(db, person, n)
        key = None if kept is None else self._keyring.key(kept.key_id)
        if kept is None or key is None:
            raise NotFoundError(f"no photograph {n} of {person} is kept")
        return vault.decrypt(kept.ciphertext, key=key, record=kept.record)

    # --- withdrawal and erasure ---

    def withdraw(self, person: str, purpose: Purpose, *, by: str) -> Consent:
        """The purpose counts no longer; with the last one, template and photos are erased. Raises NotFoundError."""
        now_us = self._store.now_us()
        author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)

        def job(db: Database) -> tuple[Consent, bool]:
            gone = consents.withdraw(db, person=person, purpose=purpose, by=author, now_us=now_us)
            return gone, not consents.purposes_in_force(db, person) and faces.get(db, person) is not None

        with self._changing:
            with self._store.read() as db:
                if consents.in_force(db, person, purpose) is None:
                    raise NotFoundError(f"{person} has not agreed to {purpose}")
            line = secrets.token_hex(16)
            self._promise(line, person, Scope(purpose), (), now_us)
            withdrawn, last = self._store.write(job)
            if last:
                self._erase(person, Scope.BIOMETRICS, now_us)
        return withdrawn

    def erase_face(self, person: str, *, by: str) -> str:
        """All purposes are withdrawn, template and photos erased. The erasure's id. Raises NotFoundError."""
        now_us = self._store.now_us()

        def job(db: Database) -> None:
            if faces.get(db, person) is None:
                raise NotFoundError(f"{person} is not enrolled")
            consents.withdraw_all(db, person=person, by=by, now_us=now_us)

        with self._changing:
            self._store.write(job)
            return self._erase(person, Scope.BIOMETRICS, now_us)

    def erase_person(self, person: str) -> str:
        """Everything about the person is erased. The erasure's id. Raises NotFoundError."""
        now_us = self._store.now_us()
        with self._changing:
            with self._store.read() as db:
                if people.get(db, person) is None:
                    raise NotFoundError(f"there is no person {person}")
            return self._erase(person, Scope.PERSON, now_us)

    def _erase(self, person: str, scope: Scope, now_us: int) -> str:
        erasure = secrets.token_hex(16)
        keys = [key.id for purpose in KeyPurpose if (key := self._keyring.key_of(person, purpose)) is not None]
        self._promise(erasure, person, scope, keys, now_us)
        self._keyring.destroy_keys(keys)
        self._store.write(lambda db: erase_rows(db, erasure=erasure, person=person, scope=scope, now_us=now_us))
        self._mirror_now()
        return erasure

    def _promise(self, erasure: str, person: str, scope: Scope, keys: Sequence[str], now_us: int) -> None:
        """From here on it will be done, whatever happens. Raises StoreFailingError: then nothing was promised."""
        try:
            self._erasures.append(erasure=erasure, person=person, scope=scope, keys=keys, at_us=now_us)
        except OSError as error:
            raise StoreFailingError(f"{error.strerror or error}; nothing was erased") from error

    # ---

    def _settle(self) -> None:
        """A crash between a withdrawal and its erasure leaves templates that nobody agrees to any more."""
        with self._changing, self._store.read() as db:
            left = [person for person in faces.keys_held(db) if not consents.purposes_in_force(db, person)]
        for person in left:
            with self._changing:
                self._erase(person, Scope.BIOMETRICS, self._store.now_us())

    def _demand_consent(self, person: str) -> None:
        with self._store.read() as db:
            _check_consent(db, person)

    def _mirror_now(self) -> None:
        """A mirror that cannot be reached must not stop an erasure: the log says it until one has worked."""
        if self._mirror is None:
            return
        try:
            self._mirror.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._keyring.mirror(self._mirror)
        except OSError:
            _log.exception(
                "the keys' mirror in %s is not up to date: what was erased can be read with it", self._mirror
            )


def erase_rows(db: Database, *, erasure: str, person: str, scope: Scope, now_us: int) -> None:
    """What an erasure means for the rows; harmless when repeated."""
    if scope not in {Scope.BIOMETRICS, Scope.PERSON}:
        consents.withdraw_again(db, person=person, purpose=Purpose(scope), at_us=now_us)
        return
    faces.erase(db, erasure=erasure, person=person, scope=scope, now_us=now_us)
    consents.withdraw_all(db, person=person, by=ERASURE, now_us=now_us)
    if scope is Scope.PERSON:
        audit_subjects.forget_person(db, person, now_us=now_us)
        people.erase(db, person)


def _check_consent(db: Database, person: str) -> None:
    if people.get(db, person) is None:
        raise NotFoundError(f"there is no person {person}")
    if not consents.purposes_in_force(db, person):
        raise ConflictingChangeError(f"{person} has not agreed to anything: record the consent first")


def _seal_photo(person: str, n: int, raw: bytes, key: vault.DataKey) -> Photo:
    record = secrets.token_hex(16)
    return Photo(
        person=person, n=n, record=record, key_id=key.id, ciphertext=vault.encrypt(raw, key=key, record=record)
    )


def _open_keyring(store: Store, data_dir: Path) -> Keyring:
    folder = data_dir / FOLDER_NAME
    with store.read() as db:
        needed = bool(faces.keys_held(db))
    has_key, has_ring = (data_dir / SITE_KEY_NAME).exists(), folder.is_dir() and any(folder.iterdir())
    if has_ring:
        return Keyring(folder, site_key=read_site_key(data_dir))
    if needed:
        raise SiteKeyError(
            f"people are enrolled, but their keys are not in {folder}: bring {SITE_KEY_NAME} and the keys' mirror back"
        )
    site_key = read_site_key(data_dir) if has_key else create_site_key(data_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    return Keyring.create(folder, site_key=site_key)
