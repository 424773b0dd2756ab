"""The thread that carries the journal to the hub, and the hub's acknowledgements back to the journal."""

import logging
import math
import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_agent.errors import ShouwangError
from edge_agent.uplink.belt import Belt, BeltState, make_batch
from edge_agent.uplink.greeting import Greeting
from edge_agent.uplink.mqtt import (
    INBOX_MAX,
    Closed,
    Heard,
    Inbox,
    LinkEvent,
    MqttVersion,
    NotTaken,
    Opened,
    enqueue,
)
from edge_agent.uplink.outbox import Outbox, Verdict
from edge_agent.uplink.ports import Lane, Link, Orders
from edge_agent.wire.codec import WireError, decode_down
from edge_agent.wire.messages import Ack, Conflict, DownMessage, Refused, Replay, Welcome, wire_bytes

ANSWER_WAIT_S: Final = 5.0  # a broker that took the TCP connection and does not answer for so long does not speak v5
RETRY_FIRST_S: Final = 1.0
RETRY_MAX_S: Final = 60.0
HELLOS_MAX: Final = 4  # unanswered, after each of which we waited: then a fresh connection is tried
IDLE_MAX_S: Final = 60.0
NO_ANSWER: Final = "the hub does not answer: is hub-server running?"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class UplinkState:
    """For a person to read."""

    connected: bool
    belt: BeltState
    trouble: str | None


