"""One MQTT connection through paho-mqtt. Its callbacks only enqueue; its memory of unsent messages is never trusted."""

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from edge_agent.config import HubConfig
from edge_agent.errors import ConfigError
from edge_agent.uplink import tls
from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import Presence, Status, wire_bytes
from edge_agent.wire.tls_words import tls_words
from edge_agent.wire.topics import Address, Channel
from edge_agent.wire.transport import send_at_once

INBOX_MAX: Final = 1000
"""Messages of the hub that wait; past it they are dropped, which the protocol repairs with the next hello."""

BLOBS_WAITING_MAX: Final = 16
"""With so much waiting, a piece of a blob is dropped: acks go first, and the device asks for the piece again."""

TCP_TIMEOUT_S: Final = 3.0
GOODBYE_TIMEOUT_S: Final = 1.0
PASSWORD_BYTES_MAX: Final = 4096

log = logging.getLogger(__name__)
_paho_log = log.getChild("paho")
_paho_log.setLevel(logging.WARNING)
# paho 2.2 says so, as an error, when its loop turns once more after we have closed the connection.
_paho_log.addFilter(lambda record: not record.getMessage().startswith("Client is not connected"))


class MqttVersion(Enum):
    V5 = MQTTProtocolVersion.MQTTv5
    V311 = MQTTProtocolVersion.MQTTv311


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """Connected, authenticated and subscribed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """The connection is no more, or never was."""

    why: str
    answered: bool  # the broker spoke MQTT to us: the version is not to blame


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A payload on the ack topic, or on that of blobs, or of commands."""

    payload: bytes
    blob: bool = False
    command: bool = False


class NotTakenWhy(Enum):
    """Why a broker of MQTT 5 did not take a message; a broker of 3.1.1 cannot say it, and then no answer comes."""

    NOBODY_LISTENS = "the hub is not listening: nobody at the broker takes what this device says"
    FORBIDDEN = "the broker forbids this device to speak to the hub: its access list must know name, site and device"
    OTHER = "the broker does not take what this device says"


_NOT_TAKEN: Final = {16: NotTakenWhy.NOBODY_LISTENS, 135: NotTakenWhy.FORBIDDEN}  # MQTT 5, table 2-6


@dataclass(frozen=True, kw_only=True, slots=True)
class NotTaken:
    """The broker has answered a message with a reason that is no success: nobody has it."""

    why: NotTakenWhy
    mid: int  # of the message: `Link.carries` tells whether it was one for the hub


LinkEvent = Opened | Closed | Heard | NotTaken
Inbox = queue.Queue[LinkEvent | None]
"""What a link puts its events into; None is somebody's wake-up."""


def enqueue(inbox: Inbox, event: LinkEvent | None) -> None:
    """Never waits: a callback that waits stops the client's own thread."""
    try:
        inbox.put_nowait(event)
    except queue.Full:
        log.warning("more messages than can be looked at; one was dropped")


