"""The agent put together, and its one loop: newest frame -> passages -> journal -> hub."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Final

import cv2

from edge_agent.assembly import (
    agent_label,
    first_gallery,
    make_clock_watch,
    make_figures,
    make_uplink,
    make_watchers,
    open_reader,
    scene_path,
)
from edge_agent.blobs.lane import open_lane
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.camera.camera import make_camera
from edge_agent.camera.latest import CameraState, LatestFrame
from edge_agent.clock import Clock, ClockWatch, SystemClock
from edge_agent.config import AgentConfig, Synchronised
from edge_agent.errors import CameraError, JournalError
from edge_agent.figures import Figures
from edge_agent.health import Heartbeat, Notifier, Tally
from edge_agent.journal import Journal, Recorder
from edge_agent.recognition.observing import Observer, Sight
from edge_agent.recognition.scene_file import SceneFile
from edge_agent.recognition.watchers import Watchers
from edge_agent.releases.releases import Beat, Releases
from edge_agent.remote.opening import Remote, open_remote
from edge_agent.uplink.belt import BeltState
from edge_agent.uplink.uplink import Uplink
from edge_agent.vision.frame import Frame
from edge_agent.vision.manifest import find_models, load_manifest
from edge_agent.vision.view import ViewJudge
from edge_agent.wire.messages import ClockAnchor, Stamp

TAKE_TIMEOUT_S: Final = 0.25  # how soon a wish to stop is noticed when no frame comes
DRAIN_AT_END_S: Final = 10.0  # a clip is over: how long a hub that we are connected to is waited for
DRAIN_AT_STOP_S: Final = 1.0  # somebody wants us to stop, or no hub is in sight: the journal keeps the rest
UPLINK_STOP_S: Final = 1.5
CAMERA_STOP_S: Final = 1.0
BEAT_EVERY_S: Final = 1.0

log = logging.getLogger(__name__)


class Agent:
    """The loop. Its parts are given to it; `open_agent` makes the real ones."""

    def __init__(
        self,
        *,
        camera: LatestFrame,
        watchers: Watchers,
        observer: Observer,
        scene_file: SceneFile,
        journal: Journal,
        uplink: Uplink,
        clock: Clock,
        clock_watch: ClockWatch | None,
        notifier: Notifier,
        matchers: MatcherSlot | None = None,
        figures: Figures | None = None,
        releases: Releases | None = None,
        remote: Remote | None = None,
    ) -> None:
        """Without a `clock_watch` somebody vouches for the clock: no event of this boot is stamped as unsure."""
        self._camera = camera
        self._watchers = watchers
        self._observer = observer
        self._scene_file = scene_file
        self._journal = journal
        self._recorder = Recorder(journal, clock=clock, journaled=uplink.wake)
        self._uplink = uplink
        self._clock = clock
        self._clock_watch = clock_watch
        self._notifier = notifier
        self._matchers = MatcherSlot() if matchers is None else matchers
        self._heart = Heartbeat()
        self._tally = Tally()
        self._figures = Figures(None, device="", camera="", clock=clock) if figures is None else figures
        self._releases = releases
        self._remote = remote
        self.restarts = False  # it has ended, or ends, so that a fresh start runs with what the hub has sent
        self._stopping = threading.Event()
        self._beat_s = clock.monotonic_s()

    def stop(self) -> None:
        """End soon and cleanly. For a signal handler or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """Watch until stopped or until the clip ends. Raises CameraError when a clip cannot be played.

        Passages under way are ended and journaled in any case.
        """
        self._uplink.start()
        self._camera.start()
        self._serve_office()
        try:
            while not self._stopping.is_set() and not self._camera.state().ended:
                self.turn(self._camera.take(TAKE_TIMEOUT_S))
        finally:
            self._end()
        trouble = self._camera.state().trouble
        if trouble is not None and not self._stopping.is_set():
            raise CameraError(trouble)

    def turn(self, frame: Frame | None) -> None:
        """One round: a frame, or none in time; and once a second what is due by the mere passing of time."""
        self._take_gallery()
        if self._remote is not None:
            self._recorder.record(self._remote.desk.results())
        if frame is None:
            self._recorder.record(self._watchers.due(self._clock.monotonic_s()))
        else:
            self._watch(frame)
        now_s = self._clock.monotonic_s()
        if now_s - self._beat_s >= BEAT_EVERY_S:
            self._beat_s = now_s
            self._beat(now_s)

    def _serve_office(self) -> None:
        if self._remote is not None:
            self._remote.facts.add(self._facts)
            self._remote.desk.wakes(self._uplink.wake)
            self._remote.desk.start()

    def _facts(self) -> dict[str, str]:
        """How it goes, for a self test. Called by another thread."""
        camera = self._camera.state()
        return {
            "agent": agent_label(),
            "camera": seeing(self._observer.sight, camera),
            "frames": str(camera.frames),
            "hub": self._hub(),
            "journal": self._waiting(),
            "clock": "synchronised" if self._clock.stamp().synced else "not synchronised",
        }

    def _take_gallery(self) -> None:
        """Between two frames: nobody is judged half by one gallery and half by another."""
        known = self._matchers.take()
        if known is not None:
            self._watchers.use(known)
            self._uplink.wake()  # the receipt is due

    def _watch(self, frame: Frame) -> None:
        if self._remote is not None:
            self._remote.frames.offer(frame)
        started_s = time.perf_counter()
        watched = self._watchers.watch(frame)
        look_ms = (time.perf_counter() - started_s) * 1000
        now_s = self._clock.monotonic_s()
        self._heart.frame_s = now_s
        if watched.inferred:
            self._heart.inference_s = now_s
        self._tally.frame(look_ms if watched.inferred else None)
        self._figures.frame(now_s, look_ms if watched.inferred else None)
        self._notifier.ready()
        for decision in watched.decided:
            log.info("vehicle %d decided: %s", decision.passage, decision.reading.verdict.value)
        self._recorder.record(watched.events)
        self._recorder.record(self._observer.see(frame, looked=watched.inferred))

    def _beat(self, now_s: float) -> None:
        """Once a second: feed the watchdog if we see, journal what is due, and tell how it goes.

        Raises JournalError when a damaged page was met: at the next start the journal is set aside, and events go on.
        """
        self._journal.check()
        if self._heart.beats(now_s):
            self._notifier.watchdog()
        now = self._clock.stamp()
        self._watch_clock(now)
        self._recorder.record(self._observer.due(now))
        self._scene_file.save_due(self._observer.scene, now_s)
        self._try_releases(now_s)
        self._tell(now_s)
        self._figures.write_due(
            now_s, self._journal, self._recorder, self._observer.sight, connected=self._uplink.state().connected
        )

    def _try_releases(self, now_s: float) -> None:
        if self._releases is None:
            return
        match self._releases.beat(now_s, trouble=self._trouble(now_s)):
            case Beat.TELL:
                self._uplink.wake()
            case Beat.RESTART:
                self.restarts = True
                self._stopping.set()

    def _trouble(self, now_s: float) -> str | None:
        """Why this device is of no use; None: the hub answers, and frames come and are looked at."""
        if not self._heart.beats(now_s):
            return seeing(self._observer.sight, self._camera.state())
        return None if self._uplink.state().belt is BeltState.SENDING else f"hub {self._hub()}"

    def _watch_clock(self, now: Stamp) -> None:
        if self._clock_watch is None:
            return
        jump_s = self._clock_watch.jump_s(now)
        if jump_s:
            log.warning("the wall clock jumped by %.1f s though it counted as synchronised: who set it?", jump_s)
        if self._clock_watch.anchor_due(now):
            self._recorder.record([ClockAnchor(at=now, uncertainty_us=self._clock.uncertainty_us())])

    def _tell(self, now_s: float) -> None:
        """How it goes: always in `systemctl status`, once a minute in the log."""
        camera, waiting, hub = self._camera.state(), self._waiting(), self._hub()
        self._notifier.status(f"{seeing(self._observer.sight, camera)}; hub {hub}; {waiting}")
        line = self._tally.report(now_s)
        if line is not None:
            log.info(
                "%s; %s, %d frames dropped; hub %s; %s",
                seeing(self._observer.sight, camera),
                line,
                camera.dropped,
                hub,
                waiting,
            )

    def _hub(self) -> str:
        uplink = self._uplink.state()
        return uplink.belt.value if uplink.trouble is None else f"{uplink.belt.value} ({uplink.trouble})"

    def _waiting(self) -> str:
        held = f", {self._recorder.waiting} wait for the disk" if self._recorder.waiting else ""
        try:
            position = self._journal.position()
        except JournalError as error:
            return f"{error}{held}"
        return f"{position.last - position.acked} events wait for the hub{held}"

    def _end(self) -> None:
        """The journal first: whatever hangs after that, nothing is lost."""
        self._notifier.stopping()
        with ExitStack() as ends:
            ends.callback(self._figures.end)
            ends.callback(self._camera.stop, CAMERA_STOP_S)
            ends.callback(self._uplink.stop, UPLINK_STOP_S)
            self._take_gallery()
            if self._remote is not None:
                self._remote.desk.stop()
                self._recorder.record(self._remote.desk.results())
            self._recorder.record([*self._watchers.flush(), *self._observer.end(self._clock.stamp())])
            self._recorder.settle()
            self._scene_file.save(self._observer.scene)
            self._await_hub()

    def _await_hub(self) -> None:
        patient = self._uplink.state().connected and not self._stopping.is_set()
        if not self._uplink.wait_drained(DRAIN_AT_END_S if patient else DRAIN_AT_STOP_S):
            position = self._journal.position()
            log.warning("%d events wait in the journal for the hub", position.last - position.acked)


