"""When something was, by the clock of a device that may have booted in the past. Pure; integer microseconds UTC."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """At `mono_us` of a boot it was `wall_us`, give or take `uncertainty_us`."""

    mono_us: int
    wall_us: int
    uncertainty_us: int

    def replaces(self, known: "Anchor | None") -> bool:
        """True when this one is to be believed rather than `known`: it is more exact.

        Of two equally exact ones that disagree, the one that dates everything earlier: nobody is then taken for seen
        later than they were, and the order of arrival does not matter.
        """
        return known is None or self.rank < known.rank

    def at_us(self, mono_us: int) -> int:
        """The most likely moment of `mono_us` of the same boot."""
        return self.wall_us - (self.mono_us - mono_us)

    @property
    def rank(self) -> tuple[int, int]:
        """The lower, the more to be believed."""
        return self.uncertainty_us, self.wall_us - self.mono_us


def earliest_us(anchor: Anchor, *, mono_us: int, received_us: int) -> int:
    """The earliest moment at which a thing stamped `mono_us` may have been; never in the future, never below 0.

    That is the moment it counts at: somebody may be lying on the floor since then.
    """
    return max(0, min(anchor.at_us(mono_us) - anchor.uncertainty_us, received_us))


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of time, began <= ended."""

    began_us: int
    ended_us: int


def span(*, ended_us: int, lasted_us: int, received_us: int) -> Span:
    """A stretch by its end and its length on the monotonic clock; what reaches past the receipt is cut off."""
    return Span(
        began_us=max(0, min(ended_us - lasted_us, received_us)),
        ended_us=max(0, min(ended_us, received_us)),
    )
