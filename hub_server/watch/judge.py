"""An observation arrives: what changes. Pure; times are integer microseconds UTC."""

from dataclasses import dataclass

from hub_server.watch.due import Terms, due_us


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The watch after an observation that moved it."""

    last_seen_us: int
    due_us: int
    retracts: bool  # an alert that is not closed ends here; else it stays open with the newer last_seen_us


def observe(*, at_us: int, now_us: int, created_us: int, last_seen_us: int | None, terms: Terms) -> Verdict | None:
    """What an observation at `at_us` does to a watch; None when the watch already knows something as new.

    The first observation is taken with its own time even when that is before the creation of the watch; later ones
    only ever move it forward. Late truth retracts an alert only while what is allowed after it is still ahead of now.
    """
    if last_seen_us is not None and at_us <= last_seen_us:
        return None
    return Verdict(
        last_seen_us=at_us,
        due_us=due_us(created_us=created_us, last_seen_us=at_us, terms=terms),
        retracts=at_us + terms.allowed_us > now_us,
    )
