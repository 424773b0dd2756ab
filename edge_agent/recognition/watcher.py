"""One frame in, passages out: motion, detection, tracking and recognition in their order, with a bound on each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from edge_agent.recognition.matcher import Matcher
from edge_agent.recognition.passage import Look, Passages
from edge_agent.recognition.tracker import Tracker
from edge_agent.vision.face import Box, Face
from edge_agent.vision.face_embed import Template
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.vision.motion import MotionGate, joined
from edge_agent.wire.messages import Passage

EMBEDS_PER_FRAME_MAX: Final = 4  # one frame must not hold up the next ones; whoever waits comes first on the next
REGIONS_MAX: Final = 3  # looking at more of them one by one costs more than looking at everything
CHECK_AGAIN_S: Final = 1.0  # a face that needs no better picture is compared this often all the same: still the same?
_TRACK_MARGIN: Final = 0.75  # around where a followed face should be, share of its size


class FaceEyes(Protocol):
    """The networks. Coordinates are pixels of the whole picture."""

    def detect(self, pixels: Pixels, where: Sequence[Box]) -> list[Face]:
        """Faces whose centre is in one of the boxes, each once."""
        ...

    def quality(self, pixels: Pixels, face: Face) -> float:
        """How good this picture of a face is for recognition, 0 to 1: size, sharpness, pose. Cheap."""
        ...

    def embed(self, pixels: Pixels, face: Face) -> Template: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """What one frame gave."""

    passages: list[Passage]
    faces: int
    inferred: bool  # false: nothing moved, so no network ran


class Watcher:
    """Watches the faces of one camera. Give it frames in order; it keeps no picture."""

    def __init__(
        self,
        *,
        gate: MotionGate,
        eyes: FaceEyes,
        tracker: Tracker,
        passages: Passages,
        embeds_per_s: float,
        quality_min: float,
    ) -> None:
        self._gate = gate
        self._eyes = eyes
        self._tracker = tracker
        self._passages = passages
        self._embed_every_s = 1.0 / embeds_per_s
        self._quality_min = quality_min
        self._looked_s: dict[int, float] = {}  # by track: when it was last embedded

    def use(self, matcher: Matcher) -> None:
        """Another gallery, from the next passage that ends."""
        self._passages.use(matcher)

    def watch(self, frame: Frame) -> Watched:
        now_s = frame.captured.mono_us / 1e6
        where = self._where(frame, now_s)
        faces = self._eyes.detect(frame.pixels, where) if where else []
        if where:
            self._recognise(frame, faces, now_s)
        return Watched(passages=self.due(now_s), faces=len(faces), inferred=bool(where))

    def due(self, now_s: float) -> list[Passage]:
        """Passages that ended by the mere passing of time; for when no frame comes."""
        return self._passages.due(now_s)

    def flush(self) -> list[Passage]:
        """End all passages under way."""
        return self._passages.flush()

    def _where(self, frame: Frame, now_s: float) -> list[Box]:
        """Where something moved, and where a followed face should be even if it stands still."""
        boxes = list(self._gate.glance(frame.pixels, now_s).regions)
        for track in self._tracker.tracks:
            around = _around(track.predicted_px(now_s), frame.width, frame.height)
            if around is not None:
                boxes = joined(boxes, around)
        whole = (0.0, 0.0, float(frame.width), float(frame.height))
        return boxes if len(boxes) <= REGIONS_MAX else [whole]

    def _recognise(self, frame: Frame, faces: list[Face], now_s: float) -> None:
        tracks = self._tracker.update([face.box_px for face in faces], now_s)
        candidates: list[tuple[float, int, float, Face]] = []
        for face, track in zip(faces, tracks, strict=True):
            if track is None:
                continue
            quality = self._eyes.quality(frame.pixels, face)
            self._passages.see(track, frame.captured, quality)
            if self._worth_a_look(track, quality, now_s):
                candidates.append((self._looked_s.get(track, 0.0), track, quality, face))
        for _, track, quality, face in sorted(candidates, key=lambda c: c[:2])[:EMBEDS_PER_FRAME_MAX]:
            template = self._eyes.embed(frame.pixels, face)
            self._passages.look(track, Look(captured=frame.captured, quality=quality, template=template))
            self._looked_s[track] = now_s
        alive = {track.id for track in self._tracker.tracks}
        self._looked_s = {track: then for track, then in self._looked_s.items() if track in alive}

    def _worth_a_look(self, track: int, quality: float, now_s: float) -> bool:
        if quality < self._quality_min:
            return False
        looked_s = self._looked_s.get(track)
        if looked_s is None:
            return True
        since_s = now_s - looked_s
        if since_s < self._embed_every_s:
            return False
        return since_s >= CHECK_AGAIN_S or self._passages.wants(track, quality)


def _around(box: Box, width: int, height: int) -> Box | None:
    """`box` with room to move, cut to the picture; None when it lies outside."""
    x0, y0, x1, y1 = box
    mx, my = _TRACK_MARGIN * (x1 - x0), _TRACK_MARGIN * (y1 - y0)
    cut = max(0.0, x0 - mx), max(0.0, y0 - my), min(float(width), x1 + mx), min(float(height), y1 + my)
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else None
