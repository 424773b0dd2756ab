"""A scheduler whose wall clock, monotonic clock and connection are moved by hand."""

from device_model import DEVICE, batch, hello, passage

from hub_server.ingest.apply import apply_up
from hub_server.scheduler import Scheduler
from hub_server.store import devices, people, watches
from hub_server.store.store import Store

DAY_S = 24 * 3600
S = 1_000_000


class World:
    """Wall clock, monotonic clock and connection, moved by hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = store._clock
        self.mono_s = 1000.0
        self.listening_since_s: float | None = None
        self.scheduler = self.restarted()

    def restarted(self) -> Scheduler:
        return Scheduler(
            store=self.store,
            listening_since_s=lambda: self.listening_since_s,
            monotonic_s=lambda: self.mono_s,
        )

    def passes(self, seconds: float) -> None:
        self.mono_s += seconds
        self.clock.now_us += int(seconds * S)  # type: ignore[attr-defined]

    def connects(self) -> None:
        self.listening_since_s = self.mono_s

    def hears(self, *, last: int, events: int) -> None:
        """The device says hello, and sends some of what it has."""
        now_us = self.store.now_us()
        self.store.write(lambda db: apply_up(db, device=DEVICE, message=hello(last=last), now_us=now_us))
        if events:
            raws = [passage(wall_us=now_us, mono_us=n) for n in range(events)]
            self.store.write(lambda db: apply_up(db, device=DEVICE, message=batch(*raws), now_us=now_us))

    def ticks(self) -> int:
        return len(self.scheduler.tick())


def quiet_world(store: Store) -> World:
    """A person last seen a day ago but for ten seconds, and nobody to wait for."""
    now_us = store.now_us()
    store.write(lambda db: people.create(db, id="zhao", name="z", address="", phone="", note="", now_us=now_us))
    store.write(
        lambda db: watches.create(
            db, person="zhao", period_s=DAY_S, last_seen_us=now_us - DAY_S * S + 10 * S, now_us=now_us
        )
    )
    return World(store)


def world_with_a_door(store: Store) -> World:
    """The same, and a device that was heard an hour ago, before this start."""
    world = quiet_world(store)
    now_us = store.now_us()
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=now_us))
    world.passes(10)
    world.hears(last=0, events=0)
    world.passes(3600)
    world.scheduler = world.restarted()
    return world
