"""What time it is, and whether that can be trusted. Nothing else of the agent asks the system."""

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edge_agent.wire.messages import Stamp

TIMESYNC_FILE = Path("/run/systemd/timesync/synchronized")
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
_ASK_AGAIN_S = 5.0
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES = 1024  # struct timex is 208 bytes on 64-bit Linux; the first field, modes = 0, makes the call read only


class Clock(Protocol):
    def stamp(self) -> Stamp:
        """This moment, for an event."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since this boot, suspended time included; for durations."""
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

    def advance(self, seconds: float) -> None:
        """Let time pass; it never goes back."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self.mono_us += round(seconds * 1e6)
        self.wall_us += round(seconds * 1e6)


def boot_id() -> str:
    """The kernel's id of this boot, 32 lower-case hex digits."""
    return BOOT_ID_FILE.read_text(encoding="ascii").strip().replace("-", "")


def system_synchronised() -> bool:
    """True when systemd-timesyncd says so or the kernel's clock is disciplined (by chrony, ntpd, PTP, a hypervisor)."""
    return TIMESYNC_FILE.exists() or kernel_synchronised()


def kernel_synchronised() -> bool:
    """What adjtimex(2) knows; false when it cannot be asked."""
    try:
        state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (OSError, AttributeError):
        return False
    return state not in {-1, _TIME_ERROR}
