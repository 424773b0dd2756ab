"""What the camera usually sees: a few learnt conditions (day, infra-red night, lamps) of one scene, and how well a
look fits them.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge_agent.vision.view_look import CELLS, EDGES_PX, CellMap, Edges, Look

CONDITIONS_MAX: Final = 6
FIRST_S: Final = 30.0  # good pictures before there is anything to compare with
ANOTHER_S: Final = 120.0  # a further condition must last this long: a lorry that only turns is none
SEEN_S_MAX: Final = 7 * 86_400.0  # what was seen more than this is not yet harder to displace

STRUCTURE_MIN: Final = 0.4  # squared gradient of a cell from which it has structure: a line of ten levels across it
_FADED: Final = 0.06  # of the squared gradient that the light lets expect; a quarter of the contrast is left
_COARSE_MIN: Final = 10.0  # squared gradient of the quarter picture from which a cell can tell how sharp it is
_ADAPT_S: Final = 600.0  # time constant of a condition: shadows wander, furniture stays moved
_LEARNT_SPREAD: Final = 0.20  # standard deviation of the edges in a cell from which it has something to recognise
_LEARNT_MIN: Final = 5  # cells; with fewer a scene cannot be recognised by its structure
_ALIKE: Final = 0.45  # correlation of a cell from which it is still seen; unrelated cells stay below 0.4
FITS: Final = 0.30  # share of the learnt cells that must still be seen
FITS_WELL: Final = 0.75  # from here on a condition follows what it sees
_SHIFT_PX: Final = 6.0  # of EDGES_PX, 4 % of the width; less is wind, heat, and no harm
_SHIFT_GAIN: Final = 0.20  # by how much the learnt cells must fit better after the shift
_IN_PLACE_PX: Final = 2.0
_IN_PLACE: Final = 0.2  # share of visible cells from which phase correlation may vouch for the rest
_IN_PLACE_RESPONSE: Final = 0.25  # of phase correlation; other light gives 0.6, unrelated pictures stay below 0.2

_HANN: Final = cv2.createHanningWindow(EDGES_PX, cv2.CV_32F)


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """The scene in one light. Arrays are never written to."""

    edges: Edges
    structure: CellMap  # this and the next two as in Look
    coarse: CellMap
    levels: CellMap
    sharpness: CellMap  # fine over coarse energy; 0 where there is nothing to judge it by
    seen_s: float  # how long the camera saw it so, at most SEEN_S_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """How a look fits the best condition."""

    condition: int  # its index
    visible: float  # share of the learnt cells that are seen in their place
    sharpness: float  # against the learnt one, 1.0 = as sharp; median of the cells; 1.0 when there is none to judge by
    structured: float  # share of the learnt cells, clear enough in this light, that kept contrast; 1.0 when too few
    outlined: float  # large outlines' squared contrast against what the light lets expect; 0.0 when there are none
    shifted: bool  # the learnt scene is there, but somewhere else in the picture
    in_place: bool  # the learnt scene's outlines are in their place, though the light changed the cells


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """The learnt conditions, and the one that may become another. A value: learning gives a new one."""

    conditions: tuple[Condition, ...] = ()
    candidate: Condition | None = None

    def match(self, look: Look) -> Match | None:
        """None while nothing is learnt, or what is learnt has too little structure to be recognised."""
        if not self.conditions:
            return None
        shares = [visible_share(look.edges, condition.edges) for condition in self.conditions]
        if all(share is None for share in shares):
            return None
        best = max(range(len(shares)), key=lambda index: shares[index] or 0.0)
        condition, visible = self.conditions[best], shares[best] or 0.0
        shifted, in_place = _placed(look.edges, condition.edges, visible)
        return Match(
            condition=best,
            visible=visible,
            sharpness=_relative_sharpness(look, condition),
            structured=_structure_left(look, condition),
            outlined=_outlines_left(look, condition),
            shifted=shifted,
            in_place=in_place,
        )

    def learnt(self, look: Look, match: Match | None, lasted_s: float) -> "Scene":
        """What a good look of `lasted_s` teaches: it follows the condition it fits, or makes another one in time."""
        if match is not None and match.visible >= FITS_WELL:
            best = _followed(self.conditions[match.condition], look, lasted_s)
            return Scene(conditions=_replaced(self.conditions, match.condition, best))
        return self.tried(look, lasted_s, ANOTHER_S if self.conditions else FIRST_S)

    def tried(self, look: Look, lasted_s: float, needed_s: float) -> "Scene":
        """Let the look add to the candidate; a candidate seen for `needed_s` becomes a condition."""
        candidate = self.candidate
        if candidate is not None and (visible_share(look.edges, candidate.edges) or 0.0) < FITS:
            candidate = None
        candidate = _fresh(look) if candidate is None else _followed(candidate, look, lasted_s)
        if candidate.seen_s < needed_s:
            return Scene(conditions=self.conditions, candidate=candidate)
        kept = sorted(self.conditions, key=lambda condition: -condition.seen_s)[: CONDITIONS_MAX - 1]
        return Scene(conditions=(*kept, candidate))


def visible_share(edges: Edges, learnt: Edges) -> float | None:
    """Share of the learnt cells whose edges correlate with those seen; None when too few cells have any."""
    mean_e, mean_l = _cells(edges), _cells(learnt)
    spread_e = np.sqrt(np.maximum(_cells(edges * edges) - mean_e**2, 0.0))
    spread_l = np.sqrt(np.maximum(_cells(learnt * learnt) - mean_l**2, 0.0))
    covariance = _cells(edges * learnt) - mean_e * mean_l
    known = spread_l >= _LEARNT_SPREAD
    if int(known.sum()) < _LEARNT_MIN:
        return None
    return float((covariance >= _ALIKE * spread_l * np.maximum(spread_e, 0.05))[known].mean())


def structured_share(look: Look) -> float:
    """Share of the cells that show structure, whatever it is."""
    return float((look.structure >= STRUCTURE_MIN).mean())


def _dimmed(look: Look, condition: Condition) -> CellMap:
    """A gradient goes with the light that falls on its cell, so dusk and the end of a lamp's reach take no contrast."""
    dimmed: CellMap = np.minimum(look.levels / np.maximum(condition.levels, 1.0), 1.0) ** 2
    return dimmed


