"""The gallery that the hub has sent: opened, checked, kept sealed on the disk, put in force."""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.blobs.keeping import Refusal
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.blobs.receiver import Delivery
from edge_agent.blobs.store import BlobStoreError
from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import Gallery
from edge_agent.vision.manifest import FaceSpec
from edge_agent.wire.blobs import Offer, RejectionReason, make_offer
from edge_agent.wire.gallery import KIND
from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.seal import Binding, KeyPair, SealError, unseal
from edge_agent.wire.topics import Address

_NAME: Final = re.compile(r"gallery-([0-9]{1,16})\.sealed")
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Kept:
    """A gallery from the disk, and the offer by which it came."""

    offer: Offer
    gallery: Gallery


class GalleryKeeper:
    """Templates lie on the disk as they came: sealed to this device's key. Not for several threads."""

    def __init__(self, folder: Path, *, key: KeyPair, address: Address, face: FaceSpec, slot: MatcherSlot) -> None:
        """`slot` is given each gallery that is taken; the loop that recognises takes it from there."""
        self._folder = folder
        self._key = key
        self._address = address
        self._face = face
        self._slot = slot

    def has_any(self) -> bool:
        """True once the hub has sent a gallery, whatever became of it. Raises BlobStoreError."""
        return next(self._files(), None) is not None

    def load(self) -> Kept | None:
        """The newest one, be it that a crash has left it unconfirmed. Raises BlobStoreError.

        None when there is none, or when it does not open. Never an older one: it may hold people who were erased since.
        """
        version, path = max(self._files(), default=(0, None))
        if path is None:
            return None
        try:
            sealed = path.read_bytes()
            gallery = self._open(sealed, version)
        except (OSError, SealError, GalleryError) as error:
            log.error("%s cannot be used, the hub will be asked for it again: %s", path, error)  # noqa: TRY400
            return None
        return Kept(offer=make_offer(kind=KIND, version=version, content=sealed), gallery=gallery)

    def take(self, delivery: Delivery) -> Refusal | None:
        """Durable on return, and waiting for the loop; or why not, and then nothing has changed."""
        version = delivery.offer.version
        try:
            gallery = self._open(delivery.content, version)
        except SealError as error:
            return Refusal(reason=RejectionReason.NOT_FOR_US, detail=str(error))
        except GalleryError as error:
            return Refusal(reason=RejectionReason.UNUSABLE, detail=str(error))
        try:
            self._write(version, delivery.content)
        except OSError as error:
            return Refusal(reason=RejectionReason.STORAGE, detail=error.strerror or str(error))
        self._slot.put(gallery)
        log.info("gallery %d has come: %d people, %d vehicles", version, len(gallery.entries), len(gallery.vehicles))
        return None

    def is_in_force(self) -> bool:
        """The loop judges by what was taken last."""
        return self._slot.is_empty()

    def forget_others(self, version: int) -> None:
        """Once `version` is in force. What cannot be removed now goes at the next start, or with the next gallery.

        Newer ones go, too: they are damaged, and of a hub that has gone back in time.
        """
        try:
            for other, path in self._files():
                if other != version:
                    path.unlink(missing_ok=True)
        except (OSError, BlobStoreError) as error:
            log.warning("another gallery than %d cannot be removed: %s", version, error)

    def _open(self, sealed: bytes, version: int) -> Gallery:
        binding = Binding(site=self._address.site, device=self._address.device, kind=KIND, version=version)
        content = unseal(sealed, private_key=self._key.private, binding=binding)
        gallery = Gallery.from_bytes(
            content, embedder_id=self._face.embedder_id, template_length=self._face.template_length
        )
        if gallery.version != version:
            raise GalleryError(f"says inside that it is version {gallery.version}, and came as {version}")
        return gallery

    def _files(self) -> Iterator[tuple[int, Path]]:
        try:
            paths = list(self._folder.iterdir())
        except OSError as error:
            raise BlobStoreError(f"{self._folder}: {error.strerror or error}") from error
        for path in paths:
            found = _NAME.fullmatch(path.name)
            if found is not None and 1 <= int(found[1]) <= INTEGER_MAX:
                yield int(found[1]), path

    def _write(self, version: int, sealed: bytes) -> None:
        part = self._folder / "gallery.incoming"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / f"gallery-{version}.sealed")
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
