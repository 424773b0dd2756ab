"""When a reading is sure enough to act on while the car still rolls, and what is said then."""

from dataclasses import dataclass
from typing import Final

from edge_agent.recognition.known_plates import LOW_CHARACTER_MAX, Judgement
from edge_agent.recognition.plate_vote import Voted
from edge_agent.vision.plate import Plate
from edge_agent.wire.messages import Direction, PlateReading, PlateVerdict, Stamp

AGREEING_SCORE_MIN: Final = 0.9  # two readings say the same, and the vote is this sure
ALONE_SCORE_MIN: Final = 0.93  # one reading, as sure as one can be: see plate_vote.STRAY_SHARE
LIST_READS_MIN: Final = 3  # so many readings, one character stays low, and the list knows which plate is meant
ENOUGH_READS: Final = 8  # more will not make it surer: say what there is, so that a person can decide


@dataclass(frozen=True, kw_only=True, slots=True)
class PlateDecision:
    """What a gate may act on at once, long before the passage ends. Said again only when it changes.

    Whatever is decided stands in the journal too, when the passage is told.
    """

    passage: int  # the same number for all that is decided of one passage; never used again in this run
    camera: str
    captured: Stamp  # of the frame that is the evidence
    decided: Stamp  # of the frame that made it sure
    direction: Direction  # as far as it is known by then
    reading: PlateReading
    plate: Plate  # where the plate is on the evidence's frame

    def says_the_same(self, other: "PlateDecision") -> bool:
        one, two = self.reading, other.reading
        return (one.text, one.verdict, one.listed) == (two.text, two.verdict, two.listed)


def is_sure(voted: Voted, judgement: Judgement, reads: int) -> bool:
    """Whether more readings are worth waiting for: no."""
    score = voted.decoded.score
    if voted.agreeing >= 2 and score >= AGREEING_SCORE_MIN:
        return True
    if voted.agreeing >= 1 and score >= ALONE_SCORE_MIN:
        return True
    low = sum(char < LOW_CHARACTER_MAX for char in voted.decoded.chars)
    if judgement.verdict is PlateVerdict.KNOWN and reads >= LIST_READS_MIN and low <= 1:
        return True
    return reads >= ENOUGH_READS


def reading_of(voted: Voted, judgement: Judgement) -> PlateReading:
    """As it travels; rounding may carry a probability past 1."""
    decoded = voted.decoded
    return PlateReading(
        text=decoded.text,
        kind=decoded.kind,
        score=min(1.0, decoded.score),
        chars=[min(1.0, char) for char in decoded.chars],
        verdict=judgement.verdict,
        listed=judgement.listed,
    )
