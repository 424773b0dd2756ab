"""The hub's MQTT client. Its callbacks only enqueue; a thread of its own keeps it connected."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.wire.blobs import BlobDown
from edge_agent.wire.hub_status import HubStatus
from edge_agent.wire.messages import DownMessage, Presence, wire_bytes
from edge_agent.wire.tls_words import tls_words
from edge_agent.wire.topics import WRITTEN_BY_DEVICE, Address, Channel, HubChannel, all_devices, hub_topic
from edge_agent.wire.transport import send_at_once
from hub_server.ingest.broker_tls import hint, tls_context
from hub_server.ingest.inbox import Arrival, Inbox, Listening, Opened
from hub_server.ingest.pump import BurstClient, Pump

PROGRAM = f"hub-server/{version('shouwang')}"
"""How the hub names itself."""
CONNACK_WAIT_S = 5.0
"""A broker that speaks only 3.1.1 may answer a v5 client with silence: then the other version is tried."""
_CONNECT_TIMEOUT_S = 5.0
_KEEPALIVE_S = 30
_BACKOFF_S_MIN = 0.5
_BACKOFF_S_MAX = 30.0
_INFLIGHT_MAX = 1000
_QUEUED_MAX = 20_000
_PACKET_BYTES_MAX = 1024 * 1024  # v5: the broker itself drops what is larger; the protocol's limit is far below
_QOS = 1
_FAREWELL_S = 1.0  # a broker that does not answer must not keep the hub from stopping
_V5 = MQTTProtocolVersion.MQTTv5
_V311 = MQTTProtocolVersion.MQTTv311

_log = logging.getLogger(__name__)
_paho_log = _log.getChild("paho")
# paho calls it an error when we hang up first; its real complaints (a callback that failed) stay.
_paho_log.addFilter(lambda record: not record.getMessage().startswith("Client is not connected"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """Where the broker is and as whom the hub speaks to it."""

    host: str
    port: int
    ca: Path | None = None  # TLS with this authority; None: plain TCP
    cert: Path | None = None  # the hub's own certificate, with its key
    key: Path | None = None
    username: str | None = None
    password: str | None = None
    speaks_v5: bool = True  # False: known to speak 3.1.1 only


class _Connection:
    """What the callbacks of one connection report to the thread that keeps it."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.gone = threading.Event()
        self.why = ""

    def end(self, why: str) -> None:
        self.why = self.why or why
        self.answered.set()
        self.gone.set()