def _structure_left(look: Look, condition: Condition) -> float:
    expected = condition.structure * _dimmed(look, condition)
    judged = expected >= STRUCTURE_MIN
    if int(judged.sum()) < _LEARNT_MIN:
        return 1.0
    return float((look.structure >= np.maximum(_FADED * expected, STRUCTURE_MIN / 4))[judged].mean())


def _outlines_left(look: Look, condition: Condition) -> float:
    expected = condition.coarse * _dimmed(look, condition)
    judged = expected >= _COARSE_MIN
    if int(judged.sum()) < _LEARNT_MIN:
        return 0.0
    return float(np.median(look.coarse[judged] / expected[judged]))


def _relative_sharpness(look: Look, condition: Condition) -> float:
    judged = (condition.sharpness > 0) & (look.coarse >= _COARSE_MIN)
    if int(judged.sum()) < _LEARNT_MIN:
        return 1.0
    return float(np.median(_sharpness(look)[judged] / condition.sharpness[judged]))


def _sharpness(look: Look) -> CellMap:
    ratio = look.fine / np.maximum(look.coarse, _COARSE_MIN)
    return np.where(look.coarse >= _COARSE_MIN, ratio, 0.0).astype(np.float32)


def _shift(edges: Edges, learnt: Edges) -> tuple[tuple[float, float], float]:
    """By how many pixels of EDGES_PX `learnt` must be moved to lie on `edges`, and how clear that is (0..1)."""
    (x, y), response = cv2.phaseCorrelate(learnt.copy(), edges.copy(), _HANN)  # it windows its arguments in place
    return (x, y), response


def _placed(edges: Edges, learnt: Edges, visible: float) -> tuple[bool, bool]:
    """Whether `learnt` is elsewhere in the picture, and whether its outlines are in their place."""
    if visible >= FITS_WELL:
        return False, True
    shift_px, response = _shift(edges, learnt)
    far = max(abs(shift_px[0]), abs(shift_px[1]))
    shifted = far >= _SHIFT_PX and _fits_better(edges, learnt, shift_px, visible)
    return shifted, visible >= _IN_PLACE and far <= _IN_PLACE_PX and response >= _IN_PLACE_RESPONSE


def _fits_better(edges: Edges, learnt: Edges, shift_px: tuple[float, float], visible: float) -> bool:
    move = np.array([[1, 0, shift_px[0]], [0, 1, shift_px[1]]], np.float64)
    moved = cv2.warpAffine(learnt, move, EDGES_PX)
    share = visible_share(edges, moved.astype(np.float32, copy=False))
    return share is not None and share >= visible + _SHIFT_GAIN


def _fresh(look: Look) -> Condition:
    return Condition(
        edges=look.edges,
        structure=look.structure,
        coarse=look.coarse,
        levels=look.levels,
        sharpness=_sharpness(look),
        seen_s=0.0,
    )


def _followed(condition: Condition, look: Look, lasted_s: float) -> Condition:
    """A plain mean at first, later one that forgets with _ADAPT_S."""
    share = lasted_s / (lasted_s + min(condition.seen_s, _ADAPT_S))
    sharp = _sharpness(look)
    known, seen = condition.sharpness > 0, sharp > 0
    return Condition(
        edges=(condition.edges + share * (look.edges - condition.edges)).astype(np.float32),
        structure=(condition.structure + share * (look.structure - condition.structure)).astype(np.float32),
        coarse=(condition.coarse + share * (look.coarse - condition.coarse)).astype(np.float32),
        levels=(condition.levels + share * (look.levels - condition.levels)).astype(np.float32),
        sharpness=np.where(
            known & seen,
            condition.sharpness + share * (sharp - condition.sharpness),
            np.where(known, condition.sharpness, sharp),
        ).astype(np.float32),
        seen_s=min(condition.seen_s + lasted_s, SEEN_S_MAX),
    )


def _replaced(conditions: tuple[Condition, ...], index: int, new: Condition) -> tuple[Condition, ...]:
    return (*conditions[:index], new, *conditions[index + 1 :])


def _cells(edges: Edges) -> CellMap:
    return cv2.resize(edges, CELLS, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
