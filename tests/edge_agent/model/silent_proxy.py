"""Stands between a device and its broker, and can stop forwarding while every connection stays open."""

import selectors
import socket
import threading
from typing import Final

_CHUNK: Final = 65536
_TURN_S: Final = 0.05


class SilentProxy:
    """Forwards from its own port to `port`. While `silent` nothing goes through, either way, and nothing is closed."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._open: set[socket.socket] = set()
        self._silent = threading.Event()
        self._ending = threading.Event()
        self.stopped = threading.Event()
        """Set once it has noticed that it is to be silent: what comes later waits in the kernel."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def be_silent(self) -> None:
        self._silent.set()
        assert self.stopped.wait(30)

    def speak(self) -> None:
        self.stopped.clear()
        self._silent.clear()

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self._selector.close()
        for connection in (self._listener, *self._open):
            connection.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            if self._silent.is_set():
                self.stopped.set()
                self._ending.wait(_TURN_S)
                continue
            for key, _ in self._selector.select(_TURN_S):
                if key.data is None:
                    self._accept()
                else:
                    self._forward(key.fileobj, key.data)  # type: ignore[arg-type]

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._target))
        for one, other in ((near, far), (far, near)):
            self._open.add(one)
            self._selector.register(one, selectors.EVENT_READ, other)

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            content = source.recv(_CHUNK)
            sink.sendall(content)
        except OSError:
            content = b""
        if not content:
            for connection in (source, sink):
                if connection in self._open:
                    self._open.remove(connection)
                    self._selector.unregister(connection)
                    connection.close()
