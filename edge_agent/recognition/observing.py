"""Was anybody really watching? Tells a camera's time in stretches: watching, blind, covered, frozen, no inference.

* A stretch ends at each change of state or cause, every `every_s`, and at a clean end; the next begins exactly there.
  What was said is never said otherwise later: a fault that began before the last stretch ended counts from its end.
* The first piece of a fault is told as soon as it is certain, not only when it is over.
* A camera that gives no picture is BLIND, cause "no_picture", from its last picture on: whatever the reason (a cable, a
  stream that stalls, a process that was suspended), nobody saw anything. Before the first picture too.
* Pictures that no network looked at are NO_INFERENCE, from the last look on.
* "Watching" reaches up to the last picture, never beyond. A crash loses the stretch under way: that time is unknown.
* At most three stretches in ten seconds, should a camera come and go for ever.
"""

import math
from dataclasses import dataclass
from typing import Final

from edge_agent.vision.frame import Frame
from edge_agent.vision.view import View, ViewJudge
from edge_agent.vision.view_scene import Scene
from edge_agent.wire.messages import Observing, Stamp, Watching

PICTURE_AGE_MAX_S: Final = 10.0  # longer without a picture, and the camera does not watch
LOOK_AGE_MAX_S: Final = 30.0  # a quiet scene is looked at every few seconds all the same: vision/motion.py
VIEW_EVERY_S: Final = 0.5  # the view is judged on so few of the pictures
NO_PICTURE: Final = "no_picture"
NOT_LOOKED_AT: Final = "not_looked_at"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What the camera is worth. Monotonic seconds: `since_s` it is so, known up to `until_s`."""

    state: Watching
    cause: str | None
    since_s: float
    until_s: float

    def like(self, other: "Sight") -> bool:
        return (self.state, self.cause) == (other.state, other.cause)


@dataclass(kw_only=True, slots=True)
class Signs:
    """Of what a sight is judged. Monotonic seconds; a run is a time without too long a gap."""

    started_s: float
    picture_s: float = -math.inf  # when the newest picture was taken
    pictures_since_s: float = -math.inf  # the present run of pictures
    look_s: float = -math.inf  # when a network last looked at one
    looks_since_s: float = -math.inf
    view: View | None = None

    def picture(self, at_s: float, *, looked: bool) -> None:
        """A picture was handled; `looked`: by a network."""
        if at_s - self.picture_s >= PICTURE_AGE_MAX_S:
            self.pictures_since_s = at_s
        self.picture_s = max(at_s, self.picture_s)
        if looked:
            if at_s - self.look_s >= LOOK_AGE_MAX_S:
                self.looks_since_s = at_s
            self.look_s = max(at_s, self.look_s)


def sight_of(signs: Signs, now_s: float) -> Sight | None:
    """None while it cannot be told yet: the first seconds."""
    pictured_s = max(signs.picture_s, signs.started_s)
    if now_s - pictured_s >= PICTURE_AGE_MAX_S:
        return Sight(state=Watching.BLIND, cause=NO_PICTURE, since_s=pictured_s, until_s=now_s)
    if signs.view is None:
        return None
    looked_s = max(signs.look_s, signs.pictures_since_s)
    if signs.picture_s - looked_s >= LOOK_AGE_MAX_S:
        return Sight(
            state=Watching.NO_INFERENCE, cause=NOT_LOOKED_AT, since_s=looked_s, until_s=max(looked_s, signs.picture_s)
        )
    cause = signs.view.cause
    return Sight(
        state=Watching(signs.view.state.value),
        cause=None if cause is None else cause.value,
        since_s=max(signs.view.since_s, signs.pictures_since_s, signs.looks_since_s),
        until_s=signs.picture_s,
    )


class Stretches:
    """Turns sights into `Observing` events of one boot, without gap or overlap."""

    def __init__(self, *, camera: str, every_s: float) -> None:
        self._camera = camera
        self._every_us = round(every_s * 1e6)
        self._sight: Sight | None = None
        self._began: Stamp | None = None
        self._until_us = 0

    def note(self, sight: Sight, now: Stamp) -> list[Observing]:
        """What is to be journaled now that the camera is worth this."""
        told: list[Observing] = []
        before, self._sight = self._sight, sight
        if self._began is None or before is None:
            self._begin(_stamp_at(sight.since_s, now))
        elif not sight.like(before):
            told += self._close(before, round(sight.since_s * 1e6), now)
        self._until_us = max(self._until_us, round(sight.until_s * 1e6))
        new_fault = (before is None or not sight.like(before)) and sight.state is not Watching.WATCHING
        if new_fault or (self._began is not None and self._until_us - self._began.mono_us >= self._every_us):
            told += self._close(sight, self._until_us, now)
        return told

    def end(self, now: Stamp) -> list[Observing]:
        """The stretch under way, up to where it is known. After that nothing is noted any more."""
        return [] if self._sight is None else self._close(self._sight, self._until_us, now)

    def _begin(self, at: Stamp) -> None:
        self._began = at
        self._until_us = at.mono_us

    def _close(self, sight: Sight, at_us: int, now: Stamp) -> list[Observing]:
        """End the stretch at `at_us`, which is cut to where it began, and begin the next; nothing of no length."""
        began = self._began
        if began is None or at_us <= began.mono_us:
            return []
        ended = _stamp_at(at_us / 1e6, now)
        self._begin(ended)
        return [Observing(camera=self._camera, began=began, ended=ended, state=sight.state, cause=sight.cause)]


class Observer:
    """Observes one camera: give it every frame, and the time once a second. Not safe for several threads."""

    def __init__(self, *, camera: str, every_s: float, judge: ViewJudge, started_s: float) -> None:
        """`judge` has been given what an earlier run learnt; `started_s` is monotonic, as all seconds here."""
        self._judge = judge
        self._stretches = Stretches(camera=camera, every_s=every_s)
        self._signs = Signs(started_s=started_s)
        self._viewed_s = -math.inf
        self.sight: Sight | None = None

    @property
    def scene(self) -> Scene:
        """What is learnt so far, to be kept over a restart."""
        return self._judge.scene

    def see(self, frame: Frame, *, looked: bool) -> list[Observing]:
        """A frame, and whether a network looked at it. Keeps no picture."""
        told = self.due(frame.captured)  # first what was so until this picture came
        at_s = frame.captured.mono_us / 1e6
        self._signs.picture(at_s, looked=looked)
        if at_s - self._viewed_s >= VIEW_EVERY_S:
            self._viewed_s = at_s
            self._signs.view = self._judge.see(frame.pixels, at_s)
        return told

    def due(self, now: Stamp) -> list[Observing]:
        """What is to be journaled by now."""
        self.sight = sight_of(self._signs, now.mono_us / 1e6)
        return [] if self.sight is None else self._stretches.note(self.sight, now)

    def end(self, now: Stamp) -> list[Observing]:
        """The last words, at a clean end."""
        return [*self.due(now), *self._stretches.end(now)]


def _stamp_at(mono_s: float, now: Stamp) -> Stamp:
    """Another moment of the same boot, as the clock of `now` dates it."""
    mono_us = round(mono_s * 1e6)
    wall_us = max(0, now.wall_us - (now.mono_us - mono_us))
    return Stamp(boot=now.boot, mono_us=mono_us, wall_us=wall_us, synced=now.synced)
