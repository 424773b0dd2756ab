"""The thread that empties the outbox. It asks, sends outside every transaction, and records what came of it.

A message is tried until a channel has taken it or nobody needs it any more. Killed between sending and recording, it
sends again, under the same key: at least once, never silently not.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from hub_server.notify.channel import DeliveryError, Letter, OpenChannel, scheme_of
from hub_server.notify.facts import Sending, sending
from hub_server.notify.text import letter
from hub_server.store import alarms, delivery, outbox
from hub_server.store.alarms import AlarmKind
from hub_server.store.errors import StoreClosedError, StoreError
from hub_server.store.outbox import Message
from hub_server.store.store import Store

LOOK_S: Final = 0.5
ALARMS_S: Final = 60.0
"""So often it looks whether an alarm about an addressee is over."""
BACKOFF_S_MIN: Final = 10.0
BACKOFF_S_MAX: Final = 300.0
STUCK_S: Final = 600.0
"""A message that no channel has taken for so long is an alarm of its own, told to others."""
AT_ONCE_MAX: Final = 64
"""Messages under way, at most one to each addressee: a way that hangs holds up nobody else."""
LOOKED_AT_MAX: Final = 1000
_PAUSE_S: Final = 0.05  # between looks, however many letters come back
_READERS_MAX: Final = 2  # of the store's few, while many letters are written
_US_PER_S: Final = 1_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of one try. `by`: the channel that took it, None when none did."""

    message: Message
    by: str | None
    trouble: str


def backoff_s(tries: int, *, jitter: float) -> float:
    """How long to wait after so many failed tries; `jitter` from 0 to 1 takes up to half of it away."""
    whole = min(BACKOFF_S_MAX, BACKOFF_S_MIN * float(2 ** min(tries, 16)))
    return whole * (1 - jitter / 2)


class Courier:
    """One thread that looks, and one for each message under way."""

    def __init__(
        self,
        *,
        store: Store,
        open_channel: OpenChannel,
        page_url: Callable[[], str],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._open = open_channel
        self._page_url = page_url
        self._jitter = jitter
        self._lock = threading.Lock()
        self._under_way: dict[str, int] = {}  # message by addressee
        self._unrecorded: list[Result] = []  # the store would not take it: recorded before anything is sent again
        self._reading = threading.Semaphore(_READERS_MAX)
        self._alarms_s = time.monotonic()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for no channel: what is being sent just now may be sent again by the next hub."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def round(self) -> int:
        """Joins what is ready, and begins to send what is due: how many messages. Raises StoreError."""
        self._record_what_waits()
        now_us = self._store.now_us()
        with self._store.read() as db:
            joins = outbox.ready(db, now_us=now_us)
        if joins:
            self._store.write(lambda db: outbox.form(db, now_us=now_us))
        with self._store.read() as db:
            found = outbox.due(db, now_us=now_us, limit=LOOKED_AT_MAX)
        begun = [message for message in found if self._take(message)]
        for message in begun:
            threading.Thread(target=self.deliver, args=[message], name="delivery", daemon=True).start()
        return len(begun)

    def look_at_alarms(self) -> None:
        """Ends the alarms about addressees to whom nothing fails any more. Raises StoreError."""
        with self._store.read() as db:
            over = delivery.recovered(db)
        if over:
            self._store.write(lambda db: self._clear(db, over))

    def deliver(self, message: Message) -> None:
        """One try of a message that is due, and what came of it, recorded. Raises nothing."""
        try:
            result = self._try(message)
            if result is not None:
                self._record(result)
        except StoreError:
            pass  # it is recorded, or looked at again, when the store can
        except Exception:  # noqa: BLE001 the root of the thread: the message is tried again, later
            _log.exception("message %s stumbled", message.key)
            with suppress(StoreError):
                self._record(Result(message=message, by=None, trouble="a fault of the hub itself: see its log"))
        finally:
            with self._lock:
                self._under_way.pop(message.addressee, None)
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.round()
                if time.monotonic() - self._alarms_s >= ALARMS_S:
                    self._alarms_s = time.monotonic()
                    self.look_at_alarms()
            except StoreClosedError:
                return
            except StoreError:
                pass  # the store has said so; nothing is sent that could not be recorded
            except Exception:  # noqa: BLE001 the root of the thread: it goes on whatever one round met
                _log.exception("the courier stumbled; it goes on")
            self._wake.wait(LOOK_S)
            self._wake.clear()
            self._stopping.wait(_PAUSE_S)

    def _take(self, message: Message) -> bool:
        """False while another message to the same addressee is under way, or too many are, or it was sent already."""
        with self._lock:
            if message.addressee in self._under_way or len(self._under_way) >= AT_ONCE_MAX:
                return False
            if any(result.message.id == message.id for result in self._unrecorded):
                return False
            self._under_way[message.addressee] = message.id
            return True

    def _try(self, message: Message) -> Result | None:
        now_us = self._store.now_us()
        with self._reading, self._store.read() as db:
            if outbox.get(db, message.id) != message:
                return None  # somebody was quicker: it was tried, or settled, since it was found due
            asked = sending(db, message, now_us=now_us)
        if asked is None:
            self._store.write(lambda db: outbox.settle_message(db, message.id, now_us=now_us))
            return None
        return self._send(message, asked, letter(asked, now_us=now_us, page_url=self._page_url()))

    def _send(self, message: Message, asked: Sending, written: Letter) -> Result:
        """By the first channel that takes it."""
        troubles = []
        for place, url in enumerate(asked.urls, start=1):
            try:
                self._open(url).send(written)
            except DeliveryError as error:
                troubles.append(str(error))
            else:
                return Result(message=message, by=f"{place}: {scheme_of(url)}", trouble="")
        trouble = "; ".join(troubles) or "no channel is set up"
        _log.warning("message %s to %s: %s", message.key, message.addressee, trouble)
        return Result(message=message, by=None, trouble=trouble)

    def _record(self, result: Result) -> None:
        try:
            self._store.write(lambda db: self._store_result(db, result))
        except StoreError:
            with self._lock:
                self._unrecorded.append(result)
            raise

    def _record_what_waits(self) -> None:
        with self._lock:
            waiting, self._unrecorded = self._unrecorded, []
        for place, result in enumerate(waiting):
            try:
                self._store.write(lambda db, result=result: self._store_result(db, result))  # type: ignore[misc]
            except StoreError:
                with self._lock:
                    self._unrecorded += waiting[place:]
                raise

    def _store_result(self, db: Database, result: Result) -> None:
        message, now_us = result.message, self._store.now_us()
        subject = message.addressee
        if result.by is not None:
            outbox.sent(db, message.id, by=result.by, now_us=now_us)
            alarms.clear(db, kind=AlarmKind.DELIVERY, subject=subject, now_us=now_us)
            return
        wait_us = int(backoff_s(message.tries, jitter=self._jitter()) * _US_PER_S)
        outbox.failed(db, message.id, trouble=result.trouble, next_us=now_us + wait_us, now_us=now_us)
        if now_us - message.created_us >= STUCK_S * _US_PER_S:
            alarms.raise_(
                db,
                kind=AlarmKind.DELIVERY,
                subject=subject,
                detail=result.trouble,
                since_us=message.created_us,
                now_us=now_us,
            )

    def _clear(self, db: Database, subjects: list[str]) -> None:
        for subject in subjects:
            alarms.clear(db, kind=AlarmKind.DELIVERY, subject=subject, now_us=self._store.now_us())
