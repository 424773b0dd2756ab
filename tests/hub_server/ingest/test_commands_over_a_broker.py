"""Commands over real brokers, with the real two sides; and what somebody who can write on `cmd` gets of it: nothing."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from device_model import DEVICE, SITE
from mqtt_device import WAIT_S, MqttDevice, Running, topic

from edge_agent.clock import FakeClock
from edge_agent.config import HubConfig
from edge_agent.journal import Journal
from edge_agent.remote.abilities import Done
from edge_agent.remote.desk import CommandDesk
from edge_agent.uplink.mqtt import Inbox as LinkInbox
from edge_agent.uplink.mqtt import MqttLink, MqttVersion
from edge_agent.uplink.uplink import Uplink
from edge_agent.wire import seal, sign
from edge_agent.wire.commands import PICTURE, SELF_TEST, Command, picture_binding, pieces_of, sign_command
from edge_agent.wire.topics import Address, Channel
from hub_server.ingest.command_desk import Order
from hub_server.ingest.commanding import Commanding
from hub_server.ingest.worker import Worker
from hub_server.store import commands
from hub_server.store.commands import Outcome

pytestmark = pytest.mark.slow
SIGNING_KEY: Final = bytes(range(1, 33))
PICTURE_KEYS: Final = seal.generate_key_pair()
EAST: Final = Address(site=SITE, device=DEVICE)
JPEG: Final = b"\xff\xd8\xff" + b"what the door sees" * 8000  # three pieces
DAY_US: Final = 86_400_000_000


class Door:
    """The agent's uplink, journal and desk, over the broker; its clock stands until a test moves it."""

    def __init__(self, running: Running, folder: Path) -> None:
        password = folder / "password"
        password.write_text(running.secrets[DEVICE])
        config = HubConfig(host=running.broker.host, port=running.broker.port, password_file=password)
        self.clock = FakeClock(wall_us=running.store.now_us())
        self.done: list[str] = []
        self.told: queue.Queue[None] = queue.Queue()
        self._journal = Journal(folder / "journal.sqlite3", clock=self.clock)
        self.desk = CommandDesk(
            address=EAST,
            sign_key=sign.public_key_of(SIGNING_KEY),
            abilities={PICTURE: self._picture, SELF_TEST: self._test},
            clock=self.clock,
        )

        def make_link(version: MqttVersion, inbox: LinkInbox) -> MqttLink:
            return MqttLink(
                config, address=EAST, agent="test/1", version=version, inbox=inbox, blobs=True, commands=True
            )

        self.uplink = Uplink(self._journal, device=DEVICE, agent="test/1", make_link=make_link, orders=self.desk)
        if not running.broker.speaks_v5:
            self.uplink._version = MqttVersion.V311  # or it tries the other one first, for 5 s
        self.desk.wakes(self.uplink.wake)
        self._ending = threading.Event()
        self._loop = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.desk.start()
        self.uplink.start()
        self._loop.start()

    def end(self) -> None:
        self._ending.set()
        self._loop.join()
        self.desk.stop()
        self.uplink.stop()
        self._journal.close()

    def _run(self) -> None:
        """As the agent's loop: what became of commands is journaled."""
        while not self._ending.wait(0.02):
            results = self.desk.results()
            if results:
                self._journal.append_all(results)
                self.uplink.wake()

    def _picture(self, command: Command) -> Done:
        self.done.append(command.id)
        binding = picture_binding(site=SITE, device=DEVICE, command=command.id)
        sealed = seal.seal(JPEG, public_key=PICTURE_KEYS.public, binding=binding)
        return Done(pieces=pieces_of(sealed, command=command.id))

    def _test(self, command: Command) -> Done:
        self.done.append(command.id)
        return Done(facts={"camera": "watching"})


