"""Drives a paho client from a thread of our own: in bursts, where paho's own loop asks the system for each packet."""

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from paho.mqtt import client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion

from hub_server.ingest.buffered_socket import BufferedSocket
from hub_server.ingest.publish_splitter import PublishSplitter, Take

_TEND_EVERY_S: Final = 1.0  # keepalive is looked at so often

_log = logging.getLogger(__name__)


class BurstClient(mqtt.Client):
    """A client whose socket is buffered and that hands PUBLISH packets to `take`.

    With a paho that makes its sockets otherwise it is one as any other: `on_message` hears all.
    """

    take: Take

    def _create_socket(self) -> Any:
        splitter = PublishSplitter(take=self.take, speaks_v5=self.protocol == MQTTProtocolVersion.MQTTv5)
        return BufferedSocket(super()._create_socket(), splitter)  # type: ignore[arg-type]


class Pump:
    """Reads, writes and keeps alive one connected client, by the calls that paho documents for loops of others."""

    def __init__(self, client: mqtt.Client, *, on_end: Callable[[], None]) -> None:
        """Before `connect`: from now on what is published waits for `start`.

        `on_end`: nothing is read any more, whatever the reason; called from the thread.
        """
        self._client = client
        self._on_end = on_end
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        client.on_socket_register_write = self._wake

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after one more try to send what waits."""
        self._stopping = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._near.close()
        self._far.close()

    def _wake(self, *_of_paho: object) -> None:
        """Something is to be written."""
        if threading.current_thread() is not self._thread:
            with suppress(OSError):  # full: it wakes anyway; closed: nobody is there to wake
                self._far.send(b"!")

    def _run(self) -> None:
        try:
            self._drive()
        except Exception:  # noqa: BLE001 the root of the thread: who waits for the end must hear of it
            _log.exception("the connection to the broker stumbled")
        finally:
            self._on_end()

    def _drive(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._near, selectors.EVENT_READ)
            sock = self._client.socket()
            if sock is None:
                return
            selector.register(sock, selectors.EVENT_READ)
            last = False
            while self._client.socket() is sock and not last:
                last = self._stopping  # looked at before: what was published before `stop` is tried in this turn
                self._turn(selector, sock)

    def _turn(self, selector: selectors.BaseSelector, sock: Any) -> None:
        wanted = selectors.EVENT_READ
        if self._client.want_write() or (isinstance(sock, BufferedSocket) and sock.unsent):
            wanted |= selectors.EVENT_WRITE
        if selector.get_key(sock).events != wanted:
            selector.modify(sock, wanted)
        ready = {key.fileobj for key, _ in selector.select(_TEND_EVERY_S)}
        if self._near in ready:
            self._near.recv(4096)
        if sock in ready:
            self._read(sock)
        if self._client.socket() is sock:
            self._client.loop_write()
        if isinstance(sock, BufferedSocket):
            sock.flush()
        self._client.loop_misc()

    def _read(self, sock: Any) -> None:
        """All that has come; more packets than one where they lie here already."""
        self._client.loop_read()
        while self._client.socket() is sock and _lies_here(sock):
            self._client.loop_read()


def _lies_here(sock: Any) -> bool:
    """There is something to read of which the system does not say so: buffered by us, or opened by TLS."""
    return hasattr(sock, "pending") and sock.pending() > 0
