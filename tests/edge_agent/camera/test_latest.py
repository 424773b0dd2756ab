import queue
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edge_agent.camera.latest import BACKOFF_MAX_S, CameraState, LatestFrame
from edge_agent.clock import FakeClock
from edge_agent.errors import CameraError
from edge_agent.vision.frame import Frame

TIMEOUT_S = 20.0
END = "end"


class ToldCamera:
    """Gives what it is told: a number is a frame, a text is trouble, END is the end. `read` waits to be told."""

    def __init__(self, *, live: bool = True) -> None:
        self.live = live
        self.told: queue.Queue[int | str] = queue.Queue()
        self.reads = threading.Semaphore(0)  # released each time a read begins: what was told before is done with
        self.opened = 0
        self.closed = 0
        self.refuses_to_open = 0
        self.mistake: Exception | None = None

    def open(self) -> None:
        self.opened += 1
        if self.opened <= self.refuses_to_open:
            raise CameraError(f"not there ({self.opened})")

    def read(self) -> Frame | None:
        self.reads.release()
        said = self.told.get(timeout=TIMEOUT_S)
        if self.mistake is not None:
            raise self.mistake
        if said == END:
            return None
        if isinstance(said, str):
            raise CameraError(said)
        return Frame(pixels=np.zeros((2, 2, 3), np.uint8), captured=FakeClock().stamp(), number=said)

    def close(self) -> None:
        self.closed += 1

    def tell(self, *said: int | str) -> None:
        """Returns when everything before the last has been taken up, and the reader waits for more."""
        for one in said:
            assert self.reads.acquire(timeout=TIMEOUT_S)
            self.told.put(one)

    def wait_idle(self) -> None:
        assert self.reads.acquire(timeout=TIMEOUT_S)
        self.reads.release()


@pytest.fixture
def camera() -> ToldCamera:
    return ToldCamera()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def latest(camera: ToldCamera, pauses: list[float]) -> Iterator[LatestFrame]:
    latest = LatestFrame(camera, pause=pauses.append)
    latest.start()
    yield latest
    latest._stopping.set()
    camera.told.put(END)
    latest.stop(TIMEOUT_S)


def ended(latest: LatestFrame) -> CameraState:
    latest._thread.join(TIMEOUT_S)
    return latest.state()


def test_the_newest_frame_wins_and_the_others_are_counted(camera: ToldCamera, latest: LatestFrame) -> None:
    camera.tell(1, 2, 3)
    camera.wait_idle()
    frame = latest.take(TIMEOUT_S)
    assert frame is not None
    assert frame.number == 3
    assert latest.take(0) is None, "a frame is taken once"
    state = latest.state()
    assert (state.frames, state.dropped) == (3, 2)


def test_a_taker_who_waits_gets_the_frame_when_it_comes(camera: ToldCamera, latest: LatestFrame) -> None:
    taken: list[Frame | None] = []
    taker = threading.Thread(target=lambda: taken.append(latest.take(TIMEOUT_S)))
    taker.start()
    camera.tell(7)
    taker.join(TIMEOUT_S)
    assert taken[0] is not None
    assert taken[0].number == 7


def test_a_lost_camera_is_reported_and_opened_again(
    camera: ToldCamera, latest: LatestFrame, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    camera.tell(1, "unplugged")
    camera.tell(2)
    camera.wait_idle()
    assert camera.opened == 2
    assert len(pauses) == 1
    assert "unplugged" in caplog.text
    assert "gives frames again" in caplog.text
    state = latest.state()
    assert (state.trouble, state.frames, state.ended) == (None, 2, False)


def test_a_camera_that_stays_away_is_tried_ever_more_slowly_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    camera = ToldCamera()
    camera.refuses_to_open = 12
    pauses: list[float] = []
    latest = LatestFrame(camera, pause=pauses.append)
    latest.start()
    camera.tell(1, END)
    state = ended(latest)
    assert state.frames == 1
    assert pauses == sorted(pauses)
    assert pauses[0] < 3
    assert pauses[-1] == BACKOFF_MAX_S
    assert len(pauses) == 12
    said = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 12, "each with another text; the same one is said once"


def test_the_same_trouble_again_and_again_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    camera = ToldCamera()
    latest = LatestFrame(camera, pause=lambda _: None)
    latest.start()
    camera.tell("gone", "gone", "gone", END)
    ended(latest)
    assert [record.getMessage() for record in caplog.records] == ["no picture: gone"]


def test_a_clip_that_ends_gives_its_last_frame_first(camera: ToldCamera, latest: LatestFrame) -> None:
    camera.tell(1, END)
    latest._thread.join(TIMEOUT_S)
    assert not latest.state().ended, "a frame still waits to be looked at"
    assert latest.take(0) is not None
    assert latest.state().ended
    assert latest.state().trouble is None
    assert latest.take(TIMEOUT_S) is None


def test_a_clip_that_cannot_be_read_ends_with_its_trouble() -> None:
    camera = ToldCamera(live=False)
    latest = LatestFrame(camera)
    latest.start()
    camera.tell("damaged")
    state = ended(latest)
    assert (state.ended, state.trouble, camera.opened) == (True, "damaged", 1)
    assert camera.closed >= 1


def test_a_mistake_of_the_driver_ends_the_camera_visibly(caplog: pytest.LogCaptureFixture) -> None:
    camera = ToldCamera()
    camera.mistake = RuntimeError("nobody thought of this")
    latest = LatestFrame(camera)
    latest.start()
    camera.tell(1)
    state = ended(latest)
    assert state.ended
    assert state.trouble == "RuntimeError: nobody thought of this"
    assert "Traceback" in caplog.text


def test_stopping_wakes_a_reader_that_waits_to_try_again() -> None:
    camera = ToldCamera()
    camera.refuses_to_open = 1000
    latest = LatestFrame(camera)  # its own pause: seconds
    latest.start()
    latest.stop(TIMEOUT_S)
    assert not latest._thread.is_alive()
