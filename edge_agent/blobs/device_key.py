"""The device's own X25519 key: what the hub seals for this device opens with it alone. It never leaves the device."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from edge_agent.blobs.store import BlobStoreError
from edge_agent.errors import DeviceKeyError
from edge_agent.wire.seal import KEY_BYTES, KeyPair, public_key_of


def device_key(path: Path) -> KeyPair:
    """The key in the file; made at the first start, durable on return, readable by its owner only.

    Raises DeviceKeyError for a file that is not as a key must be: a new card gets a new key, and the hub seals anew.
    Raises BlobStoreError when the disk does not take a new one.
    """
    if not path.exists() and not path.is_symlink():
        try:
            _create(path)
        except OSError as error:
            raise BlobStoreError(f"{path} cannot be made: {error.strerror or error}") from error
    try:
        return _read(path)
    except OSError as error:
        raise DeviceKeyError(f"{path}: {error.strerror or error}") from error


def _create(path: Path) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileExistsError):  # somebody was faster: theirs is the key
        os.link(part, path)
    part.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> KeyPair:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != KEY_BYTES:
            raise DeviceKeyError(f"{path} is no file of {KEY_BYTES} bytes; remove it, and the device gets a new key")
        if status.st_mode & 0o077:
            raise DeviceKeyError(
                f"others may read {path} (mode {status.st_mode & 0o777:o}); remove it, and the device gets a new key"
            )
        private = os.read(descriptor, KEY_BYTES)
    finally:
        os.close(descriptor)
    return KeyPair(public=public_key_of(private), private=private)
