"""Runs the watch: every second it asks who is due, and raises alerts. The rules are in hub_server.watch."""

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from sqlite_utils import Database

from hub_server.store import alerts, devices, hub_time, look_ins, observers, pauses, roster, watches
from hub_server.store.errors import StoreClosedError, StoreFailingError
from hub_server.store.rows import Alert
from hub_server.store.store import Store
from hub_server.watch.drain import DRAIN_S_MAX, HEARD_WITHIN_S, Drain
from hub_server.watch.due import US_PER_S
from hub_server.watch.hub_clock import HubClock, Step, behind
from hub_server.watch.rhythm import is_quiet
from hub_server.watch.zone import OFFICE_ZONE

TICK_S = 1.0
LATE_S = 60.0
"""DESIGN section 7: an alert is there within 60 s. A watch that has not judged for so long is late."""
ROUND_S = 60.0
"""So often it looks at what may wait a minute: observers, pauses that end, alarms that are over."""
LOOK_IN_S = 600.0
"""So often it looks whom a dead camera concerns hours from now: that reads much when many are dead."""
_AT_ONCE_MAX = 200  # alerts in one transaction, so that others get their turn
_WOUND_BACK_AT_ONCE_MAX = 20_000  # watches; each look for them reads all
T = TypeVar("T")
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
        self._clock: HubClock | None = None  # None: nothing was held against the clock yet
        now_us = store.now_us()
        self._begin(Drain(began_s=monotonic_s()), hello_from_us=now_us, heard_from_us=_day_before(now_us))
        self._judged_s = monotonic_s()
        self._round_s: float | None = None
        self._looked_in_s: float | None = None
        self._stuck = False  # the last tick left something undone that it could not do
        self.ticked_us: int | None = None
        """When it last judged, by the store's clock; None: it never did."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def tick_age_s(self) -> float:
        """Since it last judged, or began; grows while it drains."""
        return self._monotonic_s() - self._judged_s

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
        if self._store.trouble is not None:
            self._store.probe()  # nobody may be writing: without this the hub would not notice that the disk is well
        self._notice_clock(now_s)
        self._notice_connection(now_s)
        if self._drain is not None and not self._drained(self._drain, now_s):
            return []
        self._drain = None
        self._stuck = False
        raised = self._judge()
        self._climb()
        if not self._stuck:  # else /healthz says so, and whoever watches the hub hears of it
            self._judged_s = now_s
        self.ticked_us = self._store.now_us()
        if self._round_s is None or now_s - self._round_s >= ROUND_S:
            self._make_a_round(now_s)
            self._round_s = now_s
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

    def _notice_clock(self, now_s: float) -> None:
        now_us = self._store.now_us()
        if self._clock is None:
            with self._store.read() as db:
                step = behind(newest_known_us=hub_time.newest_known_us(db), now_us=now_us)
        else:
            step = self._clock.step(wall_us=now_us, mono_s=now_s)
        if step is not None:
            self._take_step(step, now_us, now_s)
        if step is not None or self._clock is None:
            self._clock = HubClock(wall_us=now_us, mono_s=now_s)

    def _take_step(self, step: Step, now_us: int, now_s: float) -> None:
        _log.log(
            logging.ERROR if step.is_large else logging.INFO, "the hub's clock stepped by %.0f s", step.by_us / US_PER_S
        )
        self._store.write(lambda db: hub_time.stepped(db, step, now_us=now_us))
        while step.is_back and self._store.write(
            lambda db: hub_time.wind_back(db, last_seen_us=now_us, limit=_WOUND_BACK_AT_ONCE_MAX)
        ):
            pass
        if step.drains and self._drain is None:
            # The devices are connected and said hello long ago: what counts is whether anything is still to come.
            self._begin(Drain(began_s=now_s), hello_from_us=0, heard_from_us=_day_before(now_us - step.by_us))

    def _notice_connection(self, now_s: float) -> None:
        listening_since_s = self._listening_since_s()
        reconnected = listening_since_s not in (None, self._heard_of_s)
        self._heard_of_s = listening_since_s if reconnected else self._heard_of_s
        # Not while one drain is on: a broker that comes and goes can delay the watch, but never hold it off.
        if reconnected and listening_since_s is not None and self._drain is None:
            # A device may have said hello between the connection and this tick.
            since_us = self._store.now_us() - int((now_s - listening_since_s) * US_PER_S)
            self._begin(Drain(began_s=now_s), hello_from_us=since_us, heard_from_us=_day_before(since_us))

    def _begin(self, drain: Drain, *, hello_from_us: int, heard_from_us: int) -> None:
        """Who was heard of late is expected to tell what it has; who turns up only now is not waited for."""
        self._drain = drain
        self._hello_from_us = hello_from_us
        with self._store.read() as db:
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
        raised = self._while_any(
            lambda db, now_us: bool(watches.due(db, now_us=now_us, limit=1)),
            lambda db, now_us: alerts.raise_due(db, now_us=now_us, limit=_AT_ONCE_MAX),
        )
        for alert in raised:
            _log.warning("alert %d: %s has not been seen", alert.id, alert.person)
        return raised

    def _climb(self) -> None:
        climbed = self._while_any(
            lambda db, now_us: bool(alerts.climbing(db, now_us=now_us, limit=1)),
            lambda db, now_us: alerts.climb_due(db, now_us=now_us, limit=_AT_ONCE_MAX),
        )
        for alert in climbed:
            _log.warning("alert %d: nobody has ended it; the next ones are told", alert.id)

    def _while_any(
        self, is_any: Callable[[Database, int], bool], act: Callable[[Database, int], list[Alert]]
    ) -> list[Alert]:
        """In portions. Asked of a reader first: a write, even an empty one, tells every open page to look again."""
        done: list[Alert] = []
        now_us = self._store.now_us()
        while self._read(lambda db: is_any(db, now_us)):
            acted = self._store.write(lambda db: act(db, now_us))
            done += acted
            if not acted:
                self._stuck = True
                break
        return done

    def _make_a_round(self, now_s: float) -> None:
        now_us = self._store.now_us()
        seen = self._read(lambda db: observers.look(db, now_us=now_us))
        if seen.died or seen.revived:
            self._store.write(lambda db: observers.tell(db, seen, now_us=now_us))
        if self._looked_in_s is None or now_s - self._looked_in_s >= LOOK_IN_S:
            self._looked_in_s = now_s
            self._look_in(now_us)
        if not is_quiet(now_us, zone=OFFICE_ZONE) and self._read(lambda db: bool(pauses.ending(db, now_us=now_us))):
            self._store.write(lambda db: roster.tell_pauses(db, now_us=now_us))
        if self._read(roster.is_staffed_again):
            self._store.write(lambda db: roster.settle_staffed(db, now_us=now_us))
        if self._read(lambda db: hub_time.calmed(db, now_us=now_us)):
            self._store.write(lambda db: hub_time.settle(db, now_us=now_us))

    def _look_in(self, now_us: int) -> None:
        if self._listening_since_s() is None:
            return  # the broker's fault, and not the cameras': they will tell what they have seen
        calls = self._read(lambda db: look_ins.look(db, now_us=now_us))
        if calls:
            self._store.write(lambda db: look_ins.tell(db, calls, now_us=now_us))

    def _read(self, ask: Callable[[Database], T]) -> T:
        with self._store.read() as db:
            return ask(db)


def _day_before(us: int) -> int:
    return us - HEARD_WITHIN_S * US_PER_S
