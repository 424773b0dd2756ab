"""kill -9 of a real Mosquitto in the middle of a day: nothing lost, nothing double, and the watch waits as designed."""

from collections.abc import Iterator
from typing import Protocol

import pytest
from device_model import DAY_US, DEVICE, EPOCH, batch, hello, passage
from mqtt_device import Ingest, MqttDevice, Running

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import Ack, Welcome, wire_bytes
from hub_server.ingest.subscriber import Broker
from hub_server.scheduler import Pulse, Scheduler
from hub_server.store import alerts, events, people, watches
from hub_server.store.store import Store
from hub_server.watch.drain import LISTENING_S_MIN

pytestmark = pytest.mark.slow
NOW_US = 1_795_471_200_000_000
EVENTS = [passage(wall_us=NOW_US - n, mono_us=n) for n in range(40)]


class BrokerProcess(Protocol):
    broker: Broker

    def start(self) -> None: ...

    def kill(self) -> None: ...


@pytest.fixture
def hub(store: Store, mosquitto_process: BrokerProcess, secrets: dict[str, str]) -> Iterator[Running]:
    broker = mosquitto_process.broker
    running = Running(store=store, broker=broker, ingest=Ingest(store, broker), secrets=secrets)
    running.ingest.start()
    running.wait_until(lambda: running.ingest.subscriber.listening_since_s is not None)
    yield running
    for client in running.clients:
        client.close()
    running.ingest.stop()


def stored(store: Store) -> list[bytes]:
    with store.read() as db:
        return [row.body.encode() for row in events.page(db, after=0, before=None, limit=500)]


def killed_and_back(hub: Running, broker: BrokerProcess) -> None:
    """Both sides have lost their connection; the hub listens again."""
    before_s = hub.ingest.subscriber.listening_since_s
    broker.kill()
    broker.start()
    hub.wait_until(lambda: hub.ingest.subscriber.listening_since_s not in (None, before_s))


def first_ack(device: MqttDevice) -> Ack:
    """Past the greetings: a hub that is back says welcome unasked, before or after it answers a hello."""
    while True:
        answer = device.answer()
        if isinstance(answer, Ack):
            return answer
        assert isinstance(answer, Welcome)


def test_what_was_on_its_way_when_the_broker_died_is_sent_again_and_stored_once(
    hub: Running, mosquitto_process: BrokerProcess
) -> None:
    device = hub.connect(DEVICE)
    device.say(hello(last=len(EVENTS)))
    for first in (1, 11):
        assert isinstance(device.say(batch(*EVENTS[first - 1 : first + 9], first_seq=first)), Ack)
    unheard = wire_bytes(batch(*EVENTS[20:30], first_seq=21))
    device.client.publish(f"shouwang/v1/demo/{DEVICE}/up", unheard, qos=1)  # nobody waits for an answer
    killed_and_back(hub, mosquitto_process)
    again = hub.connect(DEVICE)
    welcome = again.say(hello(last=len(EVENTS)))
    assert isinstance(welcome, Welcome)
    assert welcome.high in {20, 30}, "the batch came through whole, or not at all"
    again.send(wire_bytes(batch(*EVENTS[welcome.high :], first_seq=welcome.high + 1)))
    assert first_ack(again) == Ack(epoch=EPOCH, high=40, hash=event_hash(EVENTS[-1]))
    assert stored(hub.store) == EVENTS
    row = hub.row(DEVICE)
    assert (row.duplicates, row.conflicts, row.quarantined, row.lost) == (0, 0, 0, 0)


def test_after_the_outage_the_watch_lets_the_device_tell_what_it_has_before_it_judges(
    hub: Running, mosquitto_process: BrokerProcess
) -> None:
    store, subscriber = hub.store, hub.ingest.subscriber
    now_s = [subscriber.listening_since_s or 0.0]
    device = hub.connect(DEVICE)
    device.say(hello(last=0))
    scheduler = Scheduler(
        store=store, listening_since_s=lambda: subscriber.listening_since_s, monotonic_s=lambda: now_s[0]
    )
    now_s[0] += LISTENING_S_MIN
    scheduler.tick()
    assert scheduler.pulse() is Pulse.JUDGING
    killed_and_back(hub, mosquitto_process)

    def somebody_is_overdue(db: object) -> None:
        people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)  # type: ignore[arg-type]
        watches.create(db, person="zhao", period_s=86400, last_seen_us=NOW_US - DAY_US, now_us=NOW_US)  # type: ignore[arg-type]

    store.write(somebody_is_overdue)
    now_s[0] = (subscriber.listening_since_s or 0.0) + LISTENING_S_MIN
    assert scheduler.tick() == []
    assert scheduler.pulse() is Pulse.DRAINING
    again = hub.connect(DEVICE)
    again.say(hello(last=1))
    hub.wait_until(lambda: hub.row(DEVICE).last == 1)  # what was answered may have been the hub's own greeting
    now_s[0] += 60
    assert scheduler.tick() == [], "the device has one more to tell"
    again.send(wire_bytes(batch(passage(wall_us=NOW_US - 5, person="zhao"))))
    assert first_ack(again).high == 1
    now_s[0] += 1
    assert scheduler.tick() == [], "seen in time: there is nothing to raise"
    assert scheduler.pulse() is Pulse.JUDGING
    with store.read() as db:
        assert alerts.page(db, states=None, after=None, limit=9) == []
