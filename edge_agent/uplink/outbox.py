"""What the uplink needs of a journal; `edge_agent.journal.Journal` is the real one."""

from collections.abc import Sequence
from typing import Protocol

from edge_agent.wire.messages import HeldEpoch, Item, LeftEpoch


class Position(Protocol):
    """Where the outbox stands, in its current epoch."""

    @property
    def epoch(self) -> str: ...
    @property
    def oldest(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def acked(self) -> int: ...


class Verdict(Protocol):
    """What became of the hub's word. Neither settled nor forked: it was old news, or about another epoch."""

    @property
    def settled(self) -> bool:
        """It agrees with our own events."""
        ...

    @property
    def forked(self) -> bool:
        """The hub holds another history: a new epoch was begun."""
        ...


class Outbox(Protocol):
    """Safe for several threads."""

    def position(self) -> Position: ...

    def unsent(self, after: int, limit: int) -> list[Item]:
        """The items that follow place `after`, in order and without a gap."""
        ...

    def apply_ack(self, epoch: str, high: int, digest: str) -> Verdict: ...

    def apply_welcome(self, epoch: str, high: int, digest: str | None) -> Verdict: ...

    def leave_epoch(self, epoch: str) -> Verdict:
        """The hub takes nothing more in `epoch`: what it has not acknowledged goes on in a new one."""
        ...

    def left(self) -> list[LeftEpoch]:
        """The epochs before the current one of which something is known, the oldest first."""
        ...

    def take_back(self, held: Sequence[HeldEpoch]) -> int:
        """The hub says what it holds of them; how many places had to be journaled anew."""
        ...
