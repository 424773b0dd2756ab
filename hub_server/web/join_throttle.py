"""How many wrong tokens are looked at: so many from one place, so many in all; more have to wait.

Nobody guesses 256 bits; what is held down is what guessing costs. A right token is never held up: a stranger behind the
same router, or a thousand elsewhere, must not keep a gate from joining.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

PLACES_MAX: Final = 10_000  # above it the one that was quiet longest is forgotten
OF_ONE: Final = 30
OF_ALL: Final = 600
_ONE_PER_S: Final = 0.1
_ALL_PER_S: Final = 5.0


@dataclass(kw_only=True, slots=True)
class _Bucket:
    """Tries that are left, as of a moment of the monotonic clock."""

    left: float
    at_s: float

    def fill(self, *, most: int, per_s: float, now_s: float) -> None:
        self.left = min(float(most), self.left + max(0.0, now_s - self.at_s) * per_s)
        self.at_s = now_s


@dataclass(kw_only=True, slots=True)
class JoinThrottle:
    """Counts in memory: a restart forgives everybody."""

    _all: _Bucket = field(default_factory=lambda: _Bucket(left=OF_ALL, at_s=0.0))
    _places: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def charge(self, place: str, *, now_s: float) -> int:
        """Counts a wrong token from this place: 0; else it is one too many: the seconds to wait."""
        with self._lock:
            one = self._places.pop(place, None) or _Bucket(left=OF_ONE, at_s=now_s)
            self._places[place] = one
            if len(self._places) > PLACES_MAX:
                self._places.popitem(last=False)
            one.fill(most=OF_ONE, per_s=_ONE_PER_S, now_s=now_s)
            self._all.fill(most=OF_ALL, per_s=_ALL_PER_S, now_s=now_s)
            waits_s = max(_wait_s(one, _ONE_PER_S), _wait_s(self._all, _ALL_PER_S))
            if waits_s == 0:
                one.left -= 1
                self._all.left -= 1
            return waits_s


def _wait_s(bucket: _Bucket, per_s: float) -> int:
    return 0 if bucket.left >= 1 else max(1, -int(-(1 - bucket.left) / per_s // 1))
