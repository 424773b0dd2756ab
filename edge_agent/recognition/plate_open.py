"""One passage of a vehicle while it is under way: what was seen, and what was read."""

from dataclasses import dataclass, field
from typing import Final

from edge_agent.recognition.plate_decision import PlateDecision
from edge_agent.recognition.plate_direction import Movement
from edge_agent.recognition.plate_vote import PlateLook, PlateVote
from edge_agent.vision.plate import Plate
from edge_agent.wire.messages import Stamp

UNREADABLE_FRAMES_MIN: Final = 5  # "seen, not readable" is said only of what was whole in the picture so often ...
UNREADABLE_SCORE_MIN: Final = 0.6  # ... and what the detector was so sure of, on the mean


@dataclass(frozen=True, kw_only=True, slots=True)
class PlateSeen:
    """A plate on one frame. Not `whole`: the picture's edge cuts it."""

    captured: Stamp
    plate: Plate
    whole: bool


@dataclass(kw_only=True, slots=True, eq=False)
class OpenPassage:
    """A passage under way."""

    id: int
    first: Stamp
    last: Stamp
    clearest: PlateSeen
    plate: Plate  # where it was last
    vote: PlateVote
    read_first: Stamp | None = None  # when something was read first: before, the track may have shown no plate at all
    frames: int = 0
    whole_frames: int = 0
    score_sum: float = 0.0  # of the detector, over the whole frames
    movement: Movement = field(default_factory=Movement)
    decided: PlateDecision | None = None
    told: bool = False
    doubt: "OpenPassage | None" = None  # since a reading of another car: what was seen since, which may be that car's

    def count(self, seen: PlateSeen) -> None:
        self.frames += 1
        self.last, self.plate = seen.captured, seen.plate
        if _clear(seen) > _clear(self.clearest):
            self.clearest = seen
        if seen.whole:
            self.whole_frames += 1
            self.score_sum += seen.plate.score
            self.movement.see(seen.plate)

    def read(self, look: PlateLook) -> None:
        """Count a reading of this car."""
        self.vote.add(look)
        if self.read_first is None and look.decoded is not None:
            self.read_first = look.captured

    def absorb(self, later: "OpenPassage") -> None:
        """Go on with what was counted as another passage; not its readings."""
        self.frames += later.frames
        self.whole_frames += later.whole_frames
        self.score_sum += later.score_sum
        self.movement.absorb(later.movement)
        self.last, self.plate = max((self.last, self.plate), (later.last, later.plate), key=lambda p: p[0].mono_us)
        self.clearest = max(self.clearest, later.clearest, key=_clear)

    def join(self, later: "OpenPassage") -> None:
        """Go on with what was counted and read as another passage: it was the same car."""
        self.absorb(later)
        self.vote.absorb(later.vote)
        self.decided = self.decided or later.decided
        self.told = self.told or later.told

    def settle_doubt(self) -> None:
        """It was this car all the time, badly read once."""
        if self.doubt is not None:
            self.absorb(self.doubt)
            self.doubt = None

    @property
    def last_s(self) -> float:
        return max(self.last.mono_us, self.doubt.last.mono_us if self.doubt else 0) / 1e6

    @property
    def is_surely_a_plate(self) -> bool:
        """Enough to say "seen, not readable"."""
        enough = self.whole_frames >= UNREADABLE_FRAMES_MIN
        return enough and self.score_sum >= UNREADABLE_SCORE_MIN * self.whole_frames

    @property
    def text(self) -> str | None:
        voted = self.vote.result()
        return None if voted is None else voted.decoded.text


def _clear(seen: PlateSeen) -> float:
    """How good a frame is to look at, where nothing was read."""
    return seen.plate.height_px * seen.plate.score * (1.0 if seen.whole else 0.5)
