import socket
from contextlib import closing
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.wire.transport import send_at_once


def test_small_packets_are_not_held_back() -> None:
    """Through paho itself, as both sides use it."""
    held_back: list[bool] = []

    def on_socket_open(client: Client, data: Any, sock: Any) -> None:
        send_at_once(client, data, sock)
        held_back.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)

    with closing(socket.create_server(("127.0.0.1", 0))) as broker:
        client = Client(CallbackAPIVersion.VERSION2)
        client.on_socket_open = on_socket_open
        client.connect("127.0.0.1", broker.getsockname()[1])
        made = client.socket()
        assert made is not None
        made.close()
        client.on_socket_open = None
    assert held_back == [False]
