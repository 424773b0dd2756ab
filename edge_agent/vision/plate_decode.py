"""From what a network saw in each place of a plate to the one text that may stand there: grammar, then probability.

Kind and text are decided together: of all texts that GA 36-2018 allows on any kind, the one with the largest sum of the
kind's log-probability and those of its characters. Each kind is a product of sets of characters, one set a place (black
plates are two such products), so the best text of a kind is its best character in each place: no search.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.plate import CLASSES, KINDS, SLOTS, RawReading
from edge_agent.wire.plate import DIGITS, LETTERS, PROVINCES, PlateKind

NO_PLATE_MIN: Final = 0.5  # from this probability of "no plate" on, it is none, whatever could be read on it
SCORE_MIN: Final = 0.05  # a text that is less probable than this is not said at all
PRIOR_LOG_ODDS_MAX: Final = math.log(3)  # a site's prior turns no province that is more than three times as probable
PROBABILITY_MIN: Final = 1e-9  # of a network's output, before its logarithm

Logs = NDArray[np.float64]
"""Logarithms of probabilities."""

_BLANK: Final = len(CLASSES) - 1
_AT: Final = {character: index for index, character in enumerate(CLASSES)}
_ANY: Final = DIGITS + LETTERS
_ENERGY: Final = "ABCDEFGHJK"
_HEAD: Final = (PROVINCES, LETTERS)
_LAYOUTS: Final[tuple[tuple[PlateKind, tuple[str, ...]], ...]] = (
    (PlateKind.BLUE, (*_HEAD, *[_ANY] * 5)),
    (PlateKind.GREEN, (*_HEAD, _ENERGY, _ANY, *[DIGITS] * 4)),
    (PlateKind.GREEN_LARGE, (*_HEAD, *[DIGITS] * 5, _ENERGY)),
    (PlateKind.YELLOW, (*_HEAD, *[_ANY] * 4, _ANY + "学")),
    (PlateKind.YELLOW_DOUBLE, (*_HEAD, *[_ANY] * 4, _ANY + "挂")),
    (PlateKind.WHITE, (*_HEAD, *[_ANY] * 4, "警")),
    (PlateKind.BLACK, (*_HEAD, *[_ANY] * 4, _ANY + "港澳使领")),
    (PlateKind.BLACK, ("使", *[DIGITS] * 6)),
)
"""What may stand in each place; one that is not named is blank. As `edge_agent.wire.plate.TEXTS` has it, tested."""

_KIND_AT: Final = np.array([KINDS.index(kind) for kind, _ in _LAYOUTS])
_NO_PLATE_AT: Final = KINDS.index(None)


def _walls() -> Logs:
    """Shape (layouts, SLOTS, classes): 0 where a character may stand, minus infinity where it may not."""
    walls = np.full((len(_LAYOUTS), SLOTS, len(CLASSES)), -np.inf)
    for wall, (_, places) in zip(walls, _LAYOUTS, strict=True):
        for slot in range(SLOTS):
            allowed = [_AT[c] for c in places[slot]] if slot < len(places) else [_BLANK]
            wall[slot, allowed] = 0.0
    walls.setflags(write=False)
    return walls


_WALLS: Final = _walls()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Decoded:
    """The most probable text, and how far it may be believed."""

    text: str
    kind: PlateKind
    chars: tuple[float, ...]  # the probability of each character of the text
    score: float  # that the whole text is right, see `decode`
    second: str | None  # the next best text on any kind
    second_score: float
    places: NDArray[np.float64] = field(repr=False)  # (SLOTS, classes): of each character, before grammar

    def probability(self, slot: int, character: str) -> float:
        """How probable `character` is in that place."""
        return float(self.places[slot, _AT[character]])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SitePrior:
    """How often each province drives through one gate. It decides between near equals, and nothing else.

    It moves the log-odds of two provinces by at most PRIOR_LOG_ODDS_MAX, so it never turns a reading that is surer
    than that; and it chooses only: every probability that is told stays that of the picture.
    """

    nudges: Logs  # (classes,)

    @classmethod
    def of(cls, shares: Mapping[str, float]) -> "SitePrior":
        """`shares` of the provinces, each 0 to 1, together at most 1; what is not named is rare. Raises ValueError."""
        if unknown := sorted(shares.keys() - set(PROVINCES)):
            raise ValueError(f"no provinces: {', '.join(unknown)}")
        if not all(0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1 + 1e-6:
            raise ValueError("shares are from 0 to 1, and together at most 1")
        nudges = np.zeros(len(CLASSES))
        for province in PROVINCES:
            odds = shares.get(province, 0.0) * len(PROVINCES)  # to all provinces alike
            limit = PRIOR_LOG_ODDS_MAX / 2
            nudges[_AT[province]] = -limit if odds <= 0 else min(max(math.log(odds), -limit), limit)
        return cls(nudges=nudges)


def logs_of(reading: RawReading) -> tuple[Logs, Logs] | None:
    """The logarithms of a reading, of its characters and kinds; None when it holds what is no probability."""
    found = []
    for probabilities in (reading.chars, reading.kinds):
        wide = probabilities.astype(np.float64)
        if not np.isfinite(wide).all() or (wide < 0).any():
            return None
        found.append(_normal(np.log(np.maximum(wide, PROBABILITY_MIN))))
    return found[0], found[1]


def decode_reading(reading: RawReading, *, prior: SitePrior | None = None) -> Decoded | None:
    """What stands on one picture of a plate; None: nothing that can be said, or no plate."""
    logs = logs_of(reading)
    return None if logs is None else decode(*logs, prior=prior)


def decode(log_chars: Logs, log_kinds: Logs, *, prior: SitePrior | None = None) -> Decoded | None:
    """The most probable text that the grammar allows. None: no plate, or too improbable to be said.

    `log_chars` has shape (SLOTS, classes), `log_kinds` (len(KINDS),): logarithms of probabilities up to a constant a
    row, of one reading or summed over several. Raises ValueError for other shapes and for what is not finite.

    The score is the product of the probabilities of all places, the blank last one of seven included. It is not divided
    by what grammar leaves over: where the network puts its weight on what cannot stand there, that is doubt, and
    stays doubt. A prior chooses and does not count.
    """
    if log_chars.shape != (SLOTS, len(CLASSES)) or log_kinds.shape != (len(KINDS),):
        raise ValueError(f"shapes {log_chars.shape} and {log_kinds.shape}")
    if not (np.isfinite(log_chars).all() and np.isfinite(log_kinds).all()):
        raise ValueError("logarithms that are not finite")
    chars, kinds = _normal(log_chars), _normal(log_kinds)
    if math.exp(kinds[_NO_PLATE_AT]) >= NO_PLATE_MIN:
        return None
    weighed = chars.copy()
    if prior is not None:
        weighed[0] += prior.nudges
    masked = _WALLS + weighed
    best = masked.argmax(axis=2)  # (layouts, SLOTS)
    totals = kinds[_KIND_AT] + np.take_along_axis(masked, best[:, :, None], axis=2)[:, :, 0].sum(axis=1)
    first = int(totals.argmax())
    logs = chars[np.arange(SLOTS), best[first]]
    score = math.exp(float(logs.sum()))
    if score < SCORE_MIN:
        return None
    text = _text(best[first])
    second = _second(masked, best, totals, first)
    return Decoded(
        text=text,
        kind=_LAYOUTS[first][0],
        chars=tuple(np.exp(logs[: len(text)]).tolist()),
        score=score,
        second=None if second is None else _text(second),
        second_score=0.0 if second is None else math.exp(float(chars[np.arange(SLOTS), second].sum())),
        places=np.exp(chars),
    )


def _second(masked: Logs, best: NDArray[np.intp], totals: Logs, first: int) -> NDArray[np.intp] | None:
    """The best other text: the best one of another layout, or one character away from the best in its own layout.

    Where another layout has the same text for its best, its own next best one counts.
    """
    same = (best == best[first]).all(axis=1)
    candidates: list[tuple[float, int, NDArray[np.intp]]] = [
        (float(totals[at]), at, best[at]) for at in np.flatnonzero(~same)
    ]
    for at in np.flatnonzero(same):
        others = masked[at].copy()
        kept = others[np.arange(SLOTS), best[at]]
        others[np.arange(SLOTS), best[at]] = -np.inf
        other = others.argmax(axis=1)
        losses = kept - others[np.arange(SLOTS), other]
        slot = int(losses.argmin())
        changed = best[at].copy()
        changed[slot] = other[slot]
        candidates.append((float(totals[at] - losses[slot]), int(at), changed))
    total, _, second = max(candidates, key=lambda c: c[0])
    return second if math.isfinite(total) else None


def _normal(logs: NDArray[np.float64]) -> Logs:
    """Each row shifted so that its probabilities sum to 1."""
    shifted = logs - logs.max(axis=-1, keepdims=True)
    normal: Logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normal


def _text(classes: NDArray[np.intp]) -> str:
    return "".join(CLASSES[at] for at in classes)
