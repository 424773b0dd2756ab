"""The figures of a running agent, gathered from its parts for `metrics.py`."""

from importlib import metadata

from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal import Journal, Recorder
from edge_agent.journal.age import age_s, stamp_of
from edge_agent.metrics import JournalFigures, Meter, MetricsFile, Snapshot
from edge_agent.recognition.observing import Sight
from edge_agent.wire.messages import Watching


class Figures:
    """Written to a file now and then; nowhere without one. Used by one thread."""

    def __init__(self, file: MetricsFile | None, *, device: str, camera: str, clock: Clock) -> None:
        self._file = file
        self._device = device
        self._camera = camera
        self._clock = clock
        self._meter = Meter(clock.monotonic_s())

    def frame(self, now_s: float, look_ms: float | None) -> None:
        """A frame was handled. `look_ms`: how long the networks took; None when nothing made them look."""
        self._meter.frame(now_s, look_ms)

    def write_due(
        self, now_s: float, journal: Journal, recorder: Recorder, sight: Sight | None, *, connected: bool
    ) -> None:
        """Write the file if it is time. Never raises for what the journal or the disk does."""
        if self._file is not None:
            self._file.write_due(now_s, lambda: self._snapshot(now_s, journal, recorder, sight, connected=connected))

    def end(self) -> None:
        if self._file is not None:
            self._file.remove()

    def _snapshot(
        self, now_s: float, journal: Journal, recorder: Recorder, sight: Sight | None, *, connected: bool
    ) -> Snapshot:
        meter = self._meter
        return Snapshot(
            device=self._device,
            version=agent_version(),
            journal=self._of_journal(journal),
            lost_total={**journal.losses, "memory": recorder.lost},
            journaled_total=recorder.recorded,
            frames_total=meter.frames_total,
            frame_rate=meter.frame_rate(now_s),
            look_ms=meter.look_ms(now_s),
            looks_total=meter.looks_total,
            looks_ms_total=meter.looks_ms_total,
            watching={self._camera: sight is not None and sight.state is Watching.WATCHING},
            connected=connected,
        )

    def _of_journal(self, journal: Journal) -> JournalFigures | None:
        try:
            position, oldest, used_bytes = journal.position(), journal.oldest_unsent(), journal.used_bytes()
        except JournalError:  # said by whoever cannot store an event
            return None
        stamp = None if oldest is None else stamp_of(oldest)
        return JournalFigures(
            unsent_events=position.last - position.acked,
            oldest_unsent_age_s=None if stamp is None else age_s(stamp, self._clock.stamp()),
            used_bytes=used_bytes,
        )


def agent_version() -> str:
    return metadata.version("shouwang")
