"""The site's folder of certificates. Nothing in it is overwritten, but for the revocation list, which only grows."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from firmware_config.ca.authority import (
    LEAF_DAYS,
    Authority,
    CaError,
    Pair,
    issue_broker,
    issue_device,
    issue_hub,
    load_authority,
    load_certificate,
    make_authority,
    sign_request,
)
from firmware_config.ca.revocation import empty_list, revoke

CA, BROKER, HUB = "ca", "broker", "hub"  # each .pem and .key
CRL: Final = "crl.pem"
DEVICES: Final = "devices"
REVOKED: Final = "revoked"
_KEY_MODE, _PUBLIC_MODE = 0o600, 0o644


class CaFolder:
    """`ca`, `broker`, `hub` and `devices/NAME`, each a `.pem` and a `.key`; `crl.pem`; `revoked/`.

    Every method raises CaError, or OSError when the disk does not take a file; what it gives is durable by then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, site: str, broker_names: Sequence[str], *, now: datetime) -> list[Path]:
        """A new site: authority, revocation list, broker and hub. The files it wrote."""
        made = make_authority(site, now=now)
        authority = load_authority(made)
        broker, hub = issue_broker(authority, broker_names, now=now), issue_hub(authority, now=now)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            pairs = {CA: made, BROKER: broker, HUB: hub}
            self._refuse_existing([self.path / CRL, *(path for name in pairs for path in self._files(name))])
            _write_new(self.path / CRL, empty_list(authority), _PUBLIC_MODE)
            return [self.path / CRL, *(path for name, pair in pairs.items() for path in self._write_pair(name, pair))]

    def add_broker(self, names: Sequence[str], *, now: datetime, days: int = LEAF_DAYS) -> list[Path]:
        """Another certificate for the broker, once the old files have been moved away."""
        with self._locked():
            return self._write_pair(BROKER, issue_broker(self._authority(), names, now=now, days=days))

    def add_device(self, device: str, *, now: datetime, days: int = LEAF_DAYS) -> list[Path]:
        with self._locked():
            pair = issue_device(self._authority(), device, now=now, days=days)
            return self._write_pair(f"{DEVICES}/{device}", pair)

    def sign(self, device: str, request: bytes, *, now: datetime, days: int = LEAF_DAYS) -> list[Path]:
        """The certificate for a device that keeps its key to itself."""
        with self._locked():
            certificate = sign_request(self._authority(), request, device=device, now=now, days=days)
            path, key = self._files(f"{DEVICES}/{device}")
            self._refuse_existing([path, key])
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_new(path, certificate, _PUBLIC_MODE)
            return [path]

    def revoke(self, device: str, *, now: datetime) -> list[Path]:
        """Its certificate counts no more once the broker has read the list again; then the device may get another."""
        with self._locked():
            path, key = self._files(f"{DEVICES}/{device}")
            pem = _read(path)
            listed = revoke(self._authority(), _read(self.path / CRL), [pem], now=now)
            _replace(self.path / CRL, listed, _PUBLIC_MODE)
            aside = self.path / REVOKED / f"{device}.{load_certificate(pem).serial_number:x}.pem"
            aside.parent.mkdir(mode=0o700, exist_ok=True)
            path.rename(aside)
            key.unlink(missing_ok=True)
            for folder in (aside.parent, path.parent, self.path):
                _settle(folder)
            return [self.path / CRL, aside]

    def _authority(self) -> Authority:
        certificate, key = self._files(CA)
        return load_authority(Pair(certificate=_read(certificate), key=_read(key)))

    def _files(self, name: str) -> tuple[Path, Path]:
        return self.path / f"{name}.pem", self.path / f"{name}.key"

    def _write_pair(self, name: str, pair: Pair) -> list[Path]:
        certificate, key = self._files(name)
        self._refuse_existing([certificate, key])
        if certificate.parent != self.path:
            certificate.parent.mkdir(mode=0o700, exist_ok=True)
            _settle(self.path)
        _write_new(key, pair.key, _KEY_MODE)
        _write_new(certificate, pair.certificate, _PUBLIC_MODE)
        return [certificate, key]

    def _refuse_existing(self, paths: Sequence[Path]) -> None:
        there = [str(path) for path in paths if path.exists() or path.is_symlink()]
        if there:
            raise CaError(f"there is already {', '.join(there)}: nothing was written")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two people at once would lose one of two revocations."""
        try:
            folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise CaError(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CaError(f"{path}: {error.strerror}") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Whole and durable, or not there; never in the place of a file. Raises FileExistsError."""
    part = _part(path, content, mode)
    try:
        os.link(part, path)  # unlike a rename, a link replaces nothing
    finally:
        part.unlink()
    _settle(path.parent)


def _replace(path: Path, content: bytes, mode: int) -> None:
    _part(path, content, mode).replace(path)
    _settle(path.parent)


def _part(path: Path, content: bytes, mode: int) -> Path:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)  # what a crash left
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # whatever the umask says: the broker's own user reads the list
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return part


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
