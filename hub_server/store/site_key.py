"""The site key: 32 random bytes in DATA/site.key, made once. Half of what it takes to read any template or photo."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from hub_server.store.errors import StoreError

KEY_BYTES: Final = 32
FILE_NAME: Final = "site.key"


class SiteKeyError(StoreError):
    """The site key is missing, there already, or not kept as a key must be. The message says what to do."""


def create_site_key(data_dir: Path) -> bytes:
    """A new key, durable on return. Never replaces one: raises SiteKeyError when there is a file of that name."""
    path, part = data_dir / FILE_NAME, data_dir / f"{FILE_NAME}.part"
    part.unlink(missing_ok=True)  # what a crash left was never a key of anything
    key = secrets.token_bytes(KEY_BYTES)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, key)
        os.fsync(fd)
    finally:
        os.close(fd)
    try:
        os.link(part, path)  # unlike a rename, a link replaces nothing
    except FileExistsError as error:
        raise SiteKeyError(f"there is a site key already: {path}") from error
    finally:
        part.unlink()
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key


def read_site_key(data_dir: Path) -> bytes:
    """The key. Raises SiteKeyError unless it is a plain file of 32 bytes, ours, that nobody else may read or write."""
    path = data_dir / FILE_NAME
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SiteKeyError(f"no site key can be read at {path}: {error.strerror}; restore it from its copy") from error
    try:
        _check(path, os.fstat(fd))
        return os.read(fd, KEY_BYTES)
    finally:
        os.close(fd)


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size != KEY_BYTES:
        raise SiteKeyError(f"{path} is no file of {KEY_BYTES} bytes; restore it from its copy")
    if status.st_uid != os.geteuid():
        raise SiteKeyError(f"{path} belongs to another user (uid {status.st_uid})")
    if status.st_mode & 0o077:
        raise SiteKeyError(f"others may read {path} (mode {status.st_mode & 0o777:o}): chmod 600 it, and ask who has")
