"""What every camera is, and how one is chosen."""

from pathlib import Path
from typing import Protocol

from edge_agent.camera.picamera import PiCamera
from edge_agent.camera.replay import Replay
from edge_agent.camera.stream import Stream
from edge_agent.clock import Clock
from edge_agent.config import REPLAY_PREFIX, CameraConfig
from edge_agent.vision.frame import Frame


class Camera(Protocol):
    """A source of frames, used by one thread."""

    @property
    def live(self) -> bool:
        """True: after a CameraError it is worth opening again."""
        ...

    def open(self) -> None:
        """Get ready to read; raises CameraError. Open after close starts afresh."""
        ...

    def read(self) -> Frame | None:
        """Wait for the next frame, at most about ten seconds. None: the clip has ended. Raises CameraError."""
        ...

    def close(self) -> None:
        """Let go of the device. Harmless when repeated."""
        ...


def make_camera(config: CameraConfig, clock: Clock) -> Camera:
    """The camera that `config.source` names, not yet opened."""
    if config.source == "picamera2":
        return PiCamera(width=config.width, height=config.height, fps=config.fps, clock=clock)
    if config.source.startswith(REPLAY_PREFIX):
        return Replay(Path(config.source.removeprefix(REPLAY_PREFIX)), clock=clock, loop=config.loop)
    return Stream(config.source, width=config.width, height=config.height, fps=config.fps, clock=clock)
