"""A network camera that answers, sends a little, and then nothing: the worst kind, for nothing ever fails."""

import socket
import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from edge_agent.camera.latest import LatestFrame
from edge_agent.camera.stream import Stream
from edge_agent.clock import SystemClock
from edge_agent.errors import CameraError

STALL_S = 1.0  # the stream's own limit in these tests
BOUND_S = 8.0
TIMEOUT_S = 20.0
FRAMES = 12  # FFmpeg keeps some back while it finds out what is coming


class StallingServer:
    """Sends each visitor `frames` pictures and keeps the line open. Counts visitors."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self.visits = threading.Semaphore(0)
        self._lines: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/stream.mjpg"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        jpeg = cv2.imencode(".jpg", np.full((120, 160, 3), 90, np.uint8))[1].tobytes()
        head = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
        part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._lines.append(line)
            self.visits.release()
            line.sendall(head + self._frames * part)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(TIMEOUT_S)
        for line in self._lines:
            line.close()


@pytest.fixture
def server() -> Iterator[StallingServer]:
    server = StallingServer(FRAMES)
    yield server
    server.close()


def stream(server: StallingServer) -> Stream:
    return Stream(server.url, width=160, height=120, fps=15, clock=SystemClock(lambda: True), timeout_s=STALL_S)


def read_all(camera: Stream) -> None:
    while camera.read() is not None:
        pass


def test_a_stream_that_stalls_is_an_error_in_words_within_a_bound(server: StallingServer) -> None:
    camera = stream(server)
    camera.open()
    began_s = time.monotonic()
    with pytest.raises(CameraError, match="stopped giving frames"):
        read_all(camera)
    assert time.monotonic() - began_s < BOUND_S
    camera.close()


def test_a_stream_that_opens_and_sends_nothing_at_all_is_an_error_within_a_bound() -> None:
    server = StallingServer(frames=0)
    camera = stream(server)
    began_s = time.monotonic()
    with pytest.raises(CameraError):
        camera.open()
    assert time.monotonic() - began_s < BOUND_S
    server.close()


def test_a_stalled_stream_is_told_and_opened_again(server: StallingServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    latest = LatestFrame(stream(server), pause=lambda _: None)
    latest.start()
    assert latest.take(TIMEOUT_S) is not None
    for _ in range(2):
        assert server.visits.acquire(timeout=TIMEOUT_S), "it came back"
    latest.stop(TIMEOUT_S)
    assert "no picture" in caplog.text
    assert "stopped giving frames" in caplog.text
