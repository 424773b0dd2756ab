"""What the models see on arm64 beside what they see on x86: the same detections, nearly the same templates. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

FLOAT_DISTANCE_MAX: Final = 1e-3
QUANTISED_DISTANCE_MAX: Final = 1e-2
BOX_PX_MAX: Final = 1.0
SCORE_MAX: Final = 0.01

Picture = Mapping[str, Any]
"""A line of `edge-agent inspect --templates`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Of one picture, or the largest of many. Distances are cosine distances of templates, 0 to 2."""

    faces: int = 0
    plates: int = 0
    box_px: float = 0.0
    score: float = 0.0
    distance: float = 0.0
    troubles: tuple[str, ...] = ()

    def joined(self, other: "Difference") -> "Difference":
        return Difference(
            faces=self.faces + other.faces,
            plates=self.plates + other.plates,
            box_px=max(self.box_px, other.box_px),
            score=max(self.score, other.score),
            distance=max(self.distance, other.distance),
            troubles=self.troubles + other.troubles,
        )


def compare(x86: Picture, arm: Picture, *, distance_max: float) -> Difference:
    """Of one picture. Faces and plates are paired in the order in which they are told."""
    name = str(x86.get("path", "")).rpartition("/")[2]
    errors = [f"{name}: {side['error']}" for side in (x86, arm) if "error" in side]
    if errors:
        return Difference(troubles=tuple(errors))
    counts = [(len(x86[kind]), len(arm[kind])) for kind in ("faces", "plates")]
    if any(here != there for here, there in counts):
        return Difference(troubles=(f"{name}: {counts[0]} faces, {counts[1]} plates on x86, arm64",))
    found = Difference(faces=counts[0][0], plates=counts[1][0])
    for here, there in zip(x86["faces"], arm["faces"], strict=True):
        found = found.joined(_of_one(name, here, there, distance_max))
    for here, there in zip(x86["plates"], arm["plates"], strict=True):
        found = found.joined(_of_one(name, here, there, distance_max))
        if (here["text"], here["type"]) != (there["text"], there["type"]):
            found = found.joined(Difference(troubles=(f"{name}: {here['text']} on x86, {there['text']} on arm64",)))
    return found


def cosine_distance(one: Sequence[float], other: Sequence[float]) -> float:
    dot = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return 1 - dot / math.sqrt(math.fsum(a * a for a in one) * math.fsum(b * b for b in other))


def _of_one(name: str, here: Mapping[str, Any], there: Mapping[str, Any], distance_max: float) -> Difference:
    box_px = max(abs(a - b) for a, b in zip(here["box"], there["box"], strict=True))
    score = abs((here["score"] or 0) - (there["score"] or 0))
    distance = 0.0
    if here.get("template") is not None:
        distance = max(0.0, cosine_distance(here["template"], there["template"]))
    limits = {"box, px": (box_px, BOX_PX_MAX), "score": (score, SCORE_MAX), "distance": (distance, distance_max)}
    troubles = tuple(f"{name}: {what} differs by {is_:.2g}" for what, (is_, most) in limits.items() if is_ > most)
    return Difference(box_px=box_px, score=score, distance=distance, troubles=troubles)
