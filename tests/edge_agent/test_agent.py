"""The agent's loop with parts that do as told, and the whole agent as a process with real models and a real broker."""

import logging
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from mosquitto import PASSWORD, PROGRAM, USER, Mosquitto
from mosquitto import Observer as Listener
from scripted_hub import ScriptedHub, ScriptedLink
from walks import RESIDENT, astronaut, enrol, officer, write_config, write_walks

from edge_agent.agent import Agent
from edge_agent.blobs.matcher_slot import MatcherSlot
from edge_agent.camera.latest import LatestFrame
from edge_agent.clock import Clock, ClockWatch, FakeClock, SystemClock
from edge_agent.errors import CameraError, JournalError
from edge_agent.figures import Figures
from edge_agent.health import Notifier
from edge_agent.journal import Journal, describe
from edge_agent.metrics import MetricsFile
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.known import Known
from edge_agent.recognition.matcher import Matcher
from edge_agent.recognition.observing import NO_PICTURE, PICTURE_AGE_MAX_S, Observer
from edge_agent.recognition.plate_decision import PlateDecision
from edge_agent.recognition.plate_watcher import PlatesWatched, PlateWatcher
from edge_agent.recognition.scene_file import SceneFile
from edge_agent.recognition.watcher import Watched, Watcher
from edge_agent.recognition.watchers import Watchers
from edge_agent.uplink.mqtt import Closed
from edge_agent.uplink.uplink import Uplink
from edge_agent.vision.frame import Frame
from edge_agent.vision.plate import Plate
from edge_agent.vision.view import ViewJudge
from edge_agent.wire.codec import decode_event
from edge_agent.wire.gallery import WrittenVehicle
from edge_agent.wire.messages import (
    ClockAnchor,
    Direction,
    Event,
    Observing,
    Passage,
    PlateRead,
    PlateReading,
    PlateVerdict,
    Sighting,
    Watching,
)
from edge_agent.wire.plate import PlateKind

TIMEOUT_S = 30.0


class ListedCamera:
    """Gives a list of frames, then ends, hangs up, or waits until it is closed."""

    live = False

    def __init__(self, frames: int, *, trouble: str | None = None, waits: bool = False) -> None:
        self._left = frames
        self._trouble = trouble
        self._waits = waits
        self.exhausted = threading.Event()
        self.released = threading.Event()
        self._taken = threading.Semaphore(1)

    def open(self) -> None:
        """Always there."""

    def read(self) -> Frame | None:
        self._taken.acquire(timeout=TIMEOUT_S)  # one frame at a time, so that none is dropped
        if self._left == 0:
            self.exhausted.set()
            if self._waits:
                self.released.wait(TIMEOUT_S)
            if self._trouble:
                raise CameraError(self._trouble)
            return None
        self._left -= 1
        clock = SystemClock(lambda: True)
        return Frame(pixels=np.zeros((4, 4, 3), np.uint8), captured=clock.stamp(), number=self._left)

    def watched(self) -> None:
        self._taken.release()

    def close(self) -> None:
        """Nothing to let go."""


class ToldWatcher(Watcher):
    """Every frame is a passage of its own, and one more is under way at the end."""

    def __init__(self, camera: ListedCamera) -> None:
        self._camera = camera
        self._clock = FakeClock()
        self.flushed = 0
        self.used: list[Matcher] = []

    def use(self, matcher: Matcher) -> None:
        self.used.append(matcher)

    def watch(self, frame: Frame) -> Watched:
        assert frame.pixels.shape == (4, 4, 3)
        self._camera.watched()
        return Watched(passages=[self._passage()], faces=1, inferred=True)

    def due(self, now_s: float) -> list[Passage]:
        assert now_s > 0
        return []

    def flush(self) -> list[Passage]:
        self.flushed += 1
        return [self._passage()]

    def _passage(self) -> Passage:
        self._clock.advance(1)
        return Passage(captured=self._clock.stamp(), camera="east", duration_ms=1, frames=2)


