"""One frame in, passages of vehicles out: motion, detection, tracking and reading in their order, each bounded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from edge_agent.recognition.known_plates import KnownPlates
from edge_agent.recognition.plate_decision import PlateDecision
from edge_agent.recognition.plate_open import PlateSeen
from edge_agent.recognition.plate_passage import PlatePassages
from edge_agent.recognition.plate_vote import look_of
from edge_agent.recognition.tracker import Tracker
from edge_agent.vision.face import Box
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.vision.motion import MotionGate, joined
from edge_agent.vision.plate import Plate, RawReading
from edge_agent.vision.plate_decode import SitePrior
from edge_agent.wire.messages import PlateRead

READS_PER_FRAME_MAX: Final = 3  # one frame must not hold up the next ones; who waits comes first on the next
REGIONS_MAX: Final = 3  # looking at more of them one by one costs more than looking at everything
STILL_EVERY_S: Final = 0.5  # where nothing moves and all plates are settled, they are looked for this often
MOVING_EVERY_S: Final = 0.25  # a settled plate that moves is read this often: still the same car?
STANDING_EVERY_S: Final = 1.0  # and one that stands
_MOVED_MIN: Final = 0.5  # plate heights from where it was read last: it moves
_JUMP_WIDTHS: Final = 1.0  # plate widths from one look to the next, or ...
_JUMP_GROWTH: Final = 1.4  # ... a factor in its height: it may be another plate, and is read at once
_EDGE_PX: Final = 1.0  # a plate that touches the picture's edge may go on behind it
_CAR_WIDTHS: Final = 1.0  # so many plate widths of car around a plate: what a track follows, and where it is looked for


class PlateEyes(Protocol):
    """The networks. Coordinates are pixels of the whole picture."""

    def detect(self, pixels: Pixels, where: Sequence[Box] | None) -> list[Plate]:
        """Plates whose centre is in one of the boxes, or anywhere when None; each once."""
        ...

    def read(self, pixels: Pixels, plate: Plate) -> RawReading: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatesWatched:
    """What one frame gave."""

    passages: list[PlateRead]  # for the journal
    decided: list[PlateDecision]  # for a gate, at once
    plates: int
    inferred: bool  # false: nothing moved, so no network ran


@dataclass(kw_only=True, slots=True)
class _Followed:
    """A track: where its plate was last, and when and where it was read last."""

    seen: Plate
    read_s: float = -math.inf
    read: Plate | None = None


class PlateWatcher:
    """Watches the plates of one camera. Give it frames in order; it keeps no picture."""

    def __init__(
        self,
        *,
        gate: MotionGate,
        eyes: PlateEyes,
        tracker: Tracker,
        passages: PlatePassages,
        reads_per_s: float,
        height_min_px: float,
        prior: SitePrior | None = None,
    ) -> None:
        """A plate less than `height_min_px` high is seen and not read. `reads_per_s` bounds each plate's."""
        self._gate = gate
        self._eyes = eyes
        self._tracker = tracker
        self._passages = passages
        self._read_every_s = 1.0 / reads_per_s
        self._height_min_px = height_min_px
        self._prior = prior
        self._looked_s = -math.inf
        self._followed: dict[int, _Followed] = {}  # by track

    def use(self, known: KnownPlates) -> None:
        """Another list of vehicles, from the next frame on."""
        self._passages.use(known)

    def watch(self, frame: Frame) -> PlatesWatched:
        now_s = frame.captured.mono_us / 1e6
        where = self._where(frame, now_s)
        plates: list[Plate] = []
        decided: list[PlateDecision] = []
        if where:
            self._looked_s = now_s
            found = self._eyes.detect(frame.pixels, where if len(where) <= REGIONS_MAX else None)
            plates = [plate for plate in found if _is_sane(plate)]
            decided = self._follow(frame, plates, now_s)
        return PlatesWatched(passages=self.due(now_s), decided=decided, plates=len(plates), inferred=bool(where))

    def due(self, now_s: float) -> list[PlateRead]:
        """Passages that ended by the mere passing of time; for when no frame comes."""
        return self._passages.due(now_s)

    def flush(self) -> list[PlateRead]:
        """End all passages under way."""
        return self._passages.flush()

    def _where(self, frame: Frame, now_s: float) -> list[Box]:
        """Where something moved, and where a followed car should be; nowhere while all is settled and still."""
        boxes = list(self._gate.glance(frame.pixels, now_s).regions)
        tracks = self._tracker.tracks
        settled = all(self._passages.settled(track.id) for track in tracks)
        if not boxes and settled and now_s - self._looked_s < STILL_EVERY_S:
            return []
        for track in tracks:
            cut = _cut(track.predicted_px(now_s), frame.width, frame.height)
            if cut is not None:
                boxes = joined(boxes, cut)
        return boxes

    def _follow(self, frame: Frame, plates: list[Plate], now_s: float) -> list[PlateDecision]:
        tracks = self._tracker.update([_car(plate) for plate in plates], now_s)
        seen = [
            (track, PlateSeen(captured=frame.captured, plate=plate, whole=_is_whole(plate, frame)))
            for plate, track in zip(plates, tracks, strict=True)
            if track is not None
        ]
        alive = {track.id for track in self._tracker.tracks}
        self._followed = {track: followed for track, followed in self._followed.items() if track in alive}
        for track, one in seen:
            self._followed.setdefault(track, _Followed(seen=one.plate))
        wanted = [
            (self._followed[track].read_s, track) for track, one in seen if self._worth_reading(track, one, now_s)
        ]
        chosen = {track for _, track in sorted(wanted)[:READS_PER_FRAME_MAX]}
        decided = [self._see(frame, track, one, read=track in chosen) for track, one in seen]
        return [decision for decision in decided if decision is not None]

    def _see(self, frame: Frame, track: int, seen: PlateSeen, *, read: bool) -> PlateDecision | None:
        look = None
        followed = self._followed[track]
        followed.seen = seen.plate
        if read:
            followed.read, followed.read_s = seen.plate, frame.captured.mono_us / 1e6
            reading = self._eyes.read(frame.pixels, seen.plate)
            look = look_of(frame.captured, seen.plate, reading, prior=self._prior)
        return self._passages.see(track, seen, look)

    def _worth_reading(self, track: int, seen: PlateSeen, now_s: float) -> bool:
        if not seen.whole or seen.plate.height_px < self._height_min_px:
            return False
        followed = self._followed[track]
        if followed.read is None or _jumped(followed.seen, seen.plate):
            return True
        every_s = self._read_every_s
        if self._passages.settled(track):
            every_s = max(every_s, MOVING_EVERY_S if _moved(followed.read, seen.plate) else STANDING_EVERY_S)
        return now_s - followed.read_s >= every_s - 1e-6  # a frame is not late for a rounding


