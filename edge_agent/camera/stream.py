"""A live source through OpenCV: RTSP, MJPEG over HTTP, or a V4L2 device."""

import cv2

from edge_agent.camera.capture import open_capture, without_secret
from edge_agent.clock import Clock
from edge_agent.errors import CameraError
from edge_agent.vision.frame import Frame

TIMEOUT_S = 5.0
"""To connect, and to wait for a frame, before the source is taken for lost."""

_MJPG = cv2.VideoWriter.fourcc(*"MJPG")  # what USB cameras need for 1280x720 at more than a few frames a second


class Stream:
    """Frames of a live source. It reconnects to nothing by itself: whoever reads opens it again."""

    live = True

    def __init__(
        self, target: str, *, width: int, height: int, fps: int, clock: Clock, timeout_s: float = TIMEOUT_S
    ) -> None:
        """`width`, `height` and `fps` are asked of a V4L2 device; a URL sends what it sends."""
        self._target = target
        self._clock = clock
        self._capture: cv2.VideoCapture | None = None
        self._number = 0
        timeout_ms = round(timeout_s * 1000)
        self._settings: tuple[int, ...]
        if target.startswith("/dev/"):
            self._backend = cv2.CAP_V4L2
            self._settings = (
                *(cv2.CAP_PROP_FOURCC, _MJPG),
                *(cv2.CAP_PROP_FRAME_WIDTH, width),
                *(cv2.CAP_PROP_FRAME_HEIGHT, height),
                *(cv2.CAP_PROP_FPS, fps),
            )
        else:
            self._backend = cv2.CAP_FFMPEG
            self._settings = (
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms),
                *(cv2.CAP_PROP_N_THREADS, 1),  # each decoder thread holds frames of its own: memory, and delay
            )

    def open(self) -> None:
        self.close()
        self._capture = open_capture(self._target, self._backend, self._settings)

    def read(self) -> Frame | None:
        capture = self._capture
        if capture is None:
            raise CameraError(f"{without_secret(self._target)} is closed")
        arrived, pixels = capture.read()
        if not arrived:
            raise CameraError(f"{without_secret(self._target)} stopped giving frames")
        self._number += 1
        return Frame(pixels=pixels, captured=self._clock.stamp(), number=self._number)  # type: ignore[arg-type]

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()
