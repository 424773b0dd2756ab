"""What counts as having seen somebody (DESIGN section 5), stricter than what opens a door."""

FRAMES_MIN = 2


def counts(*, strict: bool, frames: int, clock_trusted: bool) -> bool:
    """True when a sighting may cancel an alarm: sure enough, on two frames of one track, by a clock that was right."""
    return strict and frames >= FRAMES_MIN and clock_trusted


def captured_us(*, wall_us: int, received_us: int) -> int:
    """The moment of capture as the hub takes it: nobody is seen in the future, so it is cut at receipt."""
    return min(wall_us, received_us)
