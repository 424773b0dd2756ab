"""What time it is, and whether that can be trusted: see README.md."""

from edge_agent.clock.clock import Clock, FakeClock, SystemClock
from edge_agent.clock.kernel import boot_id, kernel_synchronised, system_synchronised
from edge_agent.clock.watch import ClockWatch

__all__ = [
    "Clock",
    "ClockWatch",
    "FakeClock",
    "SystemClock",
    "boot_id",
    "kernel_synchronised",
    "system_synchronised",
]
