"""Which way a vehicle went, of how its plate moved through the picture."""

import math
import statistics
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from edge_agent.vision.plate import Plate
from edge_agent.wire.messages import Direction

_ENDS: Final = 3  # sightings at either end whose median counts: one badly found plate turns nothing
_GROWTH_MIN: Final = math.log(1.25)  # of the plate's height: nearer or farther by so much is a movement
_SMALL_GROWTH: Final = math.log(1.08)  # what a badly found corner explains
_FALL_MIN: Final = (
    2.0  # plate heights downwards in the picture: also a movement, where the size says nothing against it
)
_AGAINST_MAX: Final = 0.5  # plate heights that the plate may go the other way and still be believed


@dataclass(frozen=True, slots=True)
class _Place:
    height_px: float
    y_px: float


@dataclass(kw_only=True, slots=True)
class Movement:
    """The first and the last sightings of one plate. A camera that looks at the traffic sees what comes in grow."""

    first: list[_Place] = field(default_factory=list)
    last: deque[_Place] = field(default_factory=lambda: deque(maxlen=_ENDS))

    def see(self, plate: Plate) -> None:
        """Only of a plate that is whole in the picture."""
        _, y0, _, y1 = plate.box_px
        self._add(_Place(plate.height_px, (y0 + y1) / 2))

    def absorb(self, later: "Movement") -> None:
        """Go on with what was seen of the same plate later."""
        for place in (*later.first, *later.last):
            self._add(place)

    def direction(self) -> Direction:
        """Nearer and lower is in, farther and higher is out; unknown when it stood, turned back, or went across."""
        if len(self.first) < 2 or len(self.last) < 2:
            return Direction.UNKNOWN
        first, last = _median(self.first), _median(self.last)
        growth = math.log(last.height_px / first.height_px)
        fall = (last.y_px - first.y_px) / ((first.height_px + last.height_px) / 2)
        for direction, sign in ((Direction.IN, 1.0), (Direction.OUT, -1.0)):
            by_size = sign * growth >= _GROWTH_MIN and sign * fall >= -_AGAINST_MAX
            by_place = sign * fall >= _FALL_MIN and sign * growth >= -_SMALL_GROWTH
            if by_size or by_place:
                return direction
        return Direction.UNKNOWN

    def _add(self, place: _Place) -> None:
        if len(self.first) < _ENDS:
            self.first.append(place)
        self.last.append(place)


def _median(places: "list[_Place] | deque[_Place]") -> _Place:
    return _Place(
        statistics.median(place.height_px for place in places), statistics.median(place.y_px for place in places)
    )
