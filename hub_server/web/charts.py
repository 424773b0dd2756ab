"""Bar charts as numbers: where each bar, line and word stands. Pure; templates/charts.html draws them as SVG.

Every chart has a title, a description for whoever does not see it, and the same numbers as a table beneath.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 480
HEIGHT: Final = 210
LEFT, RIGHT, TOP, BOTTOM = 44, 6, 10, 26  # around the bars
LABELS_MAX: Final = 12  # beneath the bars; of more, or of long ones, every second, third ... is shown
CHARACTER: Final = 13  # the width that one needs there
BAR_SHARE: Final = 0.78  # of a group's width
TICKS: Final = 4  # lines above zero, about


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One colour: the name of a CSS class, its words, and a number for each label, 0 or more."""

    css: str
    zh: str
    en: str
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A rectangle in the chart's own units, y downwards. `css`: of its series."""

    css: str
    x: float
    y: float
    width: float
    height: float
    words: str  # label and value, for a pointer that rests on it


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A text at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A number of the scale, and the height at which its line runs."""

    y: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """All that is drawn, and the table. `id`: unique on the page."""

    id: str
    title_zh: str
    title_en: str
    description: str
    first: tuple[str, str]  # heads the table's first column, Chinese and English
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    words: tuple[Word, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The table: a label, and the number of each series."""
        return [(label, [said(one.values[place]) for one in self.series]) for place, label in enumerate(self.labels)]


def bars(
    *,
    id: str,  # noqa: A002 the attribute's name
    title: tuple[str, str],
    first: tuple[str, str],
    labels: Sequence[str],
    series: Sequence[Series],
    stacked: bool = False,
) -> Chart:
    """Bars side by side for each label, or on top of one another. Raises ValueError for values that fit no label."""
    if any(len(one.values) != len(labels) or min(one.values, default=0) < 0 for one in series):
        raise ValueError("each series needs a number for each label, 0 or more")
    heights = [[one.values[place] for one in series] for place in range(len(labels))]
    step, top = scale(max((sum(each) if stacked else max(each, default=0) for each in heights), default=0))
    return Chart(
        id=id,
        title_zh=title[0],
        title_en=title[1],
        description=_description(labels, series),
        first=first,
        labels=tuple(labels),
        series=tuple(series),
        bars=tuple(_stacked(labels, series, top) if stacked else _beside(labels, series, top)),
        words=tuple(_words(labels)),
        lines=tuple(Line(y=_y(tick * step, top), text=said(tick * step)) for tick in range(round(top / step) + 1)),
    )


def scale(highest: float) -> tuple[float, float]:
    """The step between two lines, 1, 2 or 5 times a power of ten, and the top: a multiple of it, not below `highest`.

    People and vehicles are whole: the step is never below 1.
    """
    if highest <= 0:
        return 1.0, 1.0
    rough = highest / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(1.0, next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough))
    return step, math.ceil(highest / step) * step


def said(value: float) -> str:
    """As people read it: 12, 1,204, 3.4, and below one 0.03."""
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 1 else f"{max(value, 0.01):.2f}"


def _beside(labels: Sequence[str], series: Sequence[Series], top: float) -> list[Bar]:
    group = _group(labels)
    each = group * BAR_SHARE / max(1, len(series))
    found = []
    for place, label in enumerate(labels):
        x = LEFT + group * place + group * (1 - BAR_SHARE) / 2
        for n, one in enumerate(series):
            found += _bar(one, label, one.values[place], x=x + n * each, width=each, below=0.0, top=top)
    return found


def _stacked(labels: Sequence[str], series: Sequence[Series], top: float) -> list[Bar]:
    group = _group(labels)
    found = []
    for place, label in enumerate(labels):
        x, below = LEFT + group * place + group * (1 - BAR_SHARE) / 2, 0.0
        for one in series:
            value = one.values[place]
            found += _bar(one, label, value, x=x, width=group * BAR_SHARE, below=below, top=top)
            below += value
    return found


def _bar(one: Series, label: str, value: float, *, x: float, width: float, below: float, top: float) -> list[Bar]:
    """None for nothing."""
    if value == 0:
        return []
    upper, lower = _y(below + value, top), _y(below, top)
    words = f"{label} {one.zh} {said(value)}"
    return [
        Bar(css=one.css, x=round(x, 1), y=upper, width=round(width, 1), height=round(lower - upper, 1), words=words)
    ]


def _words(labels: Sequence[str]) -> list[Word]:
    group = _group(labels)
    widest = max(map(len, labels), default=0) * CHARACTER
    every = max(1, math.ceil(len(labels) / LABELS_MAX), math.ceil(widest / group))
    return [
        Word(x=round(LEFT + group * (place + 0.5), 1), y=HEIGHT - 8, text=label)
        for place, label in enumerate(labels)
        if place % every == 0
    ]


def _group(labels: Sequence[str]) -> float:
    return (WIDTH - LEFT - RIGHT) / max(1, len(labels))


def _y(value: float, top: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top), 1)


def _description(labels: Sequence[str], series: Sequence[Series]) -> str:
    """What the eye sees at once: how much, and when most."""
    if not any(value for one in series for value in one.values):
        return "没有人或车经过。Nobody passed."
    told = []
    for one in series:
        if any(one.values):
            peak = max(range(len(labels)), key=lambda place, one=one: one.values[place])  # type: ignore[misc]
            told.append(f"{one.zh} {one.en}：{labels[peak]} 最多 most, {said(one.values[peak])}")
    return "；".join(told)
