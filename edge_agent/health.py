"""Is the agent really seeing? The answer feeds systemd's watchdog; a process that merely runs does not."""

import os
import socket
import statistics
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.recognition.observing import LOOK_AGE_MAX_S, PICTURE_AGE_MAX_S

REPORT_EVERY_S = 60.0
LOOKS_MAX = 10_000  # the median is of the newest so many


@dataclass(kw_only=True, slots=True)
class Heartbeat:
    """When a frame last came and when a network last looked at one; monotonic seconds."""

    frame_s: float | None = None
    inference_s: float | None = None

    def beats(self, now_s: float) -> bool:
        """True while frames arrive and are looked at.

        A camera that is gone for long stops the heart: a fresh process is the best known cure for a hung camera
        stack, and the journal survives it.
        """
        return _fresh(self.frame_s, now_s, PICTURE_AGE_MAX_S) and _fresh(self.inference_s, now_s, LOOK_AGE_MAX_S)


def _fresh(then_s: float | None, now_s: float, age_max_s: float) -> bool:
    return then_s is not None and now_s - then_s <= age_max_s


@dataclass(kw_only=True, slots=True)
class Notifier:
    """Speaks sd_notify(3). Silent when not started by systemd. Never raises: a lost notice is systemd's to judge."""

    address: str = field(default_factory=lambda: os.environ.get("NOTIFY_SOCKET", ""))
    _said: dict[str, str] = field(default_factory=dict)

    def ready(self) -> None:
        """The first frame has come. Said once."""
        if "READY" not in self._said:
            self._say("READY", "1")

    def watchdog(self) -> None:
        self._say("WATCHDOG", "1")

    def stopping(self) -> None:
        self._say("STOPPING", "1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; said again only when it changes."""
        line = " ".join(text.split())
        if self._said.get("STATUS") != line:
            self._say("STATUS", line)

    def _say(self, key: str, value: str) -> None:
        self._said[key] = value
        if not self.address:
            return
        path = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.sendto(f"{key}={value}\n".encode(), path)
        except OSError:
            return


def resident_bytes() -> int:
    """Memory that this process holds now (RSS), from /proc/self/statm."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Tally:
    """What happened since the last report: pictures, and how long each took to look at."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._frames = 0
        self._looks_ms: deque[float] = deque(maxlen=LOOKS_MAX)

    def frame(self, look_ms: float | None) -> None:
        """A frame was handled. `look_ms`: how long the networks took; None when nothing made them look."""
        self._frames += 1
        if look_ms is not None:
            self._looks_ms.append(look_ms)

    def report(self, now_s: float) -> str | None:
        """A line for the log once every REPORT_EVERY_S, from then on counting anew; None before."""
        if self._since_s is None:
            self._since_s = now_s
        elapsed_s = now_s - self._since_s
        if elapsed_s < REPORT_EVERY_S:
            return None
        look = f"{statistics.median(self._looks_ms):.0f} ms a look" if self._looks_ms else "nothing looked at"
        line = f"{self._frames / elapsed_s:.1f} frames/s, {look}, {resident_bytes() / 2**20:.0f} MiB resident"
        self._since_s, self._frames = now_s, 0
        self._looks_ms.clear()
        return line
