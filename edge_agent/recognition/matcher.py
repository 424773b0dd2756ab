"""Who of a gallery is most like a template, and whether that is enough for a purpose. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import UNIT_TOLERANCE, Gallery, Purpose
from edge_agent.vision.manifest import FaceSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """The person whose best template is nearest. `score` is the cosine similarity, -1 to 1."""

    person: str
    purposes: frozenset[Purpose]
    score: float
    margin: float | None  # how far the best template of any *other* person is behind; None: there is no other

    def suffices(self, purpose: Purpose, face: FaceSpec) -> bool:
        """Whether the person may be taken as recognised for `purpose`.

        The welfare watch is stricter than a door: a false match would cancel an alarm for someone lying on the floor.
        A watchlist candidate is shown to a person who decides, so the door's threshold serves.
        """
        if purpose not in self.purposes:
            return False
        if purpose is not Purpose.WELFARE:
            return self.score >= face.door_score_min
        clear = self.margin is None or self.margin >= face.welfare_margin_min
        return clear and self.score >= face.welfare_score_min


class Matcher:
    """Compares templates with every entry of a gallery at once: one matrix product, 1 ms for 10,000 templates.

    It has the templates once, and does not keep the gallery.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._people = [(entry.person, entry.purposes) for entry in gallery.entries]
        self._length = gallery.template_length
        rows = [entry.templates for entry in gallery.entries]
        self._templates = np.concatenate(rows) if rows else np.zeros((0, self._length), np.float32)
        self._starts = np.cumsum([0, *(len(r) for r in rows)])[:-1]

    def match(self, template: NDArray[np.float32]) -> Match | None:
        """Whoever is nearest, however far; None when the gallery is empty.

        `template` has shape (length,) and unit length, from the gallery's embedder; else GalleryError.
        """
        length = float(np.linalg.norm(template.astype(np.float64)))
        if template.shape != (self._length,) or not abs(length - 1) <= UNIT_TOLERANCE:
            raise GalleryError(f"not a unit template of {self._length} numbers: shape {template.shape}")
        if not self._people:
            return None
        by_person = np.maximum.reduceat(self._templates @ template.astype(np.float32), self._starts)
        best = int(np.argmax(by_person))
        score = float(by_person[best])
        others = np.delete(by_person, best)
        person, purposes = self._people[best]
        return Match(
            person=person,
            purposes=purposes,
            score=min(1.0, max(-1.0, score)),
            margin=score - float(others.max()) if len(others) else None,
        )
