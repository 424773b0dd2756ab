"""Where what the newest gallery knows waits for the loop that recognises."""

import threading

from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.known import Known


class MatcherSlot:
    """One place, for two threads: one puts, the loop takes.

    The loop looks here before each frame and before it ends a passage by time or at the end, and uses at once what it
    takes. So when the slot is empty again, no passage that is reported from then on is judged by an older gallery: that
    is what "in force" means, and only then a receipt may be given for who was erased.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Known | None = None

    def put(self, gallery: Gallery) -> None:
        """What was not taken yet is replaced."""
        known = Known.of(gallery)
        with self._lock:
            self._waiting = known

    def take(self) -> Known | None:
        """None: nothing new."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        return waiting

    def is_empty(self) -> bool:
        """What was put has been taken."""
        with self._lock:
            return self._waiting is None
