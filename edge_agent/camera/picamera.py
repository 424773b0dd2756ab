"""A Raspberry Pi camera through picamera2 (libcamera)."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from edge_agent.clock import Clock
from edge_agent.errors import CameraError
from edge_agent.vision.frame import Frame

READ_TIMEOUT_S = 5.0
_BUFFERS = 4
_MISSING = (
    "picamera2 is not installed here. On Raspberry Pi OS: sudo apt install python3-picamera2, and make the virtual "
    "environment with --system-site-packages"
)
# picamera2 says RuntimeError for most things, IndexError when no camera is connected, OSError from the device.
_DRIVER_ERRORS = (RuntimeError, IndexError, OSError, TimeoutError)
_IMPORT = partial(importlib.import_module, "picamera2")


class PiCamera:
    """Frames of one Pi camera, fresh off the sensor: picamera2 keeps no queue for `capture_array`."""

    live = True

    def __init__(self, *, width: int, height: int, fps: int, clock: Clock, driver: Callable[[], Any] = _IMPORT) -> None:
        """`driver` gives the module picamera2, or raises ImportError; it is asked when the camera is opened."""
        self._size = (width, height)
        self._fps = fps
        self._clock = clock
        self._driver = driver
        self._camera: Any = None
        self._number = 0

    def open(self) -> None:
        self.close()
        try:
            camera = self._camera = self._driver().Picamera2()
            # "RGB888" names the bits of a little-endian word: in memory it is blue, green, red, as OpenCV wants it.
            main, controls = {"size": self._size, "format": "RGB888"}, {"FrameRate": float(self._fps)}
            camera.configure(camera.create_video_configuration(main=main, controls=controls, buffer_count=_BUFFERS))
            camera.start()
        except ImportError as error:
            raise CameraError(_MISSING) from error
        except _DRIVER_ERRORS as error:
            self.close()
            raise CameraError(f"the Pi camera cannot be opened: {error}. Is its cable seated?") from error

    def read(self) -> Frame | None:
        camera = self._camera
        if camera is None:
            raise CameraError("the Pi camera is closed")
        try:
            pixels = camera.wait(camera.capture_array("main", wait=False), timeout=READ_TIMEOUT_S)
        except TimeoutError as error:
            raise CameraError(f"the Pi camera gave no frame for {READ_TIMEOUT_S:g} s") from error
        except _DRIVER_ERRORS as error:
            raise CameraError(f"the Pi camera stopped: {error}") from error
        self._number += 1
        return Frame(pixels=np.ascontiguousarray(pixels), captured=self._clock.stamp(), number=self._number)

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is None:
            return
        try:
            camera.close()  # stops it as well
        except _DRIVER_ERRORS:
            return  # it is gone, which is what close is for
