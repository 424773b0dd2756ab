"""The protocol over real brokers: what arrives, and what must not."""

import pytest
from device_model import DEVICE, EPOCH, batch, hello, passage
from mqtt_device import Ingest, MqttDevice, Running, topic

from edge_agent.wire.blobs import Want, decode_blob_down, make_offer
from edge_agent.wire.codec import event_hash
from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import Ack, Presence, RefusalReason, Refused, Status, Welcome, wire_bytes
from edge_agent.wire.topics import Channel
from hub_server.ingest.subscriber import Broker
from hub_server.store import events
from hub_server.store.store import Store

pytestmark = pytest.mark.slow
NOW_US = 1_795_471_200_000_000
WEST = "door-west"
A, B = (passage(wall_us=NOW_US - n, mono_us=n) for n in (1, 2))


def stored(store: Store) -> list[bytes]:
    with store.read() as db:
        return [row.body.encode() for row in events.page(db, after=0, before=None, limit=500)]


def settled(device: MqttDevice) -> None:
    """The hub has worked through all that came before: it answers in order."""
    assert isinstance(device.say(hello(last=0, epoch=EPOCH, device=device.device)), Welcome)


@pytest.mark.parametrize("v5", [False, True])
def test_a_device_says_hello_sends_and_is_acknowledged(running: Running, v5: bool) -> None:  # noqa: FBT001 a parameter
    if v5 and not running.broker.speaks_v5:
        pytest.skip("amqtt speaks 3.1.1 only")
    device = running.connect(DEVICE, v5=v5)
    assert device.say(hello(last=2)) == Welcome(epoch=EPOCH, high=0, hash=None)
    assert device.say(batch(A, B)) == Ack(epoch=EPOCH, high=2, hash=event_hash(B))
    assert stored(running.store) == [A, B]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\x00 no JSON", RefusalReason.MALFORMED),
        (b"", RefusalReason.MALFORMED),
        (b"[" * 5000, RefusalReason.MALFORMED),
        (b"{}", RefusalReason.MALFORMED),
        (b" " * (PAYLOAD_BYTES_MAX + 1), RefusalReason.TOO_LARGE),
        (wire_bytes(batch(A)).replace(event_hash(A).encode(), b"0" * 64), RefusalReason.WRONG_HASH),
        (wire_bytes(hello(last=0, device=WEST)), RefusalReason.WRONG_DEVICE),
    ],
    ids=["no JSON", "empty", "nested", "no type", "too large", "wrong hash", "wrong device"],
)
def test_a_bad_payload_is_refused_counted_and_harms_nothing(
    running: Running, payload: bytes, reason: RefusalReason
) -> None:
    device = running.connect(DEVICE)
    device.send(payload)
    answer = device.answer()
    assert isinstance(answer, Refused)
    assert answer.reason is reason
    assert running.row(DEVICE).refused == 1
    assert running.row(WEST).heard_us is None
    settled(device)


def test_the_status_and_the_last_will_tell_who_is_there(running: Running) -> None:
    offline = wire_bytes(Status(device=DEVICE, state=Presence.OFFLINE, agent="model/1"))
    device = running.connect(DEVICE, will=(topic(DEVICE, Channel.STATUS), offline))
    device.tell_status(Presence.ONLINE)
    running.wait_until(lambda: running.row(DEVICE).online)
    device.break_off()
    running.wait_until(lambda: not running.row(DEVICE).online)


def test_a_bad_status_is_refused_and_counted(running: Running) -> None:
    device = running.connect(DEVICE)
    device.send(b"here I am", to=topic(DEVICE, Channel.STATUS))
    assert isinstance(device.answer(), Refused)
    assert not running.row(DEVICE).online


def test_a_hub_that_comes_back_greets_every_device_unasked(running: Running) -> None:
    device = running.connect(DEVICE)
    device.say(hello(last=1))
    device.say(batch(A))
    running.ingest.stop()
    running.ingest = Ingest(running.store, running.broker)
    running.ingest.start()
    assert device.answer() == Welcome(epoch=EPOCH, high=1, hash=event_hash(A))


def test_who_was_online_is_forgotten_until_the_broker_tells_again(running: Running) -> None:
    device = running.connect(DEVICE)
    device.tell_status(Presence.ONLINE)
    running.wait_until(lambda: running.row(DEVICE).online)
    running.ingest.stop()
    device.tell_status(Presence.OFFLINE)
    running.ingest = Ingest(running.store, running.broker)
    running.ingest.start()
    running.wait_until(lambda: not running.row(DEVICE).online)


def test_a_wrong_secret_or_name_is_not_admitted(running: Running) -> None:
    for username, secret in ((DEVICE, running.secrets[WEST]), ("nobody", "x"), (running.broker.username, "x")):
        assert username is not None
        client = MqttDevice(running.broker, username, secret)
        assert client.try_to_open().is_failure
        client.close()


@pytest.mark.parametrize("channel", [Channel.UP, Channel.STATUS])
def test_a_device_cannot_speak_for_another(running: Running, channel: Channel) -> None:
    device = running.connect(DEVICE)
    forged = {
        Channel.UP: wire_bytes(batch(A, device=WEST)),
        Channel.STATUS: wire_bytes(Status(device=WEST, state=Presence.ONLINE, agent="liar")),
    }
    device.send(forged[channel], to=topic(WEST, channel))
    settled(device)
    west = running.row(WEST)
    assert (west.heard_us, west.online, west.high) == (None, False, 0)


def test_a_device_cannot_speak_for_the_hub(running: Running) -> None:
    liar, victim = running.connect(DEVICE), running.connect(WEST)
    forged = wire_bytes(Ack(epoch=EPOCH, high=9, hash="0" * 64))
    liar.send(forged, to=topic(WEST, Channel.ACK))
    settled(liar)
    settled(victim)
    assert victim.heard.empty(), "only the hub's own answer came"


