"""The agent judges its own eyes: does this camera see what it was put there to see?

Pictures in, a state out; nothing else. Pictures that do not come at all are somebody else's matter.

| cause   | what it means, and how it is known | must hold |
|---|---|---|
| BLACK   | a cap, a dead sensor, night without a light: dark, and no structure that two seconds agree on | 10 s |
| GLARE   | the sun or a lamp in the lens: mostly white, and the learnt scene mostly gone | 20 s |
| FROZEN  | the same picture again and again (view_still.py) | 60 s |
| BLURRED | focus lost, a greasy lens: outlines in their place, their fine detail gone | 90 s |
| COVERED | a hand, a bag, tape, spray, fog, a lorry: the learnt scene mostly gone, little structure instead | 150 s |
| MOVED   | turned or knocked: another picture, or the learnt one shifted, and light does not explain it | 150 s |

* The long delays are for what passes: a crowd or a lorry that fills the picture for a minute or two is a busy street,
  not a fault. What stands there longer does blind the camera. The watch looks back 24 hours: minutes do not hurt it.
* A fault is taken back after CLEAR_S of good pictures.
* The reference is learnt from good pictures only: the first from 30 s of them, then it follows slowly (10 min). Other
  light in the same place (infra-red, lamps, low sun) becomes a condition of its own, up to six.
* MOVED is accepted by `accept()`, or by itself after ACCEPT_S of the new view: longer than anything is unloaded at a
  door, shorter than a period of the watch; it has been reported all that time. COVERED never accepts itself.

Known limits: a cover that grows over weeks is learnt; a lorry with much structure that parks reads MOVED, a camera
turned to a blank wall COVERED; a move by less than 4 % of the width is followed silently.
"""

import enum
import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge_agent.vision.frame import Pixels
from edge_agent.vision.view_hold import CLEAR_S, Hold
from edge_agent.vision.view_look import SMALL_PX, Grey, Look, look_at, small_grey
from edge_agent.vision.view_scene import FIRST_S, FITS, Match, Scene, structured_share
from edge_agent.vision.view_still import FROZEN_S, Stillness

ACCEPT_S: Final = 6 * 3600.0
_LOOK_S: Final = 1.0  # pictures of this long are averaged into one look
_GAP_S: Final = 10.0  # a longer pause without pictures, and nobody knows what was in between
_DARK: Final = 40.0  # 90 % of the picture below this level
_WHITE: Final = 0.5  # saturated share from which it is glare when the scene is gone
_WHITE_ALONE: Final = 0.8  # and when no scene is known
_VISIBLE_IN_GLARE: Final = 0.6
_STRUCTURE_LOST: Final = 0.5  # of the learnt structure
_OUTLINED: Final = 0.07  # a quarter of the large contrast is left: a bad lens; a bag lets less through
_BLANK: Final = 0.03  # share of structured cells below which a picture shows nothing, learnt or not
_SHOWN: Final = 1.0  # squared gradient of the quarter picture from which a dark cell shows something, not only noise
_DARK_BLANK: Final = 0.1  # share of such cells that may be a burnt-in clock or a lone lamp
_BLURRED: Final = 0.15  # of the learnt sharpness; a mast in the wind keeps 0.25, a lens out of focus 0.05


__all__ = ["ACCEPT_S", "AVERAGING_S", "CLEAR_S", "DELAYS_S", "STATES", "View", "ViewCause", "ViewJudge", "ViewState"]


class ViewState(enum.Enum):
    """What `Observing` will say of the camera (DESIGN section 4); whether inference runs is not known here."""

    WATCHING = "watching"
    BLIND = "blind"
    COVERED = "covered"
    FROZEN = "frozen"


class ViewCause(enum.Enum):
    BLACK = "black"
    GLARE = "glare"
    FROZEN = "frozen"
    BLURRED = "blurred"
    COVERED = "covered"
    MOVED = "moved"


DELAYS_S: Final = {
    ViewCause.BLACK: 10.0,
    ViewCause.GLARE: 20.0,
    ViewCause.FROZEN: FROZEN_S + 15.0,  # an encoder behind what froze takes a while to settle
    ViewCause.BLURRED: 90.0,
    ViewCause.COVERED: 150.0,
    ViewCause.MOVED: 150.0,
}
"""How long each must hold before it is said; AVERAGING_S comes on top at most."""
AVERAGING_S: Final = 6.0

STATES: Final = {
    ViewCause.BLACK: ViewState.BLIND,
    ViewCause.GLARE: ViewState.BLIND,
    ViewCause.FROZEN: ViewState.FROZEN,
    ViewCause.BLURRED: ViewState.BLIND,
    ViewCause.COVERED: ViewState.COVERED,
    ViewCause.MOVED: ViewState.BLIND,  # it sees, but not the place that people count on it for
}


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What a camera's pictures are worth. `since_s` is monotonic: when it began, so before it could be said."""

    state: ViewState
    cause: ViewCause | None  # None exactly when watching
    since_s: float


