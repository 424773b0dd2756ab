"""How old an event is, if its own stamp tells."""

from edge_agent.wire.messages import (
    ClockAnchor,
    CommandResult,
    Event,
    JournalSetAside,
    Lost,
    Observing,
    PassSheet,
    Stamp,
)


def stamp_of(event: Event) -> Stamp | None:
    """When it was; of a stretch of time, its end. None for a tombstone."""
    match event:
        case Observing():
            return event.ended
        case ClockAnchor() | JournalSetAside() | CommandResult() | PassSheet():
            return event.at
        case Lost():
            return None
        case _:
            return event.captured


def age_s(then: Stamp, now: Stamp) -> float | None:
    """None when neither the boot is the same nor both clocks were right."""
    if then.boot == now.boot:
        return max(0.0, (now.mono_us - then.mono_us) / 1e6)
    if then.synced and now.synced:
        return max(0.0, (now.wall_us - then.wall_us) / 1e6)
    return None
