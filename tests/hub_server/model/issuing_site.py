"""A site's authorities for tests, made once for all of them, and what a device that joins sends."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware_config.ca.authority import load_authority, make_issuing, make_request, make_root
from firmware_config.ca.profile import Pair
from hub_server.app.issuing import Issuing, site_of
from hub_server.issuing.access_list import Guests
from hub_server.issuing.broker_files import BrokerFiles
from hub_server.issuing.issuer import Issuer
from hub_server.issuing.keeper import Keeper
from hub_server.store.store import Store

PAGE = "https://hub.riverside.lan"
BROKER = ("hub.riverside.lan", 8883)
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@cache
def root() -> Pair:
    return make_root("demo", now=NOW)


@cache
def issuing_pair() -> Pair:
    return make_issuing(load_authority(root()), "demo", now=NOW)


@cache
def issuer() -> Issuer:
    return Issuer(authority=load_authority(issuing_pair()), root=root().certificate.decode())


def keeper_of(store: Store, folder: Path | None, **given: Any) -> Keeper:
    """Not started: `settle` does what its thread would."""
    files = None if folder is None else BrokerFiles(folder)
    return Keeper(**{"store": store, "issuer": issuer(), "site": "demo", "files": files, "guests": Guests(), **given})


def issuing_of(store: Store, folder: Path | None = None, **given: Any) -> Issuing:
    """Behind a store that has its site key. `given`: as Keeper takes it."""
    signs = given.get("issuer", issuer())
    site = site_of(store.data_dir, signs, name="demo", page=PAGE, broker=BROKER)
    return Issuing(store=store, issuer=signs, keeper=keeper_of(store, folder, **given), site=site)


def written(folder: Path) -> dict[str, Path]:
    """The authorities as files: root.pem, issuing.pem, issuing.key."""
    pairs = {
        "root.pem": root().certificate,
        "issuing.pem": issuing_pair().certificate,
        "issuing.key": issuing_pair().key,
    }
    for name, content in pairs.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in pairs}


@dataclass(frozen=True, kw_only=True, slots=True)
class Joiner:
    """A device that has made its keys."""

    device: str
    pair: Pair = field(init=False)  # its request, and its key

    def __post_init__(self) -> None:
        object.__setattr__(self, "pair", make_request(self.device))

    def body(self, token: str, **other: Any) -> dict[str, Any]:
        seal_key = X25519PrivateKey.generate().public_key().public_bytes_raw()
        return {
            "token": token,
            "device": self.device,
            "request": self.pair.certificate.decode(),
            "seal_key": base64.b64encode(seal_key).decode(),
            **other,
        }
