"""The agent's side of the sync protocol without any I/O: when to say hello, what to send next, when to hold back."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec

from edge_agent.wire.limits import (
    ACK_WAIT_S,
    BATCH_EVENTS_MAX,
    HELLO_EVERY_S,
    PAYLOAD_BYTES_MAX,
    WINDOW_EVENTS_MAX,
)
from edge_agent.wire.messages import Batch, Item, wire_bytes

REFUSED_WAIT_FIRST_S: Final = 5.0
REFUSED_WAIT_MAX_S: Final = 300.0
UNASKED_WAIT_S: Final = 5.0  # a welcome so soon after hello is its answer come twice, not a hub that was away
REPLAY_WAIT_S: Final = 2.0  # every batch in flight behind a lost one makes the hub ask again for the same place


class BeltState(Enum):
    OFFLINE = "offline"
    GREETING = "greeting"  # hello is due or said; nothing is sent before the hub has told where it stands
    SENDING = "sending"


class Signal(Enum):
    """What happens to the belt; see TRANSITIONS."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    WELCOME = "welcome"
    OTHER_EPOCH = "word of another epoch"
    NO_PROGRESS = "no progress"
    LONG_AGO = "hello was long ago"
    REFUSED = "refused"
    NEW_EPOCH = "new epoch"


TRANSITIONS: Final = {
    (BeltState.OFFLINE, Signal.CONNECTED): BeltState.GREETING,
    (BeltState.GREETING, Signal.WELCOME): BeltState.SENDING,
    (BeltState.GREETING, Signal.NO_PROGRESS): BeltState.GREETING,
    (BeltState.GREETING, Signal.REFUSED): BeltState.GREETING,
    (BeltState.GREETING, Signal.NEW_EPOCH): BeltState.GREETING,
    (BeltState.GREETING, Signal.DISCONNECTED): BeltState.OFFLINE,
    (BeltState.SENDING, Signal.WELCOME): BeltState.GREETING,  # unasked: the hub was away, and should hear what we have
    (BeltState.SENDING, Signal.OTHER_EPOCH): BeltState.GREETING,  # the hub does not know that we have gone on
    (BeltState.SENDING, Signal.NO_PROGRESS): BeltState.GREETING,
    (BeltState.SENDING, Signal.LONG_AGO): BeltState.GREETING,
    (BeltState.SENDING, Signal.REFUSED): BeltState.GREETING,
    (BeltState.SENDING, Signal.NEW_EPOCH): BeltState.GREETING,
    (BeltState.SENDING, Signal.DISCONNECTED): BeltState.OFFLINE,
}
"""Every step there is. A signal that is not here for a state changes nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The belt would send what follows place `after`, at most `limit` items."""

    after: int
    limit: int


