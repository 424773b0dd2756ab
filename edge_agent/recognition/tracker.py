"""Which box of this frame is whose of the last: geometry only, no picture, no template."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.vision.face import Box

TRACKS_MAX: Final = 64
"""More faces than this in one picture are not followed; the largest are."""

_VELOCITY_SHARE: Final = 0.5  # weight of the newest step in the smoothed velocity
_COAST_S: Final = 0.7  # for so long a lost track is expected to go on as it went; then it waits where it would be
_REACH: Final = 0.7  # a box may be off its prediction by this share of its size ...
_REACH_PER_S: Final = 1.5  # ... and by this share more for each second out of sight ...
_REACH_MAX: Final = 2.0  # ... but no more
_GROWTH_MAX: Final = 1.8  # and may not be larger or smaller by more than this factor


@dataclass(kw_only=True, slots=True)
class Track:
    """One face followed through frames."""

    id: int
    box_px: Box
    seen_s: float
    velocity_px_s: tuple[float, float] = (0.0, 0.0)

    def predicted_px(self, now_s: float) -> Box:
        """Where its box would be if it went on as it went."""
        ahead_s = min(now_s - self.seen_s, _COAST_S)
        dx, dy = self.velocity_px_s[0] * ahead_s, self.velocity_px_s[1] * ahead_s
        x0, y0, x1, y1 = self.box_px
        return x0 + dx, y0 + dy, x1 + dx, y1 + dy

    def follow(self, box_px: Box, now_s: float) -> None:
        elapsed_s = now_s - self.seen_s
        if elapsed_s > 0:
            (x_then, y_then), (x, y) = _centre(self.box_px), _centre(box_px)
            step = (x - x_then) / elapsed_s, (y - y_then) / elapsed_s
            vx, vy = self.velocity_px_s
            self.velocity_px_s = vx + _VELOCITY_SHARE * (step[0] - vx), vy + _VELOCITY_SHARE * (step[1] - vy)
        self.box_px, self.seen_s = box_px, now_s


class Tracker:
    """Follows several faces at once. Give it every frame that was looked at, in order.

    Pairs are taken greedily, best first, by overlap and nearness to the prediction. With the few faces before a door
    this is the best assignment but for near ties, and those the templates settle: see passage.py.
    """

    def __init__(self, *, gap_s: float) -> None:
        """A track that was not seen for `gap_s` is forgotten."""
        self._gap_s = gap_s
        self._ids = itertools.count(1)
        self._tracks: dict[int, Track] = {}

    @property
    def tracks(self) -> tuple[Track, ...]:
        return tuple(self._tracks.values())

    def update(self, boxes_px: Sequence[Box], now_s: float) -> list[int | None]:
        """The track of each box, old or new, in the order of the boxes; None past TRACKS_MAX. No two are the same."""
        self._forget(now_s)
        taken: dict[int, int] = {}  # box index -> track id
        for _, index, track_id in sorted(self._candidates(boxes_px, now_s), reverse=True):
            if index not in taken and track_id not in taken.values():
                taken[index] = track_id
        for index, track_id in taken.items():
            self._tracks[track_id].follow(boxes_px[index], now_s)
        fresh = sorted(set(range(len(boxes_px))) - taken.keys(), key=lambda i: -_size(boxes_px[i]))
        for index in fresh[: max(0, TRACKS_MAX - len(self._tracks))]:
            track = Track(id=next(self._ids), box_px=boxes_px[index], seen_s=now_s)
            taken[index] = track.id
            self._tracks[track.id] = track
        return [taken.get(index) for index in range(len(boxes_px))]

    def _forget(self, now_s: float) -> None:
        self._tracks = {i: t for i, t in self._tracks.items() if now_s - t.seen_s < self._gap_s}

    def _candidates(self, boxes_px: Sequence[Box], now_s: float) -> Iterable[tuple[float, int, int]]:
        """(how well, box index, track id) of every pair that is possible at all."""
        for track in self._tracks.values():
            predicted = track.predicted_px(now_s)
            reach = min(_REACH + _REACH_PER_S * (now_s - track.seen_s), _REACH_MAX) * _size(track.box_px)
            for index, box in enumerate(boxes_px):
                distance = math.dist(_centre(predicted), _centre(box))
                growth = _size(box) / _size(track.box_px)
                if distance < reach and 1 / _GROWTH_MAX < growth < _GROWTH_MAX:
                    yield iou(predicted, box) + 1.0 - distance / reach, index, track.id


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (_area(a) + _area(b) - both)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _size(box: Box) -> float:
    return math.sqrt(_area(box))


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
