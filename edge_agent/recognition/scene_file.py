"""What a camera's view has learnt, on disk, so that a restart still knows what the camera should see."""

import logging
import os
import tempfile
from pathlib import Path
from typing import Final

from edge_agent.errors import SceneError
from edge_agent.vision.view_codec import SCENE_BYTES_MAX, decode_scene, encode_scene
from edge_agent.vision.view_scene import Scene

SAVE_EVERY_S: Final = 600.0  # 180 KB at most, 26 MB a day: a memory card bears it

log = logging.getLogger(__name__)


class SceneFile:
    """One camera's file. Nothing here raises: without it the view is learnt anew within a minute."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._saved_s: float | None = None
        self._trouble: str | None = None

    def load(self) -> Scene | None:
        """What an earlier run learnt; None without it. A damaged file is set aside, with a word."""
        try:
            with self._file.open("rb") as stream:
                return decode_scene(stream.read(SCENE_BYTES_MAX + 1))
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s cannot be read: %s. The view is learnt anew", self._file, error.strerror)
        except SceneError as error:
            log.warning("%s: %s. It is set aside, and the view is learnt anew", self._file, error)
            self._set_aside()
        return None

    def save_due(self, scene: Scene, now_s: float) -> None:
        """Save once every SAVE_EVERY_S; `now_s` is monotonic. For every second."""
        if self._saved_s is None:
            self._saved_s = now_s
        if now_s - self._saved_s >= SAVE_EVERY_S:
            self._saved_s = now_s
            self.save(scene)

    def save(self, scene: Scene) -> None:
        """Replace the file as a whole, unless nothing is learnt. A disk that refuses is told once."""
        if not scene.conditions:
            return
        try:
            _replace(self._file, encode_scene(scene))
            self._trouble = None
        except OSError as error:
            if self._trouble != error.strerror:
                log.warning("%s cannot be written: %s", self._file, error.strerror)
            self._trouble = error.strerror

    def _set_aside(self) -> None:
        try:
            self._file.replace(self._file.with_name(f"{self._file.name}.damaged"))  # one is kept, for a person
        except OSError as error:
            log.warning("%s cannot be set aside: %s", self._file, error.strerror)


def _replace(file: Path, content: bytes) -> None:
    """Write a file that is whole whenever it is read; readable by its owner only. Raises OSError."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            temporary.replace(file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
