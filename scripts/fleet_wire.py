"""Many MQTT clients in one thread: a selector drives paho's own reading and writing; 300 devices cost no threads."""

import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from edge_agent.wire.topics import Address, Channel
from edge_agent.wire.transport import send_at_once

WAIT_MAX_S: Final = 0.05
INFLIGHT_MAX: Final = 1000
KEEPALIVE_S: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the broker is, and as whom a device connects."""

    host: str
    port: int
    site: str
    device: str
    secret: str
    speaks_v5: bool = True


class Wire:
    """One device's connection. Its callbacks run within `Loop.turn`."""

    def __init__(
        self,
        place: Place,
        *,
        on_open: Callable[[], None],
        on_payload: Callable[[bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        """`on_open`: connected and subscribed to `ack`. `on_lost`: the connection ended, though nobody closed it."""
        address = Address(site=place.site, device=place.device)
        self._topics = {channel: address.topic(channel) for channel in Channel}
        self._place = place
        self._closing = False
        self.unconfirmed = 0
        """Payloads that the broker has not confirmed."""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=place.device,
            protocol=MQTTProtocolVersion.MQTTv5 if place.speaks_v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.username_pw_set(place.device, place.secret)
        self._client.max_inflight_messages_set(INFLIGHT_MAX)
        self._client.on_connect = lambda client, *_: client.subscribe(self._topics[Channel.ACK], qos=1)
        self._client.on_subscribe = lambda *_: on_open()
        self._client.on_message = lambda _client, _data, message: on_payload(bytes(message.payload))
        self._client.on_socket_open = send_at_once
        self._client.on_publish = self._confirmed
        self._client.on_disconnect = lambda *_: None if self._closing else on_lost()

    def open(self) -> None:
        """Raises OSError when nobody listens there."""
        self._client.connect(self._place.host, self._place.port, keepalive=KEEPALIVE_S)

    def send(self, payload: bytes, channel: Channel = Channel.UP) -> bool:
        """False: not connected."""
        self.unconfirmed += 1
        return self._client.publish(self._topics[channel], payload, qos=1).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _confirmed(self, *_: object) -> None:
        self.unconfirmed -= 1

    def close(self, *, rudely: bool = False) -> None:
        """`rudely`: the socket is cut, as by a power cut; the broker tells the will when it notices."""
        self._closing = True
        socket = self._client.socket()
        if rudely and socket is not None:
            socket.close()
        self._client.disconnect()

    @property
    def client(self) -> Any:
        return self._client


class Loop:
    """Turns all wires. Not thread-safe."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Wire, Any] = {}
        self._tended_s = 0.0

    def add(self, wire: Wire) -> None:
        self._sockets[wire] = None

    def drop(self, wire: Wire) -> None:
        self._forget(wire)
        self._sockets.pop(wire, None)

    def turn(self, wait_s: float = WAIT_MAX_S) -> None:
        """Read and write what can be; wait at most `wait_s` when there is nothing."""
        for wire in list(self._sockets):
            self._watch(wire)
        if self._selector.get_map():
            for key, ready in self._selector.select(min(wait_s, WAIT_MAX_S)):
                self._serve(key.data, ready)
        else:
            time.sleep(min(wait_s, WAIT_MAX_S))
        now_s = time.monotonic()
        if now_s - self._tended_s >= 1.0:
            self._tended_s = now_s
            for wire in list(self._sockets):
                wire.client.loop_misc()

    def _serve(self, wire: Wire, ready: int) -> None:
        done = wire.client.loop_read() if ready & selectors.EVENT_READ else wire.client.loop_write()
        if done != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._forget(wire)

    def _watch(self, wire: Wire) -> None:
        """Keep the selector's view of the wire's socket right: paho makes and loses it by itself."""
        socket = wire.client.socket()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.client.want_write() else 0)
        held = self._sockets.get(wire)
        if held is not None and (held[0] is not socket or socket is None or socket.fileno() < 0):
            self._forget(wire)
            held = None
        if socket is None or socket.fileno() < 0:
            return
        if held is None:
            self._selector.register(socket, wanted, wire)
        elif held[1] != wanted:
            self._selector.modify(socket, wanted, wire)
        self._sockets[wire] = (socket, wanted)

    def _forget(self, wire: Wire) -> None:
        held = self._sockets.get(wire)
        if held is not None:
            self._selector.unregister(held[0])
            self._sockets[wire] = None
