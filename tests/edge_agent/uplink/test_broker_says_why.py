"""A real Mosquitto says with MQTT 5 that nobody has a message, and a link that stays open and silent is found out."""

import queue
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mosquitto import PASSWORD, PROGRAM, TIMEOUT_S, USER, Mosquitto, Observer
from scripted_hub import ScriptedHub
from sightings import stranger
from silent_proxy import SilentProxy

from edge_agent.clock import FakeClock
from edge_agent.config import HubConfig
from edge_agent.journal import Journal
from edge_agent.uplink.mqtt import Closed, Inbox, MqttLink, MqttVersion, NotTaken, NotTakenWhy, Opened
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire.topics import Address, Channel

pytestmark = pytest.mark.skipif(
    PROGRAM is None or shutil.which("mosquitto_passwd") is None, reason="no mosquitto here: apt install mosquitto"
)
ADDRESS = Address(site="test", device=USER)
UP, ACK = ADDRESS.topic(Channel.UP), ADDRESS.topic(Channel.ACK)
MUTE = f"user {USER}\ntopic read {ACK}\ntopic write {ADDRESS.topic(Channel.STATUS)}\n"
"""An access list under which the device may listen, and not speak."""
KEEPALIVE_S = 2


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    brokers: list[Mosquitto] = []

    def make(access: str | None = None) -> Mosquitto:
        brokers.append(Mosquitto(tmp_path, access=access))
        brokers[-1].start()
        return brokers[-1]

    yield make
    for broker in brokers:
        broker.kill()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Holds one event."""
    clock = FakeClock()
    journal = Journal(tmp_path / "journal.sqlite3", clock=clock)
    journal.append(stranger(clock))
    yield journal
    journal.close()


@pytest.fixture
def make_uplink(tmp_path: Path, journal: Journal) -> Iterator[Callable[..., Uplink]]:
    """Uplinks of the test's journal; started, and stopped at the end."""
    uplinks: list[Uplink] = []

    def make(port: int, *, keepalive_s: int = 30, version: MqttVersion | None = None) -> Uplink:
        hub = config(tmp_path, port, keepalive_s)

        def make_link(tried: MqttVersion, inbox: Inbox) -> MqttLink:
            return MqttLink(hub, address=ADDRESS, agent="test/1", version=version or tried, inbox=inbox)

        uplinks.append(Uplink(journal, device=USER, agent="test/1", make_link=make_link, jitter=lambda: 0.0))
        uplinks[-1].start()
        return uplinks[-1]

    yield make
    for uplink in uplinks:
        uplink.stop(5)


def config(folder: Path, port: int, keepalive_s: int = 30) -> HubConfig:
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    return HubConfig(host="127.0.0.1", port=port, password_file=secret, keepalive_s=keepalive_s)


def await_trouble(uplink: Uplink, expected: str | None) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while uplink.state().trouble != expected:
        assert time.monotonic() < deadline_s, uplink.state()
        time.sleep(0.01)  # it has no way to tell of it


@pytest.mark.parametrize(
    ("access", "why"), [(None, NotTakenWhy.NOBODY_LISTENS), (MUTE, NotTakenWhy.FORBIDDEN)], ids=["16", "135"]
)
def test_the_broker_says_why_nobody_has_a_message(
    start: Callable[..., Mosquitto], tmp_path: Path, access: str | None, why: NotTakenWhy
) -> None:
    inbox: Inbox = queue.Queue()
    hub = config(tmp_path, start(access).port)
    link = MqttLink(hub, address=ADDRESS, agent="test/1", version=MqttVersion.V5, inbox=inbox, visitor="visitor")
    link.open()
    assert inbox.get(timeout=TIMEOUT_S) == Opened()
    assert link.publish(b"is anybody there?")
    event = inbox.get(timeout=TIMEOUT_S)
    assert isinstance(event, NotTaken)
    assert event.why is why
    assert link.carries(event.mid)
    link.close()


def test_a_hub_that_is_not_listening_is_named_and_forgotten_when_it_does(
    start: Callable[..., Mosquitto],
    make_uplink: Callable[..., Uplink],
    journal: Journal,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = start()
    uplink = make_uplink(broker.port)
    await_trouble(uplink, NotTakenWhy.NOBODY_LISTENS.value)
    assert uplink.state().connected
    assert caplog.text.count("the hub is not listening") == 1
    hub = ScriptedHub()
    hub.welcome(journal.position().epoch)  # so that it says where it stands as soon as it listens
    observer = Observer(broker.port, UP, hub)
    try:
        assert uplink.wait_drained(TIMEOUT_S)
        await_trouble(uplink, None)
    finally:
        observer.close()


def test_a_broker_that_forbids_to_speak_is_named(
    start: Callable[..., Mosquitto], make_uplink: Callable[..., Uplink], caplog: pytest.LogCaptureFixture
) -> None:
    uplink = make_uplink(start(MUTE).port)
    await_trouble(uplink, NotTakenWhy.FORBIDDEN.value)
    assert not uplink.wait_drained(0)
    assert caplog.text.count("access list") == 1


@pytest.mark.slow
@pytest.mark.parametrize("version", list(MqttVersion))
def test_a_link_that_stays_open_and_silent_is_found_by_keep_alive_and_made_anew(
    start: Callable[..., Mosquitto],
    make_uplink: Callable[..., Uplink],
    journal: Journal,
    tmp_path: Path,
    version: MqttVersion,
) -> None:
    broker = start()
    hub = ScriptedHub()
    observer, proxy = Observer(broker.port, UP, hub), SilentProxy(broker.port)
    try:
        inbox: Inbox = queue.Queue()
        beside = MqttLink(
            config(tmp_path, proxy.port, KEEPALIVE_S),
            address=ADDRESS,
            agent="test/1",
            version=version,
            inbox=inbox,
            visitor="beside",
        )
        beside.open()
        assert inbox.get(timeout=TIMEOUT_S) == Opened()
        uplink = make_uplink(proxy.port, keepalive_s=KEEPALIVE_S, version=version)
        assert uplink.wait_drained(TIMEOUT_S)
        proxy.be_silent()
        began_s = time.monotonic()
        while not isinstance(inbox.get(timeout=TIMEOUT_S), Closed):  # what came before the silence
            pass
        assert time.monotonic() - began_s < 3 * KEEPALIVE_S + 2, "long before the 15 s that an ack may take"
        proxy.speak()
        journal.append(stranger(FakeClock()))
        uplink.wake()
        assert uplink.wait_drained(TIMEOUT_S)
        beside.close()
    finally:
        proxy.close()
        observer.close()
