"""When the wall clock becomes right, and when it jumps. Pure: stamps come in."""

from typing import Final

from edge_agent.wire.messages import Stamp

JUMP_S: Final = 1.0  # a time service steps by less and slews; more, and one of two events is dated wrongly


class ClockWatch:
    """Watches the stamps of one process."""

    def __init__(self, *, anchored_boot: str | None = None) -> None:
        """`anchored_boot`: the boot of the newest anchor that the journal already has."""
        self._anchored_boot = anchored_boot
        self._before: Stamp | None = None

    def anchor_due(self, now: Stamp) -> bool:
        """True once a boot, as soon as its clock is synchronised.

        Also when nothing of this process was stamped before: an earlier process of the same boot may have ended
        before the clock was right.
        """
        due = now.synced and now.boot != self._anchored_boot
        if due:
            self._anchored_boot = now.boot
        return due

    def jump_s(self, now: Stamp) -> float:
        """By how much the wall clock jumped since the last call while it was synchronised; 0.0 when it did not."""
        before, self._before = self._before, now
        if before is None or not (before.synced and now.synced):
            return 0.0
        gained_s = ((now.wall_us - before.wall_us) - (now.mono_us - before.mono_us)) / 1e6
        return gained_s if abs(gained_s) >= JUMP_S else 0.0
