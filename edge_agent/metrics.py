"""What a monitoring system may know of this agent: Prometheus' text format, in a file that node_exporter picks up.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EVERY_S: Final = 15.0
WINDOW_S: Final = 60.0
LOOKS_MAX: Final = 10_000  # the quantiles are of the newest so many of the last minute
QUANTILES: Final = (0.5, 0.9, 0.99)
NAN: Final = float("nan")

log = logging.getLogger(__name__)


class Meter:
    """Counts frames, and how long the networks looked at them. `now_s` is monotonic."""

    def __init__(self, now_s: float) -> None:
        self.frames_total = 0
        self.looks_total = 0
        self.looks_ms_total = 0.0
        self._began_s = now_s
        self._seconds: deque[tuple[int, int]] = deque(maxlen=int(WINDOW_S) + 1)  # frames of each second that had any
        self._looks: deque[tuple[float, float]] = deque(maxlen=LOOKS_MAX)  # when, and how long in ms

    def frame(self, now_s: float, look_ms: float | None) -> None:
        """A frame was handled. `look_ms`: how long the networks took; None when nothing made them look."""
        self.frames_total += 1
        second = int(now_s)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + 1)
        else:
            self._seconds.append((second, 1))
        if look_ms is not None:
            self.looks_total += 1
            self.looks_ms_total += look_ms
            self._looks.append((now_s, look_ms))

    def frame_rate(self, now_s: float) -> float:
        """Frames a second in the last minute, or since the beginning."""
        frames = sum(count for second, count in self._seconds if second > now_s - WINDOW_S)
        return frames / max(1.0, min(WINDOW_S, now_s - self._began_s))

    def look_ms(self, now_s: float) -> dict[float, float]:
        """The quantiles of the last minute, by nearest rank; not a number when nothing was looked at."""
        looks = sorted(ms for then_s, ms in self._looks if then_s > now_s - WINDOW_S)
        return {q: looks[min(int(q * len(looks)), len(looks) - 1)] if looks else NAN for q in QUANTILES}


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalFigures:
    unsent_events: int
    oldest_unsent_age_s: float | None  # None: nothing is unsent, or its stamp does not tell
    used_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All that is told, at one moment. Totals count from the start of the process."""

    device: str
    version: str
    journal: JournalFigures | None  # None: it cannot be read now
    lost_total: Mapping[str, int]  # events given up that the hub did not have, by reason
    journaled_total: int
    frames_total: int
    frame_rate: float
    look_ms: Mapping[float, float]  # by quantile
    looks_total: int
    looks_ms_total: float
    watching: Mapping[str, bool]  # by camera
    connected: bool


Sample = tuple[str, Mapping[str, str], float]
"""What is added to the family's name, labels beside the device, the value."""


def render(snapshot: Snapshot) -> str:
    """The whole file. Pure."""
    lines: list[str] = []
    for name, kind, what, samples in _families(snapshot):
        lines += [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]
        lines += [
            f"{name}{suffix}{_labels({'device': snapshot.device, **labels})} {_number(value)}"
            for suffix, labels, value in samples
        ]
    return "\n".join(lines) + "\n"


def _families(now: Snapshot) -> Iterator[tuple[str, str, str, list[Sample]]]:
    p = "shouwang_agent_"
    if now.journal is not None:
        unsent, used = now.journal.unsent_events, now.journal.used_bytes
        yield f"{p}journal_unsent_events", "gauge", "Events that the hub has not acknowledged.", _one(unsent)
        yield f"{p}journal_bytes", "gauge", "Bytes that the journal uses on the disk.", _one(used)
        if now.journal.oldest_unsent_age_s is not None:
            what = "Age of the oldest event that the hub has not acknowledged."
            yield f"{p}journal_oldest_unsent_age_seconds", "gauge", what, _one(now.journal.oldest_unsent_age_s)
    lost: list[Sample] = [("", {"reason": reason}, count) for reason, count in sorted(now.lost_total.items())]
    yield f"{p}journal_lost_events_total", "counter", "Events given up that the hub did not have.", lost
    yield f"{p}events_journaled_total", "counter", "Events stored in the journal.", _one(now.journaled_total)
    yield f"{p}frames_total", "counter", "Frames handled.", _one(now.frames_total)
    yield f"{p}frame_rate", "gauge", "Frames a second in the last minute.", _one(now.frame_rate)
    looks: list[Sample] = [("", {"quantile": f"{q:g}"}, ms) for q, ms in now.look_ms.items()]
    looks += [("_sum", {}, now.looks_ms_total), ("_count", {}, now.looks_total)]
    yield f"{p}inference_milliseconds", "summary", "How long the networks looked at a frame.", looks
    watching: list[Sample] = [("", {"camera": camera}, float(sees)) for camera, sees in now.watching.items()]
    yield f"{p}camera_watching", "gauge", "1 while the camera really watches.", watching
    yield f"{p}uplink_connected", "gauge", "1 while connected to the broker.", _one(now.connected)
    yield f"{p}build_info", "gauge", "Always 1; the version is a label.", [("", {"version": now.version}, 1)]


def _one(value: float) -> list[Sample]:
    return [("", {}, value)]


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return "NaN" if value != value else repr(int(value) if value == int(value) else value)  # noqa: PLR0124 - NaN


class MetricsFile:
    """Written whole or not at all, every EVERY_S. That it cannot be written harms nobody, and is said once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._due_s = -float("inf")
        self._said = False

    def write_due(self, now_s: float, snapshot: Callable[[], Snapshot]) -> None:
        """`snapshot` is only asked when it is time."""
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        try:
            self._write(render(snapshot()))
        except OSError as error:
            if not self._said:
                log.warning("%s: the metrics cannot be written: %s", self._path, error.strerror)
            self._said = True
        else:
            self._said = False

    def remove(self) -> None:
        """At a clean end: figures of an agent that does not run would look like those of one that does."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _write(self, text: str) -> None:
        partial = self._path.with_name(f".{self._path.name}.partial")  # node_exporter reads what ends in .prom only
        try:
            partial.write_text(text, encoding="utf-8")
            partial.chmod(0o644)  # for whoever collects it
            partial.replace(self._path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
