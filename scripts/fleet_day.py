"""The day of a camera point: how many pass, by the hour."""

from enum import StrEnum
from typing import Final


class Site(StrEnum):
    """Where a device stands: how busy it is by the hour follows from it."""

    GATE = "gate"
    DOOR = "door"
    CLINIC = "clinic"


_CURVES: Final = {
    # passages an hour, from midnight on: rush in the morning and at night; meals and errands; opening hours
    Site.GATE: (
        8,
        4,
        3,
        3,
        6,
        30,
        110,
        240,
        260,
        150,
        110,
        130,
        160,
        130,
        110,
        110,
        140,
        220,
        260,
        200,
        150,
        110,
        60,
        9,
    ),
    Site.DOOR: (1, 1, 0, 0, 2, 8, 20, 30, 26, 22, 24, 28, 26, 16, 18, 22, 26, 32, 30, 24, 18, 10, 5, 2),
    Site.CLINIC: (0, 0, 0, 0, 0, 0, 2, 20, 50, 60, 50, 25, 6, 15, 40, 45, 35, 12, 3, 0, 0, 0, 0, 0),
}


def passages_an_hour(site: Site, hour: float) -> float:
    """The day's curve between its full hours. `hour`: 0 to 24; past midnight it goes round."""
    curve = _CURVES[site]
    low = int(hour) % 24
    share = hour % 1
    return curve[low] * (1 - share) + curve[(low + 1) % 24] * share