class Uplink:
    """Runs until stopped, with or without a hub. `wake` it after an append; the journal is its only queue."""

    def __init__(
        self,
        journal: Outbox,
        *,
        device: str,
        agent: str,
        make_link: Callable[[MqttVersion, Inbox], Link],
        now_s: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        lane: Lane | None = None,
        orders: Orders | None = None,
    ) -> None:
        """`make_link` gives the link for one attempt; `jitter` a number from 0 to 1 that keeps a fleet out of step."""
        self._journal = journal
        self._device = device
        self._greeting = Greeting(journal, device=device, agent=agent, lane=lane)
        self._make_link = make_link
        self._now_s = now_s
        self._jitter = jitter
        self._lane = lane
        self._orders = orders
        self._inbox: Inbox = queue.Queue(INBOX_MAX)
        self._belt = Belt()
        self._link: Link | None = None
        self._open = False
        self._version = MqttVersion.V5
        self._version_proven = False
        self._attempt_s = -math.inf  # when the link in hand was begun
        self._retry_s = -math.inf  # when to begin the next one
        self._failures = 0
        self._unanswered = 0
        self._trouble: str | None = None
        self._complaints: set[str] = set()  # said on this connection
        self._stopping = threading.Event()
        self._progress = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    # --- for other threads ---

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was appended to the journal."""
        enqueue(self._inbox, None)

    def stop(self, timeout_s: float = 2.0) -> None:
        """Say goodbye to the broker and end; what was not acknowledged stays in the journal."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def wait_drained(self, timeout_s: float) -> bool:
        """True once the hub has acknowledged everything in the journal; false when that took too long."""
        with self._progress:
            return self._progress.wait_for(self._is_drained, timeout_s)

    def state(self) -> UplinkState:
        return UplinkState(connected=self._open, belt=self._belt.state, trouble=self._trouble)

    # --- the thread ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step(self._take(self._wait_s()))
            except ShouwangError as error:  # the password file, the journal's disk: said, and tried again
                self._lose_link(str(error))
            except Exception as error:
                # The root of this thread: whatever is wrong with one connection must not end the sending for ever.
                log.exception("the uplink stumbled")
                self._lose_link(f"{type(error).__name__}: {error}")
        if self._link is not None:
            self._link.close()

    def step(self, event: LinkEvent | None) -> None:
        """Handle one event, or none, and do all that is due now."""
        if event is not None:
            self._handle(event)
        now_s = self._now_s()
        if self._link is None and now_s >= self._retry_s:
            self._begin(now_s)
        elif self._link is not None and not self._open and now_s - self._attempt_s >= ANSWER_WAIT_S:
            self._handle(Closed(why="the broker does not answer", answered=False))
        if self._open:
            self._pump(now_s)
        if self._open and self._lane is not None:
            self._say_of_blobs(self._lane.due(now_s))
        if self._open and self._orders is not None:
            self._serve(self._orders)

    def _serve(self, orders: Orders) -> None:
        """A challenge that is due, and what a command brought. Nothing of it is sent again."""
        for payload in orders.challenges():
            if self._link is not None:
                self._link.publish_once(payload)
        self._say_of_blobs(orders.pieces())

    def _say_of_blobs(self, payloads: list[bytes]) -> None:
        """What is not sent is asked again: the lane knows when."""
        for payload in payloads:
            if self._link is not None:
                self._link.publish_blob(payload)

    def _take(self, timeout_s: float) -> LinkEvent | None:
        try:
            return self._inbox.get(timeout=timeout_s) if timeout_s > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def _wait_s(self) -> float:
        now_s = self._now_s()
        if self._link is None:
            return max(0.0, min(self._retry_s - now_s, IDLE_MAX_S))
        if not self._open:
            return max(0.0, self._attempt_s + ANSWER_WAIT_S - now_s)
        lane_s = IDLE_MAX_S if self._lane is None else self._lane.wait_s(now_s)
        orders_s = IDLE_MAX_S if self._orders is None else self._orders.wait_s()
        return min(self._belt.wait_s(now_s), lane_s, orders_s, IDLE_MAX_S)

    def _begin(self, now_s: float) -> None:
        self._attempt_s = now_s
        self._link = self._make_link(self._version, self._inbox)
        self._link.open()

    def _handle(self, event: LinkEvent) -> None:
        match event:
            case Opened():
                self._opened()
            case Closed(why=why, answered=answered):
                if self._link is not None:
                    self._closed(why, answered=answered)
            case NotTaken(why=why, mid=mid):
                if self._open and self._link is not None and self._link.carries(mid):
                    self._complain(why.value)
            case Heard():
                self._sort(event)

    def _opened(self) -> None:
        log.info("connected to the broker (MQTT %s)", "5" if self._version is MqttVersion.V5 else "3.1.1")
        self._open, self._version_proven, self._trouble = True, True, None
        self._complaints.clear()
        self._failures = self._unanswered = 0
        self._belt.connected(self._now_s())
        if self._lane is not None:
            self._lane.connected(self._now_s())
        if self._orders is not None:
            self._orders.connected()

    def _sort(self, event: Heard) -> None:
        if event.command and self._orders is not None:
            self._orders.heard(event.payload)
        elif event.blob and self._lane is not None:
            self._say_of_blobs(self._lane.heard(event.payload, self._now_s()))
        elif not event.command and not event.blob:
            self._heard(event.payload)

    def _complain(self, why: str) -> None:
        """The link is open, and nobody behind it takes what we say. Said once a connection, until the hub answers."""
        self._trouble = why
        if why not in self._complaints:
            self._complaints.add(why)
            log.warning("connected to the broker, but %s. Events wait in the journal", why)

    def _closed(self, why: str, *, answered: bool) -> None:
        """A broker that did not answer may not speak the version we tried.

        What has worked once is doubted only after three failures in a row.
        """
        doubted = not answered and (not self._version_proven or self._failures >= 3)
        if doubted:
            self._version_proven = False
            self._version = MqttVersion.V311 if self._version is MqttVersion.V5 else MqttVersion.V5
        self._lose_link(why, at_once=doubted and self._version is MqttVersion.V311)

    def _lose_link(self, why: str, *, at_once: bool = False) -> None:
        """Let go of the link; the next one is begun after a while, or at once."""
        if at_once:
            log.info("%s to MQTT 5: trying 3.1.1", why)
        elif why != self._trouble:
            log.warning("not connected to the hub's broker: %s. Events wait in the journal", why)
        self._trouble = why
        link, self._link, self._open = self._link, None, False
        if link is not None:
            link.close()
        self._belt.disconnected()
        if self._lane is not None:
            self._lane.disconnected()
        self._discard_events()
        backoff_s = min(RETRY_FIRST_S * 2**self._failures, RETRY_MAX_S)
        self._failures = min(self._failures + 1, 10)
        self._retry_s = self._now_s() + (0.0 if at_once else backoff_s * (0.5 + 0.5 * self._jitter()))

    def _discard_events(self) -> None:
        """What the old link still had to say is no news of the next one."""
        while True:
            try:
                self._inbox.get_nowait()
            except queue.Empty:
                return

    def _heard(self, payload: bytes) -> None:
        try:
            message = decode_down(payload)
        except WireError as error:
            log.warning("the hub sent what is no message: %s", error)
            return
        self._unanswered, self._trouble = 0, None
        self._obey(message, self._now_s())
        with self._progress:
            self._progress.notify_all()

    def _obey(self, message: DownMessage, now_s: float) -> None:
        match message:
            case Welcome():
                self._welcomed(message, now_s)
            case Ack(epoch=epoch, high=high, hash=digest):
                if self._settled(self._journal.apply_ack(epoch, high, digest), now_s):
                    self._belt.acked(high, now_s)
            case Replay(epoch=epoch, from_seq=from_seq):
                if epoch == self._journal.position().epoch:
                    self._belt.asked_again(from_seq, now_s)
            case Conflict(epoch=epoch, seq=seq, hash=digest):
                self._conflicted(epoch, seq, digest, now_s)
            case Refused(reason=reason, detail=detail):
                log.error("the hub refused a message (%s): %s", reason, detail)
                self._belt.refused(now_s)

    def _welcomed(self, message: Welcome, now_s: float) -> None:
        if message.epoch != self._journal.position().epoch:
            self._belt.spoken_of_another_epoch(now_s)
        elif self._settled(self._journal.apply_welcome(message.epoch, message.high, message.hash), now_s):
            if message.left:
                self._journal.take_back(message.left)
            self._belt.welcomed(message.high, now_s)

    def _conflicted(self, epoch: str, seq: int, digest: str, now_s: float) -> None:
        if not self._journal.leave_epoch(epoch).forked:
            self._belt.spoken_of_another_epoch(now_s)
            return
        log.error(
            "CONFLICT: the hub holds another event at place %d (%s). What it has not acknowledged goes on in a new "
            "epoch: do two devices have one name? A person must look",
            seq,
            digest,
        )
        self._belt.refused(now_s)  # a pause that grows, should the next epoch meet the same
        self._belt.new_epoch(now_s)

    def _settled(self, verdict: Verdict, now_s: float) -> bool:
        if verdict.forked:
            self._belt.new_epoch(now_s)
        return verdict.settled

    def _pump(self, now_s: float) -> None:
        if self._belt.hello_due(now_s):
            self._say_hello(now_s)
        while self._open and (wanted := self._belt.wanted()) is not None:
            items = self._journal.unsent(wanted.after, wanted.limit)
            batch = make_batch(self._device, self._journal.position().epoch, items)
            if batch is None:
                return
            payload, last = batch
            if not self._publish(payload):
                return
            self._belt.sent(last, now_s)

    def _say_hello(self, now_s: float) -> None:
        if self._unanswered >= HELLOS_MAX:
            self._unanswered = 0
            self._lose_link(self._trouble or NO_ANSWER)
            return
        if self._unanswered > 0 and self._trouble is None:
            self._complain(NO_ANSWER)  # all that MQTT 3.1.1 can tell
        if self._publish(wire_bytes(self._greeting.hello())):
            self._unanswered += 1
            self._belt.hello_said(now_s)

    def _publish(self, payload: bytes) -> bool:
        if self._link is None or self._link.publish(payload):
            return self._link is not None
        self._lose_link("the connection is gone")
        return False

    def _is_drained(self) -> bool:
        position = self._journal.position()
        return position.acked == position.last
