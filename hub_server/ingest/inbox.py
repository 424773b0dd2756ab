"""Where callbacks leave what came in: a queue a device, taken in turn, so that one that floods delays only itself.

Two limits for each device and two for all. The memory that is left is shared out while it lasts: a message fits as long
as its device holds no more than is still free, so that whoever fills the inbox leaves room for everybody else
(dynamic thresholds, Choudhury and Hahne 1998).
"""

import logging
import threading
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field, replace

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX, WINDOW_EVENTS_MAX
from edge_agent.wire.topics import parse

MESSAGES_MAX = 20_000
BYTES_MAX = 32 * 1024 * 1024
DEVICE_MESSAGES_MAX = WINDOW_EVENTS_MAX + 100
"""Of one device: its whole window in messages of one event, and what it says beside."""
DEVICE_BYTES_MAX = 8 * 1024 * 1024
"""Of one device: its whole window of the largest events."""
QUEUES_MAX = 4096
"""Devices that may wait at once; a message of one more is dropped."""
TAKE_MAX = 256
TAKE_BYTES_MAX = 512 * 1024
"""What one `take` gives at most, unless a single message is larger: whoever comes next waits for no more than that."""
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


Moment = Opened | Listening
Entry = Arrival | Moment


@dataclass(kw_only=True, slots=True)
class _Stretch:
    """What came between two moments. Nothing of it is taken after the moment that ends it, or before the one before."""

    queues: "OrderedDict[str, deque[Arrival]]" = field(default_factory=OrderedDict)  # the next in turn first
    ended_by: Moment | None = None


@dataclass(kw_only=True, slots=True)
class _Held:
    """What one device has lying here, in all stretches."""

    messages: int = 0
    bytes: int = 0


class Inbox:
    """First in, first out for each device. What does not fit is dropped and counted."""

    def __init__(self) -> None:
        self._stretches: deque[_Stretch] = deque([_Stretch()])
        self._held: dict[str, _Held] = {}
        self._messages = 0
        self._bytes = 0
        self._closed = False
        self._condition = threading.Condition()
        self._throttled: Counter[str] = Counter()
        self.dropped = 0

    @property
    def messages(self) -> int:
        """That lie here."""
        return self._messages

    @property
    def bytes(self) -> int:
        """Of their payloads."""
        return self._bytes

    def throttled(self) -> dict[str, int]:
        """Messages dropped since the start, by device; "" for what is no device's, and for devices past QUEUES_MAX."""
        with self._condition:
            return dict(self._throttled)

    def offer(self, arrival: Arrival) -> bool:
        """Never waits. False: there was no room. Of a payload past the limit as much is kept as shows that."""
        if len(arrival.payload) > PAYLOAD_BYTES_MAX:
            arrival = replace(arrival, payload=arrival.payload[: PAYLOAD_BYTES_MAX + 1])
        device = _device(arrival.topic)
        with self._condition:
            if not self._closed and self._fits(device, len(arrival.payload)):
                self._put(device, arrival)
                self._condition.notify_all()
                return True
            self._drop(device)
        if self.dropped % _LOG_EVERY == 1:
            _log.warning("%d messages dropped so far, this one of %s: too many wait", self.dropped, device or "nobody")
        return False

    def mark(self, moment: Moment) -> None:
        """A moment of the connection, in its place between the messages. Always fits: there are two a connection."""
        with self._condition:
            self._stretches[-1].ended_by = moment
            self._stretches.append(_Stretch())
            self._condition.notify_all()

    def take(self) -> list[Entry] | None:
        """Waits for something; up to TAKE_MAX, of each device in turn the oldest. None: closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._messages or len(self._stretches) > 1)
            if self._closed:
                return None
            taken: list[Entry] = []
            taken_bytes = 0
            while len(taken) < TAKE_MAX and taken_bytes < TAKE_BYTES_MAX:
                entry = self._next()
                if entry is None:
                    break
                taken.append(entry)
                taken_bytes += len(entry.payload) if isinstance(entry, Arrival) else 0
            return taken

    def close(self) -> None:
        """What still lies here is dropped: it was never acknowledged."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _fits(self, device: str, length: int) -> bool:
        held = self._held.get(device)
        if held is None:
            held = _Held()
            if len(self._held) >= QUEUES_MAX:
                return False
        messages_free, bytes_free = MESSAGES_MAX - self._messages, BYTES_MAX - self._bytes
        return held.messages < min(DEVICE_MESSAGES_MAX, messages_free) and held.bytes + length <= min(
            DEVICE_BYTES_MAX, bytes_free
        )

    def _put(self, device: str, arrival: Arrival) -> None:
        self._stretches[-1].queues.setdefault(device, deque()).append(arrival)
        self._count(device, 1, len(arrival.payload))

    def _next(self) -> Entry | None:
        stretch = self._stretches[0]
        if stretch.queues:
            device, queue = next(iter(stretch.queues.items()))
            arrival = queue.popleft()
            if queue:
                stretch.queues.move_to_end(device)
            else:
                del stretch.queues[device]
            self._count(device, -1, -len(arrival.payload))
            return arrival
        if stretch.ended_by is not None:
            self._stretches.popleft()
        return stretch.ended_by

    def _count(self, device: str, messages: int, length: int) -> None:
        held = self._held.setdefault(device, _Held())
        held.messages += messages
        held.bytes += length
        if not held.messages:
            del self._held[device]
        self._messages += messages
        self._bytes += length

    def _drop(self, device: str) -> None:
        self.dropped += 1
        known = device in self._throttled or len(self._throttled) < QUEUES_MAX
        self._throttled[device if known else ""] += 1


def _device(topic: str) -> str:
    """Whose queue it is; "" for what is none of ours."""
    parsed = parse(topic)
    return "" if parsed is None else parsed[0].device
