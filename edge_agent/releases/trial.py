"""When a trial is over: well for long enough without a break, or out of time. Pure; monotonic seconds."""

from enum import Enum
from typing import Final

TRIAL_S: Final = 180.0
WELL_S: Final = 30.0
"""Without a break: what comes up and falls over again is not well."""


class Verdict(Enum):
    GOES_ON = "goes on"
    PASSED = "passed"
    FAILED = "failed"


class Trial:
    """Of one start."""

    def __init__(self, started_s: float) -> None:
        self._ends_s = started_s + TRIAL_S
        self._well_since_s: float | None = None

    def look(self, now_s: float, *, well: bool) -> Verdict:
        """To be told once a second or so how the agent is."""
        if not well:
            self._well_since_s = None
        elif self._well_since_s is None:
            self._well_since_s = now_s
        if self._well_since_s is not None and now_s - self._well_since_s >= WELL_S:
            return Verdict.PASSED
        return Verdict.FAILED if now_s >= self._ends_s else Verdict.GOES_ON
