"""When a watch falls due. Times are integer microseconds UTC."""

US_PER_S = 1_000_000


def due_us(*, created_us: int, last_seen_us: int | None, paused_until_us: int | None, period_s: int) -> int:
    """One period after the last sign of life, or after the end of the pause when that is later.

    While nothing was ever seen the watch runs from its creation. A sighting may be older than the creation (it was
    buffered, or reported by hand): it is the truth, and the watch may then be due at once.
    """
    reference_us = created_us if last_seen_us is None else last_seen_us
    return max(reference_us, paused_until_us or 0) + period_s * US_PER_S


def is_due(due_us: int, *, now_us: int) -> bool:
    """True from the due microsecond on."""
    return now_us >= due_us
