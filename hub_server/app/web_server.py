"""The HTTP server around the page and the API."""

import contextlib
import logging
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

from hub_server.page_tls import server_context

_THREADS = 128  # streams hold up to 80 of them
_BACKLOG = 128
_IDLE_S = 30
_STOP_S = 2
_HANDSHAKE_S = 5
_WORDS = "请用 https:// 打开。This port speaks TLS: open it with https://".encode()
_PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_WORDS), _WORDS)
)
_BODY_BYTES_MAX = 129 * 1024 * 1024  # a bundle of models; all else the application refuses at far less
_HEADER_BYTES_MAX = 32 * 1024
_log = logging.getLogger(__name__)


class CherootServer(Server):
    """cheroot, with its complaints in our log."""

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 cheroot's call
        _log.log(level, "%s", msg, exc_info=traceback)


class _TlsConnection(HTTPConnection):
    """Shakes hands in the thread that serves it: a client that says nothing must not keep the others at the door."""

    _shaken = False

    def communicate(self) -> bool:
        if not self._shaken:
            try:
                self.socket.settimeout(_HANDSHAKE_S)
                self.socket.do_handshake()
                self.socket.settimeout(_IDLE_S)
            except OSError as error:  # also ssl.SSLError, and a connection that is gone
                if getattr(error, "reason", "") == "HTTP_REQUEST":
                    _say_in_plain(self.socket)
                return False
            self._shaken = True
        return bool(super().communicate())  # type: ignore[no-untyped-call] # cheroot has no types


class _TlsAdapter(BuiltinSSLAdapter):
    """cheroot's adapter with our context, and without its handshake in the thread that accepts everybody."""

    def __init__(self, cert: Path, key: Path) -> None:
        super().__init__(str(cert), str(key))
        self.context = server_context(cert, key)

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        wrapped = self.context.wrap_socket(sock, do_handshake_on_connect=False, server_side=True)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


def _say_in_plain(channel: socket.socket) -> None:
    """To a browser that was given http:// for this port."""
    with contextlib.suppress(OSError):
        socket.socket.send(channel, _PLAIN)


class WebServer:
    """cheroot in a thread. Raises OSError at `start` when the address cannot be had."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        application: Any,
        tls: tuple[Path, Path] | None = None,
        shown_host: str | None = None,
    ) -> None:
        """`tls`: a certificate and its key, PEM. `shown_host` stands in the address, when `host` is all addresses."""
        self._host = shown_host or host
        self._scheme = "http" if tls is None else "https"
        self._server = CherootServer(
            (host, port),
            application,
            numthreads=_THREADS,
            server_name="shouwang",
            request_queue_size=_BACKLOG,
            timeout=_IDLE_S,
            shutdown_timeout=_STOP_S,
        )
        if tls is not None:
            self._server.ssl_adapter = _TlsAdapter(*tls)
            self._server.ConnectionClass = _TlsConnection
        self._server.max_request_body_size = _BODY_BYTES_MAX
        self._server.max_request_header_size = _HEADER_BYTES_MAX
        self._thread = threading.Thread(target=self._server.serve, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers, once started; without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host and not self._host.startswith("[") else self._host
        return f"{self._scheme}://{host}:{self._server.bind_addr[1]}"

    def start(self) -> None:
        self._server.prepare()
        self._thread.start()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join()
