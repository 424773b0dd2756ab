"""When a watch falls due. Times are integer microseconds UTC."""

from collections.abc import Iterable
from dataclasses import dataclass

US_PER_S = 1_000_000
TELL_BEFORE_US = 24 * 3600 * US_PER_S


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A time in which nobody expects to see the person: a pause as far as it reaches. from_us < until_us."""

    from_us: int
    until_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What was agreed for one person. `grace_s`: the alert waits for so long after the period."""

    period_s: int
    grace_s: int = 0
    pauses: tuple[Span, ...] = ()

    @property
    def allowed_us(self) -> int:
        """How long after a sign of life an alert falls due."""
        return (self.period_s + self.grace_s) * US_PER_S


def due_us(*, created_us: int, last_seen_us: int | None, terms: Terms) -> int:
    """One period and the grace after the last sign of life; after the end of each pause that the wait reaches into.

    While nothing was ever seen the watch runs from its creation. A sighting may be older than the creation (it was
    buffered, or reported by hand): it is the truth, and the watch may then be due at once.
    """
    reference_us = created_us if last_seen_us is None else last_seen_us
    for pause in sorted(terms.pauses, key=lambda span: (span.from_us, span.until_us)):
        if pause.from_us < reference_us + terms.allowed_us:
            reference_us = max(reference_us, pause.until_us)
    return reference_us + terms.allowed_us


def pause_end_us(pauses: Iterable[Span], *, now_us: int) -> int | None:
    """The end of the pause that is on; pauses that touch or overlap are one. None: nobody is away now."""
    end_us = None
    for pause in sorted(pauses, key=lambda span: (span.from_us, span.until_us)):
        if pause.from_us <= (now_us if end_us is None else end_us) and pause.until_us > (end_us or now_us):
            end_us = pause.until_us
    return end_us


def tell_us(pause: Span) -> int:
    """From when on it is told that a pause ends: a day before, or from the middle of a shorter one."""
    return pause.until_us - min(TELL_BEFORE_US, (pause.until_us - pause.from_us) // 2)


def is_due(due_us: int, *, now_us: int) -> bool:
    """True from the due microsecond on."""
    return now_us >= due_us
