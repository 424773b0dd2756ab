"""Runs the watch: every second it asks who is due, and raises alerts. The rules are in hub_server.watch."""

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum

from hub_server.store import alerts, devices, watches
from hub_server.store.errors import StoreClosedError, StoreFailingError
from hub_server.store.rows import Alert
from hub_server.store.store import Store
from hub_server.watch.drain import DRAIN_S_MAX, HEARD_WITHIN_S, Drain
from hub_server.watch.due import US_PER_S

TICK_S = 1.0
LATE_S = 60.0
"""DESIGN section 7: an alert is there within 60 s. A watch that has not judged for so long is late."""
_RAISED_AT_ONCE_MAX = 200  # in one transaction, so that others get their turn
_log = logging.getLogger(__name__)


class Pulse(StrEnum):
    """How the watch is, for /healthz."""

    JUDGING = "judging"
    DRAINING = "draining"
    LATE = "late"


class Scheduler:
    """One thread. `listening_since_s` says since when (monotonic) the broker passes on what devices say, None: not."""

    def __init__(
        self,
        *,
        store: Store,
        listening_since_s: Callable[[], float | None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._listening_since_s = listening_since_s
        self._monotonic_s = monotonic_s
        self._heard_of_s: float | None = None  # the connection that was known at the last tick
        self._drain: Drain | None = None
        self._hello_from_us = 0
        self._expected: frozenset[str] = frozenset()  # devices that the drain waits for
        self._begin(Drain(began_s=monotonic_s()), store.now_us())
        self._judged_s = monotonic_s()
        self.ticked_us: int | None = None
        """When it last judged, by the store's clock; None: it never did."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def pulse(self) -> Pulse:
        now_s = self._monotonic_s()
        if self._drain is not None and now_s - self._drain.began_s < DRAIN_S_MAX + LATE_S:
            return Pulse.DRAINING
        return Pulse.LATE if now_s - self._judged_s > LATE_S else Pulse.JUDGING

    def tick(self) -> list[Alert]:
        """One look at the clock: the alerts it raised. None while the agents are still telling what they have.

        Raises StoreFailingError while the disk takes no writes.
        """
        now_s = self._monotonic_s()
        self._notice_connection(now_s)
        if self._store.trouble is not None:
            self._store.probe()  # nobody may be writing: without this the hub would not notice that the disk is well
        if self._drain is not None and not self._drained(self._drain, now_s):
            return []
        self._drain = None
        raised = self._judge()
        self._judged_s = now_s
        self.ticked_us = self._store.now_us()
        return raised

    def _run(self) -> None:
        due_s = 0.0  # the first look is at once
        while not self._stopping.wait(due_s):
            due_s = TICK_S
            try:
                self.tick()
            except StoreClosedError:
                return
            except StoreFailingError:
                continue  # the store has said so, and is asked again at the next tick
            except Exception:  # noqa: BLE001 the root of the thread: the watch goes on whatever one tick met
                _log.exception("the watch stumbled; it goes on")

    def _notice_connection(self, now_s: float) -> None:
        listening_since_s = self._listening_since_s()
        reconnected = listening_since_s not in (None, self._heard_of_s)
        self._heard_of_s = listening_since_s if reconnected else self._heard_of_s
        # Not while one drain is on: a broker that comes and goes can delay the watch, but never hold it off.
        if reconnected and listening_since_s is not None and self._drain is None:
            # A device may have said hello between the connection and this tick.
            since_us = self._store.now_us() - int((now_s - listening_since_s) * US_PER_S)
            self._begin(Drain(began_s=now_s), since_us)

    def _begin(self, drain: Drain, hello_from_us: int) -> None:
        """Who was heard of late is expected to tell what it has; who turns up only now is not waited for."""
        self._drain = drain
        self._hello_from_us = hello_from_us
        with self._store.read() as db:
            heard_from_us = hello_from_us - HEARD_WITHIN_S * US_PER_S
            self._expected = devices.heard_since(db, heard_from_us=heard_from_us)

    def _drained(self, drain: Drain, now_s: float) -> bool:
        with self._store.read() as db:
            missing = self._expected - devices.told_all(db, hello_from_us=self._hello_from_us)
        over = drain.is_over(
            now_s=now_s,
            listening_since_s=self._listening_since_s(),
            expected=len(self._expected),
            missing=len(missing),
        )
        if over and missing:
            _log.warning("judging without %d devices that have not told all: %s", len(missing), sorted(missing))
        return over

    def _judge(self) -> list[Alert]:
        raised: list[Alert] = []
        while self._is_any_due():
            now_us = self._store.now_us()
            raised += self._store.write(lambda db: alerts.raise_due(db, now_us=now_us, limit=_RAISED_AT_ONCE_MAX))  # noqa: B023 the job runs before write returns
        for alert in raised:
            _log.warning("alert %d: %s has not been seen", alert.id, alert.person)
        return raised

    def _is_any_due(self) -> bool:
        # Asked of a reader first: a write, even an empty one, tells every open page to look again.
        with self._store.read() as db:
            return bool(watches.due(db, now_us=self._store.now_us(), limit=1))
