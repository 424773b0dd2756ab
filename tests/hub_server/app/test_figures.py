"""A whole hub, a device that speaks to it, and /metrics as Prometheus asks for them: over TCP, with a token."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from device_model import DEVICE, batch, hello, passage
from mqtt_device import MqttDevice

from hub_server.app.hub import Hub
from hub_server.cli.running_hub import RunningHub
from hub_server.config import EmbeddedBrokerConfig, ServeConfig
from hub_server.ingest.subscriber import Broker

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    broker = EmbeddedBrokerConfig(port=0)
    hub = Hub(ServeConfig(data_dir=tmp_path / "data", host="127.0.0.1", port=0, site="demo", broker=broker))
    hub.start()
    yield hub
    hub.stop()


def scrape(hub: Hub, token: str) -> dict[str, float]:
    request = urllib.request.Request(f"{hub.url}/metrics", headers={"Authorization": f"Bearer {token}"})  # noqa: S310 our own hub
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 the same
        lines = answer.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_what_a_device_sends_is_in_the_numbers_of_the_hub(hub: Hub, tmp_path: Path) -> None:
    running = RunningHub.of(tmp_path / "data")
    mqtt = running.post("/api/v1/devices", {"id": DEVICE, "place": "东门"})["mqtt"]
    token = (tmp_path / "data" / "api-token").read_text().strip()
    device = MqttDevice(Broker(host=mqtt["host"], port=mqtt["port"], speaks_v5=False), DEVICE, mqtt["password"])
    device.open()
    device.subscribe(f"shouwang/v1/demo/{DEVICE}/ack")
    device.say(hello(last=2))
    device.say(batch(passage(wall_us=1), b"{}"))
    device.send(b"rubbish")
    device.answer()
    device.close()
    found = scrape(hub, token)
    assert found[f'shouwang_device_high{{device="{DEVICE}"}}'] == 2
    assert found[f'shouwang_device_quarantined_total{{device="{DEVICE}"}}'] == 1
    assert found["shouwang_ingest_refused_total"] == 1
    assert found["shouwang_ingest_transactions_total"] >= 3
    assert found["shouwang_ingest_messages_total"] >= 3
    assert found["shouwang_events_stored_total"] == 2
