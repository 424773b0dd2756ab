"""Which squares of a picture the far detector looks at: pure geometry."""

import math
from dataclasses import dataclass
from typing import Final

WINDOWS_MAX: Final = 24
"""A whole level of smaller squares is left out rather than exceed this: time per picture has a limit."""

FINER: Final = 0.5625
"""Side of a level's squares over that of the level above: 1280 -> 720, so a 16:9 frame needs two tiles."""

SLACK: Final = 1.2
"""Squares this much larger than the wanted tile still do: 768 wide instead of 720 is not worth two more looks."""

OVERLAP: Final = 0.2
"""Share of a tile that its neighbour sees too; a face too big for this is found one level above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A square of the picture, in its pixels; it may reach past the edge, which is then black."""

    x0: float
    y0: float
    side: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A rectangle of the picture, in its pixels."""

    x0: float
    y0: float
    width: float
    height: float


def plan_windows(region: Region, tile_side_px: float) -> list[Window]:
    """The region as one square, then as ever smaller overlapping squares down to about `tile_side_px`."""
    side = max(region.width, region.height)
    windows = [_around(region, side)]
    while side > tile_side_px * SLACK:
        side = max(side * FINER, tile_side_px)
        tiles = _tiles(region, side)
        if len(windows) + len(tiles) > WINDOWS_MAX:
            break
        windows += tiles
    return windows


def zoomed_out(region: Region) -> Window:
    """A square twice as wide as the region: a face that fills the picture becomes one of middling size."""
    return _around(region, 2 * max(region.width, region.height))


def _around(region: Region, side: float) -> Window:
    return Window(
        x0=region.x0 + (region.width - side) / 2,
        y0=region.y0 + (region.height - side) / 2,
        side=side,
    )


def _tiles(region: Region, side: float) -> list[Window]:
    return [
        Window(x0=region.x0 + x, y0=region.y0 + y, side=side)
        for y in _starts(region.height, side)
        for x in _starts(region.width, side)
    ]


def _starts(length: float, side: float) -> list[float]:
    """Where tiles of `side` begin along `length`: evenly, overlapping by at least OVERLAP, ends flush."""
    if length <= side:
        return [(length - side) / 2]
    steps = math.ceil((length - side) / (side * (1 - OVERLAP)))
    return [i * (length - side) / steps for i in range(steps + 1)]
