"""Everything that looks at one camera's frames: for faces, for plates, or both."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.recognition.known import Known
from edge_agent.recognition.plate_decision import PlateDecision
from edge_agent.recognition.plate_watcher import PlateWatcher
from edge_agent.recognition.watcher import Watcher
from edge_agent.vision.frame import Frame
from edge_agent.wire.messages import Passage, PlateRead


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameWatched:
    """What one frame gave."""

    events: Sequence[Passage | PlateRead]  # for the journal
    decided: Sequence[PlateDecision]  # for a gate, at once
    inferred: bool  # false: nothing moved, so no network ran


class Watchers:
    """One frame goes to each in turn. Give them frames in order; they keep no picture."""

    def __init__(self, *, faces: Watcher | None = None, plates: PlateWatcher | None = None) -> None:
        self._faces = faces
        self._plates = plates

    def use(self, known: Known) -> None:
        """Another gallery, of which each takes its part."""
        if self._faces is not None:
            self._faces.use(known.matcher)
        if self._plates is not None:
            self._plates.use(known.plates)

    def watch(self, frame: Frame) -> FrameWatched:
        events: list[Passage | PlateRead] = []
        decided: list[PlateDecision] = []
        inferred = False
        if self._plates is not None:  # first: a barrier waits for it
            plates = self._plates.watch(frame)
            events += plates.passages
            decided = plates.decided
            inferred = plates.inferred
        if self._faces is not None:
            faces = self._faces.watch(frame)
            events += faces.passages
            inferred = inferred or faces.inferred
        return FrameWatched(events=events, decided=decided, inferred=inferred)

    def due(self, now_s: float) -> list[Passage | PlateRead]:
        """What ended by the mere passing of time; for when no frame comes."""
        events: list[Passage | PlateRead] = []
        if self._plates is not None:
            events += self._plates.due(now_s)
        if self._faces is not None:
            events += self._faces.due(now_s)
        return events

    def flush(self) -> list[Passage | PlateRead]:
        """End all that is under way."""
        events: list[Passage | PlateRead] = []
        if self._plates is not None:
            events += self._plates.flush()
        if self._faces is not None:
            events += self._faces.flush()
        return events
