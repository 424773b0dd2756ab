"""The gallery that the hub has sent: opened, checked, kept sealed on the disk, put in force."""

import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.blobs.receiver import Delivery
from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import Gallery
from edge_agent.vision.manifest import FaceSpec
from edge_agent.wire.blobs import RejectionReason
from edge_agent.wire.gallery import KIND
from edge_agent.wire.seal import Binding, KeyPair, SealError, unseal
from edge_agent.wire.topics import Address

_NAME: Final = re.compile(r"gallery-([0-9]{1,16})\.sealed")
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a gallery is not taken; the one in force stays."""

    reason: RejectionReason
    detail: str


class GalleryKeeper:
    """Templates lie on the disk as they came: sealed to this device's key. Not for several threads."""

    def __init__(
        self, folder: Path, *, key: KeyPair, address: Address, face: FaceSpec, in_force: Callable[[Gallery], None]
    ) -> None:
        """`in_force` is given each gallery that is taken, and must see to it that the next passage is judged by it."""
        self._folder = folder
        self._key = key
        self._address = address
        self._face = face
        self._in_force = in_force

    def load(self, version_min: int) -> Gallery | None:
        """What was in force when the device stopped: of this version, or a newer one that a crash has left unconfirmed.

        None when there is none, or it does not open. Never an older one: it may hold people who were erased since.
        """
        version, path = max(self._files(), default=(0, None))
        if path is None or version < version_min:
            return None
        try:
            return self._open(path.read_bytes(), version)
        except (OSError, SealError, GalleryError) as error:
            log.error("%s cannot be used, the hub will be asked for it again: %s", path, error)  # noqa: TRY400
            return None

    def has_any(self) -> bool:
        """True once the hub has sent a gallery, whatever became of it."""
        return next(self._files(), None) is not None

    def take(self, delivery: Delivery) -> Refusal | None:
        """Durable and in force on return; or why not, and then nothing has changed."""
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
        self._in_force(gallery)
        log.info("gallery %d in force: %d people", version, len(gallery.entries))
        return None

    def forget_older(self, version: int) -> None:
        """Once `version` is on record as held. What cannot be removed now goes with the next gallery."""
        for older, path in self._files():
            if older < version:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    log.warning("an older gallery cannot be removed: %s", error)

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
        for path in self._folder.iterdir():
            name = _NAME.fullmatch(path.name)
            if name is not None:
                yield int(name[1]), path

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
