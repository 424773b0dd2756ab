"""After a start or an outage the hub first lets the agents tell what they have. Pure; seconds are monotonic."""

from dataclasses import dataclass

DRAIN_S_MAX = 120.0
"""However many are missing: somebody may be lying on the floor."""
LISTENING_S_MIN = 3.0
"""A broker just reached needs a moment to pass on what devices say."""
HEARD_WITHIN_S = 24 * 3600
"""Devices silent for longer are not waited for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drain:
    """A time of listening before judging."""

    began_s: float

    def is_over(self, *, now_s: float, listening_since_s: float | None, expected: int, missing: int) -> bool:
        """True when nobody is expected, when everybody has told all, or when waiting longer would be wrong.

        `expected`: devices heard within HEARD_WITHIN_S. `missing`: those of them with something still to tell.
        """
        if expected == 0 or now_s - self.began_s >= DRAIN_S_MAX:
            return True
        if listening_since_s is None or missing > 0:
            return False
        return now_s - max(listening_since_s, self.began_s) >= LISTENING_S_MIN
