"""The models folder: which file plays which role, and how its outputs are to be judged."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.errors import ModelError

MANIFEST_FILE: Final = "manifest.toml"
MANIFEST_BYTES_MAX: Final = 256 * 1024
FORMAT: Final = 1
FACE_ROLES: Final = ("face-far", "face-near", "face-mesh", "face-embedder", "face-embedder-wide", "face-projection")
PLATE_ROLES: Final = ("plate-detector", "plate-reader")
EMBEDDER_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Tensor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input or output of a network."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    meaning: str


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model file."""

    role: str
    file: str
    sha256: str
    bytes: int
    licence: str
    source: str
    card: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class FaceSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What belongs to the embedder as a whole. Scores are cosine similarities of unit templates."""

    embedder_id: str
    template_length: int
    same_score_min: float  # two pictures below this are two people
    door_score_min: float
    welfare_score_min: float
    welfare_margin_min: float


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """manifest.toml as it is written."""

    format: int
    model: tuple[ModelEntry, ...]
    face: FaceSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """A models folder that was checked: every file is there and is the one its entry names."""

    folder: Path
    models: dict[str, ModelEntry]  # by role
    face: FaceSpec

    def path(self, role: str) -> Path:
        """The file that plays `role`. Raises ModelError when none does."""
        return self.folder / self.entry(role).file

    def entry(self, role: str) -> ModelEntry:
        """The entry of `role`. Raises ModelError when there is none."""
        if role not in self.models:
            raise ModelError(f"{self.folder / MANIFEST_FILE}: no model has the role {role}")
        return self.models[role]


def find_models(configured: Path | None = None) -> Path:
    """The models folder: the configured one, or the first that has a manifest. Raises ModelError when none has.

    Whoever names a folder means that folder: a configured one without a manifest is an error, not a hint.
    """
    places = [configured] if configured else standard_places()
    for place in places:
        if (place / MANIFEST_FILE).is_file():
            return place
    raise ModelError(f"no {MANIFEST_FILE} in {', '.join(map(str, places))}")


def standard_places() -> list[Path]:
    """Where models are looked for: pushed by the hub, installed with the package, in the checkout."""
    return [
        Path("/var/lib/shouwang/models"),
        Path(sys.prefix) / "share" / "shouwang" / "models",
        Path(__file__).resolve().parents[2] / "models",
    ]


def load_manifest(folder: Path) -> Manifest:
    """Read and check a models folder as a whole. Raises one ModelError that names every mistake."""
    path = folder / MANIFEST_FILE
    try:
        content = path.read_bytes()[: MANIFEST_BYTES_MAX + 1]
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MANIFEST_BYTES_MAX:
        raise ModelError(f"{path}: larger than {MANIFEST_BYTES_MAX} bytes")
    try:
        written = msgspec.toml.decode(content, type=ManifestFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    problems = _mistakes(written) + [p for entry in written.model for p in _file_mistakes(folder, entry)]
    if problems:
        raise ModelError("\n  ".join([f"{path} does not hold:", *problems]))
    return Manifest(folder=folder, models={entry.role: entry for entry in written.model}, face=written.face)


def _mistakes(written: ManifestFile) -> list[str]:
    """What is wrong inside the manifest itself."""
    problems = []
    if written.format != FORMAT:
        problems.append(f"format: {written.format}, this program reads {FORMAT}")
    roles = [entry.role for entry in written.model]
    problems += [f"{role}: {roles.count(role)} models have this role" for role in set(roles) if roles.count(role) > 1]
    problems += [f"{role}: no model has this role" for role in FACE_ROLES + PLATE_ROLES if role not in roles]
    face = written.face
    if not EMBEDDER_ID.fullmatch(face.embedder_id):
        problems.append(f"face.embedder_id: {face.embedder_id!r} is not 1 to 64 of A-Z a-z 0-9 . _ -")
    if not 1 <= face.template_length <= 4096:
        problems.append(f"face.template_length: {face.template_length} is not 1 to 4096")
    if not 0 < face.same_score_min <= face.door_score_min <= face.welfare_score_min < 1:
        problems.append("face: must be 0 < same_score_min <= door_score_min <= welfare_score_min < 1")
    if not 0 <= face.welfare_margin_min < 1:
        problems.append(f"face.welfare_margin_min: {face.welfare_margin_min} is not from 0 to 1")
    return problems


def _file_mistakes(folder: Path, entry: ModelEntry) -> list[str]:
    """What is wrong with one entry and its file."""
    if not _FILE_NAME.fullmatch(entry.file):
        return [f"{entry.role}: {entry.file!r} is not a plain file name"]
    if not _SHA256.fullmatch(entry.sha256):
        return [f"{entry.role}: sha256 is not 64 hexadecimal digits"]
    path = folder / entry.file
    try:
        size = path.stat().st_size
        if size != entry.bytes:
            return [f"{entry.file}: {size} bytes, the manifest says {entry.bytes}"]
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return [f"{entry.file}: cannot be read: {error.strerror}"]
    return [] if found == entry.sha256 else [f"{entry.file}: SHA-256 is {found}, the manifest says {entry.sha256}"]