class Belt:
    """Go-back-N over whole events. The owner asks the journal, publishes, and tells the belt; `now_s` is monotonic.

    Every message is about the current epoch: the owner drops what is about another one (the journal says so).
    """

    def __init__(self) -> None:
        self.state = BeltState.OFFLINE
        self._high = 0  # the hub has all up to here
        self._sent = 0  # published on this connection up to here
        self._hello_due_s = 0.0
        self._hello_said_s = -math.inf
        self._progress_s = 0.0  # when the hub last said something that moved us on, or we began to wait for it
        self._replayed = (0, -math.inf)  # the last place that was asked for again, and when
        self._refusals = 0
        self._pause_until_s = -math.inf

    # --- what happens ---

    def connected(self, now_s: float) -> None:
        self._high = self._sent = 0
        self._greet(Signal.CONNECTED, now_s)

    def disconnected(self) -> None:
        self._step(Signal.DISCONNECTED)

    def new_epoch(self, now_s: float) -> None:
        """The journal began another epoch: everything is said anew."""
        self._high = self._sent = 0
        self._greet(Signal.NEW_EPOCH, now_s)

    def welcomed(self, high: int, now_s: float) -> None:
        """The hub has all up to `high`; what was sent above it may be lost and goes again, after hello if unasked."""
        if self.state is BeltState.SENDING and self._unasked(now_s):
            self._greet(Signal.WELCOME, now_s)
        elif self.state is BeltState.GREETING:
            self._step(Signal.WELCOME)
        if self.state is BeltState.SENDING:
            self._high = self._sent = high
            self._progress_s = now_s

    def spoken_of_another_epoch(self, now_s: float) -> None:
        """The hub, restored from a backup perhaps, does not know that we have gone on: hello tells it."""
        if self._unasked(now_s):
            self._greet(Signal.OTHER_EPOCH, now_s)

    def acked(self, high: int, now_s: float) -> None:
        """An older ack than one before changes nothing."""
        if self.state is BeltState.SENDING and high > self._high:
            self._high = high
            self._sent = max(self._sent, high)
            self._progress_s = now_s
            self._refusals = 0

    def asked_again(self, from_seq: int, now_s: float) -> None:
        """The hub misses `from_seq`. Its repeats of the question within REPLAY_WAIT_S are one question."""
        place, then_s = self._replayed
        if self.state is not BeltState.SENDING or from_seq > self._sent:
            return
        if from_seq == place and now_s - then_s < REPLAY_WAIT_S:
            return
        self._replayed = (from_seq, now_s)
        self._high = self._sent = from_seq - 1
        self._progress_s = now_s

    def refused(self, now_s: float) -> None:
        """A payload of ours was thrown away. The same would be refused again: hello after a pause, each time longer."""
        self._pause_until_s = now_s + min(REFUSED_WAIT_FIRST_S * 2**self._refusals, REFUSED_WAIT_MAX_S)
        self._refusals = min(self._refusals + 1, 10)
        self._greet(Signal.REFUSED, now_s)

    # --- what to do ---

    def hello_due(self, now_s: float) -> bool:
        """True when hello should be published now; then call `hello_said`."""
        if self._waits_in_vain(now_s):
            self._greet(Signal.NO_PROGRESS, now_s)
        elif self.state is BeltState.SENDING and self._idle_until_s() <= now_s:
            self._greet(Signal.LONG_AGO, now_s)
        return self.state is BeltState.GREETING and now_s >= self._hello_due_s

    def hello_said(self, now_s: float) -> None:
        self._hello_said_s = now_s
        self._hello_due_s = now_s + ACK_WAIT_S

    def wanted(self) -> Wanted | None:
        """What to ask of the journal and publish now; then call `sent`. None: nothing may be sent now."""
        room = WINDOW_EVENTS_MAX - (self._sent - self._high)
        if self.state is not BeltState.SENDING or room <= 0:
            return None
        return Wanted(after=self._sent, limit=min(room, BATCH_EVENTS_MAX))

    def sent(self, last: int, now_s: float) -> None:
        """Items up to place `last` were published."""
        if self._sent == self._high:
            self._progress_s = now_s  # nothing was outstanding: the wait for an ack begins here
        self._sent = last

    def wait_s(self, now_s: float) -> float:
        """For how long there is nothing to do, unless something happens; infinite when only that can help."""
        if self.state is BeltState.GREETING:
            return max(0.0, self._hello_due_s - now_s)
        if self.state is BeltState.SENDING and self._sent > self._high:
            return max(0.0, self._progress_s + ACK_WAIT_S - now_s)
        return max(0.0, self._idle_until_s() - now_s)

    # ---

    def _waits_in_vain(self, now_s: float) -> bool:
        outstanding = self.state is BeltState.SENDING and self._sent > self._high
        return outstanding and now_s - self._progress_s >= ACK_WAIT_S

    def _idle_until_s(self) -> float:
        """When hello is due though nothing happened: the hub's word that it was restored may have been lost."""
        idle = self.state is BeltState.SENDING and self._sent == self._high
        return self._hello_said_s + HELLO_EVERY_S if idle else math.inf

    def _unasked(self, now_s: float) -> bool:
        return now_s - self._hello_said_s >= UNASKED_WAIT_S

    def _greet(self, signal: Signal, now_s: float) -> None:
        if self._step(signal):
            self._hello_due_s = max(now_s, self._pause_until_s)

    def _step(self, signal: Signal) -> bool:
        """Take the transition; false, and no change, when the state has none for this signal."""
        following = TRANSITIONS.get((self.state, signal))
        if following is None:
            return False
        self.state = following
        return True


def make_batch(device: str, epoch: str, items: list[Item]) -> tuple[bytes, int] | None:
    """One payload with as many of `items`, from the first on, as fit; and the last place it covers. None without items.

    The last place of a tombstone is its `last_seq`.
    """
    empty = len(wire_bytes(Batch(device=device, epoch=epoch, items=[])))
    size = empty
    fitting: list[Item] = []
    for candidate in items[:BATCH_EVENTS_MAX]:
        size += len(wire_bytes(candidate)) + 1  # and a comma
        if size > PAYLOAD_BYTES_MAX:
            break
        fitting.append(candidate)
    if not fitting:
        return None
    return wire_bytes(Batch(device=device, epoch=epoch, items=fitting)), last_place(fitting[-1])


class _Reach(msgspec.Struct):
    """As much of an event as tells how many places it covers."""

    type: str
    last_seq: int | None = None


_reach: Final = msgspec.json.Decoder(_Reach)


def last_place(item: Item) -> int:
    """The last place that an item of the journal covers: its own, or the end of a tombstone."""
    reach = _reach.decode(item.event)
    return item.seq if reach.type != "lost" or reach.last_seq is None else reach.last_seq
