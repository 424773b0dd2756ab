"""A device on a real broker, and a hub's ingest beside it."""

import queue
import socket
from dataclasses import dataclass, field
from typing import Any

from device_model import SITE
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.wire.codec import decode_down
from edge_agent.wire.messages import DownMessage, Presence, Status, UpMessage, wire_bytes
from edge_agent.wire.topics import Address, Channel
from edge_agent.wire.transport import send_at_once
from hub_server.ingest.inbox import Inbox
from hub_server.ingest.subscriber import Broker, Subscriber
from hub_server.ingest.worker import Worker
from hub_server.store import devices
from hub_server.store.rows import Device
from hub_server.store.store import Store

WAIT_S = 10.0
WATCHDOG = ("watchdog", "a secret that opens the hub's status")
LISTENER = ("control-room", "secret-of-the-control-room")


def topic(device: str, channel: Channel) -> str:
    return Address(site=SITE, device=device).topic(channel)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RecordingLane:
    """Keeps what the worker tells the lane of galleries."""

    def __init__(self) -> None:
        self.said: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.greeted: queue.Queue[str] = queue.Queue()
        self.gone: queue.Queue[str | None] = queue.Queue()

    def heard(self, device: str, payload: bytes) -> None:
        self.said.put((device, payload))

    def came(self, device: str) -> None:
        self.greeted.put(device)

    def went(self, device: str | None) -> None:
        self.gone.put(device)


class Ingest:
    """Subscriber and worker on one store, as the hub has them."""

    def __init__(self, store: Store, broker: Broker) -> None:
        self.inbox = Inbox()
        self.subscriber = Subscriber(broker=broker, site=SITE, inbox=self.inbox, now_us=store.now_us)
        self.lane = RecordingLane()
        self.worker = Worker(store=store, inbox=self.inbox, publish=self.subscriber.publish, site=SITE, blobs=self.lane)

    def start(self) -> None:
        self.worker.start()
        self.subscriber.start()

    def stop(self) -> None:
        self.subscriber.stop()
        self.worker.stop()


@dataclass(kw_only=True)
class Running:
    """A broker with the hub's ingest, and two devices that it knows."""

    store: Store
    broker: Broker
    ingest: Ingest
    secrets: dict[str, str]
    clients: list["MqttDevice"] = field(default_factory=list)

    def connect(self, device: str, **options: Any) -> "MqttDevice":
        """A client that is admitted, has subscribed to its own ack, and is closed with the test."""
        client = MqttDevice(self.broker, device, self.secrets[device], **options)
        self.clients.append(client)
        client.open()
        client.subscribe(topic(device, Channel.ACK))
        return client

    def row(self, device: str) -> Device:
        with self.store.read() as db:
            found = devices.get(db, device)
        assert found is not None
        return found

    def wait_until(self, condition: Any) -> None:
        """Waits for commits, not for time."""
        version = -1
        while not condition():
            seen = self.store.changes.wait(version, WAIT_S)
            assert seen > version, "nothing more was stored"
            version = seen


class MqttDevice:
    """A paho client that keeps what it hears in queues."""

    def __init__(
        self,
        broker: Broker,
        username: str,
        secret: str,
        *,
        client_id: str | None = None,
        v5: bool = False,
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.device = username
        self.codes: queue.Queue[Any] = queue.Queue()
        self.granted: queue.Queue[Any] = queue.Queue()
        self.heard: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.gone: queue.Queue[Any] = queue.Queue()
        self._broker = broker
        self._v5 = v5
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=username if client_id is None else client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if v5 else clean,
            reconnect_on_failure=False,
        )
        self.client.username_pw_set(username, secret)
        if will is not None:
            self.client.will_set(*will, qos=1)
        self.client.on_socket_open = send_at_once
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.codes.put(reason)
        self.client.on_subscribe = lambda _c, _d, _m, reasons, _p: self.granted.put(reasons)
        self.client.on_message = lambda _c, _d, message: self.heard.put(message)
        self.client.on_disconnect = lambda _c, _d, _f, reason, _p: self.gone.put(reason)

    def open(self) -> None:
        reason = self.try_to_open()
        assert not reason.is_failure, reason

    def try_to_open(self) -> Any:
        """The broker's answer to CONNECT."""
        properties = Properties(PacketTypes.CONNECT) if self._v5 else None  # type: ignore[no-untyped-call]
        self.client.connect(self._broker.host, self._broker.port, properties=properties)
        self.client.loop_start()
        return self.codes.get(timeout=WAIT_S)

    def subscribe(self, topic_filter: str) -> Any:
        self.client.subscribe(topic_filter, qos=1)
        return self.granted.get(timeout=WAIT_S)[0]

    def send(self, payload: bytes, *, to: str | None = None, retain: bool = False) -> None:
        """Published when this returns: the broker has answered it."""
        info = self.client.publish(topic(self.device, Channel.UP) if to is None else to, payload, qos=1, retain=retain)
        info.wait_for_publish(WAIT_S)

    def say(self, message: UpMessage) -> DownMessage:
        """The hub's first answer."""
        self.send(wire_bytes(message))
        return self.answer()

    def answer(self) -> DownMessage:
        return decode_down(bytes(self.heard.get(timeout=WAIT_S).payload))

    def tell_status(self, state: Presence) -> None:
        status = Status(device=self.device, state=state, agent="model/1")
        self.send(wire_bytes(status), to=topic(self.device, Channel.STATUS), retain=True)

    def break_off(self) -> None:
        """The connection ends without a word, as when power fails."""
        sock = self.client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        self.gone.get(timeout=WAIT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
