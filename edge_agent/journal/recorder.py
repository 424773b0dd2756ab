"""Puts events into the journal; what the disk refuses waits in memory, in order, and is tried again."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal.encoding import UnfitError
from edge_agent.journal.importance import importance
from edge_agent.journal.journal import Journal
from edge_agent.wire.messages import (
    ClockAnchor,
    CommandOutcome,
    CommandResult,
    Event,
    JournalSetAside,
    LossReason,
    Lost,
    Observing,
    Passage,
    PassSheet,
    PlateRead,
    Watching,
)

PENDING_MAX: Final = 1000  # past this the least important go, the oldest of them first
GROUP_MAX: Final = 100  # events in one write to the disk
RETRY_S: Final = 5.0
REMIND_S: Final = 60.0  # how often it is said that the disk still refuses

log = logging.getLogger(__name__)


class Recorder:
    """The one way into the journal. Used by one thread."""

    def __init__(self, journal: Journal, *, clock: Clock, journaled: Callable[[], None]) -> None:
        """`journaled` is called when events are on the disk."""
        self._journal = journal
        self._clock = clock
        self._journaled = journaled
        self._pending: list[Event] = []
        self._owed: dict[LossReason, Counter[str]] = {}  # lost here, by type: to be told when the disk takes it
        self._lost = 0
        self._recorded = 0
        self._retry_s: float | None = None  # None: the disk takes what it is given
        self._remind_s = 0.0

    @property
    def waiting(self) -> int:
        """Events that the disk has refused so far."""
        return len(self._pending)

    @property
    def lost(self) -> int:
        """Events of this process that never got into the journal."""
        return self._lost

    @property
    def recorded(self) -> int:
        """Events of this process that did."""
        return self._recorded

    def record(self, events: Iterable[Event] = ()) -> None:
        """Journal the events, oldest first, and what waits before them. Without events: try again if it is time."""
        self._pending.extend(events)
        while len(self._pending) > PENDING_MAX:
            self._lose(self._least(), LossReason.SPACE, "the disk has refused too many")
        if self._retry_s is None or self._clock.monotonic_s() >= self._retry_s:
            self._write()

    def settle(self) -> None:
        """The last try, at the end; what is refused then is lost, and said so."""
        self._write()
        for event in self._pending:
            log.error("LOST, for the journal did not take it: %s", describe(event))
        self._lost += len(self._pending)

    def _write(self) -> None:
        size = GROUP_MAX
        while self._pending:
            group = self._pending[:size]
            try:
                seqs = self._journal.append_all(group)
            except UnfitError as error:
                for at in sorted(error.why, reverse=True):
                    self._lose(at, LossReason.DAMAGED, f"it cannot be journaled ({error.why[at]})")
            except JournalError as error:
                if len(group) == 1:
                    self._refused(error)
                    return
                size = 1  # of many, some may still fit
            else:
                del self._pending[: len(group)]
                self._taken(group, seqs)
        if self._retry_s is not None:
            log.warning("the journal takes events again")
            self._retry_s = None
        self._tell_losses()

    def _taken(self, events: list[Event], seqs: list[int]) -> None:
        self._recorded += len(events)
        for event, seq in zip(events, seqs, strict=True):
            level = logging.WARNING if is_fault(event) else logging.INFO
            log.log(level, "%s journaled seq=%d %s", event.__struct_config__.tag, seq, describe(event))
        self._journaled()

    def _tell_losses(self) -> None:
        """The hub hears how many were lost here, and of which types."""
        for reason, counts in list(self._owed.items()):
            try:
                self._journal.append_loss(counts, reason)
            except JournalError as error:
                log.warning("a loss could not be journaled yet: %s", error)
                return
            del self._owed[reason]
            self._journaled()

    def _refused(self, error: JournalError) -> None:
        now_s = self._clock.monotonic_s()
        if self._retry_s is None or now_s >= self._remind_s:
            log.error("%d events cannot be journaled now and wait in memory: %s", len(self._pending), error)
            self._remind_s = now_s + REMIND_S
        self._retry_s = now_s + RETRY_S

    def _least(self) -> int:
        """Where the oldest of the least important is."""
        return min(range(len(self._pending)), key=lambda at: importance(self._pending[at]))

    def _lose(self, at: int, reason: LossReason, why: str) -> None:
        event = self._pending.pop(at)
        log.error("LOST, for %s: %s", why, describe(event))
        self._owed.setdefault(reason, Counter())[str(event.__struct_config__.tag)] += 1
        self._lost += 1


def is_fault(event: Event) -> bool:
    if isinstance(event, CommandResult):
        return event.outcome is not CommandOutcome.DONE
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
        case _:
            return _of_the_device(event)


def _of_the_device(event: ClockAnchor | JournalSetAside | PassSheet | CommandResult | Lost) -> str:
    match event:
        case ClockAnchor():
            return f"the clock is right, give or take {event.uncertainty_us / 1e6:.1f} s"
        case JournalSetAside():
            span = "" if event.last is None else f", it went to place {event.last}"
            return f"a damaged journal is kept as {event.file}{span}: {event.detail}"
        case PassSheet():
            return f"camera={event.camera} {'passed' if event.passed else 'not passed'}, {len(event.findings)} checks"
        case CommandResult():
            times = "" if event.times == 1 else f", {event.times} of them"
            why = "" if event.reason is None else f": {event.reason}{times}"
            return f"{event.kind or 'what is no command of the hub'} {event.outcome.value}{why}"
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
