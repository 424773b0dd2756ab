"""What a simulated device keeps of its events."""

import secrets
from typing import Final

from edge_agent.wire.codec import encode_event, item
from edge_agent.wire.messages import Event, Item

KEPT_MAX: Final = 5_000  # acknowledged events


class MemoryJournal:
    """The agent's journal without a disk: what is acknowledged is kept for a while, for a hub that was restored."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(16)
        self.acked = 0
        self._base = 0  # places up to here are forgotten
        self._items: list[Item] = []
        self._captured_s: list[float] = []

    @property
    def last(self) -> int:
        return self._base + len(self._items)

    @property
    def oldest(self) -> int:
        return self._base + 1

    def append(self, event: Event, now_s: float) -> None:
        self._items.append(item(self.last + 1, encode_event(event)))
        self._captured_s.append(now_s)

    def after(self, place: int, limit: int) -> list[Item]:
        """Raises ValueError when the hub asks for what is forgotten."""
        if place < self._base:
            raise ValueError(f"the hub asks for {place + 1}; {self.oldest} is the oldest")
        return self._items[place - self._base : place - self._base + limit]

    def apply(self, high: int, digest: str | None) -> list[float]:
        """The hub has all up to `high`; when each of those that are new to us was captured. Raises ValueError."""
        if high > self.last:
            raise ValueError(f"the hub acknowledges {high}; {self.last} is the last")
        if high > self._base and self._items[high - self._base - 1].hash != digest:
            raise ValueError(f"the hub acknowledges another event at {high}")
        fresh = self._captured_s[max(0, self.acked - self._base) : max(0, high - self._base)]
        self.acked = high
        surplus = self.acked - self._base - KEPT_MAX
        if surplus > KEPT_MAX:
            del self._items[:surplus], self._captured_s[:surplus]
            self._base += surplus
        return fresh
