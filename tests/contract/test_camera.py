"""One suite over every kind of camera: a stream, a clip, and the Pi's over a driver that obeys picamera2's rules."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

from edge_agent.camera.camera import Camera, make_camera
from edge_agent.camera.picamera import PiCamera
from edge_agent.camera.replay import Replay
from edge_agent.camera.stream import Stream
from edge_agent.clock import FakeClock, SystemClock
from edge_agent.config import CameraConfig
from edge_agent.errors import CameraError

WIDTH, HEIGHT = 320, 240
BLUE = (200, 40, 20)  # blue, green, red: a camera that mixes up the order shows it


def picture(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    pixels = np.full((HEIGHT, WIDTH, 3), BLUE, np.uint8)
    pixels[:, : 10 + 5 * (number % 50)] = 255
    return pixels


def write_clip(path: Path, frames: int = 30, fps: float = 15.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (WIDTH, HEIGHT))
    for number in range(frames):
        writer.write(picture(number))
    writer.release()
    return path


class FakePicamera2:
    """As much of picamera2 0.3 as the adapter uses, with its rules: configure, then start, then capture."""

    def __init__(self, *, connected: bool = True) -> None:
        self.connected = connected
        self.opened = 0
        self.state = "closed"
        self.number = 0

    def Picamera2(self) -> "FakePicamera2":  # noqa: N802 - the driver's own name
        if not self.connected:
            raise IndexError("list index out of range")  # what picamera2 says without a camera
        if self.state != "closed":
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.state, self.opened = "open", self.opened + 1
        return self

    def create_video_configuration(
        self, main: dict[str, Any], controls: dict[str, Any], buffer_count: int
    ) -> dict[str, Any]:
        assert main["format"] == "RGB888", "which is blue, green, red in memory"
        assert buffer_count >= 2
        assert controls["FrameRate"] > 0
        return main

    def configure(self, configuration: dict[str, Any]) -> None:
        assert self.state == "open"
        assert configuration["size"] == (WIDTH, HEIGHT)
        self.state = "configured"

    def start(self) -> None:
        if self.state != "configured":
            raise RuntimeError("Camera has not been configured")
        self.state = "started"

    def capture_array(self, name: str, *, wait: bool) -> int:
        assert (name, wait) == ("main", False)
        self.number += 1
        return self.number

    def wait(self, job: int, *, timeout: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
        assert timeout > 0
        if self.state != "started" or not self.connected:
            raise TimeoutError
        return picture(job)

    def close(self) -> None:
        self.state = "closed"


class MjpegServer:
    """A network camera on 127.0.0.1 that sends `frames` pictures to each visitor and then hangs up."""

    def __init__(self, frames: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                for number in range(frames):
                    jpeg = cv2.imencode(".jpg", picture(number))[1].tobytes()
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    try:
                        self.wfile.write(head.encode() + jpeg + b"\r\n")
                    except OSError:
                        return

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/stream.mjpg"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def network_camera() -> Iterator[MjpegServer]:
    server = MjpegServer(frames=40)
    yield server
    server.close()


@pytest.fixture(params=["picamera", "stream", "clip"])
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Camera]:
    """Every kind, with a camera behind it."""
    clock = SystemClock(lambda: True)
    made: Camera
    if request.param == "picamera":
        driver = FakePicamera2()
        made = PiCamera(width=WIDTH, height=HEIGHT, fps=15, clock=clock, driver=lambda: driver)
    elif request.param == "stream":
        server: MjpegServer = request.getfixturevalue("network_camera")
        made = Stream(server.url, width=WIDTH, height=HEIGHT, fps=15, clock=clock)
    else:
        fake = FakeClock()
        made = Replay(write_clip(tmp_path / "walk.mp4"), clock=fake, wait=fake.advance)
    yield made
    made.close()


def absent(kind: str, tmp_path: Path) -> Camera:
    """Every kind, with nothing behind it."""
    clock = SystemClock(lambda: True)
    kinds: dict[str, Callable[[], Camera]] = {
        "picamera": lambda: PiCamera(
            width=WIDTH, height=HEIGHT, fps=15, clock=clock, driver=lambda: FakePicamera2(connected=False)
        ),
        "stream": lambda: Stream("http://127.0.0.1:1/none", width=1, height=1, fps=1, clock=clock, timeout_s=1),
        "device": lambda: Stream("/dev/video-none", width=1, height=1, fps=1, clock=clock),
        "clip": lambda: Replay(tmp_path / "none.mp4", clock=clock),
    }
    return kinds[kind]()


def test_frames_have_shape_order_of_colours_stamp_and_number(camera: Camera) -> None:
    camera.open()
    frames = [camera.read() for _ in range(5)]
    numbers, moments = [], []
    for frame in frames:
        assert frame is not None
        assert frame.pixels.shape == (HEIGHT, WIDTH, 3)
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.flags["C_CONTIGUOUS"]
        corner = frame.pixels[-20:, -20:].reshape(-1, 3).mean(axis=0)
        assert corner == pytest.approx(BLUE, abs=12)
        numbers.append(frame.number)
        moments.append(frame.captured.mono_us)
    assert numbers == sorted(set(numbers))
    assert moments == sorted(moments)


def test_frames_are_not_written_over_by_later_ones(camera: Camera) -> None:
    camera.open()
    first = camera.read()
    assert first is not None
    before = first.pixels.copy()
    for _ in range(10):
        camera.read()
    assert np.array_equal(first.pixels, before)


def test_reading_before_opening_and_after_closing_is_an_error_in_words(camera: Camera) -> None:
    with pytest.raises(CameraError, match="closed"):
        camera.read()
    camera.open()
    camera.close()
    camera.close()
    with pytest.raises(CameraError, match="closed"):
        camera.read()


def test_it_can_be_opened_again(camera: Camera) -> None:
    for _ in range(2):
        camera.open()
        assert camera.read() is not None
    camera.close()
    camera.open()
    assert camera.read() is not None


@pytest.mark.parametrize("kind", ["picamera", "stream", "device", "clip"])
def test_a_camera_that_is_not_there_is_an_error_in_words_and_soon(kind: str, tmp_path: Path) -> None:
    camera = absent(kind, tmp_path)
    started_s = time.monotonic()
    with pytest.raises(CameraError) as caught:
        camera.open()
    assert time.monotonic() - started_s < 5
    assert len(str(caught.value)) > 15
    camera.close()


# --- what only one kind can do ---


def test_a_clip_ends_with_none_and_stays_ended(tmp_path: Path) -> None:
    clock = FakeClock()
    clip = Replay(write_clip(tmp_path / "walk.mp4", frames=7), clock=clock, wait=clock.advance)
    clip.open()
    frames = [clip.read() for _ in range(9)]
    assert sum(frame is not None for frame in frames) == 7
    assert frames[7:] == [None, None]
    clip.close()


def test_a_clip_plays_at_its_own_speed(tmp_path: Path) -> None:
    clock = FakeClock()
    clip = Replay(write_clip(tmp_path / "walk.mp4", frames=31, fps=10), clock=clock, wait=clock.advance)
    clip.open()
    while clip.read() is not None:
        pass
    clip.close()
    assert clock.monotonic_s() == pytest.approx(3.0, abs=0.01)


def test_whoever_is_late_misses_frames_and_not_time(tmp_path: Path) -> None:
    clock = FakeClock()
    clip = Replay(write_clip(tmp_path / "walk.mp4", frames=31, fps=10), clock=clock, wait=clock.advance)
    clip.open()
    numbers = []
    while (frame := clip.read()) is not None:
        numbers.append(frame.number)
        clock.advance(0.45)
    clip.close()
    assert numbers[-1] <= 31
    assert len(numbers) == pytest.approx(3.1 / 0.45, abs=1.5)
    assert clock.monotonic_s() == pytest.approx(3.2, abs=0.5)


def test_a_looped_clip_starts_again_and_its_numbers_go_on(tmp_path: Path) -> None:
    clock = FakeClock()
    clip = Replay(write_clip(tmp_path / "walk.mp4", frames=5), clock=clock, loop=True, wait=clock.advance)
    clip.open()
    numbers = [frame.number for _ in range(12) if (frame := clip.read()) is not None]
    clip.close()
    assert numbers == list(range(1, 13))


@pytest.mark.parametrize("content", [b"", b"this is no video" * 1000, b"\0\0\0\x18ftypmp42" + b"\xff" * 5000])
def test_a_corrupt_clip_is_an_error_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "walk.mp4").write_bytes(content)
    clip = Replay(tmp_path / "walk.mp4", clock=FakeClock(), loop=True)
    with pytest.raises(CameraError, match=r"walk\.mp4"):
        clip.open()


def test_a_clip_cut_short_is_an_error_and_not_an_endless_loop(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "walk.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    clip = Replay(tmp_path / "cut.mp4", clock=FakeClock(), loop=True)
    with pytest.raises(CameraError, match="damaged"):
        clip.open()


def read_to_the_end(camera: Camera) -> None:
    while camera.read() is not None:
        pass


def test_a_stream_that_hangs_up_is_an_error_and_opening_again_helps(network_camera: MjpegServer) -> None:
    stream = Stream(network_camera.url, width=1, height=1, fps=1, clock=SystemClock(lambda: True))
    for _ in range(2):
        stream.open()
        assert all(stream.read() is not None for _ in range(39))
        with pytest.raises(CameraError, match="stopped giving frames"):
            read_to_the_end(stream)
    stream.close()


def test_no_password_of_a_stream_is_ever_in_an_error() -> None:
    stream = Stream("http://admin:hunter2@127.0.0.1:1/none", width=1, height=1, fps=1, clock=SystemClock(), timeout_s=1)
    with pytest.raises(CameraError) as caught:
        stream.open()
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1:1/none" in str(caught.value)


def test_a_pi_camera_that_hangs_is_an_error_and_opening_again_helps() -> None:
    driver = FakePicamera2()
    camera = PiCamera(width=WIDTH, height=HEIGHT, fps=15, clock=SystemClock(), driver=lambda: driver)
    camera.open()
    driver.connected = False
    with pytest.raises(CameraError, match="no frame"):
        camera.read()
    driver.connected = True
    camera.open()
    assert camera.read() is not None
    assert driver.opened == 2


def test_without_picamera2_it_says_how_to_get_it() -> None:
    camera = PiCamera(width=WIDTH, height=HEIGHT, fps=15, clock=SystemClock())
    with pytest.raises(CameraError, match="sudo apt install python3-picamera2"):
        camera.open()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("picamera2", PiCamera),
        ("replay:/clips/walk.mp4", Replay),
        ("rtsp://camera/1", Stream),
        ("http://camera/stream.mjpg", Stream),
        ("/dev/video0", Stream),
    ],
)
def test_the_source_says_which_kind_it_is(source: str, kind: type) -> None:
    assert isinstance(make_camera(CameraConfig(name="east", source=source), SystemClock()), kind)
