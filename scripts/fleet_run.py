"""A fleet's turn of the wheel: the simulated clock, the devices in it, and how to wait for the last ack."""

import random
import time
from collections.abc import Callable
from typing import Final

from fleet import SimulatedDevice
from fleet_wire import Loop

TURN_S: Final = 0.01
LIVE_EVERY_S: Final = 0.1
TELL_EVERY_S: Final = 1.0
DAY_S: Final = 86_400


class FleetClock:
    """Time that runs `speed` times as fast, and ends about now: nothing is dated into the future."""

    def __init__(self, *, hour: float, speed: float) -> None:
        self.speed = speed
        self._began_s = time.monotonic()
        yesterday_s = int(time.time()) // DAY_S * DAY_S - DAY_S
        self._wall_s = time.time() if speed == 1 else yesterday_s + hour * 3600

    def wall_us(self) -> int:
        return round((self._wall_s + (time.monotonic() - self._began_s) * self.speed) * 1e6)

    def text(self) -> str:
        return time.strftime("%H:%M", time.gmtime(self.wall_us() / 1e6))


class Fleet:
    """All devices, one thread."""

    def __init__(self, clock: FleetClock) -> None:
        self.clock = clock
        self.loop = Loop()
        self.devices: list[SimulatedDevice] = []
        self._random = random.Random(7)  # noqa: S311 - which device is next, repeatable

    def add(self, device: SimulatedDevice) -> None:
        self.devices.append(device)

    @property
    def captured(self) -> int:
        return sum(device.totals.captured for device in self.devices)

    @property
    def behind(self) -> int:
        return sum(device.behind for device in self.devices)

    def run(self, seconds: float, *, rate: float | None = None, tell: Callable[["Fleet"], None] | None = None) -> None:
        """Live for so long. With `rate` passages come evenly, so many a second; else as the day's curves say."""
        began_s = lived_s = told_s = time.monotonic()
        captured = 0
        while (now_s := time.monotonic()) - began_s < seconds:
            if rate is not None:
                due = int((now_s - began_s) * rate)
                for _ in range(due - captured):
                    self._random.choice(self.devices).capture(now_s)
                captured = due
            elif now_s - lived_s >= LIVE_EVERY_S:
                for device in self.devices:
                    device.live(now_s, (now_s - lived_s) * self.clock.speed)
                lived_s = now_s
            self.turn()
            if tell is not None and now_s - told_s >= TELL_EVERY_S:
                told_s = now_s
                tell(self)

    def turn(self) -> None:
        now_s = time.monotonic()
        for device in self.devices:
            device.tick(now_s)
            device.step(now_s)
        self.loop.turn(TURN_S)

    def drain(self, seconds: float) -> bool:
        """No more faults; true once the hub has acknowledged everything."""
        for device in self.devices:
            device.heal()
        until_s = time.monotonic() + seconds
        while self.behind and time.monotonic() < until_s:
            self.turn()
        return not self.behind

    def close(self) -> None:
        for device in self.devices:
            device.close()
