"""Tracks and templates in, passages out: who walked past, once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edge_agent.recognition.gallery import Purpose
from edge_agent.recognition.matcher import Match, Matcher
from edge_agent.vision.face_embed import Template
from edge_agent.vision.manifest import FaceSpec
from edge_agent.wire.messages import Passage, Sighting, Stamp

STRICT_FRAMES_MIN: Final = 2  # DESIGN section 5


@dataclass(frozen=True, kw_only=True, slots=True)
class PassageRules:
    """When a passage ends, and how many looks it keeps; see `config.PassageConfig`."""

    gap_s: float
    interim_s: float
    frames_min: int
    best_frames: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One face on one frame, looked at closely."""

    captured: Stamp
    quality: float  # 0 to 1
    template: Template


@dataclass(kw_only=True, slots=True)
class _Doubt:
    """A look that does not fit, and how far the passage was before it."""

    look: Look
    frames: int
    last: Stamp


@dataclass(kw_only=True, slots=True)
class _Open:
    """A passage under way."""

    first: Stamp
    last: Stamp
    clearest: Stamp  # the frame with the best quality so far
    clearest_quality: float
    frames: int = 0
    best: list[Look] = field(default_factory=list)  # best quality first
    known: Template | None = None  # who this was before the last interim report
    doubt: _Doubt | None = None

    def see(self, captured: Stamp, quality: float) -> None:
        self.frames += 1
        self.last = captured
        if quality > self.clearest_quality:
            self.clearest, self.clearest_quality = captured, quality

    def take_over(self, first: Stamp, last: Stamp, frames: int) -> None:
        """Count frames that were counted elsewhere and are this person's."""
        if self.frames == 0:  # nothing was seen since the last report
            self.first = self.clearest = first
        self.frames += frames
        self.last = max(self.last, last, key=_seconds)

    def keep(self, look: Look, best_frames: int) -> None:
        self.best = sorted([*self.best, look], key=lambda kept: -kept.quality)[:best_frames]
        self.doubt = None

    def template(self) -> Template | None:
        return mean_template([look.template for look in self.best]) if self.best else self.known