class Office:
    """The hub's side, and somebody beside it who has the hub's own place at the broker."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.store = running.store
        self.payloads: list[bytes] = []  # all that the hub has sent
        self.let_go: queue.Queue[bytes] = queue.Queue()  # the same, for who waits for the next one
        self.holds_back = False
        running.ingest.subscriber.stop()
        running.ingest.worker.stop()
        ingest = running.ingest = type(running.ingest)(running.store, running.broker)
        self.commanding = Commanding(
            store=self.store,
            site=SITE,
            signing_key=SIGNING_KEY,
            picture_key=PICTURE_KEYS.private,
            publish=self._publish,
        )
        ingest.worker = Worker(
            store=self.store,
            inbox=ingest.inbox,
            publish=ingest.subscriber.publish,
            site=SITE,
            blobs=ingest.lane,
            commands=self.commanding,
        )
        self.commanding.start()
        ingest.start()
        broker = running.broker
        assert broker.username is not None
        assert broker.password is not None
        self.thief = MqttDevice(broker, broker.username, broker.password, client_id="a-thief", v5=broker.speaks_v5)
        self.thief.open()
        running.clients.append(self.thief)

    def _publish(self, device: str, payload: bytes) -> bool:
        self.payloads.append(payload)
        self.let_go.put(payload)
        return True if self.holds_back else self.running.ingest.subscriber.publish_command(device, payload)

    def ask(self, kind: str = PICTURE) -> str:
        id_ = f"{len(self.payloads) + 7:032x}"
        self.store.write(
            lambda db: commands.create(
                db, id=id_, device=DEVICE, kind=kind, arguments={}, reason="灯", asked_by="王", now_us=1
            )
        )
        assert self.commanding.ask(Order(id=id_, device=DEVICE, kind=kind, arguments={}))
        return id_

    def row(self, id_: str) -> commands.Command:
        with self.store.read() as db:
            return commands.find(db, id_)

    def outcome(self, id_: str) -> Outcome | None:
        self.running.wait_until(lambda: self.row(id_).outcome is not None)
        return self.row(id_).outcome

    def refusals(self) -> dict[str, int]:
        with self.store.read() as db:
            return commands.refusals(db, DEVICE, since_us=0)

    def say(self, payload: bytes, *, retain: bool = False) -> None:
        self.thief.send(payload, to=topic(DEVICE, Channel.CMD), retain=retain)

    def newest(self) -> tuple[str, str]:
        """Boot and challenge that the hub would quote now."""
        heard = self.commanding._desk._challenges[DEVICE]
        return heard.boot, heard.challenge


@pytest.fixture
def office(running: Running) -> Iterator[Office]:
    office = Office(running)
    yield office
    office.commanding.stop()


@pytest.fixture
def door(office: Office, tmp_path: Path) -> Iterator[Door]:
    folder = tmp_path / "door"
    folder.mkdir()
    door = Door(office.running, folder)
    door.start()
    office.running.wait_until(lambda: office.running.row(DEVICE).agent)
    yield door
    door.end()


def pictured(office: Office, id_: str) -> bytes | None:
    """Its pieces come beside the result, perhaps after it."""
    for _ in range(round(WAIT_S / 0.02)):
        found = office.commanding.picture(id_)
        if found is not None:
            return found
        threading.Event().wait(0.02)
    return None


def test_a_picture_is_asked_for_taken_once_and_arrives_sealed(office: Office, door: Door) -> None:
    id_ = office.ask()
    assert office.outcome(id_) is Outcome.DONE
    assert pictured(office, id_) == JPEG
    assert door.done == [id_]


def test_what_the_device_found_stands_with_the_command(office: Office, door: Door) -> None:
    id_ = office.ask(SELF_TEST)
    assert office.outcome(id_) is Outcome.DONE
    assert office.row(id_).facts == {"camera": "watching"}
    assert door.done == [id_]


def test_a_command_that_is_said_again_is_not_done_again(office: Office, door: Door) -> None:
    id_ = office.ask(SELF_TEST)
    assert office.outcome(id_) is Outcome.DONE
    office.say(office.payloads[0])
    office.running.wait_until(office.refusals)
    assert office.refusals() == {"replayed": 1}
    assert door.done == [id_]
    assert office.row(id_).outcome is Outcome.DONE


def test_a_command_that_was_held_back_for_a_minute_is_refused(office: Office, door: Door) -> None:
    office.holds_back = True
    id_ = office.ask(SELF_TEST)
    payload = office.let_go.get(timeout=WAIT_S)
    door.clock.advance(60)
    office.say(payload)
    assert office.outcome(id_) is Outcome.REFUSED
    assert office.row(id_).why == "stale"
    assert door.done == []


def test_what_somebody_else_has_signed_is_refused(office: Office, door: Door) -> None:
    assert office.outcome(office.ask(SELF_TEST)) is Outcome.DONE  # so that there is a challenge to quote
    boot, challenge = office.newest()
    forged = Command(id="f" * 32, device=DEVICE, boot=boot, challenge=challenge, kind=SELF_TEST, arguments={})
    office.say(sign_command(forged, site=SITE, private_key=bytes(range(2, 34))))
    office.running.wait_until(office.refusals)
    assert office.refusals() == {"not_signed": 1}
    assert len(door.done) == 1


def test_what_was_signed_for_another_device_is_refused(office: Office, door: Door) -> None:
    assert office.outcome(office.ask(SELF_TEST)) is Outcome.DONE
    boot, challenge = office.newest()
    for device, site in (("door-west", SITE), (DEVICE, "elsewhere")):
        other = Command(id="e" * 32, device=device, boot=boot, challenge=challenge, kind=SELF_TEST, arguments={})
        office.say(sign_command(other, site=site, private_key=SIGNING_KEY))
    office.running.wait_until(lambda: sum(office.refusals().values()) == 2)
    assert office.refusals() == {"not_signed": 2}
    assert len(door.done) == 1


def test_no_command_is_ever_kept_by_the_broker_and_a_kept_one_is_refused(
    running: Running, office: Office, door: Door, tmp_path: Path
) -> None:
    id_ = office.ask(SELF_TEST)
    assert office.outcome(id_) is Outcome.DONE
    door.end()
    late = running.connect(DEVICE)
    late.subscribe(topic(DEVICE, Channel.CMD))
    late.send(b"", to=topic(DEVICE, Channel.UP))  # refused on ack: whatever the broker had kept came before
    assert late.heard.get(timeout=WAIT_S).topic == topic(DEVICE, Channel.ACK)
    late.close()
    office.say(office.payloads[0], retain=True)
    again = tmp_path / "again"
    again.mkdir()
    other = Door(running, again)
    other.clock.boot = "c" * 32
    other.start()
    try:
        running.wait_until(office.refusals)
        assert set(office.refusals()) <= {"stale", "other_boot"}
        assert other.done == []
    finally:
        other.end()
        office.say(b"", retain=True)


def test_a_device_that_was_away_does_not_get_it_when_it_comes_back(
    running: Running, office: Office, door: Door, tmp_path: Path
) -> None:
    """QoS 0 and a fresh session: no broker keeps a command for whoever is away."""
    assert office.outcome(office.ask(SELF_TEST)) is Outcome.DONE
    door.end()
    missed = office.ask(SELF_TEST)  # the hub has heard a challenge just now: it does not know better
    running.wait_until(lambda: office.row(missed).sent_us)
    before = office.newest()
    folder = tmp_path / "back"
    folder.mkdir()
    back = Door(running, folder)
    back.start()
    try:
        for _ in range(round(WAIT_S / 0.02)):
            if office.newest() != before:
                break
            threading.Event().wait(0.02)
        asked = office.ask(SELF_TEST)
        assert office.outcome(asked) is Outcome.DONE
        assert back.done == [asked]
    finally:
        back.end()