def seeing(sight: Sight | None, camera: CameraState) -> str:
    """What the camera does, in one line for a person."""
    if camera.trouble is not None:
        return f"no picture: {camera.trouble}"
    if sight is None:
        return "no picture yet"
    return sight.state.value if sight.cause is None else f"{sight.state.value}: {sight.cause}"


@contextmanager
def open_agent(config: AgentConfig, releases: Releases | None = None) -> Iterator[Agent]:
    """The agent of a configuration with everything real. Raises a ShouwangError for what is wrong with it."""
    cv2.setNumThreads(config.models.threads)  # otherwise OpenCV takes every core for each resize
    clock = SystemClock((lambda: True) if config.clock.synchronised is Synchronised.ALWAYS else None)
    manifest = load_manifest(find_models(config.models.dir))
    journal = Journal(
        config.journal.file,
        clock=clock,
        keep_s=config.journal.keep_days * 86400,
        bytes_max=config.journal.size_max_mb * 2**20,
    )
    with closing(journal):
        scene_file = SceneFile(scene_path(config))
        matchers = MatcherSlot()
        lane = open_lane(config, manifest.face, matchers, now_s=time.monotonic(), others=releases)
        reader = open_reader(config, manifest)
        watchers = make_watchers(config, manifest, gallery=first_gallery(config, manifest.face, lane), reader=reader)
        camera = LatestFrame(make_camera(config.camera, clock))
        remote = open_remote(
            config,
            clock,
            manifest,
            trouble=lambda: camera.state().trouble,
            detector=None if reader is None else reader.detector,
        )
        yield Agent(
            camera=camera,
            watchers=watchers,
            observer=Observer(
                camera=config.camera.name,
                every_s=config.camera.observing_every_s,
                judge=ViewJudge(scene_file.load()),
                started_s=clock.monotonic_s(),
            ),
            scene_file=scene_file,
            journal=journal,
            uplink=make_uplink(config, journal, lane, None if remote is None else remote.desk),
            clock=clock,
            clock_watch=make_clock_watch(config, journal),
            notifier=Notifier(),
            matchers=matchers,
            figures=make_figures(config, clock),
            releases=releases,
            remote=remote,
        )
