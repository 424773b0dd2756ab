"""The lane beside the belt on which blobs come in: payloads in, payloads out. The uplink's thread drives it."""

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge_agent.blobs.device_key import device_key
from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.gallery_keeper import GalleryKeeper
from edge_agent.blobs.receiver import Answer, Delivery, Receiver
from edge_agent.blobs.store import BlobStore, BlobStoreError
from edge_agent.config import AgentConfig
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.matcher import Matcher
from edge_agent.vision.manifest import FaceSpec
from edge_agent.wire.blobs import DETAIL_CHARS_MAX, RejectionReason, decode_blob_down
from edge_agent.wire.codec import WireError
from edge_agent.wire.gallery import BYTES_MAX, KIND
from edge_agent.wire.messages import wire_bytes
from edge_agent.wire.seal import OVERHEAD_BYTES, KeyPair
from edge_agent.wire.topics import Address

_BYTES_MAX: Final = {KIND: BYTES_MAX + OVERHEAD_BYTES}
log = logging.getLogger(__name__)


class MatcherSlot:
    """One place, in which the newest matcher waits for the loop that recognises. For two threads.

    The loop looks here before each frame and before it ends a passage by time. So once a gallery is put, at most the
    passage that is being reported at this very moment is judged by the older one: that is what "in force" means.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Matcher | None = None

    def put(self, gallery: Gallery) -> None:
        matcher = Matcher(gallery)
        with self._lock:
            self._waiting = matcher

    def take(self) -> Matcher | None:
        """None: nothing new."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        return waiting


class BlobLane:
    """Not for several threads. Whatever goes wrong here is logged and said to the hub; events never wait for it."""

    def __init__(self, *, store: BlobStore, keeper: GalleryKeeper, seal_key: str, now_s: float) -> None:
        """Raises BlobStoreError. `seal_key`: the device's public key, 64 hex."""
        self.seal_key = seal_key
        self._keeper = keeper
        held = store.held().get(KIND)
        self.gallery = keeper.load(0 if held is None else held.version)
        """What was in force when the device stopped; None: the hub has never sent one, or it cannot be used."""
        self.was_held = held is not None or keeper.has_any()
        if held is not None and self.gallery is None:
            store.release(KIND)  # so that we do not claim to hold what we cannot use
        self._receiver = Receiver(store=store, bytes_max=_BYTES_MAX, now_s=now_s)

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
        """What there is to say now."""
        return self._all(self._receiver.due(now_s))

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
        refusal = self._keeper.take(delivery)
        if refusal is not None:
            log.error("gallery %d is not taken (%s): %s", offer.version, refusal.reason, refusal.detail)
            detail = refusal.detail[:DETAIL_CHARS_MAX]
            return self._receiver.refused(offer, reason=refusal.reason, detail=detail)
        try:
            answers = self._receiver.applied(offer)
        except BlobStoreError as error:
            log.error("gallery %d is in force, and that cannot be put on record: %s", offer.version, error)  # noqa: TRY400
            detail = str(error)[:DETAIL_CHARS_MAX]
            return self._receiver.refused(offer, reason=RejectionReason.STORAGE, detail=detail)
        self._keeper.forget_older(offer.version)
        return answers


def open_lane(config: AgentConfig, face: FaceSpec, slot: MatcherSlot, *, now_s: float) -> BlobLane:
    """The lane of a configuration, with everything real beside its journal. Raises DeviceKeyError, BlobStoreError."""
    key = device_key(_key_path(config))
    store = FileBlobStore(_folder(config))
    keeper = _keeper(config, face, key, slot)
    return BlobLane(store=store, keeper=keeper, seal_key=key.public.hex(), now_s=now_s)


def received_gallery(config: AgentConfig, face: FaceSpec) -> Gallery | None:
    """What the hub has sent, looked at without touching anything; None: nothing, or nothing that can be used."""
    if not _key_path(config).exists() or not _folder(config).is_dir():
        return None
    return _keeper(config, face, device_key(_key_path(config)), MatcherSlot()).load(0)


def _key_path(config: AgentConfig) -> Path:
    return config.journal.file.with_name("device.key")


def _folder(config: AgentConfig) -> Path:
    return config.journal.file.with_name(f"{config.journal.file.name}.blobs")


def _keeper(config: AgentConfig, face: FaceSpec, key: KeyPair, slot: MatcherSlot) -> GalleryKeeper:
    address = Address(site=config.site, device=config.device)
    return GalleryKeeper(_folder(config), key=key, address=address, face=face, in_force=slot.put)
