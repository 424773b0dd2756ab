"""The lane beside the belt on which blobs come in: payloads in, payloads out. The uplink's thread drives it."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge_agent.blobs.device_key import device_key
from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.gallery_keeper import GalleryKeeper
from edge_agent.blobs.keeping import Keeper, NoKeeper, Refusal
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.blobs.receiver import Answer, Delivery, Receiver
from edge_agent.blobs.store import BlobStore, BlobStoreError
from edge_agent.config import AgentConfig
from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import Gallery
from edge_agent.vision.manifest import FaceSpec
from edge_agent.wire.blobs import DETAIL_CHARS_MAX, Offer, RejectionReason, decode_blob_down
from edge_agent.wire.codec import WireError
from edge_agent.wire.gallery import BYTES_MAX, KIND
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.seal import OVERHEAD_BYTES, KeyPair
from edge_agent.wire.topics import Address

_BYTES_MAX: Final = {KIND: BYTES_MAX + OVERHEAD_BYTES}
log = logging.getLogger(__name__)


class BlobLane:
    """Not for several threads. Whatever goes wrong here is logged and said to the hub; events never wait for it."""

    def __init__(
        self,
        *,
        store: BlobStore,
        keeper: GalleryKeeper,
        seal_key: str,
        now_s: float,
        others: Keeper | None = None,
    ) -> None:
        """Raises BlobStoreError. `seal_key`: the device's public key, 64 hex. `others`: what takes the other kinds."""
        self.seal_key = seal_key
        self._keeper = keeper
        self._others: Keeper = NoKeeper() if others is None else others
        self.was_held = KIND in store.held() or keeper.has_any()  # once, whether or not it can be used now
        self._first = self._restored(store)
        self._awaited: Offer | None = None  # durable, and waiting for the loop
        _record(store, self._others)
        self._receiver = Receiver(
            store=store,
            bytes_max={**_BYTES_MAX, **self._others.bytes_max},
            now_s=now_s,
            refused=[(offer, RejectionReason.UNUSABLE, detail) for offer, detail in self._others.refused()],
        )

    def take_first(self) -> Gallery | None:
        """What was in force when the device stopped; None: there is none, or it cannot be used.

        Once: a copy that stayed here would keep people in memory who are erased later.
        """
        first, self._first = self._first, None
        return first

    def connected(self, now_s: float) -> None:
        self._receiver.connected(now_s)

    def disconnected(self) -> None:
        self._receiver.disconnected()

    def heard(self, payload: bytes, now_s: float) -> list[bytes]:
        """What came on `blob/down`; the answers for `blob/up`, in their order."""
        try:
            message = decode_blob_down(payload)
        except WireError as error:
            log.warning("the hub sent what is no message about a blob: %s", error)
            return []
        return self._all(self._receiver.heard(message, now_s))

    def due(self, now_s: float) -> list[bytes]:
        """What there is to say now. To be asked too when the loop has taken a gallery: then the receipt is due."""
        return [*self._receipts(), *self._all(self._receiver.due(now_s))]

    def wait_s(self, now_s: float) -> float:
        """For how long there is nothing due."""
        return self._receiver.wait_s(now_s)

    def _all(self, answers: Iterable[Answer]) -> list[bytes]:
        said: list[bytes] = []
        for answer in answers:
            said += self._all(self._delivered(answer)) if isinstance(answer, Delivery) else [wire_bytes(answer)]
        return said

    def _delivered(self, delivery: Delivery) -> list[Answer]:
        offer = delivery.offer
        if offer == self._awaited:
            return []  # offered again before the loop has taken it
        refusal = self._taken(delivery)
        if refusal is None:
            return []
        log.error("%s %d is not taken (%s): %s", offer.kind, offer.version, refusal.reason, refusal.detail)
        return self._receiver.refused(offer, reason=refusal.reason, detail=refusal.detail[:DETAIL_CHARS_MAX])

    def _taken(self, delivery: Delivery) -> Refusal | None:
        if delivery.offer.kind != KIND:
            return self._others.take(delivery)
        refusal = self._keeper.take(delivery)
        if refusal is None:
            self._awaited = delivery.offer
        return refusal

    def _receipts(self) -> list[bytes]:
        """Of what is in force by now."""
        said = self._receipt()
        for offer in self._others.confirmed():
            try:
                said += self._all(self._receiver.applied(offer))
            except BlobStoreError as error:  # the next start puts it on record
                log.error("%s %d is in force, and that cannot be put on record: %s", offer.kind, offer.version, error)  # noqa: TRY400
        return said

    def _receipt(self) -> list[bytes]:
        """Of the gallery, once the card holds no other."""
        offer = self._awaited
        if offer is None or not self._keeper.is_in_force():
            return []
        self._awaited = None
        log.info("gallery %d in force", offer.version)
        self._keeper.forget_others(offer.version)
        try:
            return self._all(self._receiver.applied(offer))
        except BlobStoreError as error:  # without an answer the hub offers it again, and it is tried again
            log.error("gallery %d is in force, and that cannot be put on record: %s", offer.version, error)  # noqa: TRY400
            return []

    def _restored(self, store: BlobStore) -> Gallery | None:
        """The record follows the file: we claim to hold what we can use, no other version and nothing damaged."""
        held, kept = store.held().get(KIND), self._keeper.load()
        if kept is None:
            if held is not None:
                store.release(KIND)
            return None
        if held != kept.offer:
            try:
                store.hold(kept.offer)
            except BlobStoreError as error:
                log.warning("gallery %d is in force without a record: %s", kept.offer.version, error)
        self._keeper.forget_others(kept.offer.version)
        return kept.gallery


