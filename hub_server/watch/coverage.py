"""Who was watching (DESIGN section 5): what share of a window a camera really looked. Pure; microseconds UTC."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

USUAL_US = 14 * 24 * 3600 * 1_000_000
"""How far back the sightings go that tell which cameras usually see a person."""
USUAL_SHARE_MIN = 0.1
"""Of the person's sightings in that time; a camera with less saw them by chance."""
USUAL_CAMERAS_MAX = 8
WATCHED_SHARE_MIN = 0.95
"""Of the window, watched by the usual cameras, each by its share of the person's sightings. With less nobody can tell
whether the person walked past: in scripts/simulate_year an alert that said "watched" after half a day's watching by any
one of them was nearly always raised about somebody who had walked past another, dead one."""
WATCHING = "watching"
UNKNOWN = "unknown"
"""Of a time about which the camera has told nothing; the wire has no such state."""


class Verdict(StrEnum):
    WATCHED = "watched"
    CANNOT_TELL = "cannot_tell"  # nobody was looking: never "all well"


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """From a person's last sighting to the moment the alert fell due. Empty when until_us <= from_us."""

    from_us: int
    until_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """What a camera says it did from began_us to ended_us. `state` and `cause` are those of the wire."""

    began_us: int
    ended_us: int
    state: str
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A share of the window in which a camera said that it was not watching, and why."""

    state: str
    cause: str  # "" when none was given
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """Of a window, 0 to 1: watching + unknown + the sum of `missing` is 1. An empty window is all unknown."""

    watching: float
    unknown: float
    missing: tuple[Missing, ...]  # the largest first


def window(*, last_seen_us: int | None, created_us: int, due_us: int, now_us: int) -> Window:
    """The time about which an alert asks. Without a sighting it begins with the watch.

    A late sighting may lie behind the alert's due time: then it reaches from there to now.
    """
    from_us = created_us if last_seen_us is None else last_seen_us
    return Window(from_us=from_us, until_us=min(due_us, now_us) if from_us < due_us else now_us)


def usual(sightings: Sequence[int]) -> int:
    """How many of these cameras, given the sightings of each in falling order, usually see the person."""
    at_least = sum(sightings) * USUAL_SHARE_MIN
    return min(sum(count >= at_least for count in sightings), USUAL_CAMERAS_MAX)


def shares(stretches: Iterable[Stretch], window: Window) -> Shares:
    """What a camera did in the window, from its own words alone.

    Where two stretches contradict each other it counts as not watching; of two reasons the one told last wins.
    """
    length_us = window.until_us - window.from_us
    if length_us <= 0:
        return Shares(watching=0.0, unknown=1.0, missing=())
    spent_us = _spent_us(list(stretches), window)
    missing = [
        Missing(state=state, cause=cause, share=us / length_us)
        for (state, cause), us in spent_us.items()
        if state != WATCHING
    ]
    watching_us = sum(us for (state, _), us in spent_us.items() if state == WATCHING)
    return Shares(
        watching=watching_us / length_us,
        unknown=(length_us - sum(spent_us.values())) / length_us,
        missing=tuple(sorted(missing, key=lambda part: (-part.share, part.state, part.cause))),
    )


def watched(told: Iterable[tuple[int, int, bool]]) -> list[tuple[int, int]]:
    """The spans, in order and apart, in which a camera watched: of (began_us, ended_us, watching), in any order.

    Where two contradict each other it counts as not watching, as in `shares`.
    """
    edges: list[tuple[int, int, int]] = []  # moment, more that say watching, more that say not
    for began_us, ended_us, watching in told:
        if began_us < ended_us:
            edges += [(began_us, watching, not watching), (ended_us, -watching, -(not watching))]
    spans: list[tuple[int, int]] = []
    before_us = yes = no = 0
    for at_us, more_yes, more_no in sorted(edges):
        if yes and not no and at_us > before_us:
            joins = spans and spans[-1][1] == before_us
            spans[-1:] = [(spans[-1][0], at_us)] if joins else [*spans[-1:], (before_us, at_us)]
        before_us, yes, no = at_us, yes + more_yes, no + more_no
    return spans


def watched_share(spans: Iterable[tuple[int, int]], window: Window) -> float:
    """Of the window: `shares(...).watching` from what `watched` gave. 0 for an empty window."""
    length_us = window.until_us - window.from_us
    if length_us <= 0:
        return 0.0
    overlaps = (min(ended_us, window.until_us) - max(began_us, window.from_us) for began_us, ended_us in spans)
    return sum(overlap for overlap in overlaps if overlap > 0) / length_us


def judge(usual_cameras: Iterable[tuple[int, float]], *, at_least: float = WATCHED_SHARE_MIN) -> Verdict:
    """`watched` when the usual cameras together watched for the share that is asked; without one nobody can tell.

    Of each: how many of the person's sightings were its, and the share of the window that it watched. A camera counts
    as much as it usually sees of the person: one that looked all day at where they seldom go proves nothing.
    """
    sightings = watched = 0.0
    for count, share in usual_cameras:
        sightings += count
        watched += count * share
    return Verdict.WATCHED if sightings and watched / sightings >= at_least else Verdict.CANNOT_TELL


def course(stretches: Iterable[Stretch], window: Window) -> tuple[Stretch, ...]:
    """The whole window in order and without gaps: what was told, judged as in `shares`, and UNKNOWN between."""
    told: list[Stretch] = []
    at_us = window.from_us
    for part in _judged(list(stretches), window):
        if part.began_us > at_us:
            told.append(Stretch(began_us=at_us, ended_us=part.began_us, state=UNKNOWN, cause=""))
        told.append(part)
        at_us = part.ended_us
    if at_us < window.until_us:
        told.append(Stretch(began_us=at_us, ended_us=window.until_us, state=UNKNOWN, cause=""))
    return tuple(_joined(told))


def _joined(parts: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours that say the same become one."""
    before: Stretch | None = None
    for part in parts:
        if before is None:
            before = part
        elif (before.state, before.cause, before.ended_us) == (part.state, part.cause, part.began_us):
            before = replace(before, ended_us=part.ended_us)
        else:
            yield before
            before = part
    if before is not None:
        yield before


def _spent_us(stretches: list[Stretch], window: Window) -> dict[tuple[str, str], int]:
    """Microseconds of the window by (state, cause)."""
    spent_us: dict[tuple[str, str], int] = {}
    for part in _judged(stretches, window):
        key = part.state, part.cause
        spent_us[key] = spent_us.get(key, 0) + part.ended_us - part.began_us
    return spent_us


def _judged(stretches: list[Stretch], window: Window) -> Iterator[Stretch]:
    """What the camera did, in order: a sweep over the moments at which a stretch begins or ends."""
    edges: list[tuple[int, int]] = []  # moment, stretch
    for number, stretch in enumerate(stretches):
        began_us, ended_us = max(stretch.began_us, window.from_us), min(stretch.ended_us, window.until_us)
        if began_us < ended_us:
            edges += [(began_us, number), (ended_us, number)]
    open_now: set[int] = set()
    before_us = window.from_us
    for at_us, number in sorted(edges):
        if open_now and at_us > before_us:
            told = stretches[max(open_now, key=lambda n: (stretches[n].state != WATCHING, n))]
            yield replace(told, began_us=before_us, ended_us=at_us)
        before_us = at_us
        open_now ^= {number}
