"""A clip played at its own speed, as if it happened now."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from edge_agent.camera.capture import open_capture
from edge_agent.clock import Clock
from edge_agent.errors import CameraError
from edge_agent.vision.frame import Frame

_FPS_UNKNOWN = 15.0
_FPS_MAX = 240.0


class Replay:
    """Frames of a video file, in real time: each is decoded once, and whoever is late misses some.

    Nothing is kept in memory: ten seconds of 1280x720 would be 400 MB. Looping opens the file again.
    """

    live = False

    def __init__(
        self, file: Path, *, clock: Clock, loop: bool = False, wait: Callable[[float], object] = time.sleep
    ) -> None:
        """`wait` takes the seconds until the next frame is due."""
        self._file = file
        self._clock = clock
        self._loop = loop
        self._wait = wait
        self._capture: cv2.VideoCapture | None = None
        self._fps = _FPS_UNKNOWN
        self._start_s = 0.0
        self._played = 0  # frames of this round
        self._number = 0

    def open(self) -> None:
        self.close()
        if not self._file.is_file():
            raise CameraError(f"{self._file}: no such file")
        self._rewind()

    def read(self) -> Frame | None:
        while self._capture is not None:
            self._skip_missed(self._capture)
            arrived, pixels = self._capture.read()
            if arrived:
                self._await_turn()
                self._count(1)
                return Frame(pixels=pixels, captured=self._clock.stamp(), number=self._number)  # type: ignore[arg-type]
            if self._played == 0:
                raise CameraError(f"{self._file}: no frame in it can be decoded")
            if not self._loop:
                return None
            self._rewind()
        raise CameraError(f"{self._file} is closed")

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _rewind(self) -> None:
        if self._capture is not None:
            self._capture.release()
        try:
            self._capture = open_capture(str(self._file), cv2.CAP_FFMPEG, (cv2.CAP_PROP_N_THREADS, 1))
        except CameraError as error:
            self._capture = None
            raise CameraError(f"{self._file}: is no video, or damaged") from error
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._fps = fps if math.isfinite(fps) and 0 < fps <= _FPS_MAX else _FPS_UNKNOWN
        self._start_s = self._clock.monotonic_s()
        self._played = 0

    def _skip_missed(self, capture: cv2.VideoCapture) -> None:
        """Step over frames whose successor is due already, so that the clip keeps its own time."""
        due = math.floor((self._clock.monotonic_s() - self._start_s) * self._fps)
        while self._played < due and capture.grab():
            self._count(1)

    def _await_turn(self) -> None:
        delay_s = self._start_s + self._played / self._fps - self._clock.monotonic_s()
        if delay_s > 0:
            self._wait(delay_s)

    def _count(self, frames: int) -> None:
        self._played += frames
        self._number += frames
