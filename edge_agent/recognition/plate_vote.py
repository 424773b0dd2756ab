"""Several readings of one plate become one: each character is voted on by itself, weighted by how well it was seen."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edge_agent.vision.plate import CLASSES, KINDS, SLOTS, Plate, RawReading
from edge_agent.vision.plate_decode import Decoded, Logs, SitePrior, decode, logs_of
from edge_agent.wire.messages import Stamp

STRAY_SHARE: Final = 0.005
"""How often a character is misread whatever the network says. It bounds what one sure misread can do among many, and
what one sure reading may claim alone: 0.995 a character, 0.96 a plate."""

VOTES_MAX: Final = 4.0  # frames of one car are not independent: together they count for no more than so many
VOTED_SCORE_MIN: Final = 0.2  # a text less probable than this is not said: signs and posters are read so
HEIGHT_CLEAR_PX: Final = 24.0  # a plate this high is seen as well as it ever will be
WEIGHT_MIN: Final = 0.02
BALLOTS_MAX: Final = 8  # different texts whose best frame is remembered; the worst one goes
SURE_CHARACTER_MIN: Final = 0.8  # a character this probable is not mistaken for another by chance ...
OTHER_CAR_CHARACTERS: Final = 3  # ... and in so many places at once only when it is another car


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlateLook:
    """One reading of one plate on one frame."""

    captured: Stamp
    plate: Plate
    log_chars: Logs  # (SLOTS, classes), with the share of strays
    log_kinds: Logs
    weight: float  # 0 to 1: how much its vote counts
    decoded: Decoded | None  # what it says alone


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Voted:
    """What all readings say together, and the one frame that is evidence for it."""

    decoded: Decoded
    evidence: PlateLook  # says the voted text itself; or, when none does, the nearest to it
    agreeing: int  # readings that say exactly this text


def look_of(captured: Stamp, plate: Plate, reading: RawReading, *, prior: SitePrior | None = None) -> PlateLook | None:
    """A reading made ready to vote; None when it holds what is no probability."""
    logs = logs_of(reading)
    if logs is None:
        return None
    log_chars, log_kinds = (np.log((1 - STRAY_SHARE) * np.exp(one) + STRAY_SHARE / one.shape[-1]) for one in logs)
    certainty = math.exp(float(log_chars.max(axis=1).mean()))  # geometric mean over the places
    clear = min(1.0, plate.height_px / HEIGHT_CLEAR_PX)
    return PlateLook(
        captured=captured,
        plate=plate,
        log_chars=log_chars,
        log_kinds=log_kinds,
        weight=min(1.0, max(WEIGHT_MIN, clear * plate.score * certainty)),
        decoded=decode(log_chars, log_kinds, prior=prior),
    )


def is_other_car(one: Decoded, other: Decoded) -> bool:
    """True when the texts differ in so many characters, sure on both sides, that no misreading explains it.

    Corners that are off make a network lose or double a character, and all behind it stand one place farther, each of
    them sure: so the texts must also be that many edits apart. That one has seven characters and the other eight is
    no difference by itself: the last one may be hidden.
    """
    pairs = zip(one.text, one.chars, other.text, other.chars, strict=False)
    sure = sum(a != b and min(p, q) >= SURE_CHARACTER_MIN for a, p, b, q in pairs)
    return sure >= OTHER_CAR_CHARACTERS and edits(one.text, other.text) >= OTHER_CAR_CHARACTERS


def edits(one: str, other: str) -> int:
    """How many characters must be changed, put in or left out to make one text of the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@dataclass(kw_only=True, slots=True)
class _Ballot:
    """A text that readings said alone: how many, and the best of them."""

    best: PlateLook
    count: int = 1


@dataclass(kw_only=True, slots=True, eq=False)
class PlateVote:
    """The readings of one vehicle. Its memory does not grow with their number."""

    prior: SitePrior | None = None
    reads: int = 0
    chars: Logs = field(default_factory=lambda: np.zeros((SLOTS, len(CLASSES))))
    kinds: Logs = field(default_factory=lambda: np.zeros(len(KINDS)))
    weight: float = 0.0  # sum of the weights ...
    weight_squared: float = 0.0  # ... and of their squares
    ballots: dict[str, _Ballot] = field(default_factory=dict)
    _result: Voted | None = None  # of all that was counted; None: not asked for yet, or nothing to say

    def add(self, look: PlateLook) -> None:
        """Count one reading. That it is of this vehicle is the caller's to know."""
        self.reads += 1
        self.chars += look.weight * look.log_chars
        self.kinds += look.weight * look.log_kinds
        self.weight += look.weight
        self.weight_squared += look.weight**2
        if look.decoded is not None:
            self._remember(look.decoded.text, look)
        self._result = None

    def absorb(self, other: "PlateVote") -> None:
        """Count all that `other` counted: it was the same vehicle."""
        self.reads += other.reads
        self.chars += other.chars
        self.kinds += other.kinds
        self.weight += other.weight
        self.weight_squared += other.weight_squared
        for text, ballot in other.ballots.items():
            self._remember(text, ballot.best, ballot.count)
        self._result = None

    def result(self) -> Voted | None:
        """What the vote is now; None: nothing that can be said.

        The weighted mean of the logarithms, as many times as there were readings, at most VOTES_MAX; of readings that
        weigh differently Kish's effective number, (sum of w)^2 / sum of w^2: one good one beside many bad ones is one.
        """
        if self._result is None and self.ballots:
            self._result = self._counted()
        return self._result

    def _counted(self) -> Voted | None:
        factor = min(self.weight**2 / self.weight_squared, VOTES_MAX) / self.weight
        decoded = decode(factor * self.chars, factor * self.kinds, prior=self.prior)
        if decoded is None or decoded.score < VOTED_SCORE_MIN:
            return None
        ballot = self.ballots.get(decoded.text)
        if ballot is not None:
            return Voted(decoded=decoded, evidence=ballot.best, agreeing=ballot.count)
        nearest = min(self.ballots.items(), key=lambda item: (_distance(item[0], decoded.text), -_worth(item[1].best)))
        return Voted(decoded=decoded, evidence=nearest[1].best, agreeing=0)

    def _remember(self, text: str, look: PlateLook, count: int = 1) -> None:
        ballot = self.ballots.get(text)
        if ballot is None:
            self.ballots[text] = _Ballot(best=look, count=count)
            if len(self.ballots) > BALLOTS_MAX:
                del self.ballots[min(self.ballots, key=self._standing)]
            return
        ballot.count += count
        if _worth(look) > _worth(ballot.best):
            ballot.best = look

    def _standing(self, text: str) -> tuple[int, float]:
        return self.ballots[text].count, _worth(self.ballots[text].best)


def _worth(look: PlateLook) -> float:
    """How good a frame is as evidence: seen well, and sure by itself."""
    return look.weight * (look.decoded.score if look.decoded is not None else 0.0)


def _distance(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))
