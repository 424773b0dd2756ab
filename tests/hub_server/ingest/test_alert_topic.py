"""The site's topic for alerts, over Mosquitto: who listens hears a letter, and the hub knows that the broker has it."""

import queue
from collections.abc import Iterator
from functools import partial

import pytest
from device_model import SITE
from mqtt_device import LISTENER, WAIT_S, Running
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.wire.topics import HubChannel, hub_topic
from hub_server.ingest.subscriber import Broker
from hub_server.notify.channel import DeliveryError, Letter
from hub_server.notify.mqtt_channel import MqttChannel

LETTER = Letter(key="m-7-0a1b", title="李秀兰", body="桂花村", spoken="")


@pytest.fixture
def broker(mosquitto: Broker) -> Broker:
    """Of `running`: the embedded broker lets nobody listen to the hub."""
    return mosquitto


@pytest.fixture
def heard(mosquitto: Broker) -> Iterator["queue.Queue[mqtt.MQTTMessage]"]:
    arrived: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
    granted: queue.Queue[bool] = queue.Queue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="control-room", reconnect_on_failure=False)
    client.username_pw_set(*LISTENER)
    client.on_subscribe = lambda _client, _data, _mid, reasons, _properties: granted.put(not reasons[0].is_failure)
    client.on_message = lambda _client, _data, message: arrived.put(message)
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    client.subscribe(hub_topic(SITE, HubChannel.ALERT), qos=1)
    assert granted.get(timeout=WAIT_S)
    yield arrived
    client.disconnect()
    client.loop_stop()


def _channel(running: Running) -> MqttChannel:
    publish = partial(running.ingest.subscriber.publish_surely, HubChannel.ALERT, within_s=WAIT_S)
    return MqttChannel("topic://control-room", publish=publish)


def test_a_letter_is_heard_on_the_sites_topic_at_least_once_and_not_kept(
    running: Running, heard: "queue.Queue[mqtt.MQTTMessage]"
) -> None:
    _channel(running).send(LETTER)
    message = heard.get(timeout=WAIT_S)
    assert (message.qos, message.retain) == (1, False)
    assert b'"key":"m-7-0a1b"' in message.payload


def test_without_the_broker_it_is_not_taken(running: Running) -> None:
    running.ingest.subscriber.stop()
    with pytest.raises(DeliveryError):
        _channel(running).send(LETTER)
