"""A site's folder of certificates. Nothing in it is overwritten, but for the revocation list, which only grows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from firmware_config import disk
from firmware_config.ca.authority import (
    Authority,
    chained,
    issue_broker,
    issue_device,
    issue_hub,
    issue_page,
    load_authority,
    load_certificate,
    locked,
    make_issuing,
    make_root,
    sign_request,
)
from firmware_config.ca.profile import LEAF_DAYS, CaError, Pair
from firmware_config.ca.revocation import empty_list, revoke

ROOT, ISSUING, BROKER, HUB, PAGE = "root", "issuing", "broker", "hub", "page"  # each .pem and .key
CRL: Final = "crl.pem"
DEVICES: Final = "devices"  # watchdogs lie there, too: to the authority they are devices
REVOKED: Final = "revoked"
OLD: Final = "old"


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """Who is certified when a site begins."""

    site: str
    broker: Sequence[str]  # host names and addresses, as agents and hub write them
    page: Sequence[str]  # as browsers and devices that join write them
    watchdogs: Sequence[str] = ()


class CaFolder:
    """`root`, `issuing`, `broker`, `hub`, `page`, `devices/NAME`: `.pem` and `.key`; `crl.pem`; `revoked/`, `old/`.

    A leaf's `.pem` holds the issuing certificate behind it. `root.key` is locked with the passphrase and needed for
    nothing that is done daily: it is meant to be taken away.
    Every method raises CaError, or OSError when the disk does not take a file; what it gives is durable by then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, names: Names, *, passphrase: str, now: datetime) -> list[Path]:
        """A new site: authorities, revocation list, broker, hub, page and watchdogs. The files it wrote."""
        root = make_root(names.site, now=now)
        away = locked(root, passphrase)
        issued = make_issuing(load_authority(root), names.site, now=now)
        issuing = load_authority(issued)
        leaves = {
            BROKER: issue_broker(issuing, names.broker, now=now),
            HUB: issue_hub(issuing, now=now),
            PAGE: issue_page(issuing, names.page, now=now),
            **{f"{DEVICES}/{name}": issue_device(issuing, name, now=now) for name in names.watchdogs},
        }
        pairs = {name: _with_chain(issuing, pair) for name, pair in leaves.items()} | {ISSUING: issued, ROOT: away}
        disk.make_folder(self.path)
        with self._alone():
            self._refuse_existing([self.path / CRL, *(path for name in pairs for path in self.files(name))])
            disk.write_new(self.path / CRL, empty_list(issuing), disk.PUBLIC_MODE)
            # The root last: a folder with a root is a whole one.
            return [self.path / CRL, *(path for name, pair in pairs.items() for path in self._write_pair(name, pair))]

    def renew(self, name: str, hosts: Sequence[str] = (), *, now: datetime) -> list[Path]:
        """Another key and certificate for broker, hub, page or `devices/NAME`; the old ones are set aside in `old/`."""
        with self._alone():
            issuing = self.issuing()
            if name == BROKER:
                pair = issue_broker(issuing, hosts, now=now)
            elif name == PAGE:
                pair = issue_page(issuing, hosts, now=now)
            elif name == HUB:
                pair = issue_hub(issuing, now=now)
            else:
                pair = issue_device(issuing, name.removeprefix(f"{DEVICES}/"), now=now)
            for path in self.files(name):
                self._set_aside(path, now)
            return self._write_pair(name, _with_chain(issuing, pair))

    def add_device(self, device: str, *, now: datetime, days: int = LEAF_DAYS) -> list[Path]:
        """Certificate and key made here, for a device that cannot make its own."""
        with self._alone():
            issuing = self.issuing()
            pair = _with_chain(issuing, issue_device(issuing, device, now=now, days=days))
            return self._write_pair(f"{DEVICES}/{device}", pair)

    def sign(self, device: str, request: bytes, *, now: datetime, days: int = LEAF_DAYS) -> list[Path]:
        """The certificate for a device that keeps its key to itself."""
        with self._alone():
            issuing = self.issuing()
            certificate = chained(issuing, sign_request(issuing, request, device=device, now=now, days=days))
            path, key = self.files(f"{DEVICES}/{device}")
            self._refuse_existing([path, key])
            disk.make_folder(path.parent)
            disk.write_new(path, certificate, disk.PUBLIC_MODE)
            return [path]

    def revoke(self, device: str, *, now: datetime) -> list[Path]:
        """Its certificate counts no more once the broker has read the list again; then the device may get another.

        For a site without a running hub: a hub keeps its own list, and would overwrite the broker's with it.
        """
        with self._alone():
            path, key = self.files(f"{DEVICES}/{device}")
            pem = read(path)
            listed = revoke(self.issuing(), read(self.path / CRL), [pem], now=now)
            disk.replace(self.path / CRL, listed, disk.PUBLIC_MODE)
            aside = self.path / REVOKED / f"{device}.{load_certificate(pem).serial_number:x}.pem"
            disk.make_folder(aside.parent)
            path.rename(aside)
            key.unlink(missing_ok=True)
            for folder in (aside.parent, path.parent, self.path):
                disk.settle(folder)
            return [self.path / CRL, aside]

    def issuing(self) -> Authority:
        return load_authority(self.pair(ISSUING))

    def pair(self, name: str) -> Pair:
        """As the files hold it; a leaf with its chain."""
        certificate, key = self.files(name)
        return Pair(certificate=read(certificate), key=read(key))

    def files(self, name: str) -> tuple[Path, Path]:
        """Certificate and key."""
        return self.path / f"{name}.pem", self.path / f"{name}.key"

    def _write_pair(self, name: str, pair: Pair) -> list[Path]:
        certificate, key = self.files(name)
        self._refuse_existing([certificate, key])
        disk.make_folder(certificate.parent)
        disk.write_new(key, pair.key, disk.KEY_MODE)
        disk.write_new(certificate, pair.certificate, disk.PUBLIC_MODE)
        return [certificate, key]

    def _set_aside(self, path: Path, now: datetime) -> None:
        if path.exists():
            aside = self.path / OLD / f"{path.stem}.{now:%Y%m%dT%H%M%SZ}{path.suffix}"
            disk.make_folder(aside.parent)
            self._refuse_existing([aside])
            path.rename(aside)
            disk.settle(aside.parent)
            disk.settle(self.path)

    def _refuse_existing(self, paths: Sequence[Path]) -> None:
        there = [str(path) for path in paths if path.exists() or path.is_symlink()]
        if there:
            raise CaError(f"there is already {', '.join(there)}: nothing was written")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two people at once would lose one of two revocations."""
        if not self.path.is_dir():
            raise CaError(f"{self.path}: No such folder")
        with disk.locked(self.path):
            yield


def read(path: Path) -> bytes:
    """Raises CaError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CaError(f"{path}: {error.strerror}") from error


def _with_chain(issuing: Authority, leaf: Pair) -> Pair:
    return Pair(certificate=chained(issuing, leaf.certificate), key=leaf.key)
