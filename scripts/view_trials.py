"""Footage for `view.py` by the minute: good scenarios that must never be called a fault, and faults that must be."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from view_clips import STUCK, repeated, through_jpeg, through_mpeg4
from view_drawing import Image
from view_scenes import CAUSES, DAY, NIGHT, OPTICAL, Fault, Place, Sky

from edge_agent.vision.view import AVERAGING_S, CLEAR_S, DELAYS_S, View, ViewCause, ViewJudge, ViewState

FPS: Final = 2.0
LEARN_S: Final = 36.0
FAULTS: Final = (*OPTICAL, *STUCK)

Footage = Iterator[tuple[Image, float]]
"""Pictures and their moments in seconds."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the judge said of one rendered fault."""

    fault: str
    delay_s: float | None  # from the fault to the first word of it; None: not said within its documented delay
    cause: ViewCause | None  # what it was called
    false_before: bool  # a fault was said while all was good
    recovered: bool  # and taken back in time

    @property
    def expected(self) -> ViewCause:
        return ViewCause(CAUSES[self.fault])


def try_fault(fault: Fault, place: Place, folder: Path, *, at_night: bool = False) -> Outcome:
    """Good pictures, the fault, good pictures again."""
    judge = ViewJudge()
    sky = NIGHT if at_night else DAY
    expected = ViewCause(CAUSES[fault.kind])
    allowed_s = DELAYS_S[expected] + AVERAGING_S
    before = judged(judge, good(place, 0.0, LEARN_S, lambda _t: sky))
    during = judged(judge, faulty(place, fault, LEARN_S, allowed_s, sky, folder))
    after_s = LEARN_S + allowed_s
    after = judged(judge, good(place, after_s, CLEAR_S + AVERAGING_S, lambda _t: sky))
    said = next(((view, t_s) for view, t_s in during if view.cause is not None), None)
    return Outcome(
        fault=fault.kind,
        delay_s=None if said is None else said[1] - LEARN_S,
        cause=None if said is None else during[-1][0].cause,
        false_before=any(view.cause is not None for view, _ in before),
        recovered=after[-1][0].state is ViewState.WATCHING,
    )


def judged(judge: ViewJudge, footage: Footage) -> list[tuple[View, float]]:
    return [(judge.see(picture, t_s), t_s) for picture, t_s in footage]


def moments(from_s: float, lasting_s: float) -> list[float]:
    return [from_s + index / FPS for index in range(math.floor(lasting_s * FPS))]


def good(place: Place, from_s: float, lasting_s: float, sky: Callable[[float], Sky]) -> Footage:
    for t_s in moments(from_s, lasting_s):
        yield place.picture(t_s, sky=sky(t_s)), t_s


def faulty(place: Place, fault: Fault, from_s: float, lasting_s: float, sky: Sky, folder: Path) -> Footage:
    seconds = moments(from_s, lasting_s)
    if fault.kind in OPTICAL:
        return ((place.picture(t_s, sky=sky, fault=fault), t_s) for t_s in seconds)
    last = place.picture(from_s - 1 / FPS, sky=sky)
    return iter(list(zip(repeated(last, fault.kind, seconds, folder), seconds, strict=True)))


def quiet(place: Place, folder: Path) -> Footage:
    """A mast in a light wind, passers-by."""
    del folder
    return ((place.picture(t_s, shake_px=0.6), t_s) for t_s in moments(0, 200))


def clouds(place: Place, folder: Path) -> Footage:
    del folder
    return good(place, 0, 200, lambda t_s: Sky(level=0.7 + 0.3 * math.sin(t_s / 9) * math.sin(t_s / 31)))


def rain(place: Place, folder: Path) -> Footage:
    del folder
    return good(place, 0, 200, lambda t_s: Sky(rain=t_s > LEARN_S, level=0.7, noise=3))


def evening(place: Place, folder: Path) -> Footage:
    """Dusk, infra-red, a lamp that is switched on and off, dawn."""
    del folder

    def sky(t_s: float) -> Sky:
        if t_s < 200:
            return Sky(level=max(0.06, 1 - max(0.0, t_s - LEARN_S) / 150), noise=2 + t_s / 50)
        if t_s < 560:
            return Sky(lamp=True, noise=4) if 360 <= t_s < 440 else NIGHT
        return Sky(level=0.3)

    return good(place, 0, 660, sky)


def crowds(place: Place, folder: Path) -> Footage:
    """Every three minutes a crowd fills the picture for one."""
    del folder
    return ((place.picture(t_s, crowd=0.9 if t_s % 180 >= 120 else 0.0), t_s) for t_s in moments(0, 360))


def lorries(place: Place, folder: Path) -> Footage:
    """Every three minutes a lorry drives in, stands for a minute before the lens, and drives out."""
    del folder
    for t_s in moments(0, 360):
        phase_s = t_s % 180 - 110
        front = min(1.0, phase_s / 5) if phase_s < 65 else 1.0 + (phase_s - 65) / 5
        yield place.picture(t_s, truck=front if 0 <= phase_s < 70 else None), t_s


def headlights(place: Place, folder: Path) -> Footage:
    """At night cars shine into the lens, five seconds each."""
    del folder
    glare = Fault(kind="lamp", seed=1)
    for t_s in moments(0, 200):
        yield place.picture(t_s, sky=NIGHT, fault=glare if t_s > LEARN_S and t_s % 40 < 5 else None), t_s


def jpeg(place: Place, folder: Path) -> Footage:
    del folder
    for picture, t_s in good(place, 0, 160, lambda _t: Sky(noise=1.2)):
        yield through_jpeg([picture], 50)[0], t_s


def mpeg4(place: Place, folder: Path) -> Footage:
    seconds = moments(0, 160)
    pictures = (place.picture(t_s, sky=Sky(noise=1.2)) for t_s in seconds)
    return zip(through_mpeg4(pictures, folder / "good.mp4"), seconds, strict=True)


def loop(place: Place, folder: Path) -> Footage:
    """A rendered clip without any noise, 40 s long, again and again, as demonstrations play it."""
    del folder
    return ((place.picture(t_s % 40, noisy=False), t_s) for t_s in moments(0, 240))


GOOD: Final = (quiet, clouds, rain, evening, crowds, lorries, headlights, jpeg, mpeg4, loop)


def looped(pictures: list[Image], fps: float, lasting_s: float) -> Footage:
    """A real clip, forwards and backwards so that it has no cut, about four pictures a second."""
    there_and_back = pictures + pictures[-2:0:-1]
    step = max(1, round(fps / 4))
    for index, picture in zip(itertools.count(0, step), itertools.cycle(there_and_back[::step]), strict=False):
        if index / fps >= lasting_s:
            return
        yield picture, index / fps
