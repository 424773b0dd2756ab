"""Templates and photos at rest: the pure cryptography over values. No SQL, no files, no clock.

Four things, kept in four places, are needed together to read one template:

    site key        DATA/site.key         made once; a copy of it lies outside the office
    epoch secret    DATA/keys/            32 bytes, replaced at every erasure; never part of a backup
    wrapped key     DATA/keys/            one for each person and purpose; see keyring.py
    ciphertext      the database          may lie in any number of old backups

    wrapping key = HKDF-SHA256(ikm = site key || epoch secret, info = "shouwang/vault/1/wrap/<purpose>")
    wrapped      = AES-256-GCM(wrapping key, data key; associated: person, purpose, key id)
    ciphertext   = AES-256-GCM(data key, content; associated: person, purpose, key id, record id)

Templates and photos have separate data keys, wrapped under separate keys (ISO/IEC 24745: keyed apart), and their rows
belong in separate tables (stored apart).

What makes an old backup unreadable for the erased (DESIGN section 7, invariant 9). A backup holds ciphertexts, and
perhaps a stray copy of the wrapped keys. To destroy a person's key in today's files alone would not help against such a
copy. So every erasure draws a new epoch secret, wraps all keys that remain under it, and destroys the old secret: every
copy of wrapped keys made before is noise from then on, for everybody, and the living are read through today's keyring,
whose data keys have not changed. What has to be destroyed for good is 32 bytes in one small file.

What that costs. An ordinary backup alone brings back people, watches and events, and no template. For templates it
needs the site key and the *mirror* of DATA/keys: one copy on another medium, overwritten at each change and never
versioned (`Keyring.mirror`). Without one, a dead disk means that everybody enrols again; that is the safe way to fail.

What remains possible, and is said to the office:
* Who keeps history of DATA/keys or of its mirror (file system snapshots, a versioning cloud folder, an image of the
  whole disk) together with the site key and a backup can read the erased in it. The rule "never part of a backup" holds
  only where it is kept.
* Until the mirror has been refreshed, what was erased can still be read with it.
* Overwriting a file does not reach every copy on flash memory, in a journal, or on a copy-on-write file system. A
  laboratory may find the 32 bytes until the medium reuses them; full disk encryption is the remedy, a TPM a better one.
* Who read a template before its erasure, with the hub's own rights, may have kept it. So may the memory of a running
  process: Python cannot wipe its bytes.
"""

import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub_server.store.errors import StoreError

KEY_BYTES: Final = 32
CONTENT_BYTES_MAX: Final = 16 * 1024 * 1024  # a photo; a template has some KiB
OVERHEAD_BYTES: Final = 1 + 12 + 16
LABEL_CHARS_MAX: Final = 128

_FORMAT: Final = 1
_NONCE_BYTES: Final = 12
_CONTEXT: Final = "shouwang/vault/1"


class VaultError(StoreError):
    """It does not open: another key, person, purpose or record, or damaged. Never tells of the content."""


class KeyPurpose(StrEnum):
    """What a data key is for; a person has one of each at most."""

    TEMPLATE = "template"
    PHOTO = "photo"


@dataclass(frozen=True, kw_only=True, slots=True)
class DataKey:
    """One person's key for one purpose. `id` is random and never used again, `secret` has 32 bytes."""

    id: str
    person: str
    purpose: KeyPurpose
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise ValueError for what could be mistaken for another key."""
        _check_label(self.id)
        _check_label(self.person)
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes, not {len(self.secret)}")


def derive(site_key: bytes, epoch_secret: bytes, *, use: str) -> bytes:
    """A key of 32 bytes for one use, of both secrets together. Raises ValueError unless each has 32 bytes."""
    if len(site_key) != KEY_BYTES or len(epoch_secret) != KEY_BYTES:
        raise ValueError(f"the site key and the epoch secret have {KEY_BYTES} bytes each")
    derivation = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=f"{_CONTEXT}/{use}".encode())
    return derivation.derive(site_key + epoch_secret)


def wrap(key: DataKey, *, wrapping_key: bytes) -> bytes:
    """The key's secret as it may lie on a disk: KEY_BYTES + OVERHEAD_BYTES bytes, each time others."""
    return _encrypt(wrapping_key, key.secret, _associated("key", key.id, key.person, key.purpose))


def unwrap(wrapped: bytes, *, wrapping_key: bytes, id: str, person: str, purpose: KeyPurpose) -> DataKey:  # noqa: A002
    """The key. Raises VaultError unless it was wrapped for this id, person and purpose under this wrapping key."""
    secret = _decrypt(wrapping_key, wrapped, _associated("key", id, person, purpose))
    return DataKey(id=id, person=person, purpose=purpose, secret=secret)


def encrypt(content: bytes, *, key: DataKey, record: str) -> bytes:
    """A template's or photo's bytes for the row `record` (1 to 128 characters, no line feed).

    `len(content) + OVERHEAD_BYTES` bytes: format 0x01, nonce 12, ciphertext, tag 16. Raises VaultError past
    CONTENT_BYTES_MAX.
    """
    if len(content) > CONTENT_BYTES_MAX:
        raise VaultError(f"{len(content)} bytes; {CONTENT_BYTES_MAX} is the limit")
    return _encrypt(key.secret, content, _record(key, record))


def decrypt(ciphertext: bytes, *, key: DataKey, record: str) -> bytes:
    """The content. Raises VaultError unless it was encrypted with this key for this row."""
    return _decrypt(key.secret, ciphertext, _record(key, record))


def _record(key: DataKey, record: str) -> bytes:
    _check_label(record)
    return _associated("record", key.id, key.person, key.purpose, record)


def _associated(*parts: str) -> bytes:
    """Lines; no part holds a line feed, so two different lists never look the same."""
    return "\n".join((_CONTEXT, *parts)).encode()


def _check_label(label: str) -> None:
    if not 1 <= len(label) <= LABEL_CHARS_MAX or "\n" in label:
        raise ValueError(f"{label[:40]!r} is no label: 1 to {LABEL_CHARS_MAX} characters, no line feed")


def _encrypt(key: bytes, content: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return bytes([_FORMAT]) + nonce + AESGCM(key).encrypt(nonce, content, associated)


def _decrypt(key: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    if not OVERHEAD_BYTES <= len(ciphertext) <= CONTENT_BYTES_MAX + OVERHEAD_BYTES or ciphertext[0] != _FORMAT:
        raise VaultError("this is nothing that was encrypted here")
    nonce, body = ciphertext[1 : 1 + _NONCE_BYTES], ciphertext[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, associated)
    except InvalidTag as error:
        raise VaultError("does not open: another key, person or record, or damaged") from error
