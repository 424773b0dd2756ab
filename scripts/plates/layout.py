"""Where the characters stand on a plate of each kind, in millimetres from its top left (GA 36-2018, figures 1 to 8)."""

from dataclasses import dataclass
from typing import Final

from edge_agent.wire.plate import PlateKind

Cell = tuple[float, float, float, float]
"""(x, y, width, height)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Size of the plate, its cells in reading order, the dot after the second character, screws, and colours (BGR)."""

    size_mm: tuple[int, int]
    cells: tuple[Cell, ...]
    dot_mm: tuple[float, float] | None
    holes_mm: tuple[tuple[float, float], ...]
    ground: tuple[int, int, int]
    ink: tuple[int, int, int]


_ONE_ROW: Final = tuple((x, 25.0, 45.0, 90.0) for x in (15.5, 72.5, 151.5, 208.5, 265.5, 322.5, 379.5))
_GREEN: Final = tuple(
    (x, 25.0, 43.0 if place else 45.0, 90.0)
    for place, x in enumerate((15.0, 69.0, 157.0, 209.0, 261.0, 313.0, 365.0, 417.0))
)
_TWO_ROWS: Final = (
    (110.0, 15.0, 80.0, 60.0),
    (250.0, 15.0, 80.0, 60.0),
    *((27.5 + 80.0 * place, 90.0, 65.0, 110.0) for place in range(5)),
)
_HOLES: Final = ((110.0, 13.0), (330.0, 13.0), (110.0, 127.0), (330.0, 127.0))


def _one_row(ground: tuple[int, int, int], ink: tuple[int, int, int]) -> Layout:
    return Layout(size_mm=(440, 140), cells=_ONE_ROW, dot_mm=(134.5, 70), holes_mm=_HOLES, ground=ground, ink=ink)


def _green(ground: tuple[int, int, int]) -> Layout:
    holes = tuple((x + 20, y) for x, y in _HOLES)
    return Layout(size_mm=(480, 140), cells=_GREEN, dot_mm=(134, 70), holes_mm=holes, ground=ground, ink=(20, 20, 20))


LAYOUTS: Final[dict[PlateKind, Layout]] = {
    PlateKind.BLUE: _one_row((170, 75, 10), (250, 250, 250)),
    PlateKind.GREEN: _green((120, 190, 60)),
    PlateKind.GREEN_LARGE: _green((120, 190, 60)),
    PlateKind.YELLOW: _one_row((20, 180, 245), (20, 20, 20)),
    PlateKind.YELLOW_DOUBLE: Layout(
        size_mm=(440, 220),
        cells=_TWO_ROWS,
        dot_mm=(220, 45),
        holes_mm=((110, 12), (330, 12)),
        ground=(20, 180, 245),
        ink=(20, 20, 20),
    ),
    PlateKind.WHITE: _one_row((240, 240, 240), (20, 20, 20)),
    PlateKind.BLACK: _one_row((25, 25, 25), (245, 245, 245)),
}
