"""The real store, ingest and scheduler; the clocks, the devices and the network as told; and an oracle beside them.

Whatever is done to it, `check` must pass after each thing. Real time runs in `true_us`; the hub's clock may differ.
"""

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from sqlite_utils import Database
from watch_devices import Device, Entry, Looked, Seen
from watch_history import History
from watch_oracle import Anchors, Eyes, Heard, check_person
from watch_reference import Life, S
from watch_stage import DAY_S, NAMES, PERSONS, START_US, furnished, make_folder
from watch_totals import Totals
from watch_verdict import Law, demand

from hub_server.ingest.apply import apply_up
from hub_server.scheduler import Pulse, Scheduler
from hub_server.store import alerts, coverage
from hub_server.store.backup import DATABASE_NAME
from hub_server.store.rows import Alert
from hub_server.store.store import Store
from hub_server.watch.coverage import Verdict

T = TypeVar("T")
DRAIN_US_MAX: Final = 120 * S
DRAIN_NOTICE_US: Final = 4 * S  # a connection needs a moment until all have told
HEARD_US: Final = 23 * 3600 * S  # who was heard then is waited for; a day is the limit, and nobody quarrels at its edge


class Died(Exception):  # noqa: N818 the word for it
    """The process, in the middle of a transaction."""


class World:
    """Close it at the end, whatever happened."""

    def __init__(self, totals: Totals) -> None:
        self.totals = totals
        self.mono_us = 0
        self.hub_error_us = 0
        self.folder = make_folder()
        (self.folder / "hub").mkdir(mode=0o700)
        shutil.copyfile(furnished(), self.folder / "hub" / DATABASE_NAME)
        self.lives = {person: Life(created_us=START_US, period_s=DAY_S) for person in PERSONS}
        self.devices = [
            Device(name=name, true_us=self.true_us, booted_us=START_US - DAY_S * S, looked_us=START_US)
            for name in NAMES
        ]
        self.anchors = Anchors()
        self.eyes = Eyes(self.anchors)
        self.history = History()
        self.network_since_us: int | None = 0
        self.waits_since_us: int | None = None  # what it may wait for: a start, a connection, a step of its clock
        self.stepped_us = -365 * DAY_S * S  # when the hub's clock did last
        self.expected: set[str] = set()
        self.will_die = False
        logging.disable(logging.CRITICAL)
        self.open()

    def close(self) -> None:
        self.totals.runs += 1
        self.totals.days += self.mono_us / S / DAY_S
        self.store.close()
        logging.disable(logging.NOTSET)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- clocks ---

    def true_us(self) -> int:
        return START_US + self.mono_us

    def now_us(self) -> int:
        """As the hub's clock shows it."""
        return self.true_us() + self.hub_error_us

    def hub_clock_steps(self, step_us: int, *, dead: bool) -> None:
        """While it runs, or while it does not."""
        self.totals.hub_steps += 1
        if dead:
            self.store.close()
        self.hub_error_us += step_us
        self.stepped_us = self.mono_us
        if step_us < 0:
            for life in self.lives.values():
                life.clock_went_back(self.now_us())
        self.may_wait()
        if dead:
            self.open()
        else:
            self.tick()

    def may_wait(self) -> None:
        if self.waits_since_us is None:
            self.waits_since_us = self.mono_us

    # --- the hub ---

    def open(self) -> None:
        self.store = Store.open(self.folder / "hub", clock=self.now_us)
        self._make_mortal()
        self.scheduler = Scheduler(
            store=self.store,
            listening_since_s=lambda: None if self.network_since_us is None else self.network_since_us / S,
            monotonic_s=lambda: self.mono_us / S,
        )
        self.waits_since_us = self.mono_us
        self.expect()
        if self.network_since_us is not None:
            self.network_since_us = self.mono_us
            self.greet()
        self.tick()  # it looks at once, at its clock first

    def crash(self) -> None:
        """The process is gone, and starts again. Its transaction in hand is not there."""
        self.totals.crashes += 1
        self.store.close()
        self.open()

    def write(self, job: Callable[[Database], T]) -> T | None:
        """None: it died in it, and was started again; nothing was stored."""
        try:
            return self.store.write(job)
        except Died:
            self.crash()
            return None

    def _make_mortal(self) -> None:
        write = self.store.write

        def mortal(job: Callable[[Database], T], *, urgent: bool = True) -> T:
            if not self.will_die:
                return write(job, urgent=urgent)
            self.will_die = False

            def dying(db: Database) -> T:
                job(db)
                raise Died

            return write(dying, urgent=urgent)

        self.store.write = mortal  # type: ignore[method-assign]

    # --- the network ---

    def network_goes(self) -> None:
        self.totals.outages += 1
        self.network_since_us = None

    def network_comes(self) -> None:
        self.mono_us += S
        self.network_since_us = self.mono_us
        if self.waits_since_us is None:  # a drain that is on is not made longer, nor has it more to wait for
            self.waits_since_us = self.mono_us
            self.expect()
        self.greet()
        self.tick()

    def expect(self) -> None:
        """Whom the hub must wait for: heard within a day, now with something to tell."""
        self.expected = {
            device.name
            for device in self.devices
            if device.heard_us is not None and self.true_us() - device.heard_us < HEARD_US
        }

    def greet(self) -> None:
        for device in self.devices:
            self.says_hello(device)

    def says_hello(self, device: Device) -> None:
        if self.reaches(device):
            hello, now_us = device.hello(), self.now_us()
            self.write(lambda db: apply_up(db, device=device.name, message=hello, now_us=now_us))
            device.heard_us = self.true_us()

    def reaches(self, device: Device) -> bool:
        return self.network_since_us is not None and not device.cut

    def deliver(self, device: Device, batches: int = 1000) -> None:
        """What waits comes in, oldest first, in the hub's own transactions."""
        for _ in range(batches):
            if not self.reaches(device) or device.sent == len(device.journal):
                return
            self._deliver(device)

    def _deliver(self, device: Device) -> None:
        (batch, entries), now_us = device.next_batch(), self.now_us()
        if self.write(lambda db: apply_up(db, device=device.name, message=batch, now_us=now_us)) is None:
            return
        for entry in entries:
            self._take(device, entry, now_us)
        device.sent += len(entries)
        device.heard_us = self.true_us()

    def _take(self, device: Device, entry: Entry, now_us: int) -> None:
        """The reference hears it too."""
        meaning = entry.meaning
        if isinstance(meaning, Looked):
            self.eyes.heard.append(Heard(device=device.name, looked=meaning, at_us=now_us))
            return
        with self.news(now_us):
            if isinstance(meaning, Seen):
                meaning.sign.known_us = now_us
                self.anchors.date(meaning.sign)
                self.lives[meaning.person].signs.append(meaning.sign)
            elif self.anchors.take(meaning):
                for life in self.lives.values():
                    for sign in life.signs:
                        self.anchors.date(sign)

    @contextlib.contextmanager
    def news(self, now_us: int) -> Iterator[None]:
        """Whatever is learnt within may retract."""
        before = {person: life.seen_us() for person, life in self.lives.items()}
        yield
        for person, life in self.lives.items():
            self.totals.retracted += life.after_news(before[person], now_us)

    # --- time ---

    def advance(self, seconds: int) -> None:
        """With a tick before and at each moment at which somebody falls due, and at the end."""
        end_us = self.mono_us + seconds * S
        while self.mono_us < end_us:
            moments_us = [moment for moment in self._moments() if self.mono_us < moment < end_us]
            self.mono_us = min(moments_us, default=end_us)
            self.live()
            self.tick()
            self.check()

    def _moments(self) -> Iterator[int]:
        for life in self.lives.values():
            rings_us = life.rings_us() - self.now_us() + self.mono_us
            yield from (rings_us - S, rings_us)
        if self.waits_since_us is not None:
            began_us = self.waits_since_us
            yield from (began_us + DRAIN_NOTICE_US, began_us + DRAIN_US_MAX - S, began_us + DRAIN_US_MAX)

    def live(self) -> None:
        """Devices that reach the hub tell at once what they have, when that is on time."""
        for device in self.devices:
            device.tells_what_it_watched()
            if not device.slow:
                self.deliver(device)

    def tick(self) -> None:
        self.totals.ticks += 1
        open_before = {person: life.alerted for person, life in self.lives.items()}
        try:
            raised = self.scheduler.tick()
        except Died:
            self._died_judging()
            return
        judged = self.scheduler.pulse() is not Pulse.DRAINING
        since_us = self.waits_since_us
        if not judged:
            demand(since_us is not None, Law.ALARM, "it does not judge, and there was no start, outage or step")
            demand(
                self.mono_us - (since_us or 0) < DRAIN_US_MAX, Law.ALARM, "it still waits after 120 s for the devices"
            )
            demand(not raised, Law.DRAIN, "it waits, and raises")
            return
        if raised and since_us is not None and self.mono_us - since_us < DRAIN_US_MAX:
            self._demand_drained(since_us)
        self.waits_since_us = None
        for life in self.lives.values():
            life.alerted |= life.is_overdue(self.now_us())
        for alert in raised:
            demand(not open_before[alert.person], Law.ONCE, f"{alert.person} had an alert that is not closed")
            demand(self.lives[alert.person].alerted, Law.CAUSE, f"{alert.person} is not overdue")
            self._check_verdict(alert)
        self.totals.raised += len(raised)

    def _died_judging(self) -> None:
        """What it had committed before stands."""
        self.crash()
        with self.store.read() as db:
            for person, life in self.lives.items():
                life.alerted |= life.is_overdue(self.now_us()) and alerts.not_closed(db, person) is not None

    def _demand_drained(self, since_us: int) -> None:
        """Of whom it knew: they have said hello since, and what they had then is here."""
        if self.mono_us - self.stepped_us < HEARD_US:
            return  # who was heard when is then anybody's guess
        for device in self.devices:
            told = device.greeted_us - START_US >= since_us and device.sent >= device.announced
            late = device.name in self.expected and not told
            waited_s = (self.mono_us - since_us) / S
            what = f"it judged after {waited_s:g} s, {device.name} had told {device.sent} of {device.announced}"
            demand(not late, Law.DRAIN, what)

    def settle(self) -> None:
        """The faults stop: within the drain and a minute whoever is overdue has an alert, and nobody else a new one."""
        self.will_die = False
        for device in self.devices:
            device.cut = device.slow = False
        if self.network_since_us is None:
            self.network_comes()
        self.advance(180)
        demand(self.waits_since_us is None, Law.ALARM, "it does not judge, long after the last fault")
        self.check()

    # --- the oracle ---

    def check(self) -> None:
        """All that must hold at any moment, and what must be known of each person."""
        with self.store.read() as db:
            self.history.check(db)
            for person, life in self.lives.items():
                check_person(db, person, life, self.now_us())

    def _check_verdict(self, alert: Alert) -> None:
        self.totals.cannot_tell += alert.verdict is Verdict.CANNOT_TELL
        with self.store.read() as db:
            shown = coverage.for_alert(db, alert, self.now_us()).verdict
        stepped = self.mono_us - self.stepped_us < 30 * DAY_S * S or any(device.was_wrong for device in self.devices)
        self.eyes.check(alert, self.lives[alert.person], shown=shown, clocks_right=not stepped)
