"""The clock that the agent's parts are given."""

import time
from collections.abc import Callable
from typing import Final, Protocol

from edge_agent.clock.kernel import boot_id, kernel_error_us, system_synchronised, uncertainty_us
from edge_agent.wire.messages import Stamp

_ASK_AGAIN_S: Final = 5.0


class Clock(Protocol):
    def stamp(self) -> Stamp:
        """This moment, for an event."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since this boot, suspended time included; for durations."""
        ...

    def uncertainty_us(self) -> int:
        """How far the wall clock may be off, while it is synchronised."""
        ...


class SystemClock:
    """The machine's clocks. Safe for several threads."""

    def __init__(self, synchronised: Callable[[], bool] | None = None) -> None:
        """`synchronised` replaces the question to the system; it is asked every few seconds."""
        self._ask = synchronised or system_synchronised
        self._boot = boot_id()
        self._asked_s: float | None = None
        self._answer = False

    def stamp(self) -> Stamp:
        mono_us = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
        wall_us = max(0, time.time_ns() // 1000)
        return Stamp(boot=self._boot, mono_us=mono_us, wall_us=wall_us, synced=self._synchronised(mono_us / 1e6))

    def monotonic_s(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def uncertainty_us(self) -> int:
        return uncertainty_us(kernel_error_us())

    def _synchronised(self, now_s: float) -> bool:
        if self._asked_s is None or now_s - self._asked_s >= _ASK_AGAIN_S:
            self._asked_s = now_s
            self._answer = self._ask()
        return self._answer


class FakeClock:
    """A clock that a test moves."""

    def __init__(self, *, wall_us: int = 1_800_000_000_000_000, mono_us: int = 0, synced: bool = True) -> None:
        self.boot = "b" * 32
        self.wall_us = wall_us
        self.mono_us = mono_us
        self.synced = synced

    def stamp(self) -> Stamp:
        return Stamp(boot=self.boot, mono_us=self.mono_us, wall_us=self.wall_us, synced=self.synced)

    def monotonic_s(self) -> float:
        return self.mono_us / 1e6

    def uncertainty_us(self) -> int:
        return uncertainty_us(None)

    def advance(self, seconds: float) -> None:
        """Let time pass; it never goes back."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self.mono_us += round(seconds * 1e6)
        self.wall_us += round(seconds * 1e6)
