"""A whole hub with somebody overdue: a worker's webhook has it, by the third way, with a link to the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hook_server import Server, hook_server
from mqtt_device import WAIT_S
from sqlite_utils import Database

from hub_server.app.hub import Hub
from hub_server.config import EmbeddedBrokerConfig, ServeConfig
from hub_server.store import people, recipients, watches
from hub_server.store.store import now_us
from hub_server.watch.ladder import Rung

pytestmark = pytest.mark.slow

DAY_US = 86_400_000_000


@pytest.fixture
def server() -> Iterator[Server]:
    with hook_server() as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    config = ServeConfig(
        data_dir=tmp_path / "data",
        host="127.0.0.1",
        port=0,
        site="demo",
        broker=EmbeddedBrokerConfig(port=0),
        public_url="https://hub.riverside.lan/",
    )
    hub = Hub(config)
    hub.start()
    yield hub
    hub.stop()


def test_an_alert_reaches_a_worker_by_itself(hub: Hub, server: Server) -> None:
    def furnish(db: Database) -> None:
        began_us = now_us() - 3 * DAY_US
        people.create(db, id="li", name="李秀兰", address="3 栋 502", phone="", note="", now_us=began_us)
        watches.create(db, person="li", period_s=86400, last_seen_us=began_us, now_us=began_us)
        urls = ["speech://square", "json://127.0.0.1:9/nobody", server.url]
        recipients.add(db, area="", rung=Rung.WORKER, name="王敏", phone="", urls=urls, now_us=began_us)

    assert hub._store is not None
    hub._store.write(furnish)
    assert server.arrived.acquire(timeout=WAIT_S)
    (letter,) = server.got
    assert "李秀兰" in letter["title"]
    assert "https://hub.riverside.lan/alerts/1\n" in letter["message"]
