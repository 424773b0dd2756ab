"""A look at the heartbeat on the broker: waits for one that is told now. A retained one alone may be old."""

import secrets
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.wire.codec import WireError
from edge_agent.wire.hub_status import EVERY_S, HubStatus, decode_hub_status
from edge_agent.wire.messages import Presence
from edge_agent.wire.tls_words import tls_words
from edge_agent.wire.topics import HubChannel, hub_topic
from hub_server.ingest.broker_tls import hint, tls_context
from hub_server.watchdog.look import Look, failed, well_or_not
from hub_server.watchdog.troubles import Kind

WAIT_S: Final = EVERY_S * 1.5
_CONNECT_S: Final = 5.0
_MESSAGES_MAX: Final = 1000  # of one look: more is no heartbeat


@dataclass(frozen=True, kw_only=True, slots=True)
class MqttPlace:
    """A broker, and as whom the watchdog listens there."""

    host: str
    port: int
    site: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    username: str | None = None
    password: str | None = None
    wait_s: float = WAIT_S

    @property
    def topic(self) -> str:
        return hub_topic(self.site, HubChannel.STATUS)

    @property
    def where(self) -> str:
        return f"{self.topic} at {self.host}:{self.port}"


def look(place: MqttPlace) -> Look:
    """Waits at most `wait_s` after the connection; returns as soon as the hub tells how it is."""
    ear = _Ear(place)
    try:
        why = ear.open()
        if why:
            return failed(
                place.where,
                Kind.NO_BROKER,
                zh=f"连不上消息服务器 {place.host}:{place.port}（{why}）：那台机器可能停电或断网",
                en=f"the broker {place.host}:{place.port} is not reached ({why}): no power or no network there",
            )
        return ear.wait()
    finally:
        ear.close()


class _Ear:
    """One connection, for one look."""

    def __init__(self, place: MqttPlace) -> None:
        self._place = place
        self._heard: SimpleQueue[tuple[bytes, bool]] = SimpleQueue()
        self._answered = threading.Event()
        self._why = ""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"watchdog-{secrets.token_hex(8)}", reconnect_on_failure=False
        )
        self._client.connect_timeout = _CONNECT_S
        if place.username is not None:
            self._client.username_pw_set(place.username, place.password)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._hear
        self._client.on_disconnect = self._lost

    def open(self) -> str:
        """Why the broker is not to be heard; "" when it is."""
        place = self._place
        try:
            if place.ca is not None:
                self._client.tls_set_context(tls_context(place.ca, place.cert, place.key))
            self._client.connect(place.host, place.port)
        except (OSError, ValueError, ssl.SSLError) as error:
            return tls_words(error)
        self._client.loop_start()
        if not self._answered.wait(_CONNECT_S):
            return f"no answer within {_CONNECT_S:g} s"
        return self._why

    def wait(self) -> Look:
        ends_s = time.monotonic() + self._place.wait_s
        last: HubStatus | None = None
        for _ in range(_MESSAGES_MAX):
            try:
                payload, retained = self._heard.get(timeout=max(0.0, ends_s - time.monotonic()))
            except Empty:
                break
            try:
                last = decode_hub_status(payload)
            except WireError as error:
                return failed(
                    self._place.where,
                    Kind.STRANGE,
                    zh=f"{self._place.where} 的消息不是守望主机的状态（{error.detail}）",
                    en=f"what is told on {self._place.where} is no word of a hub ({error.detail})",
                )
            if not retained and last.state is Presence.ONLINE and last.health is not None:
                return well_or_not(self._place.where, last.health)
        return _silent(self._place, last)

    def close(self) -> None:
        client = self._client
        client.disconnect()
        client.loop_stop()
        # They refer to this, and this to the client: a ring that only the collector of garbage would close.
        client.on_connect = client.on_subscribe = client.on_message = client.on_disconnect = None

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._end(f"refused: {reason}")
            return
        client.subscribe(self._place.topic, qos=1)

    def _subscribed(self, _client: Any, _data: Any, _mid: Any, reasons: list[Any], _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._end("it does not let this account listen")
            return
        self._answered.set()

    def _hear(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._heard.put((bytes(message.payload), bool(message.retain)))

    def _lost(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not self._answered.is_set():
            self._end(f"connection lost: {reason}, {hint(self._place.ca)}")

    def _end(self, why: str) -> None:
        self._why = self._why or why
        self._answered.set()


def _silent(place: MqttPlace, last: HubStatus | None) -> Look:
    if last is None:
        zh, en = "从未听到过它", "it was never heard there"
    elif last.state is Presence.OFFLINE:
        zh, en = "它已停止或掉线", "it has stopped, or lost its connection"
    else:
        zh, en = "上一次的消息是旧的", "what is kept there is old"
    return failed(
        place.where,
        Kind.SILENT,
        zh=f"{place.wait_s:g} 秒内没有听到主机的心跳（{zh}）",
        en=f"no heartbeat of the hub within {place.wait_s:g} s ({en})",
    )
