"""Photographs of one person become one template, or reasons why not. Used by `edge-agent enrol` and by the hub."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.errors import EnrolmentError, ImageError
from edge_agent.vision.face_embed import Template, unit
from edge_agent.vision.face_quality import assess
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels

FACE_WIDTH_MIN_PX: Final = 80.0
SHARPNESS_MIN: Final = 0.5
"""Reached by a face blurred by 3 to 4 % of its width, where its template has moved 0.035 to 0.055 from the sharp one's;
from 5 % on it is not even found."""

SECOND_FACE_MIN: Final = 1 / 3
"""A second face at least this wide, against the widest, makes it doubtful who is meant; smaller ones are passers-by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a photograph is not taken."""

    photo: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Enrolment:
    """Either there are refusals, or the template stands for all photographs together."""

    template: Template | None
    refusals: tuple[Refusal, ...]
    qualities: tuple[tuple[str, float], ...]  # photograph and quality, 0 to 1, of those that were taken


def enrol(reader: FaceReader, photos: Iterable[tuple[str, Pixels | ImageError]], *, same_score_min: float) -> Enrolment:
    """Judge all photographs of one person, each with a name for messages; an unreadable one comes as its error."""
    names: list[str] = []
    reasons: dict[int, str] = {}
    taken: dict[int, tuple[float, Template]] = {}
    for index, (name, picture) in enumerate(photos):
        names.append(name)
        try:
            if isinstance(picture, ImageError):
                raise picture
            taken[index] = read_photo(reader, picture)
        except (ImageError, EnrolmentError) as error:
            reasons[index] = str(error)
    places, templates = list(taken), [template for _, template in taken.values()]
    if len(templates) > 1:
        middle, odd = odd_ones_out(templates, same_score_min)
        reasons |= {places[i]: f"not the same person as in {names[places[middle]]}" for i in odd}
    return Enrolment(
        template=combine(templates) if templates and not reasons else None,
        refusals=tuple(Refusal(photo=names[i], reason=reasons[i]) for i in sorted(reasons)),
        qualities=tuple((names[i], quality) for i, (quality, _) in taken.items()),
    )


def read_photo(reader: FaceReader, pixels: Pixels) -> tuple[float, Template]:
    """Quality and template of the one face. Raises EnrolmentError when it is not usable, in words for a person."""
    faces = sorted(reader.detector.detect(pixels), key=lambda f: -f.width_px)
    if not faces:
        raise EnrolmentError("no face in it, or one too blurred, dark or turned away to be sure of")
    face = faces[0]
    count = sum(f.width_px >= SECOND_FACE_MIN * face.width_px for f in faces)
    if count > 1:
        raise EnrolmentError(f"{count} faces in it: whose is meant?")
    if face.width_px < FACE_WIDTH_MIN_PX:
        raise EnrolmentError(
            f"the face is too small: {face.width_px:.0f} pixels wide, at least {FACE_WIDTH_MIN_PX:.0f} are needed"
        )
    quality = assess(pixels, face)
    if quality.sharpness < SHARPNESS_MIN:
        raise EnrolmentError(
            f"the face is too blurred: sharpness {quality.sharpness:.2f}, at least {SHARPNESS_MIN:.2f} is needed"
        )
    return quality.total, reader.embedder.embed_mirrored(pixels, face)


def odd_ones_out(templates: Sequence[Template], same_score_min: float) -> tuple[int, list[int]]:
    """The template most like all others, and which are not of that one's person. `templates` is not empty.

    Of two that differ nobody can say which is meant: the first is taken for the right one.
    """
    scores = np.stack(templates) @ np.stack(templates).T
    middle = int(scores.sum(axis=1).round(4).argmax())  # rounded, so that an exact tie goes to the first
    return middle, [int(i) for i in np.flatnonzero(scores[middle] < same_score_min) if i != middle]


def combine(templates: Sequence[Template]) -> Template:
    """The mean direction: steadier than any one of them. `templates` is not empty."""
    return unit(np.mean(np.stack(templates), axis=0, dtype=np.float32))