class MqttLink:
    """One connection, used once: the next attempt is a new object, so nothing of the old one is sent again."""

    def __init__(
        self,
        hub: HubConfig,
        *,
        address: Address,
        agent: str,
        version: MqttVersion,
        inbox: Inbox,
        visitor: str | None = None,
        blobs: bool = False,
        commands: bool = False,
    ) -> None:
        """`agent` is the label in the status message. Raises ConfigError when the password or CA cannot be read.

        A `visitor` is another client of the same device, by that client id, that leaves the device's status alone.
        With `blobs` it listens to what the hub sends in pieces, too; with `commands` to those.
        """
        self._hub = hub
        self._address = address
        self._agent = agent
        self._inbox = inbox
        self._answered = False
        self._status_mid: int | None = None
        self._mids: set[int] = set()  # of messages for the hub that the broker has not answered; at most 65,535
        self._announces = visitor is None
        self._topics = [address.topic(Channel.ACK), *([address.topic(Channel.BLOB_DOWN)] if blobs else [])]
        self._commands = address.topic(Channel.CMD) if commands else None
        self._client = _make_client(hub, address, version, visitor or address.device)
        if self._announces:
            self._client.will_set(address.topic(Channel.STATUS), self._status(Presence.OFFLINE), qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish

    def open(self) -> None:
        """Connect; waits for TCP and TLS at most. Opened or Closed follows in the inbox, unless nobody answers."""
        try:
            self._client.connect(self._hub.host, self._hub.port, keepalive=self._hub.keepalive_s)
        except (OSError, ValueError) as error:  # ValueError: a host name that is none
            why = f"no connection to {self._hub.host}:{self._hub.port}: {tls_words(error)}"
            enqueue(self._inbox, Closed(why=why, answered=True))
            return
        self._client.loop_start()

    def publish(self, payload: bytes) -> bool:
        """Hand a payload for the `up` topic to the client. False: not connected, or larger than a payload may be."""
        mid = self._send(Channel.UP, payload)
        if mid is not None:
            self._mids.add(mid)
        return mid is not None

    def publish_blob(self, payload: bytes) -> bool:
        """The same for the `blob/up` topic."""
        return self._send(Channel.BLOB_UP, payload) is not None

    def publish_once(self, payload: bytes) -> bool:
        """On `up` with QoS 0: what is worth nothing when it comes late. It may get lost."""
        info = self._client.publish(self._address.topic(Channel.UP), payload, qos=0)
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def carries(self, mid: int) -> bool:
        """True when this was a message for the hub, and not a piece of a blob.

        For the thread that publishes: the broker's answer may come before `publish` has returned.
        """
        return mid in self._mids

    def _send(self, channel: Channel, payload: bytes) -> int | None:
        """The number of the message; None when it is not on its way."""
        if len(payload) > PAYLOAD_BYTES_MAX:
            log.error("a payload of %d bytes was not sent; %d is the limit", len(payload), PAYLOAD_BYTES_MAX)
            return None
        info = self._client.publish(self._address.topic(channel), payload, qos=1)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def close(self) -> None:
        """Say offline, if connected, and end. Harmless when repeated."""
        if self._announces and self._client.is_connected():
            info = self._client.publish(
                self._address.topic(Channel.STATUS), self._status(Presence.OFFLINE), qos=1, retain=True
            )
            try:
                info.wait_for_publish(GOODBYE_TIMEOUT_S)
            except (RuntimeError, ValueError):
                log.debug("the status could not be sent; the broker's will says it")
        self._client.disconnect()
        self._client.loop_stop()
        forget_callbacks(self._client)

    def _status(self, state: Presence) -> bytes:
        return wire_bytes(Status(device=self._address.device, state=state, agent=self._agent))

    def _hint(self) -> str:
        """A broker that hangs up on TLS does not say why in MQTT."""
        if self._hub.tls_ca is None:
            return ", before the broker said a word: does this port want TLS (tls_ca)?"
        return ", before the broker said a word: `edge-agent doctor` tells whether it takes our certificate"

    # --- callbacks, in the client's own thread: they only enqueue, or answer at once ---

    def _on_connect(self, client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._answered = not _blames_version(str(reason))
        if reason.is_failure:
            enqueue(self._inbox, Closed(why=f"the broker refuses: {reason}", answered=self._answered))
            return
        # Commands with QoS 0: a broker keeps none for a device that is away.
        client.subscribe([(topic, 1) for topic in self._topics] + ([(self._commands, 0)] if self._commands else []))

    def _on_subscribe(self, client: Client, _userdata: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        if reasons[0].is_failure:
            enqueue(self._inbox, Closed(why=f"the broker forbids to listen to the hub: {reasons[0]}", answered=True))
            return
        if any(reason.is_failure for reason in reasons):  # an older access list: events go on, galleries do not come
            names = [*self._topics, *([self._commands] if self._commands else [])]
            denied = [name for name, reason in zip(names, reasons, strict=False) if reason.is_failure]
            log.error("the broker forbids to listen on %s: not all of the hub's can come", ", ".join(denied))
        if self._announces:
            topic, status = self._address.topic(Channel.STATUS), self._status(Presence.ONLINE)
            self._status_mid = client.publish(topic, status, qos=1, retain=True).mid
        enqueue(self._inbox, Opened())

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        if self._commands is not None and message.topic == self._commands:
            enqueue(self._inbox, Heard(payload=bytes(message.payload), command=True))
            return
        blob = message.topic != self._topics[0]
        if blob and self._inbox.qsize() >= BLOBS_WAITING_MAX:
            log.debug("a piece of a blob was dropped: too much waits")
            return
        enqueue(self._inbox, Heard(payload=bytes(message.payload), blob=blob))

    def _on_disconnect(self, _client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        why = f"the connection ended: {reason}{'' if self._answered else self._hint()}"
        enqueue(self._inbox, Closed(why=why, answered=self._answered))

    def _on_publish(self, _client: Client, _userdata: Any, mid: int, reason: Any, _properties: Any) -> None:
        if mid == self._status_mid:  # it is retained, for whoever comes later
            self._status_mid = None
        elif reason.is_failure or reason.value in _NOT_TAKEN:
            enqueue(self._inbox, NotTaken(why=_NOT_TAKEN.get(reason.value, NotTakenWhy.OTHER), mid=mid))
        else:
            self._mids.discard(mid)


def forget_callbacks(client: Client) -> None:
    """So that the client is freed at once, with its sockets, and not when the garbage is collected some day."""
    client.on_connect = client.on_subscribe = client.on_message = client.on_disconnect = client.on_publish = None


def _make_client(hub: HubConfig, address: Address, version: MqttVersion, client_id: str) -> Client:
    session: dict[str, Any] = {"clean_session": True} if version is MqttVersion.V311 else {}  # v5 starts clean itself
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=tls.client_id(hub, client_id),
        protocol=version.value,
        reconnect_on_failure=False,
        **session,
    )
    client.suppress_exceptions = True  # they are logged; otherwise one would end the client's thread in silence
    client.enable_logger(_paho_log)
    client.on_socket_open = send_at_once
    client.connect_timeout = TCP_TIMEOUT_S
    client.username_pw_set(hub.username or address.device, _password(hub))
    if hub.tls_ca is not None:
        client.tls_set_context(tls.tls_context(hub))
    return client


def _password(hub: HubConfig) -> str | None:
    """The first line of the password file, read at every connection, so that a changed one is taken up."""
    if hub.password_file is None:
        return None
    try:
        with hub.password_file.open(encoding="utf-8") as lines:
            return lines.read(PASSWORD_BYTES_MAX).split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        problem = f"{hub.password_file} cannot be read: {error}"
        raise ConfigError("the configuration", {"hub.password_file": problem}) from error


def _blames_version(reason: str) -> bool:
    return "protocol version" in reason.lower()


LinkMaker = Callable[[MqttVersion, Inbox], MqttLink]
"""Makes the link for the next attempt."""
