"""The hub's client over real sockets: bursts, full buffers, brokers that go away; and with a paho that is another."""

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub_server.ingest.buffered_socket import UNSENT_BYTES_MAX, BufferedSocket
from hub_server.ingest.publish_splitter import PublishSplitter, Take
from hub_server.ingest.pump import BurstClient, Pump

CONNACK = b"\x20\x02\x00\x00"
WAIT_S = 10.0


def publish(mid: int, payload: bytes) -> bytes:
    body = struct.pack("!H", 3) + b"a/b" + struct.pack("!H", mid) + payload
    assert len(body) < 128
    return b"\x32" + bytes([len(body)]) + body


class Broker:
    """Says what a test tells it to say."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(WAIT_S)
        self.port = self._listener.getsockname()[1]
        self.peer: socket.socket

    def accept(self) -> bytes:
        """The client's CONNECT, answered."""
        self.peer, _ = self._listener.accept()
        self.peer.settimeout(WAIT_S)
        connect = self.peer.recv(1000)
        self.peer.sendall(CONNACK)
        return connect

    def hear(self, count: int) -> bytes:
        heard = b""
        while len(heard) < count and (piece := self.peer.recv(count - len(heard))):
            heard += piece
        return heard

    def close(self) -> None:
        self._listener.close()
        if hasattr(self, "peer"):
            self.peer.close()


@pytest.fixture
def broker() -> Iterator[Broker]:
    found = Broker()
    yield found
    found.close()


class Plain(BurstClient):
    """With a paho that makes its sockets by other names."""

    def _create_socket(self) -> Any:
        return mqtt.Client._create_socket(self)


class Talk:
    """A client with its pump, connected."""

    def __init__(self, broker: Broker, kind: type[BurstClient], take: Take | None = None) -> None:
        self.heard: list[bytes] = []
        self.gone, self.some = threading.Event(), threading.Event()
        self.wanted = 0
        self.client = kind(CallbackAPIVersion.VERSION2, client_id="hub", protocol=MQTTProtocolVersion.MQTTv311)
        self.client.take = take or (lambda _topic, payload, _retained: self._hear(payload))
        self.client.on_message = lambda _client, _data, message: self._hear(bytes(message.payload))
        self.client.on_disconnect = lambda *_: self.gone.set()
        answered = threading.Event()
        self.client.on_connect = lambda *_: answered.set()
        self.ended = threading.Event()
        self.pump = Pump(self.client, on_end=self.ended.set)
        self.client.connect("127.0.0.1", broker.port, 30)
        self.pump.start()
        assert broker.accept().startswith(b"\x10")
        assert answered.wait(WAIT_S), "an answer that is never read would reset the connection"

    def hear(self, count: int) -> list[bytes]:
        self.wanted = count
        if len(self.heard) < count:
            assert self.some.wait(WAIT_S)
        return self.heard

    def _hear(self, payload: bytes) -> None:
        self.heard.append(payload)
        if self.wanted and len(self.heard) >= self.wanted:
            self.some.set()


@pytest.fixture(params=[BurstClient, Plain])
def talk(request: pytest.FixtureRequest, broker: Broker) -> Iterator[Talk]:
    found = Talk(broker, request.param)
    yield found
    found.pump.stop()


def test_a_burst_is_heard_in_order_and_every_message_of_it_acknowledged(talk: Talk, broker: Broker) -> None:
    broker.peer.sendall(b"".join(publish(n, b"%d" % n) for n in range(1, 501)))
    assert talk.hear(500) == [b"%d" % n for n in range(1, 501)]
    assert broker.hear(4 * 500) == b"".join(b"\x40\x02" + struct.pack("!H", n) for n in range(1, 501))


def test_what_another_thread_publishes_is_sent_at_once(talk: Talk, broker: Broker) -> None:
    talk.client.publish("a/b", b"hello", qos=0)
    assert broker.hear(12) == b"\x30\x0a\x00\x03a/bhello"


@pytest.mark.parametrize("kind", [BurstClient, Plain])
def test_a_goodbye_is_said_before_the_socket_closes(broker: Broker, kind: type[BurstClient]) -> None:
    talk = Talk(broker, kind)
    talk.client.disconnect()
    talk.pump.stop()
    assert broker.hear(100) == b"\xe0\x00"


def test_a_broker_that_goes_away_ends_the_connection(talk: Talk, broker: Broker) -> None:
    broker.peer.close()
    assert talk.gone.wait(WAIT_S)
    assert talk.client.socket() is None


def test_the_paho_installed_here_gives_its_sockets_to_be_buffered(broker: Broker) -> None:
    talk = Talk(broker, BurstClient)
    assert isinstance(talk.client.socket(), BufferedSocket)
    talk.pump.stop()


def test_a_pump_that_never_had_a_connection_stops() -> None:
    Pump(BurstClient(CallbackAPIVersion.VERSION2), on_end=lambda: None).stop()


def test_whoever_takes_messages_and_stumbles_ends_the_connection_and_that_is_told(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    def stumbles(_topic: str, _payload: bytes, _retained: bool) -> None:  # noqa: FBT001 as the splitter calls it
        raise ZeroDivisionError

    talk = Talk(broker, BurstClient, take=stumbles)
    broker.peer.sendall(publish(1, b"x"))
    assert talk.ended.wait(WAIT_S)
    talk.pump.stop()
    assert "stumbled" in caplog.text


# --- the socket by itself ---


@pytest.fixture
def pair() -> Iterator[tuple[BufferedSocket, socket.socket]]:
    near, far = socket.socketpair()
    near.setblocking(False)
    far.settimeout(WAIT_S)
    buffered = BufferedSocket(near, PublishSplitter(take=lambda *_: None, speaks_v5=False))
    yield buffered, far
    buffered.close()
    far.close()


def test_what_is_sent_waits_for_flush_and_for_room(pair: tuple[BufferedSocket, socket.socket]) -> None:
    near, far = pair
    sent = bytes(range(256)) * 64
    count = sum(near.send(sent) for _ in range(UNSENT_BYTES_MAX // len(sent)))
    with pytest.raises(BlockingIOError):
        near.send(b"one too many")
    heard = b""
    while near.unsent or len(heard) < count:
        near.flush()
        heard += far.recv(65536)
    assert heard == sent * (count // len(sent))


def test_what_kept_flush_from_sending_is_told_by_the_next_recv(pair: tuple[BufferedSocket, socket.socket]) -> None:
    near, far = pair
    far.close()
    near.send(b"x")
    near.flush()
    assert near.pending()
    with pytest.raises(OSError, match=r"Broken pipe|Connection reset"):
        near.recv(1)
