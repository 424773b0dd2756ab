"""A feed of commits: whoever shows the store waits here instead of asking again and again."""

import threading


class Changes:
    """A number that rises after every commit."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._version = 0
        self._closed = False

    @property
    def version(self) -> int:
        return self._version

    @property
    def closed(self) -> bool:
        """True when no commit will come any more: who waits in a loop must leave it."""
        return self._closed

    def wait(self, after_version: int, timeout_s: float) -> int:
        """The version, as soon as it is above `after_version`; as it is after `timeout_s`, or once closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._version > after_version or self._closed, timeout_s)
            return self._version

    def announce(self) -> None:
        """A commit is durable."""
        with self._condition:
            self._version += 1
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()
