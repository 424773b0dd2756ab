"""A hub for one device, in memory and to the letter of PROTOCOL.md, and links to it that fail as told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edge_agent.uplink.mqtt import Closed, Heard, Inbox, NotTaken, NotTakenWhy, Opened, enqueue
from edge_agent.wire.codec import WireError, decode_event, decode_up
from edge_agent.wire.messages import (
    Ack,
    Batch,
    Challenge,
    Conflict,
    DownMessage,
    HeldEpoch,
    Hello,
    Item,
    LeftEpoch,
    Lost,
    Passage,
    Refused,
    Replay,
    Welcome,
    wire_bytes,
)


@dataclass(kw_only=True)
class History:
    """What the hub holds of one epoch."""

    high: int = 0
    hashes: dict[int, str] = field(default_factory=dict)  # by the last place of the item
    events: list[tuple[int, bytes]] = field(default_factory=list)
    conflict: bool = False


class ScriptedHub:
    """Its disk is `histories`. `hear` gives the answers to one payload."""

    def __init__(self) -> None:
        self.histories: dict[str, History] = {}
        self.hellos: list[Hello] = []
        self.duplicates = 0
        self.deaf = False  # true: it answers nothing
        self.refusal: bytes | None = None  # its answer to every batch, when set

    def hear(self, payload: bytes) -> list[bytes]:
        if self.deaf:
            return []
        try:
            message = decode_up(payload)
        except WireError as error:
            return [wire_bytes(Refused(reason=error.reason, detail=error.detail))]
        if isinstance(message, Hello):
            self.hellos.append(message)
            return [wire_bytes(self.welcome(message.epoch, *message.left))]
        if isinstance(message, Challenge):
            return []  # this hub commands nothing
        return [self.refusal] if self.refusal else [wire_bytes(answer) for answer in self._apply(message)]

    def welcome(self, epoch: str, *left: LeftEpoch) -> Welcome:
        history = self.histories.setdefault(epoch, History())
        held = tuple(self._held(asked) for asked in left)
        return Welcome(epoch=epoch, high=history.high, hash=history.hashes.get(history.high), left=held)

    def _held(self, asked: LeftEpoch) -> HeldEpoch:
        history = self.histories.get(asked.epoch, History())
        high = min(asked.acked, history.high)
        digest = min(((place, digest) for place, digest in history.hashes.items() if place >= high), default=(0, None))
        return HeldEpoch(epoch=asked.epoch, high=high, hash=digest[1] if high else None)

    def restore(self, epoch: str, high: int) -> None:
        """As after a backup was put back: everything above `high` is forgotten."""
        history = self.histories[epoch]
        history.high = high
        history.hashes = {place: digest for place, digest in history.hashes.items() if place <= high}
        history.events = [(seq, raw) for seq, raw in history.events if seq <= high]

    def passages(self) -> list[bytes]:
        return [raw for h in self.histories.values() for _, raw in h.events if isinstance(decode_event(raw), Passage)]

    def places(self, epoch: str) -> list[int]:
        """Every place that the hub has an event or a loss record for, in the order of arrival."""
        return [place for seq, raw in self.histories[epoch].events for place in _places(seq, raw)]

    def _apply(self, batch: Batch) -> Iterator[DownMessage]:
        history = self.histories.setdefault(batch.epoch, History())
        before = history.high
        for item in batch.items:
            answer = self._apply_one(history, batch.epoch, item)
            if answer is not None:
                yield answer
                break
        if not history.conflict and (history.high > before or self.duplicates):
            yield Ack(epoch=batch.epoch, high=history.high, hash=history.hashes[history.high])

    def _apply_one(self, history: History, epoch: str, item: Item) -> DownMessage | None:
        raw = bytes(item.event)
        last = _places(item.seq, raw)[-1]
        if last <= history.high:
            known = history.hashes.get(item.seq)
            if known is not None and known != item.hash and last == item.seq:
                history.conflict = True
                return Conflict(epoch=epoch, seq=item.seq, hash=known)
            self.duplicates += 1
            return None
        if item.seq > history.high + 1:
            return Replay(epoch=epoch, from_seq=history.high + 1)
        history.events.append((item.seq, raw))
        history.hashes[last] = item.hash
        history.high = last
        return None


def _places(seq: int, raw: bytes) -> range:
    event = decode_event(raw)
    return range(seq, (event.last_seq if isinstance(event, Lost) else seq) + 1)


class ScriptedLink:
    """A connection to a scripted hub. `loses` is asked for each payload, upwards and downwards."""

    def __init__(
        self, hub: ScriptedHub, inbox: Inbox, *, opens: bool = True, loses: Callable[[bytes], bool] = lambda _: False
    ) -> None:
        self._hub = hub
        self._inbox = inbox
        self._opens = opens
        self._loses = loses
        self.published: list[bytes] = []
        self.published_of_blobs: list[bytes] = []
        self.closed = False

    def open(self) -> None:
        if self._opens:
            enqueue(self._inbox, Opened())

    def publish(self, payload: bytes) -> bool:
        if self.closed:
            return False
        self.published.append(payload)
        if not self._loses(payload):
            for answer in self._hub.hear(payload):
                self.say(answer)
        return True

    def publish_once(self, payload: bytes) -> bool:
        return self.publish(payload)

    def publish_blob(self, payload: bytes) -> bool:
        if not self.closed:
            self.published_of_blobs.append(payload)
        return not self.closed

    def carries(self, mid: int) -> bool:
        """Messages are numbered from 1; 0 is none for the hub."""
        return mid > 0

    def refuses(self, why: NotTakenWhy, *, mid: int) -> None:
        """As a broker of MQTT 5 says that nobody has the message."""
        enqueue(self._inbox, NotTaken(why=why, mid=mid))

    def say_of_blob(self, payload: bytes) -> None:
        if not self._loses(payload):
            enqueue(self._inbox, Heard(payload=payload, blob=True))

    def say(self, answer: bytes) -> None:
        if not self._loses(answer):
            enqueue(self._inbox, Heard(payload=answer))

    def breaks(self, why: str = "cable cut", *, answered: bool = True) -> None:
        enqueue(self._inbox, Closed(why=why, answered=answered))

    def close(self) -> None:
        self.closed = True
