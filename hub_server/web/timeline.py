"""A picture of what cameras did in the course of time: a bar for each, drawn by templates/timeline.html.

Across, places are per cent of the width, down they are pixels: words keep their size however narrow the screen is.
Pure: stretches in, places and words out. The table beside the picture says the same in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from hub_server.watch.coverage import UNKNOWN, WATCHING, Stretch, Window
from hub_server.watch.due import US_PER_S
from hub_server.web.times import OFFICE_ZONE
from hub_server.web.words import span

BAR_HEIGHT: Final = 26
ROW_HEIGHT: Final = 58  # the camera's name above its bar
_TOP: Final = 22  # for the words of the marks
_AXIS_HEIGHT: Final = 26
_TICKS_MAX: Final = 9
_WIDTH_MIN: Final = 0.15  # per cent: a minute's blindness in a week would not be seen
_HOUR_US: Final = 3600 * US_PER_S
_STEPS_US: Final = tuple(hours * _HOUR_US for hours in (1, 2, 3, 6, 12, 24, 48, 7 * 24))
_ROWS_TOLD_MAX: Final = 60  # lines of the table for one camera; the longest stretches

STATES: Final = {
    WATCHING: ("在看", "watching"),
    "blind": ("看不清", "could not see"),
    "covered": ("被遮住", "covered"),
    "frozen": ("画面停住", "frozen"),
    "no_inference": ("没有识别", "not recognising"),
    UNKNOWN: ("没有报告", "not told"),
}
"""Of a camera, by the wire's names, in the order of the legend; a state of a newer agent is shown as it is called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One camera with its stretches, in order and without gaps."""

    name: str
    parts: Sequence[Stretch]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A moment that is pointed at: the last sighting, the due time."""

    at_us: int
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A stretch as a rectangle. `state`: the wire's word, made safe for a class; `title`: for who points at it."""

    x: float
    width: float
    state: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A stretch in words, for the table."""

    began: str
    ended: str
    lasted: tuple[str, str]
    state: str
    words: tuple[str, str]
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A camera's bars and words. `y`: of the bars' upper edge. `left_out`: stretches that the table does not tell."""

    name: str
    y: int
    bars: tuple[Bar, ...]
    told: tuple[Told, ...]
    left_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A line of the axis, with the office's hour, or the day where a day begins. `minor`: no words on a phone."""

    x: float
    words: str
    day: bool
    minor: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """A mark as a line with words. `anchor`: on which side of the line the words have room."""

    x: float
    zh: str
    en: str
    clock: str
    anchor: str  # of SVG: start or end


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """The picture. `axis_y`: where the bars end. `legend`: (state, words) of what is in it."""

    height: int
    axis_y: int
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    flags: tuple[Flag, ...]
    legend: tuple[tuple[str, tuple[str, str]], ...]


def draw(
    lines: Sequence[Line], window: Window, marks: Sequence[Mark] = (), *, zone: tzinfo = OFFICE_ZONE
) -> Timeline | None:
    """None when there is nothing to draw: no camera, or no time."""
    if not lines or window.until_us <= window.from_us:
        return None
    axis_y = _TOP + ROW_HEIGHT * len(lines)
    here = [state for line in lines for state in (part.state for part in line.parts)]
    return Timeline(
        height=axis_y + _AXIS_HEIGHT,
        axis_y=axis_y,
        rows=tuple(_row(line, number, window, zone) for number, line in enumerate(lines)),
        ticks=tuple(_ticks(window, zone)),
        flags=tuple(_flag(mark, window, zone) for mark in marks if window.from_us <= mark.at_us <= window.until_us),
        legend=tuple((_class(state), words(state)) for state in dict.fromkeys([*STATES, *here]) if state in here),
    )


def words(state: str) -> tuple[str, str]:
    """Of a state of the wire."""
    return STATES.get(state, (state, state))


def _row(line: Line, number: int, window: Window, zone: tzinfo) -> Row:
    longest = sorted(line.parts, key=lambda part: part.began_us - part.ended_us)[:_ROWS_TOLD_MAX]
    told = sorted(longest, key=lambda part: part.began_us)
    return Row(
        name=line.name,
        y=_TOP + ROW_HEIGHT * number + ROW_HEIGHT - BAR_HEIGHT - 6,
        bars=tuple(_bar(part, window, zone) for part in line.parts),
        told=tuple(_told(part, window, zone) for part in told),
        left_out=len(line.parts) - len(told),
    )


def _bar(part: Stretch, window: Window, zone: tzinfo) -> Bar:
    said = _told(part, window, zone)
    left, right = _x(part.began_us, window), _x(part.ended_us, window)
    cause = f"（{said.cause}）" if said.cause else ""
    return Bar(
        x=left,
        width=max(round(right - left, 3), _WIDTH_MIN),
        state=said.state,
        title=f"{said.began} – {said.ended} {said.words[0]}{cause} {said.words[1]}",
    )


def _told(part: Stretch, window: Window, zone: tzinfo) -> Told:
    return Told(
        began=_clock(part.began_us, window, zone),
        ended=_clock(part.ended_us, window, zone),
        lasted=span((part.ended_us - part.began_us) // US_PER_S),
        state=_class(part.state),
        words=words(part.state),
        cause=part.cause,
    )


def _flag(mark: Mark, window: Window, zone: tzinfo) -> Flag:
    x = _x(mark.at_us, window)
    return Flag(
        x=x,
        zh=mark.zh,
        en=mark.en,
        clock=_clock(mark.at_us, window, zone),
        anchor="start" if x < 50 else "end",
    )


def _ticks(window: Window, zone: tzinfo) -> list[Tick]:
    """Whole hours of the office's clock, so few that their words have room."""
    length_us = window.until_us - window.from_us
    step_us = next((step for step in _STEPS_US if length_us / step <= _TICKS_MAX), length_us)
    offset_us = int((_at(window.from_us, zone).utcoffset() or timedelta()).total_seconds()) * US_PER_S
    first_us = -(-(window.from_us + offset_us) // step_us) * step_us - offset_us
    found: list[Tick] = []
    for at_us in range(first_us, window.until_us + 1, step_us):
        at = _at(at_us, zone)
        day = at.hour == 0 and at.minute == 0
        found.append(
            Tick(
                x=_x(at_us, window),
                words=f"{at.month}月{at.day}日" if day else f"{at:%H:%M}",
                day=day,
                minor=len(found) % 2 == 1,
            )
        )
    return found


def _x(us: int, window: Window) -> float:
    return round((us - window.from_us) / (window.until_us - window.from_us) * 100, 3)


def _clock(us: int, window: Window, zone: tzinfo) -> str:
    """The hour; with the day when the picture is of more than one."""
    at = _at(us, zone)
    many = _at(window.from_us, zone).date() != _at(window.until_us - 1, zone).date()
    return f"{at.month}月{at.day}日 {at:%H:%M}" if many else f"{at:%H:%M}"


def _at(us: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(us // US_PER_S, UTC).astimezone(zone)


def _class(state: str) -> str:
    """For a class of the style sheet: whatever a device called it, nothing in it ends an attribute or adds another."""
    return state if state in STATES else "other"