class Stage:
    def __init__(self, journal: Journal, *, hub_answers: bool = True, clock: Clock | None = None) -> None:
        self.journal = journal
        self.hub = ScriptedHub()
        self.hub_answers = hub_answers
        self.clock: Clock = clock or SystemClock(lambda: True)

    def agent(
        self,
        camera: ListedCamera,
        notifier: Notifier | None = None,
        clock_watch: ClockWatch | None = None,
        matchers: MatcherSlot | None = None,
        figures: Figures | None = None,
    ) -> Agent:
        self.watcher = ToldWatcher(camera)
        self.latest = LatestFrame(camera)
        self.uplink = Uplink(
            self.journal,
            device=USER,
            agent="test/1",
            make_link=lambda _, inbox: ScriptedLink(self.hub, inbox, opens=self.hub_answers),
        )
        return Agent(
            camera=self.latest,
            watchers=Watchers(faces=self.watcher),
            observer=Observer(camera="east", every_s=900, judge=ViewJudge(), started_s=self.clock.monotonic_s()),
            scene_file=SceneFile(Path("/nowhere/scene")),
            journal=self.journal,
            uplink=self.uplink,
            clock=self.clock,
            clock_watch=clock_watch,
            notifier=notifier or Notifier(address=""),
            matchers=matchers,
            figures=figures,
        )

    def events(self) -> list[Event]:
        return [decode_event(bytes(item.event)) for item in self.journal.unsent(0)]

    def passages(self) -> list[Passage]:
        return [event for event in self.events() if isinstance(event, Passage)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite3", clock=FakeClock())
    yield journal
    journal.close()


def test_a_clip_ends_with_everything_journaled_and_acknowledged(journal: Journal) -> None:
    stage = Stage(journal)
    stage.agent(ListedCamera(5)).run()
    assert len(stage.passages()) == 6, "five passages, and the one under way at the end"
    position = journal.position()
    assert position.last == position.acked
    assert stage.hub.places(position.epoch) == list(range(1, position.last + 1))
    assert stage.watcher.flushed == 1


def test_without_a_hub_everything_is_journaled_and_the_end_is_no_error(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(journal, hub_answers=False)
    stage.agent(ListedCamera(3)).run()
    assert len(stage.passages()) == 4
    assert f"{journal.position().last} events wait in the journal" in caplog.text


def test_the_figures_of_a_running_agent_are_in_their_file_and_go_with_it(journal: Journal, tmp_path: Path) -> None:
    clock = SystemClock(lambda: True)
    path = tmp_path / "agent.prom"
    figures = Figures(MetricsFile(path), device=USER, camera="east", clock=clock)
    camera = ListedCamera(3, waits=True)
    stage = Stage(journal, clock=clock)
    agent = stage.agent(camera, figures=figures)
    agent._beat_s = 0.0  # a second has passed
    running = threading.Thread(target=agent.run)
    running.start()
    assert camera.exhausted.wait(TIMEOUT_S)
    text = path.read_text(encoding="utf-8")
    assert 'shouwang_agent_uplink_connected{device="door-east"}' in text
    assert 'shouwang_agent_camera_watching{device="door-east",camera="east"}' in text
    agent.stop()
    camera.released.set()
    running.join(TIMEOUT_S)
    assert not path.exists()


def test_an_agent_whose_journal_is_found_damaged_ends_so_that_the_next_one_begins_anew(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(journal)
    camera = ListedCamera(10_000)
    agent = stage.agent(camera)
    agent._beat_s = 0.0
    monkeypatch.setattr(journal, "_damage", "database disk image is malformed")
    with pytest.raises(JournalError, match="set aside at the next start"):
        agent.run()


def test_a_stop_journals_what_is_under_way(journal: Journal) -> None:
    camera = ListedCamera(3, waits=True)
    stage = Stage(journal)
    agent = stage.agent(camera)
    running = threading.Thread(target=agent.run)
    running.start()
    assert camera.exhausted.wait(TIMEOUT_S)
    agent.stop()
    camera.released.set()
    running.join(TIMEOUT_S)
    assert not running.is_alive()
    assert len(stage.passages()) == 4


def test_a_clip_that_cannot_be_played_is_an_error_after_what_was_seen_is_kept(journal: Journal) -> None:
    stage = Stage(journal)
    with pytest.raises(CameraError, match="damaged"):
        stage.agent(ListedCamera(2, trouble="damaged")).run()
    assert len(stage.passages()) == 3


def test_a_passage_is_logged_only_after_it_is_in_the_journal(
    journal: Journal, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    append = journal.append_all

    def checked(events: list[Event]) -> list[int]:
        before = caplog.text.count(" journaled seq=")
        seqs = append(events)
        assert caplog.text.count(" journaled seq=") == before == seqs[0] - 1
        return seqs

    monkeypatch.setattr(journal, "append_all", checked)
    Stage(journal).agent(ListedCamera(3)).run()
    assert re.findall(r"passage journaled seq=(\d+)", caplog.text) == ["1", "2", "3", "4"]


def test_what_the_disk_refuses_is_tried_again_and_kept_in_order(
    journal: Journal, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, refusals = journal.append_all, [3]

    def refusing(events: list[Event]) -> list[int]:
        if refusals[0] and len(caplog.records) == 0:
            refusals[0] = 0
            raise JournalError("disk full")
        return append(events)

    monkeypatch.setattr(journal, "append_all", refusing)
    stage = Stage(journal)
    stage.agent(ListedCamera(4)).run()
    assert "1 events cannot be journaled now and wait in memory: disk full" in caplog.text
    moments = [passage.captured.mono_us for passage in stage.passages()]
    assert len(moments) == 5
    assert moments == sorted(moments)


def test_systemd_hears_ready_after_the_first_frame_and_stopping_at_the_end(journal: Journal, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(TIMEOUT_S)
        Stage(journal).agent(ListedCamera(2), Notifier(address=address)).run()
        assert systemd.recv(256) == b"READY=1\n"
        assert systemd.recv(256) == b"STOPPING=1\n"


def test_without_a_frame_systemd_never_hears_ready(journal: Journal, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(TIMEOUT_S)
        with pytest.raises(CameraError):
            Stage(journal).agent(ListedCamera(0, trouble="not there"), Notifier(address=address)).run()
        assert systemd.recv(256) == b"STOPPING=1\n"


def test_a_passage_in_the_log_names_nobody_but_by_pseudonym() -> None:
    captured = FakeClock().stamp()
    stranger = Passage(captured=captured, camera="east", duration_ms=1500, frames=9)
    assert describe(stranger) == "camera=east stranger frames=9 duration_ms=1500"
    sighting = Sighting(person="p-1", score=0.9712, margin=None, frames=5, strict=True, embedder="x")
    known = Passage(captured=captured, camera="east", duration_ms=1, frames=9, sighting=sighting)
    assert "person=p-1 score=0.971 margin=- looks=5 strict" in describe(known)


# --- the truth about camera and clock ---


def frame(clock: FakeClock) -> Frame:
    return Frame(pixels=np.zeros((4, 4, 3), np.uint8), captured=clock.stamp(), number=1)


def seconds(agent: Agent, clock: FakeClock, count: int, *, pictures: bool) -> None:
    for _ in range(count):
        clock.advance(1)
        agent.turn(frame(clock) if pictures else None)


def test_an_agent_that_watched_says_so_at_the_end(journal: Journal) -> None:
    stage = Stage(journal)
    stage.agent(ListedCamera(5)).run()
    assert [e.state for e in stage.events() if isinstance(e, Observing)] == [Watching.WATCHING]


def test_a_camera_that_gives_no_picture_any_more_is_journaled_as_blind_within_seconds(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock(mono_us=1_000_000)
    stage = Stage(journal, clock=clock)
    agent = stage.agent(ListedCamera(0))
    seconds(agent, clock, 3, pictures=True)
    seconds(agent, clock, round(PICTURE_AGE_MAX_S) + 1, pictures=False)
    watching, blind = (event for event in stage.events() if isinstance(event, Observing))
    assert watching.state is Watching.WATCHING
    assert (blind.state, blind.cause) == (Watching.BLIND, NO_PICTURE)
    assert blind.began == watching.ended
    assert [r.levelname for r in caplog.records if "cause=no_picture" in r.getMessage()] == ["WARNING"]


def test_a_clock_that_becomes_right_is_journaled_once_and_a_restart_says_nothing_new(journal: Journal) -> None:
    clock = FakeClock(wall_us=5_000_000, mono_us=1_000_000, synced=False)
    stage = Stage(journal, clock=clock)
    agent = stage.agent(ListedCamera(0), clock_watch=ClockWatch())
    seconds(agent, clock, 3, pictures=True)
    clock.synced, clock.wall_us = True, 1_800_000_000_000_000
    seconds(agent, clock, 3, pictures=True)
    (anchor,) = (event for event in stage.events() if isinstance(event, ClockAnchor))
    assert anchor.at.boot == clock.boot
    assert anchor.uncertainty_us == clock.uncertainty_us()
    assert journal.newest("clock_anchor") == anchor
    again = stage.agent(ListedCamera(0), clock_watch=ClockWatch(anchored_boot=anchor.at.boot))
    seconds(again, clock, 3, pictures=True)
    assert sum(isinstance(event, ClockAnchor) for event in stage.events()) == 1


def test_a_wall_clock_that_jumps_while_it_counts_as_right_is_logged(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock(mono_us=1_000_000)
    agent = Stage(journal, clock=clock).agent(ListedCamera(0), clock_watch=ClockWatch())
    seconds(agent, clock, 2, pictures=True)
    clock.wall_us += 3_600_000_000
    seconds(agent, clock, 2, pictures=True)
    assert caplog.text.count("the wall clock jumped by 3600.0 s") == 1


def test_a_hub_that_refuses_the_device_is_said_again_every_minute(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock(mono_us=1_000_000)
    stage = Stage(journal, hub_answers=False, clock=clock)
    agent = stage.agent(ListedCamera(0))
    stage.uplink.step(None)
    stage.uplink.step(Closed(why="the broker refuses this device", answered=True))
    assert caplog.text.count("the broker refuses this device") == 1
    seconds(agent, clock, 190, pictures=True)
    assert caplog.text.count("hub offline (the broker refuses this device)") == 3


def test_a_journal_that_cannot_even_be_read_does_not_end_the_watching(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock(mono_us=1_000_000)
    stage = Stage(journal, clock=clock)
    agent = stage.agent(ListedCamera(0))

    def broken(*_: object) -> int:
        raise JournalError("disk I/O error")

    with monkeypatch.context() as spoilt:
        spoilt.setattr(journal, "append_all", broken)
        spoilt.setattr(journal, "position", broken)
        seconds(agent, clock, 20, pictures=True)
    assert stage.events() == []
    seconds(agent, clock, 6, pictures=True)
    assert len(stage.passages()) == 26


# --- the whole agent, as a process ---


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("skimage", "matplotlib"):
        pytest.importorskip(package, reason="the portraits ship in the packages of the extra `demo`")
    path = tmp_path_factory.mktemp("clip") / "walks.mp4"
    write_walks(path, astronaut(), officer())
    return path


@pytest.fixture(scope="module")
def gallery(clip: Path) -> Path:
    path = clip.with_name("gallery.json")
    enrol(path, clip.with_name("photo.png"))
    return path


def start(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edge_agent.cli", "run", "--config", str(config)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def peak_of(pid: int) -> float:
    """Peak resident MiB of a running process since its exec; what its parent held before does not count."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0  # a zombie has none any more


def events(file: Path) -> list[Event]:
    journal = Journal(file, clock=SystemClock())
    found = [decode_event(bytes(item.event)) for item in journal.unsent(0)]
    journal.close()
    return found


def passages(file: Path) -> list[Passage]:
    return [event for event in events(file) if isinstance(event, Passage)]


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.slow
def test_two_people_in_a_clip_are_two_passages_without_any_hub_and_within_250_mb(
    clip: Path, gallery: Path, tmp_path: Path
) -> None:
    process = start(write_config(tmp_path, clip=clip, gallery=gallery, port=1))
    assert process.stderr is not None
    log, peak_mib = "", 0.0
    for line in process.stderr:  # the last words come at the very end, when the peak is reached
        log += line
        peak_mib = max(peak_mib, peak_of(process.pid))
    process.stderr.close()
    assert process.wait(TIMEOUT_S) == 0, log
    assert 50 < peak_mib <= 250, "MiB at the peak"
    resident, stranger = passages(tmp_path / "journal.sqlite3")
    assert resident.sighting is not None
    assert resident.sighting.person == RESIDENT
    assert resident.sighting.strict
    assert resident.captured.synced
    assert resident.frames >= 15
    assert stranger.sighting is None
    assert log.count("passage journaled") == 2


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    if PROGRAM is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("no mosquitto here: apt install mosquitto")
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.mark.slow
def test_sigterm_in_the_middle_of_a_walk_keeps_and_sends_it_and_ends_within_five_seconds(
    clip: Path, gallery: Path, tmp_path: Path, broker: Mosquitto
) -> None:
    hub = ScriptedHub()
    voice = Listener(broker.port, f"shouwang/v1/test/{USER}/up", hub)
    process = start(write_config(tmp_path, clip=clip, gallery=gallery, port=broker.port, password=PASSWORD))
    read_until(process, "passage journaled seq=1")  # the resident has passed; the officer is coming
    voice.next()
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=5)
    assert process.returncode == 0, rest
    voice.close()
    stored = events(tmp_path / "journal.sqlite3")
    (epoch,) = hub.histories
    assert hub.places(epoch) == list(range(1, len(stored) + 1))
    assert isinstance(stored[-1], Observing), "what was watched, at the clean end"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text, clip: text.replace(clip, clip + ".none"), "no such file"),
        (lambda text, _: text.replace("gallery.json", "none.json"), "edge-agent enrol"),
        (lambda text, _: text.replace('"password"', '"none"'), "hub.password_file"),
        (lambda text, _: text.replace("gap_s", "gap"), "did you mean 'gap_s'?"),
    ],
)
def test_what_is_wrong_at_the_start_is_said_in_words_with_exit_1(
    clip: Path, gallery: Path, tmp_path: Path, spoil: Callable[[str, str], str], words: str
) -> None:
    config = write_config(tmp_path, clip=clip, gallery=gallery, port=1)
    config.write_text(spoil(config.read_text(encoding="utf-8"), str(clip)), encoding="utf-8")
    process = start(config)
    _, log = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert words in log
    assert "Traceback" not in log


def test_a_gallery_that_came_in_is_used_before_the_next_frame_and_the_last_passages_and_its_receipt_is_due(
    journal: Journal,
) -> None:
    matchers = MatcherSlot()
    stage = Stage(journal)
    agent = stage.agent(ListedCamera(0), matchers=matchers)
    agent.turn(None)
    assert stage.watcher.used == []
    assert stage.uplink._inbox.empty()
    matchers.put(Gallery(embedder_id="test", template_length=4))
    agent.turn(None)
    agent.turn(None)
    assert len(stage.watcher.used) == 1
    assert stage.uplink._inbox.get_nowait() is None, "a wake-up, once"
    assert stage.uplink._inbox.empty()
    matchers.put(Gallery(embedder_id="test", template_length=4))
    agent.stop()
    agent.run()
    assert len(stage.watcher.used) == 2
    assert stage.watcher.flushed == 1


def test_of_a_gallery_for_people_and_vehicles_the_loop_takes_both_at_once(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    matchers = MatcherSlot()
    agent = Stage(journal).agent(ListedCamera(0), matchers=matchers)
    vehicle = WrittenVehicle(plate="皖A12345", valid_from_us=None, valid_until_us=None)
    told: list[Known] = []
    monkeypatch.setattr(agent._watchers, "use", told.append)
    matchers.put(Gallery(embedder_id="test", template_length=4, vehicles=(vehicle,)))
    agent.turn(None)
    (known,) = told
    assert len(known.plates) == 1
    assert matchers.is_empty()


def test_passages_of_vehicles_are_journaled_and_what_is_decided_is_said_without_the_plate(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock(mono_us=1_000_000)
    stage = Stage(journal, clock=clock)
    agent = stage.agent(ListedCamera(0))
    agent._watchers = Watchers(plates=DecidingWatcher())
    agent.turn(frame(clock))
    agent.turn(None)
    assert [type(event) for event in stage.events()] == [PlateRead, PlateRead]
    assert "vehicle 1 decided: unknown" in caplog.text
    assert caplog.text.count("plate_read journaled") == 2
    assert "皖A12345" not in caplog.text


class DecidingWatcher(PlateWatcher):
    """Every frame is a vehicle of its own, and one ends by time alone."""

    def __init__(self) -> None:
        self._reading = PlateReading(
            text="皖A12345", kind=PlateKind.BLUE, score=1.0, chars=[1.0] * 7, verdict=PlateVerdict.UNKNOWN
        )

    def watch(self, frame: Frame) -> PlatesWatched:
        decision = PlateDecision(
            passage=1,
            camera="east",
            captured=frame.captured,
            decided=frame.captured,
            direction=Direction.IN,
            reading=self._reading,
            plate=Plate(corners_px=((0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (0.0, 1.0)), score=0.9),
        )
        return PlatesWatched(passages=self.due(0), decided=[decision], plates=1, inferred=True)

    def due(self, now_s: float) -> list[PlateRead]:
        assert now_s >= 0
        captured = FakeClock().stamp()
        return [
            PlateRead(
                captured=captured,
                camera="east",
                direction=Direction.IN,
                duration_ms=1,
                frames=2,
                reads=1,
                reading=self._reading,
            )
        ]
