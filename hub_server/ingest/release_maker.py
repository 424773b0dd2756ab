"""From what should be on a device to the blobs that carry it: settings signed and sealed for it, models signed for all.

No MQTT. Raises what the store and the disk raise; the lane logs it and tries again.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from edge_agent.wire import model_bundle, sign
from edge_agent.wire.blobs import CHUNK_BYTES, Offer, make_offer, sha256_hex
from edge_agent.wire.device_config import FORMAT, JoinAgain, WrittenConfig, encode_config
from edge_agent.wire.device_config import KIND as CONFIG
from edge_agent.wire.seal import Binding, seal
from hub_server.ingest.blob_sender import BlobSource, Settled, Settlement
from hub_server.ingest.outgoing import Outgoing
from hub_server.store import devices, releases, rollout_steps
from hub_server.store.files import write_durably
from hub_server.store.releases import DeviceRelease, ReleaseKind
from hub_server.store.store import Store

BUNDLES: Final = "releases"
"""The folder of bundles in DATA: by digest, never part of a backup: who has the models can bring them again."""
OUTGOING: Final = "outgoing-config"
_TRIES: Final = 3
NewToken = Callable[[Database, str], str]
"""A one-time token for a device, with which it fetches another certificate."""
_log = logging.getLogger(__name__)


class SignedFile:
    """A bundle on the disk with its signature before it; what is in memory is signature and offer."""

    def __init__(self, path: Path, *, before: bytes, offer: Offer) -> None:
        self._path = path
        self._before = before
        self.offer = offer

    def chunk(self, i: int) -> bytes:
        start = i * CHUNK_BYTES
        head = self._before[start : start + CHUNK_BYTES]
        with self._path.open("rb") as file:
            file.seek(max(0, start - len(self._before)))
            return head + file.read(CHUNK_BYTES - len(head))


class Bundles:
    """Bundles of models in DATA/releases."""

    def __init__(self, data_dir: Path) -> None:
        """Makes the folder, for this user only. Raises OSError."""
        self._folder = data_dir / BUNDLES
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = model_bundle.pack({})
        if not self.path(sha256_hex(empty)).exists():
            write_durably(self.path(sha256_hex(empty)), empty)

    def path(self, digest: str) -> Path:
        return self._folder / f"{digest}.bundle"


class ReleaseMaker:
    """For one thread."""

    def __init__(self, *, store: Store, site: str, signing_key: bytes, new_token: NewToken | None = None) -> None:
        """`new_token`: None where no certificates are issued here. Raises OSError."""
        self._store = store
        self._site = site
        self._key = signing_key
        self._new_token = new_token
        self._bundles = Bundles(store.data_dir)
        self._outgoing = Outgoing(store.data_dir / OUTGOING, kind=CONFIG)
        self._signed: dict[int, SignedFile] = {}  # by version

    def current(self, device: str) -> tuple[list[BlobSource], list[str]]:
        """What is on offer to it, and the kinds of which nothing is. Raises StoreError, OSError, ValueError."""
        with self._store.read() as db:
            row = devices.get(db, device)
            wanted = releases.of_device(db, device)
        seal_key = None if row is None else row.seal_key
        sources: list[BlobSource] = []
        nothing: list[str] = []
        for one in wanted:
            if not one.offered:
                nothing.append(one.kind)
            elif one.kind is ReleaseKind.MODEL:
                sources.append(self._models(one))
            elif seal_key is not None and (source := self._settings(device, seal_key)) is not None:
                sources.append(source)
        return sources, nothing

    def settle(self, settled: Settled) -> bool:
        """How an offer ended goes on record. True: there is another one now. Raises StoreError."""
        device, kind, version = settled.device, ReleaseKind(settled.kind), settled.version
        now_us = self._store.now_us()
        match settled.how:
            case Settlement.HELD:
                _log.info("%s %d is in force at %s", kind, version, device)
                self._store.write(
                    lambda db: rollout_steps.held(db, device, kind, version=version, now_us=now_us), urgent=False
                )
            case Settlement.REJECTED:
                trouble = f"{settled.reason}: {settled.detail}" if settled.detail else str(settled.reason)
                _log.warning("%s %d was not taken by %s: %s", kind, version, device, trouble)
                self._store.write(
                    lambda db: rollout_steps.refused(db, device, kind, version=version, trouble=trouble), urgent=False
                )
            case Settlement.AHEAD:
                _log.warning("%s holds %s %d, newer than ours: it goes out above that", device, kind, version)
                self._store.write(lambda db: releases.renumber(db, device, kind, above=version, now_us=now_us))
                return True
        return False

    def _models(self, one: DeviceRelease) -> SignedFile:
        known = self._signed.get(one.version)
        if known is None:
            assert one.release is not None
            with self._store.read() as db:
                release = releases.get(db, one.release)
            known = self._signed[one.version] = self._sign(one.version, self._bundles.path(release.digest))
        return known

    def _sign(self, version: int, path: Path) -> SignedFile:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != path.stem:
            raise OSError(f"{path.name} is damaged: bring these models again")
        purpose = sign.Purpose(site=self._site, recipient=sign.EVERY_DEVICE, kind=model_bundle.KIND, version=version)
        signed = sign.sign(content, private_key=self._key, purpose=purpose)
        offer = make_offer(kind=model_bundle.KIND, version=version, content=signed)
        return SignedFile(path, before=signed[: sign.OVERHEAD_BYTES], offer=offer)

    def _settings(self, device: str, seal_key: str) -> BlobSource | None:
        """One version is one sequence of bytes: what cannot be found as it was sealed is sealed under a newer one."""
        for _ in range(_TRIES):
            with self._store.read() as db:
                one = releases.of_kind(db, device, ReleaseKind.CONFIG)
            if one is None or not one.offered:
                return None
            if not one.sha256:
                self._seal(one, seal_key)
                continue
            found = None if one.sealed_for != seal_key else self._outgoing.find(device, one.version, one.sha256)
            if found is not None:
                return found
            self._renumber(one)
        return None

    def _renumber(self, one: DeviceRelease) -> None:
        now_us = self._store.now_us()
        self._store.write(
            lambda db: releases.renumber(db, one.device, one.kind, above=one.version, now_us=now_us), urgent=False
        )

    def _seal(self, one: DeviceRelease, seal_key: str) -> None:
        """The file first, then the row. Nothing happens when something else is wanted meanwhile."""
        assert one.settings is not None
        token = self._token(one)
        written = WrittenConfig(
            format=FORMAT,
            version=one.version,
            settings=one.settings,
            join=None if token is None else JoinAgain(token=token),
        )
        purpose = sign.Purpose(site=self._site, recipient=one.device, kind=CONFIG, version=one.version)
        signed = sign.sign(encode_config(written), private_key=self._key, purpose=purpose)
        binding = Binding(site=self._site, device=one.device, kind=CONFIG, version=one.version)
        sealed = seal(signed, public_key=bytes.fromhex(seal_key), binding=binding)
        self._outgoing.put(one.device, one.version, sealed)
        self._store.write(
            lambda db: releases.sealed(
                db, one.device, version=one.version, sealed_for=seal_key, sha256=sha256_hex(sealed)
            ),
            urgent=False,
        )
        self._outgoing.keep_only(one.device, one.version)

    def _token(self, one: DeviceRelease) -> str | None:
        if not one.joins:
            return None
        new_token = self._new_token
        if new_token is None:
            raise ValueError(f"{one.device} is to fetch another certificate, and none are issued here")
        return self._store.write(lambda db: new_token(db, one.device))
