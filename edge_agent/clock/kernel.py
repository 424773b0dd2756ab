"""What the system knows about its clock: whether it is synchronised, and how wrong it may be."""

import ctypes
from pathlib import Path
from typing import Final

TIMESYNC_FILE: Final = Path("/run/systemd/timesync/synchronized")
BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
UNCERTAINTY_MIN_US: Final = 500_000
"""systemd-timesyncd calls the error 0 and then corrects up to 0.4 s slowly; an honest figure is not below that."""
UNCERTAINTY_UNKNOWN_US: Final = 5_000_000
"""The clock counts as synchronised, but the kernel does not say how well: a file said so, or a person."""

_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised


class _Timex(ctypes.Structure):
    """The beginning of `struct timex` (adjtimex(2)); modes = 0 makes the call read only."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror_us", ctypes.c_long),
        ("esterror_us", ctypes.c_long),
        ("rest", ctypes.c_byte * 1024),  # all of it is 208 bytes on 64-bit Linux
    )


def boot_id() -> str:
    """The kernel's id of this boot, 32 lower-case hex digits."""
    return BOOT_ID_FILE.read_text(encoding="ascii").strip().replace("-", "")


def system_synchronised() -> bool:
    """True when systemd-timesyncd says so or the kernel's clock is disciplined (by chrony, ntpd, PTP, a hypervisor)."""
    return TIMESYNC_FILE.exists() or kernel_synchronised()


def kernel_synchronised() -> bool:
    """What adjtimex(2) knows; false when it cannot be asked."""
    return kernel_error_us() is not None


def kernel_error_us() -> int | None:
    """By how much a synchronised clock may be wrong; None when it is not synchronised or cannot be asked."""
    timex = _Timex()
    try:
        state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)))
    except (OSError, AttributeError):
        return None
    if state in {-1, _TIME_ERROR}:
        return None
    return max(int(timex.maxerror_us), int(timex.esterror_us), 0)


def uncertainty_us(kernel_us: int | None) -> int:
    """How far a clock that counts as synchronised may be off, of what the kernel says about it."""
    return UNCERTAINTY_UNKNOWN_US if kernel_us is None else max(kernel_us, UNCERTAINTY_MIN_US)
