"""How large a thing is in the picture, from where it stands and through which lens. Pure.

The pinhole camera (Hartley and Zisserman, Multiple View Geometry, 2nd edition, section 6.1): a thing of width W that
faces the camera at a distance Z is W * f / Z wide, with the focal length f in pixels,

    f = width_px * lens_mm / sensor_width_mm = width_px / (2 * tan(hfov / 2))

It holds in the middle of the picture and for square pixels; towards the edge of a wide lens it is off by distortion.
"""

import math
from dataclasses import dataclass
from typing import Final

from edge_agent.errors import ConfigError

FACE_WIDTH_M: Final = 0.14
"""Of an adult's face from cheekbone to cheekbone: about 0.13 to 0.15 m; a child's is smaller."""
PLATE_HEIGHT_M: Final = 0.14  # of a car's plate (GA 36: 440 x 140 mm, 480 x 140 mm of new energy vehicles)

FACE_PX_MIN: Final = 60.0  # width from which the detector finds faces (agent.example.toml, [camera])
PLATE_PX_MIN: Final = 14.0
"""Height: of plates 14 px high 90 % are read whole, of 18 px 98 %, of 11 px 58 % (models/plate_reader.md)."""

MODULES: Final = {"v1": 53.5, "v2": 62.2, "v3": 66.0, "v3-wide": 102.0}
"""Horizontal field of view of Raspberry Pi camera modules, degrees (Raspberry Pi documentation, Camera).

A video mode that crops the sensor sees less than that, and things in it are larger.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lens:
    """What the picture is taken through: its focal length in pixels of the picture."""

    focal_px: float

    @classmethod
    def of_angle(cls, hfov_deg: float, *, width_px: int) -> "Lens":
        """`hfov_deg` above 1 and below 170: the whole width of the picture sees so much."""
        _demand("hfov-deg", hfov_deg, 1, 170)
        return cls(focal_px=width_px / (2 * math.tan(math.radians(hfov_deg) / 2)))

    @classmethod
    def of_lens(cls, lens_mm: float, *, sensor_width_mm: float, width_px: int) -> "Lens":
        """`sensor_width_mm`: of the part of the sensor that the picture shows."""
        _demand("lens-mm", lens_mm, 0.5, 500)
        _demand("sensor-mm", sensor_width_mm, 1, 50)
        return cls(focal_px=width_px * lens_mm / sensor_width_mm)

    def size_px(self, size_m: float, distance_m: float) -> float:
        """Of a thing that faces the camera; `distance_m` above 0."""
        return size_m * self.focal_px / distance_m

    def farthest_m(self, size_m: float, size_px: float) -> float:
        """The distance at which a thing of `size_m` is still `size_px` large."""
        return size_m * self.focal_px / size_px


def _demand(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError("the command line", {f"--{name}": f"must be from {low:g} to {high:g}; found {value:g}"})


def lens_of(
    *,
    module: str | None = None,
    lens_mm: float | None = None,
    sensor_mm: float | None = None,
    hfov_deg: float | None = None,
    width_px: int,
) -> Lens | None:
    """What the technician has said of it; None: nothing. Raises ConfigError for what is absurd or not enough."""
    if hfov_deg is not None:
        return Lens.of_angle(hfov_deg, width_px=width_px)
    if lens_mm is not None:
        if sensor_mm is None:
            why = "is missing: a lens says nothing without the width of its sensor"
            raise ConfigError("the command line", {"--sensor-mm": why})
        return Lens.of_lens(lens_mm, sensor_width_mm=sensor_mm, width_px=width_px)
    return None if module is None else Lens.of_angle(MODULES[module], width_px=width_px)