class ViewJudge:
    """Judges one camera's pictures in the order they were taken. Not safe for several threads."""

    def __init__(self, scene: Scene | None = None, *, accept_s: float = ACCEPT_S) -> None:
        """`scene`: what an earlier run learnt (see view_codec). After `accept_s` a moved view accepts itself."""
        self._accept_s = accept_s
        self._scene = scene or Scene()
        self._stillness = Stillness()
        self._hold = Hold(DELAYS_S)
        self._seen_s: float | None = None
        self._start_mean(0.0)
        self._before: Grey | None = None

    @property
    def scene(self) -> Scene:
        """What is learnt so far, for view_codec.encode_scene; a candidate is not part of it."""
        return Scene(conditions=self._scene.conditions)

    def see(self, pixels: Pixels, now_s: float) -> View:
        """`pixels` (height, width, 3) BGR of any size, not kept; `now_s` monotonic. Two to fifteen a second are best.

        Fewer than one in ten seconds judge nothing. 0.7 ms of a 1280x720 picture on one x86 core, once a second 2 ms.
        """
        if self._seen_s is None or not 0 <= now_s - self._seen_s <= _GAP_S:
            self._resume(now_s)
        self._seen_s = now_s
        still_since_s = self._stillness.still_since(pixels, now_s)
        cv2.accumulate(small_grey(pixels), self._sum)
        self._count += 1
        lasted_s = now_s - self._sum_since_s
        if lasted_s >= _LOOK_S:
            mean = self._sum / np.float32(self._count)
            if self._before is not None:
                self._judge(look_at(self._before, mean), now_s, lasted_s, still_since_s)
            self._before = mean
            self._start_mean(now_s)
        return self._view(now_s)

    def accept(self) -> None:
        """Somebody says that the camera is meant to look like this: learn the present view as the only one.

        What made a fault is forgotten; a picture that is black, white, blank or frozen will be said to be so again.
        """
        self._scene = Scene()
        self._hold.forget(self._seen_s)

    def _resume(self, now_s: float) -> None:
        self._stillness.forget()
        self._hold.interrupt()
        self._before = None
        self._start_mean(now_s)

    def _start_mean(self, now_s: float) -> None:
        self._sum = np.zeros((SMALL_PX[1], SMALL_PX[0]), np.float32)
        self._count = 0
        self._sum_since_s = now_s

    def _judge(self, look: Look, now_s: float, lasted_s: float, still_since_s: float | None) -> None:
        match = self._scene.match(look)
        cause = cause_of(look, match, still=still_since_s is not None)
        since_s = still_since_s if cause is ViewCause.FROZEN else None
        self._hold.note(cause, now_s, lasted_s, since_s=since_s)
        if cause is None and not self._hold.pending:
            self._scene = self._scene.learnt(look, match, lasted_s)
        elif (
            cause is ViewCause.MOVED and self._hold.cause is ViewCause.MOVED and now_s - self._since_s >= self._accept_s
        ):
            self._scene = self._scene.tried(look, lasted_s, FIRST_S)

    @property
    def _since_s(self) -> float:
        return math.inf if self._hold.since_s is None else self._hold.since_s

    def _view(self, now_s: float) -> View:
        cause = self._hold.cause
        state = ViewState.WATCHING if cause is None else STATES[cause]
        return View(state=state, cause=cause, since_s=min(self._since_s, now_s))


def cause_of(look: Look, match: Match | None, *, still: bool) -> ViewCause | None:
    """What is wrong with one look, if anything; the first that applies. `match` is None before anything is learnt."""
    visible = 0.0 if match is None else match.visible
    if look.light < _DARK and visible < FITS and float((look.coarse >= _SHOWN).mean()) < _DARK_BLANK:
        return ViewCause.BLACK
    if look.saturated >= (_WHITE_ALONE if match is None else _WHITE) and visible < _VISIBLE_IN_GLARE:
        return ViewCause.GLARE
    if still:
        return ViewCause.FROZEN
    if match is None:
        return ViewCause.COVERED if structured_share(look) < _BLANK else None
    return _unlike(look, match)


def _unlike(look: Look, match: Match) -> ViewCause | None:
    """What keeps the learnt scene from being seen, when it is neither dark nor white nor still."""
    if match.visible >= FITS and match.sharpness < _BLURRED and match.outlined >= _OUTLINED:
        return ViewCause.BLURRED
    if match.structured < _STRUCTURE_LOST and (match.visible < FITS or look.light >= _DARK):
        return ViewCause.COVERED
    if match.shifted:
        return ViewCause.MOVED
    if match.visible >= FITS:
        return None
    return None if match.in_place else ViewCause.MOVED