def _is_sane(plate: Plate) -> bool:
    """What can be followed and read: numbers, and of some size."""
    x0, y0, x1, y1 = plate.box_px
    return all(map(math.isfinite, (x0, y0, x1, y1, plate.score))) and min(x1 - x0, y1 - y0, plate.height_px) >= 1.0


def _is_whole(plate: Plate, frame: Frame) -> bool:
    x0, y0, x1, y1 = plate.box_px
    inside_x = x0 >= _EDGE_PX and x1 <= frame.width - _EDGE_PX
    return inside_x and y0 >= _EDGE_PX and y1 <= frame.height - _EDGE_PX


def _car(plate: Plate) -> Box:
    """The plate with some of its car: between two frames a car moves farther than a plate is high."""
    x0, y0, x1, y1 = plate.box_px
    margin = _CAR_WIDTHS * (x1 - x0)
    return x0 - margin, y0 - margin, x1 + margin, y1 + margin


def _cut(box: Box, width: int, height: int) -> Box | None:
    """`box` cut to the picture; None when it lies outside."""
    cut = max(0.0, box[0]), max(0.0, box[1]), min(float(width), box[2]), min(float(height), box[3])
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else None


def _jumped(before: Plate, now: Plate) -> bool:
    """Not as a plate moves from one frame to the next, but as if the track had gone over to another car."""
    x0, y0, x1, y1 = before.box_px
    x2, y2, x3, y3 = now.box_px
    distance = math.dist((x0 + x1, y0 + y1), (x2 + x3, y2 + y3)) / 2
    growth = now.height_px / before.height_px
    return distance > _JUMP_WIDTHS * (x3 - x2) or not 1 / _JUMP_GROWTH < growth < _JUMP_GROWTH


def _moved(before: Plate, now: Plate) -> bool:
    """The plate's corners are elsewhere than when it was read."""
    pairs = zip(before.corners_px, now.corners_px, strict=True)
    return max(math.dist(one, other) for one, other in pairs) >= _MOVED_MIN * now.height_px
