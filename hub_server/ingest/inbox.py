"""Where callbacks leave what came in: a queue with a limit of messages and of bytes."""

import logging
import threading
from collections import deque
from dataclasses import dataclass

MESSAGES_MAX = 2000
BYTES_MAX = 32 * 1024 * 1024
TAKE_MAX = 64
_LOG_EVERY = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """An MQTT message as it came in."""

    topic: str
    payload: bytes
    retained: bool
    received_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A connection to the broker begins: nobody knows yet who is there. Its retained statuses follow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """The broker has taken our subscriptions: what devices publish from now on arrives."""


Entry = Arrival | Opened | Listening


class Inbox:
    """First in, first out. A message that does not fit is dropped and counted; its device will say hello again."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._closed = False
        self._condition = threading.Condition()
        self.dropped = 0

    def offer(self, arrival: Arrival) -> bool:
        """Never waits. False: there was no room."""
        with self._condition:
            fits = len(self._entries) < MESSAGES_MAX and self._bytes + len(arrival.payload) <= BYTES_MAX
            if fits and not self._closed:
                self._bytes += len(arrival.payload)
                self._entries.append(arrival)
                self._condition.notify_all()
                return True
            self.dropped += 1
        if self.dropped % _LOG_EVERY == 1:
            _log.warning("inbox full: %d messages dropped so far; their devices will say hello again", self.dropped)
        return False

    def mark(self, moment: Opened | Listening) -> None:
        """A moment of the connection, in its place between the messages. Always fits: there are two a connection."""
        with self._condition:
            self._entries.append(moment)
            self._condition.notify_all()

    def take(self) -> list[Entry] | None:
        """Waits for something; up to TAKE_MAX of the oldest. None: closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._entries)
            if self._closed:
                return None
            taken = [self._entries.popleft() for _ in range(min(TAKE_MAX, len(self._entries)))]
            self._bytes -= sum(len(entry.payload) for entry in taken if isinstance(entry, Arrival))
            return taken

    def close(self) -> None:
        """What still lies here is dropped: it was never acknowledged."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
