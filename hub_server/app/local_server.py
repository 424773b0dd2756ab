"""The same API on DATA/hub.sock. Whoever can open it owns the data, by the mode of the file: no token is needed."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hub_server.app.web_server import CherootServer
from hub_server.web import LOCAL_CALLER

SOCKET_NAME = "hub.sock"
_THREADS = 8
_BACKLOG = 16
_IDLE_S = 30
_STOP_S = 2
_log = logging.getLogger(__name__)

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def socket_path(data_dir: Path) -> Path:
    return data_dir / SOCKET_NAME


class _Server(CherootServer):
    """cheroot on a Unix socket that only its owner may open; cheroot itself would let everybody."""

    def bind_unix_socket(self, bind_addr: str) -> socket.socket:
        path = Path(bind_addr)
        path.unlink(missing_ok=True)  # of a hub that was killed: we hold DATA/hub.lock
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fchmod(channel.fileno(), 0o600)  # before it has a name
            channel.bind(f"/proc/self/fd/{folder}/{path.name}")  # a socket's address holds 107 bytes, a folder's more
        except OSError:
            channel.close()
            raise
        finally:
            os.close(folder)
        self.socket = channel
        return channel


class LocalServer:
    """cheroot in a thread. Raises OSError at `start`."""

    def __init__(self, *, data_dir: Path, application: Wsgi, url: str) -> None:
        """`url`: the page's address, as it stands in what the application answers, whatever name the caller used."""
        self._path = socket_path(data_dir)
        self._server = _Server(
            str(self._path),
            _local(application, url),
            numthreads=_THREADS,
            server_name="shouwang",
            request_queue_size=_BACKLOG,
            timeout=_IDLE_S,
            shutdown_timeout=_STOP_S,
        )
        self._thread = threading.Thread(target=self._server.serve, name="local", daemon=True)

    def start(self) -> None:
        self._server.prepare()
        self._thread.start()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join()
        self._path.unlink(missing_ok=True)


def _local(application: Wsgi, url: str) -> Wsgi:
    page = urlsplit(url)
    own = {LOCAL_CALLER: True, "HTTP_HOST": page.netloc, "wsgi.url_scheme": page.scheme}

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return application({**environ, **own}, start_response)

    return answer
