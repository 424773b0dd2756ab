"""Where a journal stands, and what became of the hub's word about it."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What became of the hub's word about our events."""

    SETTLED = "settled"
    STALE = "stale"  # about another epoch, or older than what we know: changes nothing
    FORKED = "forked"  # the hub holds another history under our name: a new epoch was begun

    @property
    def settled(self) -> bool:
        return self is Verdict.SETTLED

    @property
    def forked(self) -> bool:
        return self is Verdict.FORKED


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Where the journal stands."""

    epoch: str
    oldest: int  # the lowest place whose event is kept; last + 1 when none is
    last: int
    acked: int
