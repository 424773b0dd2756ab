"""Simulated devices: each runs the agent's own belt over a journal in memory, with the faults that a fleet has."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fleet_day import Site, passages_an_hour
from fleet_journal import MemoryJournal
from fleet_wire import Loop, Place, Wire

from edge_agent.uplink.belt import Belt, make_batch
from edge_agent.wire.codec import decode_down
from edge_agent.wire.messages import (
    Ack,
    ClockAnchor,
    Conflict,
    Event,
    Hello,
    Observing,
    Passage,
    Presence,
    Refused,
    Replay,
    Sighting,
    Stamp,
    Status,
    Watching,
    Welcome,
    wire_bytes,
)
from edge_agent.wire.topics import Channel

AGENT: Final = "simulated/1"
RETRY_S: Final = 1.0
US: Final = 1_000_000
OBSERVING_EVERY_S: Final = 900.0
LATENCIES_MAX: Final = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What goes wrong, in times a device and hour of simulated time."""

    outages: float = 0.0  # the network is gone for a while
    restarts: float = 0.0  # the process is killed; its journal stays
    duplicates: float = 0.0  # a payload is sent twice
    clock_faults: float = 0.0  # a restart at which the clock is in the past until an anchor comes
    outage_s: float = 60.0  # of real time, on average


@dataclass(kw_only=True, slots=True)
class Totals:
    """What a device did."""

    captured: int = 0
    batches: int = 0
    outages: int = 0
    restarts: int = 0
    duplicates: int = 0
    clock_faults: int = 0
    conflicts: int = 0
    refused: int = 0
    replays: int = 0
    latencies_s: list[float] = field(default_factory=list)


