"""How long something must be so before it is said, and before it is taken back. Pure: verdicts and times in."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Cause = TypeVar("Cause")

CLEAR_S: Final = 10.0  # good pictures before a fault is taken back
_SLIP_S: Final = 3.0  # a good moment this short does not end a fault that is building up: a wiper, a gap in a bag

_MOSTLY: Final = 0.8  # of its delay a cause must have been there; the rest may be short good moments and other causes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run(Generic[Cause]):
    """An unbroken time of one cause."""

    cause: Cause
    since_s: float
    lasted_s: float


class Hold(Generic[Cause]):
    """Turns a verdict a second (a cause, or None for good) into a steady one."""

    def __init__(self, delays_s: dict[Cause, float]) -> None:
        """`delays_s`: how long each cause must have lasted, all its moments within one faulty time together."""
        self._delays_s = delays_s
        self._runs: dict[Cause, _Run[Cause]] = {}
        self._good_since_s: float | None = None
        self.cause: Cause | None = None
        self.since_s: float | None = None  # when the steady verdict began to be true, not when it was said

    @property
    def pending(self) -> bool:
        """Something is wrong, or was a moment ago, though perhaps not long enough to say so."""
        return bool(self._runs) or self.cause is not None

    def note(self, cause: Cause | None, now_s: float, lasted_s: float, *, since_s: float | None = None) -> None:
        """What the last `lasted_s` looked like. `since_s`: for a cause that keeps its own delay; true at once."""
        if self.since_s is None:
            self.since_s = now_s
        if cause is None:
            self._good(now_s, lasted_s)
            return
        self._good_since_s = None
        run = self._runs.get(cause) or _Run(cause=cause, since_s=now_s - lasted_s, lasted_s=0.0)
        run = _Run(cause=cause, since_s=run.since_s, lasted_s=run.lasted_s + lasted_s)
        self._runs[cause] = run
        if cause != self.cause and (since_s is not None or self._enough(run, now_s)):
            self.cause, self.since_s = cause, run.since_s if since_s is None else since_s

    def forget(self, now_s: float | None = None) -> None:
        """All is good from now on (or from the next moment), whatever was."""
        self._runs, self._good_since_s, self.cause, self.since_s = {}, None, None, now_s

    def interrupt(self) -> None:
        """Nobody knows what was in between: what is building up starts afresh, the steady verdict stays."""
        self._runs, self._good_since_s = {}, None

    def _enough(self, run: _Run[Cause], now_s: float) -> bool:
        """Long enough by itself; or all causes together as long as the longest asks, and this one had most of it.

        Without the second, a picture on the border of two causes would never be called anything.
        """
        delay_s = self._delays_s[run.cause]
        if now_s - run.since_s >= delay_s and run.lasted_s >= _MOSTLY * delay_s:
            return True
        together_s = sum(other.lasted_s for other in self._runs.values())
        most_s = max(other.lasted_s for other in self._runs.values())
        return self.cause is None and together_s >= max(self._delays_s.values()) and run.lasted_s >= most_s

    def _good(self, now_s: float, lasted_s: float) -> None:
        if self._good_since_s is None:
            self._good_since_s = now_s - lasted_s
        good_s = now_s - self._good_since_s
        if good_s > _SLIP_S:
            self._runs = {}
        if self.cause is not None and good_s >= CLEAR_S:
            self.cause, self.since_s = None, self._good_since_s
