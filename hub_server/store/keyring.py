"""The data keys of everybody enrolled: made, found, destroyed. Why it is built so stands in vault.py.

The ring is one line of JSON and one line of HMAC-SHA256 over it (of a key derived from site key and epoch secret): cut
short, edited, of another epoch or under another site key, it is refused as a whole and never half believed.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from hub_server.store import vault
from hub_server.store.epoch_files import SECRET_BYTES, Epoch, EpochFiles
from hub_server.store.errors import StoreError
from hub_server.store.vault import DataKey, KeyPurpose, VaultError

FORMAT: Final = 1
KEYS_MAX: Final = 200_000
FOLDER_NAME: Final = "keys"
_ALL: Final = frozenset(KeyPurpose)


class KeyringError(StoreError):
    """The keyring is damaged, belongs to another site key, or is full. Nothing was changed."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    person: str
    purpose: KeyPurpose
    wrapped: bytes


class _Ring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    epoch: int
    keys: list[_Entry]


_decoder: Final = msgspec.json.Decoder(_Ring)


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    """The epoch in force, its keys by id and by owner; replaced whole, never changed."""

    number: int
    secret: bytes
    keys: Mapping[str, DataKey]
    by_owner: Mapping[tuple[str, KeyPurpose], DataKey]


class Keyring:
    """Reads from any thread; changes take a lock, and are durable on return. One process holds it (DATA/hub.lock)."""

    def __init__(self, folder: Path, *, site_key: bytes) -> None:
        """Opens what `create` has made, and ends what a crash has interrupted.

        Raises KeyringError, EpochFilesError, OSError.
        """
        self._files = EpochFiles(folder)
        self._site_key = site_key
        self._changing = threading.Lock()
        self._state = self._load()

    @classmethod
    def create(cls, folder: Path, *, site_key: bytes) -> "Keyring":
        """A keyring without keys. Raises KeyringError when there is one already, OSError."""
        files = EpochFiles(folder)
        if files.number() > 0:
            raise KeyringError(f"there is a keyring already in {folder}")
        files.step_to(_epoch(_state(1, secrets.token_bytes(SECRET_BYTES), []), site_key))
        return cls(folder, site_key=site_key)

    @property
    def epoch(self) -> int:
        """Grows with every destruction."""
        return self._state.number

    def key(self, key_id: str) -> DataKey | None:
        """None: never made, or destroyed. What was encrypted with it is gone."""
        return self._state.keys.get(key_id)

    def key_of(self, person: str, purpose: KeyPurpose) -> DataKey | None:
        return self._state.by_owner.get((person, purpose))

    def key_ids(self) -> frozenset[str]:
        return frozenset(self._state.keys)

    def ensure(self, wanted: Iterable[tuple[str, KeyPurpose]]) -> list[DataKey]:
        """The keys of these people, in their order, new ones where there were none. One write for all of them.

        Raises KeyringError when they are too many, ValueError for a person whose id is no label, OSError.
        """
        with self._changing:
            state = self._current()
            asked = list(wanted)
            known = dict(state.by_owner)
            for person, purpose in asked:
                if (person, purpose) not in known:
                    known[person, purpose] = _new_key(person, purpose)
            if len(known) > KEYS_MAX:
                raise KeyringError(f"{len(known)} keys; {KEYS_MAX} is the limit")
            if len(known) > len(state.keys):
                grown = _state(state.number, state.secret, known.values())
                self._files.replace_ring(_epoch(grown, self._site_key))
                self._state = grown
            return [known[owner] for owner in asked]

    def destroy(self, persons: Collection[str], *, purposes: Collection[KeyPurpose] = _ALL) -> frozenset[str]:
        """The ids of these people's keys, which are no more. A new epoch: no older copy of wrapped keys opens again.

        Nothing happens when they have none. Then call `mirror`: until it has returned, the mirror can still read them.
        Raises OSError: then call it again, or open the keyring anew.
        """
        keys = self._state.keys.values()
        return self.destroy_keys([key.id for key in keys if key.person in persons and key.purpose in purposes])

    def destroy_keys(self, key_ids: Collection[str]) -> frozenset[str]:
        """The same by the keys' ids, for the replay of erasures. Ids that are not there are passed over."""
        with self._changing:
            state = self._current()
            doomed = frozenset(key_ids) & state.keys.keys()
            if doomed:
                left = [key for key in state.keys.values() if key.id not in doomed]
                following = _state(state.number + 1, secrets.token_bytes(SECRET_BYTES), left)
                self._files.step_to(_epoch(following, self._site_key))
                self._state = following
            return doomed

    def mirror(self, folder: Path) -> None:
        """One copy on another medium, in the place of an older one, which is destroyed. Not a backup: keep no history.

        Raises KeyringError when `folder` holds a newer epoch, or another keyring; OSError.
        """
        with self._changing:
            files, state = EpochFiles(folder), self._current()
            there = files.read() if files.number() > 0 else None
            if there is None or there.number < state.number:
                files.step_to(_epoch(state, self._site_key))
            elif there.number == state.number and there.secret == state.secret:
                files.replace_ring(_epoch(state, self._site_key))
            else:
                raise KeyringError(f"{folder} holds epoch {there.number} of a keyring; this is epoch {state.number}")

    def _current(self) -> _State:
        """A change that failed half-way may have moved the files on: then they are right, and we read them again."""
        if self._files.number() != self._state.number:
            self._state = self._load()
        return self._state

    def _load(self) -> _State:
        epoch = self._files.read()
        state = _state(epoch.number, epoch.secret, _read(epoch, self._site_key))
        self._files.settle(epoch)  # only now that it is known to be right
        return state


