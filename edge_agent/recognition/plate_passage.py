"""Tracks and readings of plates in, passages of vehicles out: which car passed, once, however long it stood.

Two things come out. A *decision* comes at once, on the frame that makes the reading sure: a barrier lifts on it. The
*event* is for the journal, once for each passage: when the passage is over, or, of a car that stays, `stay_s` after it
came; then `duration_ms` counts up to that moment, and what the car does afterwards is not told again. A passage that is
not decided waits for its end. What was decided is always told.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge_agent.recognition.known_plates import KnownPlates
from edge_agent.recognition.plate_decision import ALONE_SCORE_MIN, PlateDecision, is_sure, reading_of
from edge_agent.recognition.plate_open import OpenPassage, PlateSeen
from edge_agent.recognition.plate_vote import PlateLook, PlateVote, is_other_car
from edge_agent.recognition.tracker import iou
from edge_agent.vision.plate import Plate
from edge_agent.vision.plate_decode import Decoded, SitePrior
from edge_agent.wire.messages import Direction, PlateRead, PlateReading, Stamp

OPEN_MAX: Final = 64  # passages under way; past this the one not seen for longest is ended
EAGER_READS_MAX: Final = 30  # what is not sure by then is read as rarely as what is
SAME_PLACE_IOU_MIN: Final = 0.5  # an unreadable plate that is hidden and comes again here is the same


@dataclass(frozen=True, kw_only=True, slots=True)
class PlateRules:
    """When a passage ends; see `config.PlatesConfig`. `rejoin_s` is not shorter than the tracker's gap."""

    rejoin_s: float
    stay_s: float
    frames_min: int
    direction: Direction | None  # None: as the plate moves


