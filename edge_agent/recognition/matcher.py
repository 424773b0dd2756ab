"""Who of a gallery is most like a template, and whether that is enough for a purpose. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import UNIT_TOLERANCE, Gallery, Purpose
from edge_agent.vision.manifest import FaceSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusable:
    """Somebody whom a camera took for the matched person once, or the other way round."""

    person: str
    margin: float  # how far this person's best template is behind
    wider_by: float  # what the margin must be above the usual one

    def is_clear(self, face: FaceSpec) -> bool:
        return self.margin >= face.welfare_margin_min + self.wider_by


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """The person whose best template is nearest. `score` is the cosine similarity, -1 to 1."""

    person: str
    purposes: frozenset[Purpose]
    score: float
    margin: float | None  # how far the best template of any *other* person is behind; None: there is no other
    confusables: tuple[Confusable, ...] = ()  # of the person, as the gallery names them

    def suffices(self, purpose: Purpose, face: FaceSpec) -> bool:
        """Whether the person may be taken as recognised for `purpose`.

        The welfare watch is stricter than a door: a false match would cancel an alarm for someone lying on the floor.
        Lookalikes count there alone: a door that stays shut for its own resident would be the worse mistake.
        A watchlist candidate is shown to a person who decides, so the door's threshold serves.
        """
        if purpose not in self.purposes:
            return False
        if purpose is not Purpose.WELFARE:
            return self.score >= face.door_score_min
        clear = self.margin is None or self.margin >= face.welfare_margin_min
        return clear and self.score >= face.welfare_score_min and self.not_clear_of(face) is None

    def not_clear_of(self, face: FaceSpec) -> Confusable | None:
        """Of the lookalikes for whom the margin does not suffice the one who lacks most; None: it suffices for all."""
        unclear = [one for one in self.confusables if not one.is_clear(face)]
        return min(unclear, key=lambda one: one.margin - one.wider_by, default=None)


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
        self._lookalikes = _by_position(gallery)

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
            confusables=tuple(
                Confusable(person=self._people[at][0], margin=score - float(by_person[at]), wider_by=wider_by)
                for at, wider_by in self._lookalikes.get(best, ())
            ),
        )


def _by_position(gallery: Gallery) -> dict[int, list[tuple[int, float]]]:
    """For each entry that has lookalikes: where they are among the entries, and by how much the margin is wider."""
    at = {entry.person: position for position, entry in enumerate(gallery.entries)}
    found: dict[int, list[tuple[int, float]]] = {}
    for pair in gallery.lookalikes:
        person, other = at[pair.person], at[pair.other]
        found.setdefault(person, []).append((other, pair.wider_by))
        found.setdefault(other, []).append((person, pair.wider_by))
    return found