def _state(number: int, secret: bytes, keys: Iterable[DataKey]) -> _State:
    by_id = {key.id: key for key in keys}
    by_owner = {(key.person, key.purpose): key for key in by_id.values()}
    return _State(number=number, secret=secret, keys=by_id, by_owner=by_owner)


def _new_key(person: str, purpose: KeyPurpose) -> DataKey:
    return DataKey(
        id=secrets.token_hex(16), person=person, purpose=purpose, secret=secrets.token_bytes(vault.KEY_BYTES)
    )


def _wrapping_keys(site_key: bytes, epoch_secret: bytes) -> dict[KeyPurpose, bytes]:
    return {purpose: vault.derive(site_key, epoch_secret, use=f"wrap/{purpose}") for purpose in KeyPurpose}


def _mac(site_key: bytes, epoch_secret: bytes, content: bytes) -> bytes:
    return hmac.digest(vault.derive(site_key, epoch_secret, use="ring"), content, hashlib.sha256).hex().encode()


def _epoch(state: _State, site_key: bytes) -> Epoch:
    wrapping_keys = _wrapping_keys(site_key, state.secret)
    entries = [
        _Entry(
            id=key.id,
            person=key.person,
            purpose=key.purpose,
            wrapped=vault.wrap(key, wrapping_key=wrapping_keys[key.purpose]),
        )
        for key in state.keys.values()
    ]
    content = msgspec.json.encode(_Ring(format=FORMAT, epoch=state.number, keys=entries))
    ring = content + b"\n" + _mac(site_key, state.secret, content) + b"\n"
    return Epoch(number=state.number, secret=state.secret, ring=ring)


def _read(epoch: Epoch, site_key: bytes) -> list[DataKey]:
    content, _, mac = epoch.ring.partition(b"\n")
    if not hmac.compare_digest(mac, _mac(site_key, epoch.secret, content) + b"\n"):
        raise KeyringError("the keyring is damaged, or was made with another site key")
    try:
        ring = _decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise KeyringError(f"the keyring cannot be read: {error}") from error
    if ring.format != FORMAT or ring.epoch != epoch.number:
        raise KeyringError(f"the keyring has format {ring.format} and epoch {ring.epoch}: not what belongs here")
    wrapping_keys = _wrapping_keys(site_key, epoch.secret)
    try:
        return [_unwrap(entry, wrapping_keys[entry.purpose]) for entry in ring.keys]
    except VaultError as error:
        raise KeyringError("a key of the keyring does not open") from error


def _unwrap(entry: _Entry, wrapping_key: bytes) -> DataKey:
    return vault.unwrap(
        entry.wrapped, wrapping_key=wrapping_key, id=entry.id, person=entry.person, purpose=entry.purpose
    )
