"""The hub's own clock: the wall against the monotonic one, which never steps. Pure; seconds are monotonic."""

from dataclasses import dataclass
from typing import Final

from hub_server.watch.due import US_PER_S

STEP_S_MIN: Final = 60
"""A smaller difference is left alone: an alert is allowed as much."""
DRAIN_STEP_S_MIN: Final = 10 * 60
"""After a longer step forward many seem to be due at once: the agents first tell what they have."""
CALM_S: Final = 3600
"""An alarm about the clock ends after so long without another step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """The wall clock moved by so much more than time passed. Negative: back."""

    by_us: int

    @property
    def is_back(self) -> bool:
        return self.by_us < 0

    @property
    def is_large(self) -> bool:
        """Whether the office must know."""
        return abs(self.by_us) > STEP_S_MIN * US_PER_S

    @property
    def drains(self) -> bool:
        """Whether to listen before judging."""
        return self.by_us > DRAIN_STEP_S_MIN * US_PER_S


@dataclass(frozen=True, kw_only=True, slots=True)
class HubClock:
    """At `mono_s` it was `wall_us`: what the clock is held against until it steps."""

    wall_us: int
    mono_s: float

    def step(self, *, wall_us: int, mono_s: float) -> Step | None:
        """How far the clock is from where it should be; None: near enough. Small steps add up."""
        passed_us = int((mono_s - self.mono_s) * US_PER_S)
        step = Step(by_us=wall_us - self.wall_us - passed_us)
        return step if step.is_large else None


def behind(*, newest_known_us: int | None, now_us: int) -> Step | None:
    """At a start: the store knows of something later than now, so the clock was set back, or does not run."""
    return None if newest_known_us is None or newest_known_us <= now_us else Step(by_us=now_us - newest_known_us)
