"""The watchdog's look at the heartbeat: a real Mosquitto with our access list, the hub's own subscriber on it."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from device_model import SITE
from mqtt_device import WAIT_S, WATCHDOG, Running, free_port

from edge_agent.wire.hub_status import HubHealth, HubStatus
from edge_agent.wire.messages import Presence, wire_bytes
from edge_agent.wire.topics import HubChannel
from hub_server.ingest.subscriber import Broker
from hub_server.watchdog import over_mqtt
from hub_server.watchdog.look import Look
from hub_server.watchdog.over_mqtt import MqttPlace
from hub_server.watchdog.troubles import Kind

HEALTH = HubHealth(
    status="ok",
    store="ok",
    broker="connected",
    watch="judging",
    tick_age_s=0.4,
    write_age_s=3.0,
    unsent_age_s=None,
    failing=0,
)
AT_ONCE_S = 0.3  # a look that is to find nothing


@pytest.fixture
def broker(mosquitto: Broker) -> Broker:
    return mosquitto


@pytest.fixture
def place(broker: Broker) -> MqttPlace:
    name, secret = WATCHDOG
    return MqttPlace(host=broker.host, port=broker.port, site=SITE, username=name, password=secret, wait_s=WAIT_S)


def beat(running: Running, health: HubHealth | None = HEALTH, state: Presence = Presence.ONLINE) -> None:
    status = HubStatus(state=state, hub="hub-server/test", health=health)
    assert running.ingest.subscriber.publish_own(HubChannel.STATUS, wire_bytes(status))


@pytest.fixture
def look_while(running: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[[MqttPlace, HubHealth], Look]:
    """A look during which the hub beats, as soon as the watchdog listens."""

    def look(place: MqttPlace, health: HubHealth) -> Look:
        wait = over_mqtt._Ear.wait

        def wait_for_beat(ear: over_mqtt._Ear) -> Look:
            beat(running, health)
            return wait(ear)

        monkeypatch.setattr(over_mqtt._Ear, "wait", wait_for_beat)
        return over_mqtt.look(place)

    return look


def kinds(look: Look) -> list[Kind]:
    return [trouble.kind for trouble in look.troubles]


def test_a_hub_that_beats_is_well_and_one_that_says_what_is_wrong_is_not(
    place: MqttPlace, look_while: Callable[[MqttPlace, HubHealth], Look]
) -> None:
    assert look_while(place, HEALTH) == Look(where=place.where, troubles=(), health=HEALTH)
    late = HubHealth(**{name: getattr(HEALTH, name) for name in HEALTH.__struct_fields__} | {"watch": "late"})
    assert kinds(look_while(place, late)) == [Kind.NOT_JUDGING]


def test_a_heartbeat_that_is_only_kept_on_the_broker_may_be_old_and_proves_nothing(
    running: Running, place: MqttPlace
) -> None:
    beat(running)
    found = over_mqtt.look(replace(place, wait_s=AT_ONCE_S))
    assert kinds(found) == [Kind.SILENT]
    assert "old" in found.troubles[0].en


def test_a_hub_that_was_never_heard_is_silent(running: Running, place: MqttPlace) -> None:
    assert running.ingest.subscriber.listening_since_s is not None
    found = over_mqtt.look(replace(place, wait_s=AT_ONCE_S))
    assert kinds(found) == [Kind.SILENT]
    assert "never" in found.troubles[0].en


def test_a_hub_that_stopped_or_was_cut_off_is_silent_and_said_to_have_gone(running: Running, place: MqttPlace) -> None:
    beat(running)
    running.ingest.subscriber.stop()
    found = over_mqtt.look(replace(place, wait_s=AT_ONCE_S))
    assert kinds(found) == [Kind.SILENT]
    assert "stopped" in found.troubles[0].en


def test_a_hub_that_comes_back_while_the_watchdog_waits_is_well(running: Running, place: MqttPlace) -> None:
    beat(running, None, Presence.OFFLINE)
    found: list[Look] = []
    watching = threading.Thread(target=lambda: found.append(over_mqtt.look(place)))
    watching.start()
    while watching.is_alive():  # it beats until it is heard: when the watchdog listens nobody can know
        beat(running)
        watching.join(0.1)
    assert kinds(found[0]) == []


def test_what_is_no_word_of_a_hub_is_strange(running: Running, place: MqttPlace) -> None:
    running.ingest.subscriber.publish_own(HubChannel.STATUS, b'{"type":"status"}')
    assert kinds(over_mqtt.look(place)) == [Kind.STRANGE]


@pytest.mark.usefixtures("running")
def test_an_account_that_is_not_let_in_is_no_silent_hub(place: MqttPlace) -> None:
    found = over_mqtt.look(replace(place, password="guessed"))
    assert kinds(found) == [Kind.NO_BROKER]
    assert "refused: Not authorized" in found.troubles[0].en


def test_an_account_that_may_not_listen_is_told_so_by_a_broker_that_says_it(
    embedded: Broker, secrets: dict[str, str]
) -> None:
    place = MqttPlace(
        host=embedded.host, port=embedded.port, site=SITE, username="door-east", password=secrets["door-east"]
    )
    found = over_mqtt.look(place)
    assert kinds(found) == [Kind.NO_BROKER]
    assert "does not let this account listen" in found.troubles[0].en


def test_of_another_site_nothing_is_heard(running: Running, place: MqttPlace) -> None:
    beat(running)
    assert kinds(over_mqtt.look(replace(place, site="elsewhere", wait_s=AT_ONCE_S))) == [Kind.SILENT]


def test_a_broker_that_is_gone_is_named_and_is_no_exception(place: MqttPlace) -> None:
    found = over_mqtt.look(replace(place, port=free_port()))
    assert kinds(found) == [Kind.NO_BROKER]
    assert "no power or no network" in found.troubles[0].en
