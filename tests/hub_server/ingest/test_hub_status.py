"""The hub's own topic on both brokers: told, retained, willed, said farewell on; no device writes or reads it."""

import queue
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from device_model import SITE
from mqtt_device import WAIT_S, MqttDevice, Running
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.wire.hub_status import HubStatus, decode_hub_status
from edge_agent.wire.messages import Hello, Presence, wire_bytes
from edge_agent.wire.topics import HubChannel, hub_topic
from hub_server.ingest.subscriber import Broker

STATUS, ALERT = (hub_topic(SITE, channel) for channel in HubChannel)
HELLO = Hello(device="door-east", epoch="ab" * 16, oldest=1, last=0, agent="model/1")
ONLINE = wire_bytes(HubStatus(state=Presence.ONLINE, hub="hub-server/test"))


class Ear:
    """Hears the hub's status, with the hub's own account: the only one that both kinds of broker let listen."""

    def __init__(self, broker: Broker) -> None:
        self.heard: queue.Queue[tuple[Presence, bool]] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="ear", reconnect_on_failure=False)
        self._client.username_pw_set(broker.username or "", broker.password)
        self._client.on_message = self._hear
        subscribed: queue.Queue[Any] = queue.Queue()
        self._client.on_subscribe = lambda _c, _d, _m, reasons, _p: subscribed.put(reasons[0])
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._client.subscribe(f"shouwang/v1/{SITE}/+/status", qos=1)
        assert not subscribed.get(timeout=WAIT_S).is_failure

    def _hear(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == STATUS:
            self.heard.put((decode_hub_status(bytes(message.payload)).state, bool(message.retain)))

    def next(self) -> tuple[Presence, bool]:
        return self.heard.get(timeout=WAIT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listen(mosquitto: Broker) -> Iterator[Callable[[], Ear]]:
    ears: list[Ear] = []

    def new() -> Ear:
        ears.append(Ear(mosquitto))
        return ears[-1]

    yield new
    for ear in ears:
        ear.close()


@pytest.fixture
def broker(mosquitto: Broker) -> Broker:
    """Of `running`: the embedded broker lets nobody but the hub's devices in, and those may not listen."""
    return mosquitto


def test_the_status_is_told_and_kept_for_who_comes_later(running: Running, listen: Callable[[], Ear]) -> None:
    early = listen()
    assert running.ingest.subscriber.publish_own(HubChannel.STATUS, ONLINE)
    assert early.next() == (Presence.ONLINE, False)
    assert listen().next() == (Presence.ONLINE, True)


def test_a_hub_that_stops_says_farewell_and_one_that_is_cut_off_leaves_its_will(
    running: Running, listen: Callable[[], Ear]
) -> None:
    ear = listen()
    subscriber = running.ingest.subscriber
    subscriber.publish_own(HubChannel.STATUS, ONLINE)
    assert ear.next() == (Presence.ONLINE, False)
    client = subscriber._client
    assert client is not None
    sock = client.socket()
    assert sock is not None
    with socket.fromfd(sock.fileno(), socket.AF_INET, socket.SOCK_STREAM) as same:
        same.shutdown(socket.SHUT_RDWR)  # as when power fails
    assert ear.next() == (Presence.OFFLINE, False)
    running.wait_until(lambda: subscriber._client is not client and subscriber.listening_since_s is not None)
    subscriber.publish_own(HubChannel.STATUS, ONLINE)
    assert ear.next() == (Presence.ONLINE, False)
    subscriber.stop()
    assert ear.next() == (Presence.OFFLINE, False)
    assert listen().next() == (Presence.OFFLINE, True)


def test_without_a_connection_nothing_is_told_and_nobody_hears_an_exception(running: Running) -> None:
    running.ingest.subscriber.stop()
    assert not running.ingest.subscriber.publish_own(HubChannel.STATUS, ONLINE)


def test_what_the_hub_says_of_itself_is_no_word_of_a_device(running: Running, listen: Callable[[], Ear]) -> None:
    ear = listen()
    running.ingest.subscriber.publish_own(HubChannel.STATUS, ONLINE)
    assert ear.next() == (Presence.ONLINE, False)
    device = running.connect("door-east")
    device.say(HELLO)
    assert (running.ingest.worker.ignored, running.ingest.worker.refused) == (0, 0)


class TestOnBothBrokers:
    """What a device may not do."""

    @pytest.fixture(params=["embedded", "mosquitto"])
    def broker(self, request: pytest.FixtureRequest) -> Broker:
        found: Broker = request.getfixturevalue(request.param)
        return found

    @pytest.mark.parametrize("topic", [STATUS, ALERT])
    def test_a_device_can_neither_write_nor_will_nor_hear_it(self, running: Running, topic: str) -> None:
        heard: queue.Queue[str] = queue.Queue()
        offer = running.ingest.inbox.offer
        running.ingest.inbox.offer = lambda arrival: (heard.put(arrival.topic), offer(arrival))[1]  # type: ignore[method-assign,func-returns-value]
        device = running.connect("door-east")
        device.send(ONLINE, to=topic, retain=True)
        eager = device.subscribe(topic)
        running.ingest.subscriber.publish_own(HubChannel.STATUS, ONLINE)
        device.say(HELLO)
        assert device.heard.empty(), f"it was granted {eager}"
        assert heard.get(timeout=WAIT_S).endswith("/door-east/up")
        other = MqttDevice(running.broker, "door-west", running.secrets["door-west"], will=(topic, ONLINE))
        admitted = not other.try_to_open().is_failure
        if admitted:
            other.break_off()  # a broker that lets the will in must not say it
        other.close()
        device.say(HELLO)
        assert heard.get(timeout=WAIT_S).endswith("/door-east/up")
