"""The HTTP server around the page and the API."""

import logging
import threading
from typing import Any

from cheroot.wsgi import Server

_THREADS = 128  # streams hold up to 80 of them
_BACKLOG = 128
_IDLE_S = 30
_STOP_S = 2
_BODY_BYTES_MAX = 20 * 1024 * 1024  # the application refuses far less, and as a problem; this one speaks plain text
_HEADER_BYTES_MAX = 32 * 1024
_log = logging.getLogger(__name__)


class CherootServer(Server):
    """cheroot, with its complaints in our log."""

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 cheroot's call
        _log.log(level, "%s", msg, exc_info=traceback)


class WebServer:
    """cheroot in a thread. Raises OSError at `start` when the address cannot be had."""

    def __init__(self, *, host: str, port: int, application: Any) -> None:
        self._host = host
        self._server = CherootServer(
            (host, port),
            application,
            numthreads=_THREADS,
            server_name="shouwang",
            request_queue_size=_BACKLOG,
            timeout=_IDLE_S,
            shutdown_timeout=_STOP_S,
        )
        self._server.max_request_body_size = _BODY_BYTES_MAX
        self._server.max_request_header_size = _HEADER_BYTES_MAX
        self._thread = threading.Thread(target=self._server.serve, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers, once started; without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.bind_addr[1]}"

    def start(self) -> None:
        self._server.prepare()
        self._thread.start()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join()
