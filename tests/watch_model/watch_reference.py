"""The watch as DESIGN section 5 and the issue tell it, plain and slow; nothing here is taken from the code under test.

1. A sign of life counts when it is strict, on two frames, of a time that is known, and nobody has taken it back.
2. It counts by its earliest possible time, and never later than the hub's clock stood once it was known.
3. Last seen is the newest sign that counts; without one the watch runs from its creation.
4. The clock runs for period and grace from there; while a pause is on it stands still, wound up anew.
5. When it has run down, and the watch is on, there is exactly one alert that is not closed.
6. A sign newer than all before closes it if the time allowed after that sign is still ahead of now; else it stays.
7. People close it: `well` and `helped` are signs of life, after `away` the clock begins anew at the end that is given;
   or they open it again, and what closed it is taken back.
"""

from dataclasses import dataclass, field

S = 1_000_000


@dataclass(kw_only=True)
class Sign:
    """Anything by which somebody may have been seen. `at_us` is None while nobody knows when it was."""

    at_us: int | None
    known_us: int  # the lowest that the hub's clock has shown since it came in
    good: bool
    by: str
    boot: str = ""  # with mono_us: what an anchor may date
    mono_us: int = 0

    @property
    def counts_at_us(self) -> int | None:
        return min(self.at_us, self.known_us) if self.good and self.at_us is not None else None


@dataclass(kw_only=True)
class Away:
    from_us: int
    until_us: int


@dataclass(kw_only=True)
class Life:
    """One watched person, as the hub must know them."""

    created_us: int
    period_s: int
    grace_s: int = 0
    on: bool = True
    own_vehicle: bool = False
    alerted: bool = False
    signs: list[Sign] = field(default_factory=list)
    absences: list[Away] = field(default_factory=list)

    @property
    def allowed_us(self) -> int:
        return (self.period_s + self.grace_s) * S

    def newest(self) -> Sign | None:
        known = [sign for sign in self.signs if sign.counts_at_us is not None]
        return max(known, key=lambda sign: sign.counts_at_us or 0, default=None)

    def seen_us(self) -> int | None:
        newest = self.newest()
        return None if newest is None else newest.counts_at_us

    def rings_us(self) -> int:
        """When the clock has run down: time is walked from one beginning or end of a pause to the next."""
        seen_us = self.seen_us()
        at_us = self.created_us if seen_us is None else seen_us
        left_us = self.allowed_us
        edges_us = {edge_us for away in self.absences for edge_us in (away.from_us, away.until_us)}
        for edge_us in sorted(edge_us for edge_us in edges_us if edge_us > at_us):
            if any(away.from_us <= at_us < away.until_us for away in self.absences):
                left_us = self.allowed_us
            elif edge_us - at_us >= left_us:
                break
            else:
                left_us -= edge_us - at_us
            at_us = edge_us
        return at_us + left_us

    def is_overdue(self, now_us: int) -> bool:
        return self.on and now_us >= self.rings_us()

    def after_news(self, before_us: int | None, now_us: int) -> bool:
        """True when what has come in since `before_us` was last seen retracts the alert."""
        seen_us = self.seen_us()
        newer = seen_us is not None and (before_us is None or seen_us > before_us)
        retracts = self.alerted and newer and seen_us is not None and seen_us + self.allowed_us > now_us
        self.alerted = self.alerted and not retracts
        return retracts

    def clock_went_back(self, now_us: int) -> None:
        """Nobody was seen in the future, nor is a watch from there."""
        for sign in self.signs:
            sign.known_us = min(sign.known_us, now_us)
        self.created_us = min(self.created_us, now_us)