def _record(store: BlobStore, others: Keeper) -> None:
    """The records of the other kinds follow what is in force. Raises BlobStoreError."""
    held, known = store.held(), others.held()
    for kind in others.bytes_max:
        offer = known.get(kind)
        if offer is not None and held.get(kind) != offer:
            store.hold(offer)
        elif offer is None and kind in held:
            store.release(kind)


def open_lane(
    config: AgentConfig, face: FaceSpec, slot: MatcherSlot, *, now_s: float, others: Keeper | None = None
) -> BlobLane | None:
    """The lane of a configuration, with everything real beside its journal. Raises DeviceKeyError.

    None, and said, when the disk refuses: who walks past is watched and told all the same.
    """
    try:
        key = device_key(seal_key_path(config))
        store = FileBlobStore(_folder(config))
        keeper = _keeper(config, face, key, slot)
        return BlobLane(store=store, keeper=keeper, seal_key=key.public.hex(), now_s=now_s, others=others)
    except BlobStoreError as error:
        log.error("no gallery can come from the hub until the next start: %s", error)  # noqa: TRY400
        return None


def received_gallery(config: AgentConfig, face: FaceSpec) -> Gallery | None:
    """What the hub has sent, looked at without touching anything; None: it has sent nothing yet.

    Raises GalleryError when that cannot be used, DeviceKeyError, BlobStoreError.
    """
    if not seal_key_path(config).exists() or not _folder(config).is_dir():
        return None
    keeper = _keeper(config, face, device_key(seal_key_path(config)), MatcherSlot())
    kept = keeper.load()
    if kept is None and keeper.has_any():
        raise GalleryError("what the hub has sent cannot be used: everybody is a stranger until it sends it again")
    return None if kept is None else kept.gallery


def own_seal_key(config: AgentConfig) -> KeyPair:
    """The key that everything personal is sealed to; made at the first call. Raises DeviceKeyError, BlobStoreError."""
    return device_key(seal_key_path(config))


def known_seal_key(config: AgentConfig) -> str | None:
    """The public key, 64 hex, without making one; None before the first start. Raises DeviceKeyError."""
    return device_key(seal_key_path(config)).public.hex() if seal_key_path(config).exists() else None


def seal_key_path(config: AgentConfig) -> Path:
    """Beside the journal: `device.key`, or `seal.key` where the key of the device's certificate has that name."""
    usual = config.journal.file.with_name("device.key")
    return usual.with_name("seal.key") if config.hub.tls_key == usual else usual


def _folder(config: AgentConfig) -> Path:
    return config.journal.file.with_name(f"{config.journal.file.name}.blobs")


def _keeper(config: AgentConfig, face: FaceSpec, key: KeyPair, slot: MatcherSlot) -> GalleryKeeper:
    address = Address(site=config.site, device=config.device)
    return GalleryKeeper(_folder(config), key=key, address=address, face=face, slot=slot)