class Subscriber:
    """Hears all that devices of a site write; says what the hub has to say to each of them, and how it is."""

    def __init__(self, *, broker: Broker, site: str, inbox: Inbox, now_us: Callable[[], int]) -> None:
        self._broker = broker
        self._site = site
        self._inbox = inbox
        self._now_us = now_us
        self._own = {channel: hub_topic(site, channel) for channel in HubChannel}
        self._farewell = wire_bytes(HubStatus(state=Presence.OFFLINE, hub=PROGRAM))
        self._client_id = f"hub-{secrets.token_hex(8)}"
        self._version = _V5 if broker.speaks_v5 else _V311
        self._stopping = threading.Event()
        self._connection = _Connection()
        self._client: mqtt.Client | None = None
        self._listening_since_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="subscriber", daemon=True)

    @property
    def listening_since_s(self) -> float | None:
        """Since when (time.monotonic) the broker passes on what devices publish; None: it does not."""
        return self._listening_since_s

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._connection.end("stopping")
        self._thread.join()

    def publish(self, device: str, message: DownMessage) -> None:
        """Sends when there is a connection. Never raises: what is not sent is asked for again by the device."""
        self._publish(device, Channel.ACK, wire_bytes(message))

    def publish_blob(self, device: str, message: BlobDown) -> None:
        """The same for what is said about a blob."""
        self._publish(device, Channel.BLOB_DOWN, wire_bytes(message))

    def publish_command(self, device: str, payload: bytes) -> bool:
        """Once, now, never retained: QoS 0. False: there is no connection, and nobody sends it again."""
        client = self._client
        if client is None or self._listening_since_s is None:
            return False
        told = client.publish(self._topic(device, Channel.CMD), payload, qos=0, retain=False)
        return told.rc == mqtt.MQTT_ERR_SUCCESS

    def publish_own(self, channel: HubChannel, payload: bytes) -> bool:
        """What the hub tells of itself; its status is retained. False: there is no connection, or no room."""
        return self._tell(channel, payload) is not None

    def publish_surely(self, channel: HubChannel, payload: bytes, *, within_s: float) -> bool:
        """The same, and the broker has said within the time that it has it. It may have it even when this is False."""
        told = self._tell(channel, payload)
        if told is None:
            return False
        try:
            told.wait_for_publish(within_s)
            return told.is_published()
        except RuntimeError:  # the connection has gone meanwhile
            return False

    def _tell(self, channel: HubChannel, payload: bytes) -> mqtt.MQTTMessageInfo | None:
        client = self._client
        if client is None or self._listening_since_s is None:
            return None
        retained = channel is HubChannel.STATUS
        told = client.publish(self._own[channel], payload, qos=_QOS, retain=retained)
        return told if told.rc == mqtt.MQTT_ERR_SUCCESS else None

    def _publish(self, device: str, channel: Channel, payload: bytes) -> None:
        client = self._client
        if client is None or self._listening_since_s is None:
            return
        info = client.publish(self._topic(device, channel), payload, qos=_QOS)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            _log.warning("an answer to %s was not sent: %s", device, mqtt.error_string(info.rc))

    def _topic(self, device: str, channel: Channel) -> str:
        return Address(site=self._site, device=device).topic(channel)

    def _run(self) -> None:
        backoff_s = _BACKOFF_S_MIN
        while not self._stopping.is_set():
            listened = self._connect_once()
            backoff_s = _BACKOFF_S_MIN if listened else min(backoff_s * 2, _BACKOFF_S_MAX)
            jittered_s = secrets.SystemRandom().uniform(backoff_s / 2, backoff_s)
            if not self._stopping.is_set():
                _log.warning("broker: %s; trying again in %.1f s", self._connection.why, jittered_s)
            self._stopping.wait(jittered_s)

    def _connect_once(self) -> bool:
        """One connection from its first packet to its end. True when it got as far as listening."""
        connection = self._connection = _Connection()
        try:
            client = self._new_client(connection)
        except OSError as error:  # a certificate that cannot be read, or is none: somebody may put it right
            connection.end(f"cannot use its certificates: {error}")
            return False
        pump = Pump(client, on_end=lambda: connection.end("connection lost"))
        try:
            self._open(client)
        except (OSError, ValueError) as error:
            connection.end(f"cannot reach {self._broker.host}:{self._broker.port}: {tls_words(error)}")
            pump.stop()
            return False
        self._client = client
        pump.start()
        try:
            return self._live(connection)
        finally:
            self._take_leave(client)
            pump.stop()

    def _take_leave(self, client: mqtt.Client) -> None:
        listened, self._client, self._listening_since_s = self._listening_since_s is not None, None, None
        if client.socket() is None:
            return
        if listened:  # a broker says the last will of nobody who goes like this
            told = client.publish(self._own[HubChannel.STATUS], self._farewell, qos=_QOS, retain=True)
            with suppress(RuntimeError):  # the connection has gone meanwhile: then the will is said
                told.wait_for_publish(_FAREWELL_S)
        client.disconnect()

    def _live(self, connection: _Connection) -> bool:
        if self._stopping.is_set():
            return False
        if not connection.answered.wait(CONNACK_WAIT_S):
            connection.end(f"no answer to MQTT {_name(self._version)}")
            self._try_other_version()
            return False
        connection.gone.wait()
        return self._listening_since_s is not None

    def _try_other_version(self) -> None:
        if self._broker.speaks_v5:
            self._version = _V311 if self._version is _V5 else _V5

    def _open(self, client: mqtt.Client) -> None:
        if self._version is _V5:
            limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            limits.MaximumPacketSize = _PACKET_BYTES_MAX
            client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S, clean_start=True, properties=limits)
        else:
            client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)

    def _new_client(self, connection: _Connection) -> BurstClient:
        client = BurstClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=self._version,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(_INFLIGHT_MAX)
        client.max_queued_messages_set(_QUEUED_MAX)
        client.suppress_exceptions = True  # an error in a callback is logged and does not end paho's thread
        client.enable_logger(_paho_log)
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.ca is not None:
            client.tls_set_context(tls_context(self._broker.ca, self._broker.cert, self._broker.key))
        client.will_set(self._own[HubChannel.STATUS], self._farewell, qos=_QOS, retain=True)
        self._listen(client, connection)
        return client

    def _listen(self, client: BurstClient, connection: _Connection) -> None:
        own = frozenset(self._own.values())

        def on_connect(client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                if str(reason) == "Unsupported protocol version":
                    self._try_other_version()
                connection.end(f"refused: {reason}")
                return
            self._inbox.mark(Opened())
            client.subscribe([(all_devices(self._site, channel), _QOS) for channel in sorted(WRITTEN_BY_DEVICE)])

        def on_subscribe(_client: Any, _data: Any, _mid: Any, reasons: list[Any], _properties: Any) -> None:
            if any(reason.is_failure for reason in reasons):
                connection.end("the broker refuses our subscriptions")
                return
            self._listening_since_s = time.monotonic()
            connection.answered.set()
            _log.info("broker: connected to %s:%d", self._broker.host, self._broker.port)
            self._inbox.mark(Listening())

        def take(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 as the splitter calls it
            if topic in own:  # the filter over all devices hears the hub itself, too
                return
            self._inbox.offer(Arrival(topic=topic, payload=payload, retained=retained, received_us=self._now_us()))

        def on_message(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
            take(message.topic, bytes(message.payload), message.retain)

        def on_disconnect(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            spoke = connection.answered.is_set()
            connection.end(f"connection lost: {reason}{'' if spoke else f', {hint(self._broker.ca)}'}")

        client.on_socket_open = send_at_once
        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.take = take
        client.on_message = on_message
        client.on_disconnect = on_disconnect


def _name(version: MQTTProtocolVersion) -> str:
    return "5" if version is _V5 else "3.1.1"
