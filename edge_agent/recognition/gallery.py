"""Who may be recognised here: pseudonymous ids, what each is for, and their templates; and the vehicles that may pass.

Pure; files are elsewhere.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import GalleryError
from edge_agent.recognition.known_plates import check_vehicles
from edge_agent.recognition.lookalikes import among, check_lookalikes
from edge_agent.wire.gallery import (
    BYTES_MAX,
    FORMAT,
    PERSONS_MAX,
    TEMPLATES_MAX,
    Purpose,
    WrittenEntry,
    WrittenGallery,
    WrittenLookalike,
    WrittenVehicle,
    decode_gallery,
    encode_gallery,
)

__all__ = ["BYTES_MAX", "PERSONS_MAX", "TEMPLATES_MAX", "Entry", "Gallery", "Purpose", "check_person"]

TEMPLATE_LENGTH_MAX: Final = 4096
VERSION_MAX: Final = 2**53 - 1
UNIT_TOLERANCE: Final = 1e-3
_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_FLOAT32: Final = np.dtype("<f4")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Entry:
    """One person. `templates` has shape (n, length), float32, each row of unit length; it is copied and frozen."""

    person: str  # pseudonymous: never a name
    purposes: frozenset[Purpose]
    templates: NDArray[np.float32]

    def __post_init__(self) -> None:
        """Raise GalleryError for what cannot be an entry."""
        check_person(self.person)
        if not self.purposes:
            raise GalleryError(f"{self.person}: no purpose")
        templates = np.array(self.templates, np.float32)
        if templates.ndim != 2 or not 1 <= len(templates) <= TEMPLATES_MAX:
            raise GalleryError(f"{self.person}: must have 1 to {TEMPLATES_MAX} templates, shape {templates.shape}")
        if not np.isfinite(templates).all():
            raise GalleryError(f"{self.person}: a template holds numbers that are not finite")
        lengths = np.linalg.norm(templates.astype(np.float64), axis=1)  # wide enough to square any float32
        if (np.abs(lengths - 1) > UNIT_TOLERANCE).any():
            raise GalleryError(f"{self.person}: a template is not of unit length")
        templates.setflags(write=False)
        object.__setattr__(self, "templates", templates)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Gallery:
    """All entries of one embedder. `version` grows with each change; ids, plates, pairs are unique; order is kept."""

    embedder_id: str
    template_length: int
    version: int = 0
    entries: tuple[Entry, ...] = ()
    vehicles: tuple[WrittenVehicle, ...] = ()
    lookalikes: tuple[WrittenLookalike, ...] = ()  # both of a pair are among the entries

    def __post_init__(self) -> None:
        """Raise GalleryError for what cannot be a gallery."""
        if not 1 <= self.template_length <= TEMPLATE_LENGTH_MAX:
            raise GalleryError(f"templates of {self.template_length} numbers: must be 1 to {TEMPLATE_LENGTH_MAX}")
        if not 0 <= self.version <= VERSION_MAX:
            raise GalleryError(f"version {self.version} is not from 0 to 2^53 - 1")
        if len(self.entries) > PERSONS_MAX:
            raise GalleryError(f"{len(self.entries)} people: at most {PERSONS_MAX} fit")
        persons = [entry.person for entry in self.entries]
        if len(set(persons)) != len(persons):
            raise GalleryError("a person is in it twice")
        for entry in self.entries:
            if entry.templates.shape[1] != self.template_length:
                raise GalleryError(
                    f"{entry.person}: templates of {entry.templates.shape[1]} numbers instead of {self.template_length}"
                )
        check_vehicles(self.vehicles)
        check_lookalikes(self.lookalikes, persons=persons)

    def with_entry(self, entry: Entry) -> "Gallery":
        """The next version, with this person added or replaced."""
        others = tuple(e for e in self.entries if e.person != entry.person)
        return replace(self, version=self.version + 1, entries=(*others, entry))

    def without(self, person: str) -> "Gallery":
        """The next version, without this person; the same gallery when they are not in it."""
        others = tuple(e for e in self.entries if e.person != person)
        if len(others) == len(self.entries):
            return self
        return self._with_only(others, version=self.version + 1)

    def only_for(self, purposes: Iterable[Purpose]) -> "Gallery":
        """The same version, with only the entries that serve one of `purposes`."""
        wanted = frozenset(purposes)
        return self._with_only(tuple(e for e in self.entries if e.purposes & wanted), version=self.version)

    def _with_only(self, entries: tuple[Entry, ...], *, version: int) -> "Gallery":
        pairs = among(self.lookalikes, [entry.person for entry in entries])
        return replace(self, version=version, entries=entries, lookalikes=pairs)

    def to_bytes(self) -> bytes:
        """Strict JSON, the same bytes for the same gallery."""
        return encode_gallery(
            WrittenGallery(
                format=FORMAT,
                embedder=self.embedder_id,
                template_length=self.template_length,
                version=self.version,
                entries=[
                    WrittenEntry(
                        person=entry.person,
                        purposes=sorted(entry.purposes),
                        templates=[
                            base64.b64encode(row.astype(_FLOAT32).tobytes()).decode() for row in entry.templates
                        ],
                    )
                    for entry in self.entries
                ],
                vehicles=list(self.vehicles),
                lookalikes=list(self.lookalikes),
            )
        )

    @classmethod
    def from_bytes(cls, content: bytes, *, embedder_id: str, template_length: int) -> "Gallery":
        """Read a gallery made with this embedder. Raises GalleryError for anything else."""
        if len(content) > BYTES_MAX:
            raise GalleryError(f"larger than {BYTES_MAX // 2**20} MiB: no gallery")
        try:
            written = decode_gallery(content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GalleryError(f"damaged: {error}") from error
        if written.format != FORMAT:
            raise GalleryError(f"has format {written.format}, this program reads {FORMAT}")
        if written.embedder != embedder_id:
            raise GalleryError(
                f"was made with the embedder {written.embedder}, this device has {embedder_id}: "
                "templates of different embedders cannot be compared, so enrol again"
            )
        if written.template_length != template_length:
            raise GalleryError(f"has templates of {written.template_length} numbers instead of {template_length}")
        return cls(
            embedder_id=written.embedder,
            template_length=written.template_length,
            version=written.version,
            entries=tuple(_entry(entry, template_length) for entry in written.entries),
            vehicles=tuple(written.vehicles),
            lookalikes=tuple(written.lookalikes),
        )


def check_person(person: str) -> None:
    """Raise GalleryError for what is no pseudonymous id."""
    if not _ID.fullmatch(person):
        raise GalleryError(f"{person[:80]!r} is no id: 1 to 64 of A-Z a-z 0-9 . _ - and not first a dot")


def _entry(written: WrittenEntry, length: int) -> Entry:
    check_person(written.person)
    if not 1 <= len(written.templates) <= TEMPLATES_MAX:
        raise GalleryError(f"{written.person}: {len(written.templates)} templates, must be 1 to {TEMPLATES_MAX}")
    if len(set(written.purposes)) != len(written.purposes):
        raise GalleryError(f"{written.person}: a purpose is there twice")
    rows = [_template(text, length, written.person) for text in written.templates]
    return Entry(person=written.person, purposes=frozenset(written.purposes), templates=np.stack(rows))


def _template(text: str, length: int, person: str) -> NDArray[np.float32]:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise GalleryError(f"{person}: a template is not base64") from error
    if len(content) != length * _FLOAT32.itemsize:
        raise GalleryError(f"{person}: a template has {len(content)} bytes instead of {length * _FLOAT32.itemsize}")
    return np.frombuffer(content, _FLOAT32).astype(np.float32)
