"""One picture of a camera, with the moment it was taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.wire.messages import Stamp

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3), uint8, channel order blue-green-red as OpenCV has it, origin top left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A picture and when it was captured. Frames are shared, never written to."""

    pixels: Pixels
    captured: Stamp
    number: int  # counts every frame the camera gave, also those that nobody looked at

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])
