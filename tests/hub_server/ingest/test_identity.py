"""A device speaks for itself alone: the topic that the broker let it write to says who it is, whatever it claims."""

import pytest
from device_model import DEVICE, EPOCH, SITE, batch, hello, passage
from mqtt_device import RecordingLane

from edge_agent.wire.blobs import Have, Want
from edge_agent.wire.messages import DownMessage, Presence, RefusalReason, Refused, Status, wire_bytes
from edge_agent.wire.topics import Address, Channel
from hub_server.ingest.inbox import Arrival, Inbox
from hub_server.ingest.worker import Worker
from hub_server.store import devices, events
from hub_server.store.rows import Device
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
WEST = "door-west"


class Hub:
    """The worker with what it says, and to whom."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.said: list[tuple[str, DownMessage]] = []
        self.lane = RecordingLane()
        self.worker = Worker(
            store=store,
            inbox=Inbox(),
            publish=lambda device, message: self.said.append((device, message)),
            site=SITE,
            blobs=self.lane,
        )

    def hears(self, payload: bytes, *, of: str, on: Channel) -> None:
        topic = Address(site=SITE, device=of).topic(on)
        self.worker.handle([Arrival(topic=topic, payload=payload, retained=False, received_us=NOW_US)])

    def row(self, device: str) -> Device:
        with self.store.read() as db:
            found = devices.get(db, device)
        assert found is not None
        return found


@pytest.fixture
def hub(store: Store) -> Hub:
    for name in (DEVICE, WEST):
        store.write(lambda db, name=name: devices.create(db, id=name, place="", now_us=NOW_US))  # type: ignore[misc]
    return Hub(store)


LIES = {
    "hello": (Channel.UP, wire_bytes(hello(last=1, device=WEST))),
    "batch": (Channel.UP, wire_bytes(batch(passage(wall_us=NOW_US), device=WEST))),
    "online": (Channel.STATUS, wire_bytes(Status(device=WEST, state=Presence.ONLINE, agent="liar"))),
    "offline": (Channel.STATUS, wire_bytes(Status(device=WEST, state=Presence.OFFLINE, agent="liar"))),
}


@pytest.mark.parametrize("lie", LIES)
def test_who_names_another_device_is_refused_and_counted_and_changes_nothing_of_the_other(hub: Hub, lie: str) -> None:
    truth = wire_bytes(Status(device=WEST, state=Presence.ONLINE, agent="west"))
    hub.hears(truth, of=WEST, on=Channel.STATUS)
    before = hub.row(WEST)
    channel, payload = LIES[lie]
    hub.hears(payload, of=DEVICE, on=channel)
    assert [device for device, _ in hub.said] == [DEVICE], "nothing is said to the other"
    answer = hub.said[0][1]
    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.WRONG_DEVICE
    assert hub.row(WEST) == before
    assert (hub.row(DEVICE).refused, hub.row(DEVICE).online, hub.row(DEVICE).high) == (1, False, 0)
    with hub.store.read() as db:
        assert list(events.page(db, after=0, before=None, limit=9)) == []


def test_the_same_words_are_taken_from_the_device_itself(hub: Hub) -> None:
    for channel, payload in LIES.values():
        hub.hears(payload, of=WEST, on=channel)
    assert not [message for _, message in hub.said if isinstance(message, Refused)]
    assert hub.row(WEST).high == 1


@pytest.mark.parametrize(
    "word",
    [Want(kind="gallery", version=7, from_i=0), Have(kind="gallery", version=7, sha256="0" * 64)],
    ids=["want", "have"],
)
def test_a_word_about_a_blob_is_that_of_the_device_whose_topic_it_came_on(hub: Hub, word: Want | Have) -> None:
    hub.hears(wire_bytes(word), of=DEVICE, on=Channel.BLOB_UP)
    assert hub.lane.said.get_nowait() == (DEVICE, wire_bytes(word))
    assert hub.lane.said.empty()
    assert not {"device", "site"} & set(type(word).__struct_fields__), "it names nobody, so it can name nobody else"


@pytest.mark.parametrize("channel", [Channel.UP, Channel.STATUS, Channel.BLOB_UP])
def test_what_comes_from_another_site_or_on_a_topic_of_ours_is_not_looked_at(hub: Hub, channel: Channel) -> None:
    there = Address(site="elsewhere", device=DEVICE).topic(channel)
    ours = Address(site=SITE, device=DEVICE).topic(Channel.ACK)
    for topic in (there, ours):
        entry = Arrival(topic=topic, payload=LIES["hello"][1], retained=False, received_us=NOW_US)
        hub.worker.handle([entry])
    assert hub.said == []
    assert hub.lane.said.empty()
    assert hub.row(DEVICE).refused == 0
    assert hub.worker.ignored == 2


def test_a_device_that_is_not_known_is_refused_and_leaves_no_journal(hub: Hub) -> None:
    hub.hears(wire_bytes(hello(last=1, epoch=EPOCH, device="nobody")), of="nobody", on=Channel.UP)
    answer = hub.said[0][1]
    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.WRONG_DEVICE
