"""The vehicles that may pass here, and what the list says to a plate that was read. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import GalleryError
from edge_agent.vision.plate_decode import Decoded
from edge_agent.wire.gallery import VEHICLES_MAX, WrittenVehicle
from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.messages import PlateVerdict, Stamp
from edge_agent.wire.plate import CHARACTERS, LENGTH_MAX, kinds_of

LOW_CHARACTER_MAX: Final = 0.8  # a character less probable than this may be another one
OTHER_CHARACTER_MIN: Final = 0.02  # ... if the picture allows that other one at all
_AT: Final = {character: index + 1 for index, character in enumerate(CHARACTERS)}  # 0: blank


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What the list says; `listed` names the listed plate that is meant, only when known."""

    verdict: PlateVerdict
    listed: str | None = None


UNKNOWN: Final = Judgement(verdict=PlateVerdict.UNKNOWN)
UNSURE: Final = Judgement(verdict=PlateVerdict.UNSURE)


def check_vehicles(vehicles: Iterable[WrittenVehicle]) -> tuple[WrittenVehicle, ...]:
    """The same vehicles. Raises GalleryError for what cannot be a list of them."""
    checked = tuple(vehicles)
    if len(checked) > VEHICLES_MAX:
        raise GalleryError(f"{len(checked)} vehicles: at most {VEHICLES_MAX} fit")
    for vehicle in checked:
        if not kinds_of(vehicle.plate):
            raise GalleryError(f"{vehicle.plate[:20]!r} is no licence plate")
        ends = [end for end in (vehicle.valid_from_us, vehicle.valid_until_us) if end is not None]
        if not all(0 <= end <= INTEGER_MAX for end in ends) or (len(ends) == 2 and ends[0] >= ends[1]):
            raise GalleryError(f"a vehicle is valid from {vehicle.valid_from_us} until {vehicle.valid_until_us}")
    if len({vehicle.plate for vehicle in checked}) != len(checked):
        raise GalleryError("a vehicle is in it twice")
    return checked


class KnownPlates:
    """A list of vehicles to ask; 0.3 ms for 20,000 of them.

    * A plate that is on the list is known, unless one of its characters is low and another listed plate has there what
      the picture allows too: then a person decides which of the two it is.
    * A plate that is one character off a listed one is taken for it only where that character is low, the picture
      allows the listed one, and no other listed plate is as near.
    * What is near in any other way is unsure: one character off, or two low ones. All else is unknown.
    * A listed vehicle whose time is not now is not known, and still keeps its plate from being taken for a neighbour's.
      While the clock is not synchronised, whoever's time has a start or an end is unsure.

    A plate of seven characters is never near one of eight.
    """

    def __init__(self, vehicles: Iterable[WrittenVehicle] = ()) -> None:
        """Raises GalleryError for what cannot be a list."""
        self._vehicles = check_vehicles(vehicles)
        self._codes = np.array([_codes(vehicle.plate) for vehicle in self._vehicles], np.uint8).reshape(-1, LENGTH_MAX)

    def __len__(self) -> int:
        return len(self._vehicles)

    def judge(self, decoded: Decoded, at: Stamp) -> Judgement:
        """Whether the plate that was read `at` that moment is on the list."""
        read = np.array(_codes(decoded.text), np.uint8)
        same_length = (self._codes[:, -1] == 0) == (read[-1] == 0)
        differ = self._codes != read
        distances = np.where(same_length, differ.sum(axis=1), LENGTH_MAX)
        exact = np.flatnonzero(distances == 0)
        near = np.flatnonzero(distances == 1)
        if len(exact):
            doubles = [at_ for at_ in near if self._allowed(decoded, at_, differ)]
            return UNSURE if doubles else self._judged(int(exact[0]), at, otherwise=UNKNOWN)
        if len(near) == 1 and self._allowed(decoded, near[0], differ):
            return self._judged(int(near[0]), at, otherwise=UNSURE)
        if len(near):
            return UNSURE
        twice = np.flatnonzero(distances == 2)
        return UNSURE if any(self._allowed(decoded, at_, differ) for at_ in twice) else UNKNOWN

    def _allowed(self, decoded: Decoded, vehicle: np.intp, differ: NDArray[np.bool_]) -> bool:
        """Wherever the listed plate differs, the character read is low and the listed one possible."""
        plate = self._vehicles[vehicle].plate
        return all(
            decoded.chars[slot] < LOW_CHARACTER_MAX and decoded.probability(slot, plate[slot]) >= OTHER_CHARACTER_MIN
            for slot in np.flatnonzero(differ[vehicle]).tolist()
        )

    def _judged(self, vehicle: int, at: Stamp, *, otherwise: Judgement) -> Judgement:
        """Known, if its time is now; `otherwise` when it is surely not."""
        listed = self._vehicles[vehicle]
        if listed.valid_from_us is None and listed.valid_until_us is None:
            return Judgement(verdict=PlateVerdict.KNOWN, listed=listed.plate)
        if not at.synced:
            return UNSURE
        begun = listed.valid_from_us is None or listed.valid_from_us <= at.wall_us
        over = listed.valid_until_us is not None and listed.valid_until_us <= at.wall_us
        return Judgement(verdict=PlateVerdict.KNOWN, listed=listed.plate) if begun and not over else otherwise


def _codes(text: str) -> list[int]:
    """One number a place, 0 for the blank last one."""
    return [*map(_AT.__getitem__, text), *[0] * (LENGTH_MAX - len(text))]
