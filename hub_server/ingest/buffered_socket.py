"""A socket that takes large pieces from the system and hands out small ones, and sends many small ones as one."""

import socket
import ssl
from typing import Final

from hub_server.ingest.publish_splitter import PublishSplitter

READ_BYTES: Final = 64 * 1024
UNSENT_BYTES_MAX: Final = 256 * 1024
"""What may wait for `flush`; more is not taken until some of it is gone."""


class BufferedSocket:
    """Around a connected socket that does not block. One thread reads, writes and flushes.

    paho reads a packet's head byte by byte and writes each packet by itself: four calls of the system and more for
    every message, and each acknowledgement wakes the broker.
    """

    def __init__(self, sock: socket.socket, splitter: PublishSplitter) -> None:
        """`splitter` takes out and acknowledges what `recv` then does not give."""
        self._sock = sock
        self._splitter = splitter
        self._read = b""
        self._at = 0
        self._unsent = bytearray()
        self._broken: OSError | None = None

    def recv(self, buffer_size: int) -> bytes:
        """As of a socket that does not block. Raises what kept `flush` from sending, too."""
        if self._at >= len(self._read):
            if self._broken is not None:
                raise self._broken
            data = self._sock.recv(READ_BYTES)
            self._read, acks = self._splitter.feed(data)
            self._at = 0
            self._unsent += acks
            if data and not self._read:
                raise BlockingIOError
        piece = self._read[self._at : self._at + buffer_size]
        self._at += len(piece)
        return piece

    def send(self, buffer: bytes | bytearray) -> int:
        """Takes all of it, for `flush`. Raises BlockingIOError when too much waits already."""
        if len(self._unsent) >= UNSENT_BYTES_MAX:
            raise BlockingIOError
        self._unsent += buffer
        return len(buffer)

    def flush(self) -> None:
        """Sends what the system takes now; never raises: an error is for the next `recv`."""
        try:
            while self._unsent:
                del self._unsent[: self._sock.send(self._unsent)]
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError as error:
            self._broken = error
            self._unsent.clear()

    @property
    def unsent(self) -> bool:
        """Something waits until the socket can be written."""
        return bool(self._unsent)

    def pending(self) -> int:
        """Bytes that can be read though the system does not say so: what lies here, and what TLS has opened."""
        inner = self._sock.pending() if hasattr(self._sock, "pending") else 0
        return len(self._read) - self._at + inner + (self._broken is not None)

    def close(self) -> None:
        """Sends what it can of the rest: the last packet says goodbye."""
        self.flush()
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 as of a socket
        self._sock.setblocking(flag)

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self._sock.setsockopt(level, option, value)
