"""Are these live pictures, or the same one again and again?

A sensor has noise, so parts of a live picture are always new, even when nothing moves. A frozen camera, driver or
stream repeats: the same bits, or, when an encoder sits behind what froze, a handful of pictures over and over (a key
frame, a few refinements, the key frame again). So each of 48 tiles is asked whether its exact content is new among the
last dozen *different* contents it had; nothing new almost everywhere for `FROZEN_S` is frozen.

* Why tiles: a camera's own clock goes on ticking in a frozen picture; it fills a few tiles, noise fills all.
* Why FROZEN_S is long: a thrifty encoder sends a static scene as "no change" until its next key frame, which many
  cameras space 4 to 20 s.
* Repeated is still only when it hardly changes from picture to picture: a key frame shifts a tile by a level or two, a
  short clip in a loop, seen before though it is, by many.
* A loop of a rendered clip without noise is alive while something walks through it: the walker makes more tiles new
  within a minute than a clock does. A rendered clip in which nothing at all happens for FROZEN_S *is* called frozen:
  from its pixels it cannot be told from one. A recording played in a loop in front of us is not recognised here.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.frame import Pixels

FROZEN_S: Final = 60.0

_TILES: Final = (6, 8)  # rows, columns
_TILE_SAMPLES: Final = (15, 20)
_SAMPLES_PX: Final = (160, 90)
_KEPT: Final = 12  # different contents of a tile that count as "seen before": more than an encoder's cycle has
_CLOCK_TILES: Final = 4  # a burnt-in clock changes at most so many tiles
_FLAT: Final = 1  # a tile whose samples differ by no more than this may be clipped to black or white: no noise there

_RIPPLE: Final = 6.0  # mean change of a tile, levels of 255, that an encoder alone does not make

_Tiles = NDArray[np.uint64]


class Stillness:
    """Remembers the last different contents of each tile, and when each was last new."""

    def __init__(self) -> None:
        rng = np.random.default_rng(20)
        self._weights = rng.integers(1, 2**63, size=(_SAMPLES_PX[1], _SAMPLES_PX[0]), dtype=np.uint64)
        self.forget()

    def forget(self) -> None:
        """Start afresh, as after a pause without pictures."""
        self._seen = np.zeros((_KEPT, *_TILES), np.uint64)
        self._next = np.zeros(_TILES, np.intp)
        self._new_s = np.zeros(_TILES)
        self._last: NDArray[np.uint8] | None = None

    def still_since(self, pixels: Pixels, now_s: float) -> float | None:
        """Since when (monotonic) nothing new was seen; None while the picture lives, and for the first FROZEN_S."""
        nearest = cv2.resize(pixels, _SAMPLES_PX, interpolation=cv2.INTER_NEAREST)
        samples = nearest[:, :, 1].astype(np.uint8)  # green, as it came: averaging would hide the noise
        rows, columns = _TILES
        tiles = samples.reshape(rows, _TILE_SAMPLES[0], columns, _TILE_SAMPLES[1])
        hashes = (samples * self._weights).reshape(tiles.shape).sum(axis=(1, 3))
        self._note(hashes + np.uint64(1), now_s)  # never the zero of an empty place
        if self._last is not None:
            changed = cv2.absdiff(samples, self._last).reshape(tiles.shape).mean(axis=(1, 3))
            self._new_s[changed > _RIPPLE] = now_s
        self._last = samples
        textured = int((np.ptp(tiles, axis=(1, 3)) > _FLAT).sum()) or rows * columns
        tolerated = min(_CLOCK_TILES, textured // 2)
        alive_s = float(np.sort(self._new_s, axis=None)[-1 - tolerated])
        return alive_s if now_s - alive_s >= FROZEN_S else None

    def _note(self, tiles: _Tiles, now_s: float) -> None:
        """Put what is new in the place of the oldest; a hash of 64 bits stands for a content."""
        new = ~(self._seen == tiles).any(axis=0)
        rows, columns = np.nonzero(new)
        slots = self._next[rows, columns]
        self._seen[slots, rows, columns] = tiles[rows, columns]
        self._next[rows, columns] = (slots + 1) % _KEPT
        self._new_s[rows, columns] = now_s
