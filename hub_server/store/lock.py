"""One process holds a data directory: two writers is how SQLite stores die."""

import fcntl
import os
from pathlib import Path

from hub_server.store.errors import StoreBusyError

LOCK_NAME = "hub.lock"


class DirectoryLock:
    """An advisory lock on DATA/hub.lock. The kernel lets it go when the process ends, however it ends."""

    def __init__(self, data_dir: Path) -> None:
        """Raises StoreBusyError when another holder has it."""
        self._fd = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._fd)
            raise StoreBusyError(f"another hub-server is using {data_dir}") from error

    def release(self) -> None:
        """Again is nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