class SimulatedDevice:
    """Driven by `step`; belongs to one `Loop`."""

    def __init__(
        self,
        place: Place,
        loop: Loop,
        *,
        site: Site = Site.DOOR,
        people: tuple[str, ...] = (),
        faults: Faults | None = None,
        seed: int = 0,
        wall_us: Callable[[], int],
        batch_max: int = 100,
    ) -> None:
        """`people`: ids of residents; every fourth passage is of one of them. `wall_us`: the simulated time."""
        self.place = place
        self.journal = MemoryJournal()
        self.totals = Totals()
        self._loop = loop
        self._site = site
        self._people = people
        self._faults = faults or Faults()
        self._random = random.Random(f"{seed}/{place.device}")  # noqa: S311 - a simulation, repeatable by its seed
        self._wall_us = wall_us
        self._batch_max = batch_max
        self._belt = Belt()
        self._wire: Wire | None = None
        self._retry_s = 0.0
        self._now_s = 0.0
        self._boot_id, self._booted_us = secrets.token_hex(16), wall_us()
        self._synced, self._wrong_by_us, self._syncs_us = True, 0, 0
        self._observed_from = self._stamp()

    @property
    def behind(self) -> int:
        """Events that the hub has not acknowledged."""
        return self.journal.last - self.journal.acked

    # --- events ---

    def capture(self, now_s: float) -> None:
        """Somebody passes now."""
        sighting = None
        if self._people and self.totals.captured % 4 == 0:
            person = self._random.choice(self._people)
            sighting = Sighting(person=person, score=0.97, margin=0.2, frames=12, strict=True, embedder="simulated")
        captured = self._stamp()
        self._append(Passage(captured=captured, camera="east", duration_ms=4250, frames=31, sighting=sighting), now_s)

    def observe(self, now_s: float) -> None:
        """The quarter of an hour is over: the camera has watched."""
        ended = self._stamp()
        self._append(
            Observing(camera="east", began=self._observed_from, ended=ended, state=Watching.WATCHING, cause=None), now_s
        )
        self._observed_from = ended

    def live(self, now_s: float, simulated_s: float) -> None:
        """`simulated_s` of its day go by: passages by the curve of its site, observing, faults."""
        hour = self._wall_us() / (3600 * US) % 24
        for _ in range(self._poisson(passages_an_hour(self._site, hour) * simulated_s / 3600)):
            self.capture(now_s)
        if (self._wall_us() - self._observed_from.wall_us) / US >= OBSERVING_EVERY_S and self._synced:
            self.observe(now_s)
        if not self._synced and self._wall_us() >= self._syncs_us:
            self._synced = True
            self._append(ClockAnchor(at=self._stamp(), uncertainty_us=500_000), now_s)
        self._fail(now_s, simulated_s / 3600)

    def _append(self, event: Event, now_s: float) -> None:
        self.journal.append(event, now_s)
        self.totals.captured += 1

    def _stamp(self) -> Stamp:
        true_us = self._wall_us()
        return Stamp(
            boot=self._boot_id,
            mono_us=true_us - self._booted_us,
            wall_us=true_us - (0 if self._synced else self._wrong_by_us),
            synced=self._synced,
        )

    # --- faults ---

    def _boot(self, *, clock_wrong: bool = False) -> None:
        self._boot_id = secrets.token_hex(16)
        self._booted_us = self._wall_us()
        self._synced = not clock_wrong
        self._wrong_by_us = self._booted_us - 4_000 * US if clock_wrong else 0  # as after a start in 1970
        self._syncs_us = self._booted_us + round(self._random.uniform(30, 600) * US)
        self._observed_from = self._stamp()

    def _fail(self, now_s: float, hours: float) -> None:
        faults = self._faults
        if self._random.random() < faults.outages * hours:
            self.totals.outages += 1
            self._cut(now_s + self._random.expovariate(1 / faults.outage_s))
        if self._random.random() < faults.restarts * hours:
            self._restart(now_s, clock_wrong=False)
        if self._random.random() < faults.clock_faults * hours:
            self.totals.clock_faults += 1
            self._restart(now_s, clock_wrong=True)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._faults = Faults()
        self._retry_s = 0.0

    def _restart(self, now_s: float, *, clock_wrong: bool) -> None:
        """Killed and started again: what was in flight is forgotten, the journal is not."""
        self.totals.restarts += 1
        self._cut(now_s + RETRY_S)
        self._belt = Belt()
        self._boot(clock_wrong=clock_wrong)

    def _cut(self, until_s: float) -> None:
        if self._wire is not None:
            self._wire.close(rudely=True)
            self._loop.drop(self._wire)
            self._wire = None
        self._belt.disconnected()
        self._retry_s = max(self._retry_s, until_s)

    def _poisson(self, mean: float) -> int:
        """Knuth's method in steps of at most 10, so that exp() keeps its digits."""
        count = 0
        while mean > 0:
            part, mean = min(mean, 10.0), max(0.0, mean - 10.0)
            at = self._random.expovariate(1.0)
            while at < part:
                count += 1
                at += self._random.expovariate(1.0)
        return count

    # --- the belt ---

    def step(self, now_s: float) -> None:
        """Connect when it is time; say what is due."""
        if self._wire is None:
            if now_s >= self._retry_s:
                self._connect(now_s)
            return
        if self._belt.hello_due(now_s):
            self._say_hello(now_s)
        while (wanted := self._belt.wanted()) is not None:
            items = self.journal.after(wanted.after, min(wanted.limit, self._batch_max))
            batch = make_batch(self.place.device, self.journal.epoch, items)
            if batch is None or not self._wire.send(batch[0]):
                return
            self.totals.batches += 1
            if self._random.random() < self._faults.duplicates:
                self.totals.duplicates += 1
                self._wire.send(batch[0])
            self._belt.sent(batch[1], now_s)

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._loop.drop(self._wire)
            self._wire = None

    def _connect(self, now_s: float) -> None:
        self._now_s = now_s
        wire = Wire(self.place, on_open=self._opened, on_payload=self._heard, on_lost=self._lost)
        try:
            wire.open()
        except OSError:
            self._retry_s = now_s + RETRY_S * self._random.uniform(0.5, 1.5)
            return
        self._wire = wire
        self._loop.add(wire)

    def _opened(self) -> None:
        assert self._wire is not None
        self._wire.send(
            wire_bytes(Status(device=self.place.device, state=Presence.ONLINE, agent=AGENT)), Channel.STATUS
        )
        self._belt.connected(self._now_s)

    def _lost(self) -> None:
        if self._wire is not None:
            self._loop.drop(self._wire)
            self._wire = None
        self._belt.disconnected()
        self._retry_s = self._now_s + RETRY_S * self._random.uniform(0.5, 1.5)

    def _say_hello(self, now_s: float) -> None:
        hello = Hello(
            device=self.place.device,
            epoch=self.journal.epoch,
            oldest=self.journal.oldest,
            last=self.journal.last,
            agent=AGENT,
        )
        if self._wire is not None and self._wire.send(wire_bytes(hello)):
            self._belt.hello_said(now_s)

    def tick(self, now_s: float) -> None:
        """What the callbacks of this turn take for the time."""
        self._now_s = now_s

    def _heard(self, payload: bytes) -> None:
        message = decode_down(payload)
        now_s = self._now_s
        match message:
            case Refused():
                self.totals.refused += 1
                self._belt.refused(now_s)
            case Welcome(epoch=self.journal.epoch, high=high, hash=digest):
                self._settle(high, digest, now_s)
                self._belt.welcomed(high, now_s)
            case Ack(epoch=self.journal.epoch, high=high, hash=digest):
                self._settle(high, digest, now_s)
                self._belt.acked(high, now_s)
            case Replay(epoch=self.journal.epoch, from_seq=from_seq):
                self.totals.replays += 1
                self._belt.asked_again(from_seq, now_s)
            case Conflict():
                self.totals.conflicts += 1

    def _settle(self, high: int, digest: str | None, now_s: float) -> None:
        for then_s in self.journal.apply(high, digest):
            if len(self.totals.latencies_s) < LATENCIES_MAX:
                self.totals.latencies_s.append(now_s - then_s)
