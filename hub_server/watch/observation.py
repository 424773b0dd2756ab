"""What counts as having seen somebody (DESIGN section 5), stricter than what opens a door."""

from enum import StrEnum

FRAMES_MIN = 2
LOOKALIKE_MARGIN = 0.10
"""Cosine, over the margin that the welfare watch asks for: between two people whom a camera took for one another."""
LOOKALIKE_MARGIN_STEP = 0.05
LOOKALIKE_MARGIN_MAX = 0.25


class Kind(StrEnum):
    """An observation that is no face: what a human vouches for, or what the person had in their hand."""

    GIVEN = "given"  # when the watch began
    VISIT = "visit"  # a worker knocked and met them
    PHONE = "phone"  # they answered
    CLINIC = "clinic"  # they checked in
    CARD = "card"  # at a door
    VEHICLE = "vehicle"  # their own, at a gate


def counts(*, strict: bool, frames: int, clock_trusted: bool) -> bool:
    """True when a sighting may cancel an alarm: sure enough, on two frames of one track, by a clock that was right."""
    return strict and frames >= FRAMES_MIN and clock_trusted


def vouches(kind: Kind, *, own_vehicle: bool) -> bool:
    """True when an observation of this kind may cancel an alarm. A car may have another driver: only where agreed."""
    return own_vehicle or kind is not Kind.VEHICLE


def lookalike_margin(before: float | None) -> float:
    """The margin between two people after one more mistake; None: there was none before."""
    if before is None:
        return LOOKALIKE_MARGIN
    return min(round(before + LOOKALIKE_MARGIN_STEP, 6), LOOKALIKE_MARGIN_MAX)


def captured_us(*, wall_us: int, received_us: int) -> int:
    """The moment of capture as the hub takes it: nobody is seen in the future, so it is cut at receipt."""
    return min(wall_us, received_us)