class Passages:
    """The passages under way. One person has one, whatever becomes of their track.

    * A track that is lost and found again within `gap_s` as another one is recognised by its template and goes on.
    * Two looks in a row that agree with each other and not with the passage mean that the track went over to
      somebody else, as when two people cross: from the first of them on it counts for that other person's passage.
      A single odd look is a bad picture and is left out, also when it was the first.
    * Somebody who stays is reported every `interim_s`, each report made only of what was seen since the last one.
    """

    def __init__(self, rules: PassageRules, matcher: Matcher, *, face: FaceSpec, camera: str) -> None:
        """`face` has the embedder's thresholds; the templates in `matcher` and in looks are that embedder's."""
        self._rules = rules
        self._matcher = matcher
        self._face = face
        self._same = face.same_score_min
        self._camera = camera
        self._open: list[_Open] = []
        self._by_track: dict[int, _Open] = {}  # whose face a track shows now; a passage may have no track, or several

    def use(self, matcher: Matcher) -> None:
        """From now on people are told apart by this gallery, those under way too. Of the same embedder."""
        self._matcher = matcher

    def see(self, track: int, captured: Stamp, quality: float) -> None:
        """The face of `track` is on this frame."""
        passage = self._by_track.get(track)
        if passage is None:
            passage = _Open(first=captured, last=captured, clearest=captured, clearest_quality=quality)
            self._begin(track, passage)
        elif passage.frames == 0:  # just reported: this is the first frame of the next part
            passage.first = passage.clearest = captured
            passage.clearest_quality = quality
        passage.see(captured, quality)

    def wants(self, track: int, quality: float) -> bool:
        """True when a look of this quality would make the template of `track` better."""
        passage = self._by_track.get(track)
        if passage is None or len(passage.best) < self._rules.best_frames or passage.doubt is not None:
            return True
        return quality > passage.best[-1].quality

    def look(self, track: int, look: Look) -> None:
        """What a close look at the face of `track` gave. `see` was called for the same frame before."""
        passage = self._by_track[track]
        template = passage.template()
        if template is None:
            passage = self._rejoined(track, passage, look)
        elif self._differ(template, look.template):
            self._doubt(track, passage, look)
            return
        passage.keep(look, self._rules.best_frames)

    def due(self, now_s: float) -> list[Passage]:
        """Passages that are over, and reports of those that have lasted long. `now_s` as in `Stamp.mono_us`."""
        events: list[Passage] = []
        for passage in list(self._open):
            if now_s - _seconds(passage.last) >= self._rules.gap_s:
                events += self._finish(passage)
            elif _seconds(passage.last) - _seconds(passage.first) >= self._rules.interim_s:
                events += self._event(passage)
                passage.known = passage.template()
                passage.frames, passage.best, passage.doubt = 0, [], None
        return events

    def flush(self) -> list[Passage]:
        """End all that are under way."""
        return [event for passage in list(self._open) for event in self._finish(passage)]

    def _begin(self, track: int, passage: _Open) -> None:
        self._open.append(passage)
        self._by_track[track] = passage

    def _finish(self, passage: _Open) -> list[Passage]:
        self._forget(passage)
        return self._event(passage)

    def _forget(self, passage: _Open) -> None:
        self._open = [other for other in self._open if other is not passage]
        self._by_track = {track: other for track, other in self._by_track.items() if other is not passage}

    def _rejoined(self, track: int, passage: _Open, look: Look) -> _Open:
        """The passage to which a new track's first look belongs: one whose track was just lost, or its own."""
        # Two faces on one frame are two people, however alike.
        lost = [other for other in self._open if other.last.mono_us < passage.first.mono_us]
        former = self._nearest(look.template, lost)
        if former is None:
            return passage
        self._forget(passage)
        former.take_over(passage.first, passage.last, passage.frames)
        self._by_track[track] = former
        return former

    def _doubt(self, track: int, passage: _Open, look: Look) -> None:
        """A look that does not fit: remember it; if it is the second of its kind, follow it."""
        doubt = passage.doubt
        if doubt is None or self._differ(doubt.look.template, look.template):
            passage.doubt = _Doubt(look=look, frames=passage.frames - 1, last=passage.last)
            return
        heir = self._nearest(look.template, (other for other in self._open if other is not passage))
        if heir is None and len(passage.best) == 1:
            passage.best, heir = [], passage  # two against one: it was the first look that was odd
        else:
            heir = self._split(track, passage, doubt, look, heir)
        for kept in (doubt.look, look):
            heir.keep(kept, self._rules.best_frames)

    def _split(self, track: int, passage: _Open, doubt: _Doubt, look: Look, heir: _Open | None) -> _Open:
        """From the doubtful look on the track counts for `heir`, who is new when None."""
        begun = doubt.look.captured
        if heir is None:
            heir = _Open(first=begun, last=look.captured, clearest=begun, clearest_quality=doubt.look.quality)
            self._open.append(heir)
        heir.take_over(begun, look.captured, passage.frames - doubt.frames)
        passage.frames, passage.last, passage.doubt = doubt.frames, doubt.last, None
        self._by_track[track] = heir
        return heir

    def _nearest(self, template: Template, others: Iterable[_Open]) -> _Open | None:
        """Of `others` the one who is this person, or None."""
        alike = [(float(known @ template), id(o), o) for o in others if (known := o.template()) is not None]
        score, _, nearest = max(alike, default=(-1.0, 0, None))
        return nearest if score >= self._same else None

    def _differ(self, a: Template, b: Template) -> bool:
        return float(a @ b) < self._same

    def _event(self, passage: _Open) -> list[Passage]:
        """Nothing for what was on too few frames to be believed."""
        if passage.frames < self._rules.frames_min:
            return []
        duration_us = passage.last.mono_us - passage.first.mono_us
        return [
            Passage(
                captured=passage.best[0].captured if passage.best else passage.clearest,
                camera=self._camera,
                duration_ms=duration_us // 1000,
                frames=passage.frames,
                sighting=self._sighting(passage.best),
            )
        ]

    def _sighting(self, best: list[Look]) -> Sighting | None:
        match = self._matcher.match(mean_template([look.template for look in best])) if best else None
        if match is None or match.score < self._face.door_score_min:
            return None
        return Sighting(
            person=match.person,
            score=match.score,
            margin=None if match.margin is None else clipped(match.margin, 0.0, 2.0),
            frames=len(best),
            strict=self._is_strict(match, best),
            embedder=self._face.embedder_id,
        )

    def _is_strict(self, match: Match, best: list[Look]) -> bool:
        """True for what may cancel an alarm: the mean says so, and two looks give the same name on their own."""
        if not match.suffices(Purpose.WELFARE, self._face):
            return False
        alone = [self._matcher.match(look.template) for look in best]
        agreeing = [m for m in alone if m and m.person == match.person and m.score >= self._face.door_score_min]
        return len(agreeing) >= STRICT_FRAMES_MIN


def mean_template(templates: list[Template]) -> Template:
    """The direction of the sum of unit templates, as a unit template."""
    total = np.sum(templates, axis=0, dtype=np.float64)
    length = float(np.linalg.norm(total))
    if length == 0.0:
        raise ValueError("templates cancel each other out")
    unit: Template = (total / length).astype(np.float32)
    return unit


def clipped(value: float, low: float, high: float) -> float:
    """`value` within `low` and `high`: rounding may carry a cosine past 1."""
    return min(max(value, low), high)


def _seconds(stamp: Stamp) -> float:
    return stamp.mono_us / 1e6