@pytest.mark.parametrize("eager", [topic(WEST, Channel.ACK), topic(WEST, Channel.UP), "shouwang/#", "#", "+/+/+/+/ack"])
def test_a_device_hears_nothing_of_another_whatever_it_subscribes_to(running: Running, eager: str) -> None:
    other = running.connect(WEST)
    other.tell_status(Presence.ONLINE)
    device = running.connect(DEVICE)
    device.subscribe(eager)
    assert isinstance(other.say(hello(last=1, device=WEST)), Welcome)
    assert isinstance(other.say(batch(A, device=WEST)), Ack)
    settled(device)
    heard = [device.heard.get_nowait().topic for _ in range(device.heard.qsize())]
    assert set(heard) <= {topic(DEVICE, Channel.ACK)}


def test_a_last_will_cannot_lie(running: Running) -> None:
    will = (topic(WEST, Channel.UP), wire_bytes(batch(A, device=WEST)))
    liar = MqttDevice(running.broker, DEVICE, running.secrets[DEVICE], client_id="liar", will=will)
    if not liar.try_to_open().is_failure:  # Mosquitto lets it in, and throws the will away
        liar.break_off()
    liar.close()
    settled(running.connect(DEVICE))
    assert running.row(WEST).heard_us is None


@pytest.mark.parametrize("clean", [True, False])
def test_whoever_uses_anothers_client_id_cannot_disturb_or_impersonate_it(
    running: Running,
    clean: bool,  # noqa: FBT001 a parameter
) -> None:
    if running.broker.speaks_v5:
        pytest.skip("Mosquitto takes over a session by client id alone; TLS names will settle that")
    victim = running.connect(WEST)
    will = (topic(WEST, Channel.UP), wire_bytes(batch(A, device=WEST)))
    for username, secret in ((WEST, "guessed"), (DEVICE, running.secrets[DEVICE])):
        liar = MqttDevice(running.broker, username, secret, client_id=WEST, clean=clean, will=will)
        assert liar.try_to_open().is_failure
        liar.close()
    neighbour = MqttDevice(running.broker, DEVICE, running.secrets[DEVICE], client_id=WEST, clean=clean)
    neighbour.open()
    assert isinstance(victim.say(batch(B, device=WEST)), Ack)
    assert stored(running.store) == [B]
    assert victim.gone.empty()
    assert neighbour.heard.empty()
    neighbour.close()


def test_a_second_connection_of_one_device_takes_the_place_of_the_first(running: Running) -> None:
    first = running.connect(DEVICE)
    second = running.connect(DEVICE)
    first.gone.get(timeout=10)
    assert isinstance(second.say(hello(last=0)), Welcome)


def test_any_client_id_will_do_for_a_device_with_its_secret(running: Running) -> None:
    assert isinstance(running.connect(DEVICE, client_id="").say(hello(last=0)), Welcome)


def test_a_burst_larger_than_one_transaction_comes_whole_and_in_order(running: Running) -> None:
    device = running.connect(DEVICE)
    device.say(hello(last=300))
    raws = [passage(wall_us=NOW_US, mono_us=n) for n in range(300)]
    for first in range(0, 300, 10):
        device.client.publish(
            topic(DEVICE, Channel.UP), wire_bytes(batch(*raws[first : first + 10], first_seq=first + 1)), qos=1
        )
    highs: list[int] = []
    while not highs or highs[-1] < 300:  # one ack for each transaction, however many of the batches it took
        answer = device.answer()
        assert isinstance(answer, Ack)
        highs.append(answer.high)
    assert highs == sorted(set(highs))
    assert all(high % 10 == 0 for high in highs)
    assert stored(running.store) == raws


def test_what_is_said_about_blobs_reaches_the_lane_and_the_device_alone_hears_its_own(running: Running) -> None:
    device, other = running.connect(DEVICE), running.connect(WEST)
    for client in (device, other):
        client.subscribe(topic(DEVICE, Channel.BLOB_DOWN))
    lane = running.ingest.lane
    settled(device)
    assert lane.greeted.get(timeout=10) == DEVICE
    offer = make_offer(kind="gallery", version=7, content=b"sealed")
    running.ingest.subscriber.publish_blob(DEVICE, offer)
    heard = device.heard.get(timeout=10)
    assert (heard.topic, decode_blob_down(bytes(heard.payload))) == (topic(DEVICE, Channel.BLOB_DOWN), offer)
    want = wire_bytes(Want(kind="gallery", version=7, from_i=0))
    other.send(want, to=topic(DEVICE, Channel.BLOB_UP))  # not its own
    device.send(want, to=topic(DEVICE, Channel.BLOB_UP))
    assert lane.said.get(timeout=10) == (DEVICE, want)
    settled(other)
    assert lane.said.empty(), "only the device's own word came"
    assert other.heard.empty()


def test_a_device_that_says_goodbye_or_a_broker_that_comes_anew_ends_what_was_under_way(running: Running) -> None:
    device = running.connect(DEVICE)
    assert running.ingest.lane.gone.get(timeout=10) is None, "at the connection: nobody is there yet"
    device.tell_status(Presence.ONLINE)
    device.tell_status(Presence.OFFLINE)
    assert running.ingest.lane.gone.get(timeout=10) == DEVICE


def test_the_hub_is_admitted_to_its_own_topics_only(embedded: Broker) -> None:
    assert embedded.username is not None
    assert embedded.password is not None
    client = MqttDevice(embedded, embedded.username, embedded.password)
    client.open()
    assert client.subscribe("#").is_failure
    client.close()