class PlatePassages:
    """The passages under way. One vehicle has one, whatever becomes of its track.

    * A plate that is lost and read again as the same text within `rejoin_s` goes on, as after a person has walked by.
      One that nobody could read goes on when it comes again at the same place.
    * A reading that differs in several sure characters is another car's, or a mistake: what is seen from then on is
      kept apart until the next reading tells. If it agrees with the first odd one, the track has gone over to another
      car, whose passage begins with that odd frame. Readings of two cars are never in one vote.
    """

    def __init__(self, rules: PlateRules, known: KnownPlates, *, camera: str, prior: SitePrior | None = None) -> None:
        self._rules = rules
        self._known = known
        self._camera = camera
        self._prior = prior
        self._ids = itertools.count(1)
        self._open: list[OpenPassage] = []
        self._by_track: dict[int, OpenPassage] = {}
        self._ready: list[PlateRead] = []  # of passages that had to end for want of room

    def use(self, known: KnownPlates) -> None:
        """From now on this list decides, also of passages under way."""
        self._known = known

    def see(self, track: int, seen: PlateSeen, look: PlateLook | None = None) -> PlateDecision | None:
        """The plate of `track` is on this frame, and was read if there is a `look`. What that decides, if it is new."""
        passage = self._by_track.get(track)
        if passage is None:
            passage = self._begin(track, seen)
        if look is None:
            (passage.doubt or passage).count(seen)
            return None
        passage = self._read(track, passage, seen, look)
        passage.count(seen)
        if passage not in self._open:  # a doubt: nothing is decided for it
            return None
        return self._decide(self._rejoined(track, passage), seen.captured)

    def settled(self, track: int) -> bool:
        """True when another reading of `track` would hardly change anything."""
        passage = self._by_track.get(track)
        if passage is None or passage.doubt is not None:
            return False
        return passage.decided is not None or passage.vote.reads >= EAGER_READS_MAX

    def due(self, now_s: float) -> list[PlateRead]:
        """Passages that are over, and cars that stay. `now_s` as in `Stamp.mono_us`."""
        events = self._drained()
        for passage in list(self._open):
            if now_s - passage.last_s >= self._rules.rejoin_s:
                events += self._finish(passage)
            elif passage.decided is not None and not passage.told and self._stays(passage):
                events += self._event(passage)
                passage.told = True
        return events

    def flush(self) -> list[PlateRead]:
        """End all that are under way."""
        events = self._drained()
        while self._open:
            events += self._finish(self._open[0])
        return events + self._drained()

    def _drained(self) -> list[PlateRead]:
        ready, self._ready = self._ready, []
        return ready

    def _stays(self, passage: OpenPassage) -> bool:
        return passage.last_s - passage.first.mono_us / 1e6 >= self._rules.stay_s

    def _new(self, seen: PlateSeen) -> OpenPassage:
        return OpenPassage(
            id=next(self._ids),
            first=seen.captured,
            last=seen.captured,
            clearest=seen,
            plate=seen.plate,
            vote=PlateVote(prior=self._prior),
        )

    def _begin(self, track: int, seen: PlateSeen) -> OpenPassage:
        """A passage for a new track: that of an unreadable plate which was here before, or a new one."""
        passage = next((lost for lost in self._lost(seen.captured) if self._was_here(lost, seen.plate)), None)
        if passage is None:
            passage = self._new(seen)
            self._enter(passage)
        self._take(track, passage)
        return passage

    def _was_here(self, lost: OpenPassage, plate: Plate) -> bool:
        return lost.text is None and iou(lost.plate.box_px, plate.box_px) >= SAME_PLACE_IOU_MIN

    def _lost(self, before: Stamp) -> Iterable[OpenPassage]:
        """Those that were last seen before that moment: two plates on one frame are two cars."""
        return (other for other in self._open if other.last_s < before.mono_us / 1e6)

    def _enter(self, passage: OpenPassage) -> None:
        self._open.append(passage)
        if len(self._open) > OPEN_MAX:
            self._ready += self._finish(min(self._open, key=lambda other: other.last_s))

    def _take(self, track: int, passage: OpenPassage) -> None:
        """From now on `track` shows the car of `passage`, and no other track does."""
        self._by_track = {other: owner for other, owner in self._by_track.items() if owner is not passage}
        self._by_track[track] = passage

    def _read(self, track: int, passage: OpenPassage, seen: PlateSeen, look: PlateLook) -> OpenPassage:
        """Count a reading where it belongs, and give the passage, or the doubt, that this frame is of."""
        voted = passage.vote.result()
        if look.decoded is None and passage.doubt is not None:
            return passage.doubt  # it says nothing, so not whose it is either
        if look.decoded is None or voted is None or not is_other_car(voted.decoded, look.decoded):
            passage.settle_doubt()
            passage.read(look)
            return passage
        if passage.doubt is not None and not self._contradicts(passage.doubt, look.decoded):
            return self._confirmed(track, passage, passage.doubt, look)
        passage.settle_doubt()
        return self._doubt(track, passage, seen, look)

    def _doubt(self, track: int, passage: OpenPassage, seen: PlateSeen, look: PlateLook) -> OpenPassage:
        """The first reading of another car: of one that was here just now, or one to be confirmed."""
        doubt = self._new(seen)
        doubt.read(look)
        former = self._former(doubt)
        if former is None:
            passage.doubt = doubt
            return doubt
        former.join(doubt)
        self._take(track, former)
        return former

    def _contradicts(self, doubt: OpenPassage, decoded: Decoded) -> bool:
        voted = doubt.vote.result()
        return voted is None or is_other_car(voted.decoded, decoded)

    def _confirmed(self, track: int, passage: OpenPassage, doubt: OpenPassage, look: PlateLook) -> OpenPassage:
        """Two readings say so: it is another car, unless it was the very first reading that was odd."""
        doubt.read(look)
        if passage.vote.reads == 1 and passage.decided is None:
            passage.vote, passage.read_first = doubt.vote, doubt.read_first
            passage.settle_doubt()
            return passage
        passage.doubt = None
        self._enter(doubt)
        self._by_track[track] = doubt
        return doubt

    def _rejoined(self, track: int, passage: OpenPassage) -> OpenPassage:
        """The passage that goes on: one that was lost before this one was read, with the same text; or this one."""
        former = self._former(passage)
        if former is None:
            return passage
        self._open.remove(passage)
        self._resolve(former)
        former.join(passage)
        self._take(track, former)
        return former

    def _former(self, passage: OpenPassage) -> OpenPassage | None:
        """One with the same text that was lost before this one was read; be it a doubt, which is one no longer."""
        text, since = passage.text, passage.read_first
        if text is None or since is None:
            return None
        former = next((lost for lost in self._lost(since) if lost.text == text), None)
        if former is not None:
            return former
        for other in self._lost(since):
            doubt = other.doubt
            if doubt is not None and doubt.text == text:
                other.doubt = None
                self._enter(doubt)
                return doubt
        return None

    def _resolve(self, passage: OpenPassage) -> None:
        """A doubt that no second reading will end: another car if it is as sure as can be, or a bad reading."""
        doubt = passage.doubt
        if doubt is None or not self._stands_alone(doubt):
            passage.settle_doubt()
            return
        passage.doubt = None
        self._enter(doubt)

    def _decide(self, passage: OpenPassage, now: Stamp) -> PlateDecision | None:
        voted = passage.vote.result()
        if voted is None:
            return None
        evidence = voted.evidence
        judgement = self._known.judge(voted.decoded, evidence.captured)
        if not is_sure(voted, judgement, passage.vote.reads):
            return None
        decision = PlateDecision(
            passage=passage.id,
            camera=self._camera,
            captured=evidence.captured,
            decided=now,
            direction=self._direction(passage),
            reading=reading_of(voted, judgement),
            plate=evidence.plate,
        )
        if passage.decided is not None and passage.decided.says_the_same(decision):
            return None
        passage.decided = decision
        return decision

    def _direction(self, passage: OpenPassage) -> Direction:
        return self._rules.direction or passage.movement.direction()

    def _finish(self, passage: OpenPassage) -> list[PlateRead]:
        self._open = [other for other in self._open if other is not passage]
        self._by_track = {track: other for track, other in self._by_track.items() if other is not passage}
        self._resolve(passage)
        return self._event(passage)

    def _stands_alone(self, doubt: OpenPassage) -> bool:
        """Another car that was read only once before it was gone, but as surely as can be."""
        voted = doubt.vote.result()
        return voted is not None and voted.decoded.score >= ALONE_SCORE_MIN and doubt.frames >= self._rules.frames_min

    def _event(self, passage: OpenPassage) -> list[PlateRead]:
        """Nothing for what was told, or is too little to be believed."""
        voted = passage.vote.result()
        believed = passage.frames >= self._rules.frames_min if voted else passage.is_surely_a_plate
        if passage.told or not (believed or passage.decided):
            return []
        reading: PlateReading | None = None
        if voted is not None:
            reading = reading_of(voted, self._known.judge(voted.decoded, voted.evidence.captured))
        return [
            PlateRead(
                captured=passage.clearest.captured if voted is None else voted.evidence.captured,
                camera=self._camera,
                direction=self._direction(passage),
                duration_ms=(passage.last.mono_us - passage.first.mono_us) // 1000,
                frames=passage.frames,
                reads=passage.vote.reads,
                reading=reading,
            )
        ]
