"""`picture`: the next frame, small, its faces hidden, sealed to the hub's key. It is never written to a disk here."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
from numpy.typing import NDArray

from edge_agent.errors import ShouwangError
from edge_agent.remote.abilities import CommandFailedError, Done, NotSetUpError
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.wire.commands import (
    PICTURE_BYTES_MAX,
    PICTURE_SIDE_PX_MAX,
    Command,
    picture_binding,
    pieces_of,
)
from edge_agent.wire.seal import SealError, seal
from edge_agent.wire.sign import SignError, key_of_text
from edge_agent.wire.topics import Address

FRAME_WAIT_S: Final = 3.0  # for the next one
QUALITIES: Final = (85, 70, 55, 40, 25)  # of JPEG, tried in turn until it is small enough
_SMALLEST_SIDE_PX: Final = 160
_KEY_FILE_BYTES_MAX: Final = 4096


class FrameSlot:
    """One frame, when somebody wants one. The camera's loop offers each; it never waits, and nothing is copied."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._came = threading.Condition()
        self._frame: Frame | None = None

    def offer(self, frame: Frame) -> None:
        """From the loop: a look at a flag, nearly always."""
        if not self._wanted.is_set():
            return
        with self._came:
            self._wanted.clear()
            self._frame = frame
            self._came.notify_all()

    def next(self, timeout_s: float) -> Frame | None:
        """A frame that is looked at after this moment; None when none came in time."""
        with self._came:
            self._frame = None
            self._wanted.set()
            self._came.wait_for(lambda: self._frame is not None, timeout_s)
            self._wanted.clear()
            frame, self._frame = self._frame, None
            return frame


class Hider(Protocol):
    def hide(self, pixels: Pixels) -> tuple[Pixels, int]: ...


class TakePicture:
    """The ability. `open_hider` loads the networks that find faces, for each picture anew: few are asked for."""

    def __init__(
        self,
        *,
        address: Address,
        key_file: Path | None,
        frames: FrameSlot,
        open_hider: Callable[[], Hider],
        trouble: Callable[[], str | None] = lambda: None,
        wait_s: float = FRAME_WAIT_S,
    ) -> None:
        """`trouble`: why the camera gives no frame, if it knows."""
        self._address = address
        self._key_file = key_file
        self._frames = frames
        self._open_hider = open_hider
        self._trouble = trouble
        self._wait_s = wait_s

    def __call__(self, command: Command) -> Done:
        key = self._key()
        frame = self._frames.next(self._wait_s)
        if frame is None:
            raise CommandFailedError(f"no picture came from the camera: {self._trouble() or 'none in time'}"[:128])
        jpeg, faces = self._covered(frame)
        binding = picture_binding(site=self._address.site, device=self._address.device, command=command.id)
        try:
            sealed = seal(jpeg, public_key=key, binding=binding)
        except SealError as error:
            raise NotSetUpError(f"the hub's key for pictures: {error}") from error
        facts = {"bytes": str(len(jpeg)), "faces_hidden": str(faces), "captured_us": str(frame.captured.wall_us)}
        return Done(facts=facts, pieces=pieces_of(sealed, command=command.id))

    def _key(self) -> bytes:
        """Read each time: it may have been pinned since the start."""
        if self._key_file is None:
            raise NotSetUpError("no [hub] picture_key is pinned")
        try:
            with self._key_file.open(encoding="ascii") as file:
                return key_of_text(file.read(_KEY_FILE_BYTES_MAX))
        except (OSError, UnicodeDecodeError, SignError) as error:
            raise NotSetUpError(f"[hub] picture_key: {error}") from error

    def _covered(self, frame: Frame) -> tuple[bytes, int]:
        """What cannot be made unrecognisable does not leave."""
        try:
            covered, faces = self._open_hider().hide(frame.pixels)
        except ShouwangError as error:
            raise CommandFailedError("faces cannot be hidden here, so that no picture is sent") from error
        return as_jpeg(covered), faces


def as_jpeg(pixels: Pixels, *, bytes_max: int = PICTURE_BYTES_MAX, side_px_max: int = PICTURE_SIDE_PX_MAX) -> bytes:
    """As good as it may be within both limits. Raises CommandFailedError when it will not get small enough."""
    side_px = min(side_px_max, max(pixels.shape[:2]))
    while True:
        small = _at_most(pixels, side_px)
        for quality in QUALITIES:
            ok, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if ok and len(encoded) <= bytes_max:
                return bytes(encoded)
        if side_px <= _SMALLEST_SIDE_PX:
            raise CommandFailedError("the picture does not get small enough")
        side_px = max(side_px // 2, _SMALLEST_SIDE_PX)


def _at_most(pixels: Pixels, side_px: int) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
