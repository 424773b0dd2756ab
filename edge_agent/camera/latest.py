"""A thread that reads a camera and keeps only its newest frame."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.camera.camera import Camera
from edge_agent.errors import CameraError
from edge_agent.vision.frame import Frame

BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraState:
    """How the camera does, as of now."""

    frames: int  # read since the start
    dropped: int  # of them, replaced by a newer one before anybody took them
    trouble: str | None  # why no frames come; None while they do
    ended: bool  # no frame will come any more


class LatestFrame:
    """One slot. The reader replaces what lies there, the taker empties it; neither waits for the other."""

    def __init__(self, camera: Camera, *, pause: Callable[[float], object] | None = None) -> None:
        """`pause` waits between attempts to open a lost camera; the default is woken by `stop`."""
        self._camera = camera
        self._stopping = threading.Event()
        self._pause = pause or self._stopping.wait
        self._changed = threading.Condition()
        self._slot: Frame | None = None
        self._frames = 0
        self._dropped = 0
        self._trouble: str | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread; a driver that hangs is left behind after `timeout_s`, as a daemon thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame that nobody took yet; None when none came in time or the camera has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or self._ended, timeout_s)
            frame, self._slot = self._slot, None
            return frame

    def state(self) -> CameraState:
        with self._changed:
            return CameraState(
                frames=self._frames,
                dropped=self._dropped,
                trouble=self._trouble,
                ended=self._ended and self._slot is None,
            )

    def _run(self) -> None:
        try:
            self._read_until_the_end()
        except Exception as error:
            # The root of this thread: whatever a driver throws ends the camera, seen, and not the thread, unseen.
            log.exception("the camera's thread ended")
            self._report(f"{type(error).__name__}: {error}")
        finally:
            self._camera.close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _read_until_the_end(self) -> None:
        backoff_s = BACKOFF_FIRST_S
        while not self._stopping.is_set():
            frames_before = self._frames
            trouble = self._read_until_trouble()
            if trouble is None:
                return
            self._report(str(trouble))
            if not self._camera.live:
                return
            self._camera.close()
            backoff_s = BACKOFF_FIRST_S if self._frames > frames_before else min(backoff_s * 2, BACKOFF_MAX_S)
            self._pause(backoff_s)

    def _read_until_trouble(self) -> CameraError | None:
        try:
            self._camera.open()
            while self._read_one():
                pass
        except CameraError as error:
            return error
        return None

    def _read_one(self) -> bool:
        """False when there is nothing more to read."""
        if self._stopping.is_set():
            return False
        frame = self._camera.read()
        if frame is None:
            return False
        with self._changed:
            if self._trouble is not None:
                log.info("the camera gives frames again")
            self._trouble = None
            self._frames += 1
            self._dropped += self._slot is not None
            self._slot = frame
            self._changed.notify_all()
        return True

    def _report(self, trouble: str) -> None:
        with self._changed:
            if trouble != self._trouble:
                log.error("no picture: %s", trouble)
            self._trouble = trouble
            self._changed.notify_all()
