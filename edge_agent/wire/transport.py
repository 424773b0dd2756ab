"""How both sides use TCP."""

import socket
from typing import Any


def send_at_once(_client: Any, _data: Any, sock: Any) -> None:
    """For paho's `on_socket_open`: small packets one after the other do not wait to be joined.

    Held back (Nagle's algorithm) each waits for the other side's delayed acknowledgement: 40 ms and more a packet.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
