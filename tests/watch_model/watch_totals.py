"""What all worlds of a process together went through."""

from dataclasses import dataclass


@dataclass(kw_only=True)
class Totals:
    """`days`: that went by on the scripted clocks."""

    runs: int = 0
    steps: int = 0
    days: float = 0.0
    ticks: int = 0
    sightings: int = 0
    late: int = 0
    raised: int = 0
    cannot_tell: int = 0
    retracted: int = 0
    pauses: int = 0
    corrections: int = 0
    vouched: int = 0
    crashes: int = 0
    hub_steps: int = 0
    outages: int = 0
