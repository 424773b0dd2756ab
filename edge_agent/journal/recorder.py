"""Puts events into the journal; what the disk refuses waits in memory, in order, and is tried again."""

import logging
from collections.abc import Callable, Iterable
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal.journal import Journal
from edge_agent.wire.messages import (
    ClockAnchor,
    Event,
    Observing,
    Passage,
    PlateRead,
    PlateVerdict,
    Watching,
)

PENDING_MAX: Final = 1000  # past this, strangers' passages go first, then the oldest
RETRY_S: Final = 5.0
REMIND_S: Final = 60.0  # how often it is said that the disk still refuses

log = logging.getLogger(__name__)


class Recorder:
    """The one way into the journal. Used by one thread."""

    def __init__(self, journal: Journal, *, clock: Clock, journaled: Callable[[], None]) -> None:
        """`journaled` is called after each event that is on the disk."""
        self._journal = journal
        self._clock = clock
        self._journaled = journaled
        self._pending: list[Event] = []
        self._retry_s: float | None = None  # None: the disk takes what it is given
        self._remind_s = 0.0

    @property
    def waiting(self) -> int:
        """Events that the disk has refused so far."""
        return len(self._pending)

    def record(self, events: Iterable[Event] = ()) -> None:
        """Journal the events, oldest first, and what waits before them. Without events: try again if it is time."""
        self._pending.extend(events)
        while len(self._pending) > PENDING_MAX:
            log.error("LOST, for the disk has refused too many: %s", describe(self._drop()))
        if self._retry_s is None or self._clock.monotonic_s() >= self._retry_s:
            self._write()

    def settle(self) -> None:
        """The last try, at the end; what is refused then is lost, and said so."""
        self._write()
        for event in self._pending:
            log.error("LOST, for the journal did not take it: %s", describe(event))

    def _write(self) -> None:
        while self._pending:
            try:
                seq = self._journal.append(self._pending[0])
            except JournalError as error:
                self._refused(error)
                return
            event = self._pending.pop(0)
            level = logging.WARNING if is_fault(event) else logging.INFO
            log.log(level, "%s journaled seq=%d %s", event.__struct_config__.tag, seq, describe(event))
            self._journaled()
        if self._retry_s is not None:
            log.warning("the journal takes events again")
            self._retry_s = None

    def _refused(self, error: JournalError) -> None:
        now_s = self._clock.monotonic_s()
        if self._retry_s is None or now_s >= self._remind_s:
            log.error("%d events cannot be journaled now and wait in memory: %s", len(self._pending), error)
            self._remind_s = now_s + REMIND_S
        self._retry_s = now_s + RETRY_S

    def _drop(self) -> Event:
        return self._pending.pop(next((at for at, event in enumerate(self._pending) if is_stranger(event)), 0))


def is_stranger(event: Event) -> bool:
    """Nobody whom we know: it is only counted."""
    if isinstance(event, PlateRead):
        return event.reading is None or event.reading.verdict is PlateVerdict.UNKNOWN
    return isinstance(event, Passage) and event.sighting is None


def is_fault(event: Event) -> bool:
    return isinstance(event, Observing) and event.state is not Watching.WATCHING


def describe(event: Event) -> str:
    """An event in one line for the log; a person stands there by the pseudonymous id only, and no plate in full."""
    match event:
        case Passage():
            return f"camera={event.camera} {_who(event)} frames={event.frames} duration_ms={event.duration_ms}"
        case PlateRead():
            went = f"camera={event.camera} direction={event.direction.value}"
            return f"{went} {_what(event)} frames={event.frames} duration_ms={event.duration_ms}"
        case Observing():
            lasted_s = (event.ended.mono_us - event.began.mono_us) / 1e6
            cause = "" if event.cause is None else f" cause={event.cause}"
            return f"camera={event.camera} state={event.state.value}{cause} for {lasted_s:.1f} s"
        case ClockAnchor():
            return f"the clock is right, give or take {event.uncertainty_us / 1e6:.1f} s"
        case _:
            return f"places {event.first_seq} to {event.last_seq}: {event.reason.value}"


def _who(passage: Passage) -> str:
    sighting = passage.sighting
    if sighting is None:
        return "stranger"
    margin = "-" if sighting.margin is None else f"{sighting.margin:.3f}"
    strict = "strict" if sighting.strict else "not strict"
    return f"person={sighting.person} score={sighting.score:.3f} margin={margin} looks={sighting.frames} {strict}"


def _what(passing: PlateRead) -> str:
    """The plate with its middle left out: enough to find the event, too little to know the car."""
    reading = passing.reading
    if reading is None:
        return f"not readable reads={passing.reads}"
    plate = f"{reading.text[:2]}{'*' * (len(reading.text) - 4)}{reading.text[-2:]}"
    verdict = f"{reading.verdict.value} score={reading.score:.3f} reads={passing.reads}"
    return f"plate={plate} kind={reading.kind.value} {verdict}"
