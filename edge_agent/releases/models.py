"""Models from the hub: checked against signature, bundle and manifest, and put into a folder of their own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge_agent.errors import ModelError
from edge_agent.releases.record_file import sync_folder, write_durably
from edge_agent.releases.settings import UnusableError
from edge_agent.vision.manifest import FaceSpec, Manifest, load_manifest
from edge_agent.wire import sign
from edge_agent.wire.model_bundle import BYTES_MAX, KIND, BundleError, unpack

BLOB_BYTES_MAX: Final = BYTES_MAX + sign.OVERHEAD_BYTES
_PREFIX: Final = "models-"


class ModelsKeeper:
    """`state`: the folder in which a folder `models-VERSION` is made for each bundle. Not for several threads."""

    def __init__(self, state: Path, *, site: str, sign_key: bytes | None, face: Callable[[], FaceSpec | None]) -> None:
        """`face`: of the models that were installed; others must make templates that can be compared with theirs."""
        self._state = state
        self._site = site
        self._sign_key = sign_key
        self._face = face

    def take(self, signed: bytes, version: int) -> None:
        """Durable on return. Raises SignError: not of our hub; UnusableError; OSError."""
        if self._sign_key is None:
            raise UnusableError("this device has no [hub] sign_key: nothing from afar is taken")
        purpose = sign.Purpose(site=self._site, recipient=sign.EVERY_DEVICE, kind=KIND, version=version)
        content = sign.opened(signed, public_key=self._sign_key, purpose=purpose)
        try:
            files = unpack(content)
        except BundleError as error:
            raise UnusableError(str(error)) from error
        part = self._state / f".{_PREFIX}incoming"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        for name, bytes_ in files.items():
            write_durably(part / name, bytes_)
        if files:
            self._check(part)
        place = self._place(version)
        if place.exists():  # of a start that was cut short before it was on record
            shutil.rmtree(place)
        part.replace(place)
        sync_folder(self._state)

    def folder(self, version: int) -> Path | None:
        """Where the models of this version lie; None: it says "as installed". Raises UnusableError, OSError."""
        place = self._place(version)
        if not any(place.iterdir()):
            return None
        self._check(place)
        return place

    def keep_only(self, versions: set[int]) -> None:
        """The others go. Raises OSError."""
        kept = {self._place(version) for version in versions}
        for path in [*self._state.glob(f"{_PREFIX}*"), self._state / f".{_PREFIX}incoming"]:
            if path not in kept and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)

    def _check(self, folder: Path) -> Manifest:
        try:
            manifest = load_manifest(folder)
        except ModelError as error:
            raise UnusableError(str(error).replace(str(folder), "the bundle")) from error
        face = manifest.face
        ours = self._face()
        if ours is not None and (face.embedder_id, face.template_length) != (ours.embedder_id, ours.template_length):
            raise UnusableError(
                f"makes templates of {face.embedder_id}, which cannot be compared with those of {ours.embedder_id}: "
                "everybody would be a stranger"
            )
        return manifest

    def _place(self, version: int) -> Path:
        return self._state / f"{_PREFIX}{version}"
