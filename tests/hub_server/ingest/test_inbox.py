import random
from collections import Counter

import pytest

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from hub_server.ingest.inbox import (
    BYTES_MAX,
    DEVICE_BYTES_MAX,
    DEVICE_MESSAGES_MAX,
    MESSAGES_MAX,
    QUEUES_MAX,
    TAKE_BYTES_MAX,
    TAKE_MAX,
    Arrival,
    Entry,
    Inbox,
    Listening,
    Opened,
)

HONEST = [f"honest-{n}" for n in range(20)]
FLOODER = "flooder"


def arrival(payload: bytes = b"x", *, device: str = "door-east", channel: str = "up") -> Arrival:
    return Arrival(topic=f"shouwang/v1/demo/{device}/{channel}", payload=payload, retained=False, received_us=1)


def device_of(entry: Entry) -> str:
    assert isinstance(entry, Arrival)
    return entry.topic.split("/")[3]


def taken(inbox: Inbox) -> list[Entry]:
    found = inbox.take()
    assert found is not None
    return found


def all_of(inbox: Inbox) -> list[Entry]:
    """Everything that lies there, in the order it is given."""
    found: list[Entry] = []
    inbox.mark(Listening())
    while not found or found[-1] != Listening():
        found += taken(inbox)
    return found[:-1]


def test_a_device_past_its_bound_is_dropped_and_counted_and_room_comes_back() -> None:
    inbox = Inbox()
    assert all(inbox.offer(arrival()) for _ in range(DEVICE_MESSAGES_MAX))
    assert not inbox.offer(arrival())
    assert (inbox.dropped, inbox.throttled()) == (1, {"door-east": 1})
    assert len(taken(inbox)) == TAKE_MAX
    assert inbox.offer(arrival())


def test_a_devices_bytes_are_limited_too() -> None:
    inbox = Inbox()
    large = bytes(PAYLOAD_BYTES_MAX)
    fit = DEVICE_BYTES_MAX // PAYLOAD_BYTES_MAX
    assert [inbox.offer(arrival(large)) for _ in range(fit + 1)] == [True] * fit + [False]
    assert inbox.offer(arrival(large, device="door-west"))


def test_of_a_payload_past_the_limit_as_much_is_kept_as_shows_that() -> None:
    inbox = Inbox()
    assert inbox.offer(arrival(bytes(10_000_000)))
    assert inbox.bytes == PAYLOAD_BYTES_MAX + 1
    (entry,) = taken(inbox)
    assert isinstance(entry, Arrival)
    assert len(entry.payload) == PAYLOAD_BYTES_MAX + 1


FLOOD = 2 * TAKE_MAX
"""Messages of one device between two turns: more than it is given."""


def test_one_that_floods_is_throttled_and_twenty_others_lose_nothing_and_wait_for_one_turn() -> None:
    """A fleet of 20, each within its window, beside one that sends a hundred times as much."""
    inbox, rng = Inbox(), random.Random(20261128)
    waited: Counter[str] = Counter()
    for round_ in range(200):
        for _ in range(FLOOD):
            inbox.offer(arrival(b"rubbish", device=FLOODER))
        for device in rng.sample(HONEST, 5):
            assert inbox.offer(arrival(str(round_).encode(), device=device))
            waited[device] += 1
        found = taken(inbox)
        for entry in found:
            waited[device_of(entry)] -= 1
        assert all(waited[device] == 0 for device in HONEST), "what came in a round left with the same round"
    assert set(inbox.throttled()) == {FLOODER}
    assert inbox.dropped > 200 * (FLOOD - TAKE_MAX) - DEVICE_MESSAGES_MAX - 1


def test_each_device_is_taken_in_turn_and_its_own_order_is_kept() -> None:
    inbox, rng = Inbox(), random.Random(1)
    sent: dict[str, list[bytes]] = {}
    for n in range(3000):
        device = rng.choice([*HONEST, *[FLOODER] * 5])
        if inbox.offer(arrival(str(n).encode(), device=device)):
            sent.setdefault(device, []).append(str(n).encode())
    found = all_of(inbox)
    first_round = [device_of(entry) for entry in found[: len(sent)]]
    assert sorted(first_round) == sorted(sent), "one of each before the second of anybody"
    got: dict[str, list[bytes]] = {}
    for entry in found:
        assert isinstance(entry, Arrival)
        got.setdefault(device_of(entry), []).append(entry.payload)
    assert got == sent


def test_all_channels_of_a_device_stand_in_one_queue() -> None:
    inbox = Inbox()
    sent = [arrival(channel=channel) for channel in ("status", "up", "blob/up", "up", "status")]
    for one in sent:
        inbox.offer(one)
    assert all_of(inbox) == sent


@pytest.mark.parametrize("devices", [1, 50, 300, 20_000])
def test_the_memory_is_bounded_however_many_send(devices: int) -> None:
    inbox = Inbox()
    payload = bytes(8 * 1024)
    for n in range(100_000):
        inbox.offer(arrival(payload, device=f"d{n % devices}"))
    assert inbox.messages <= MESSAGES_MAX
    assert inbox.bytes <= BYTES_MAX
    assert len(inbox.throttled()) <= QUEUES_MAX + 1
    assert inbox.dropped + inbox.messages == 100_000
    assert sum(inbox.throttled().values()) == inbox.dropped
    assert len(all_of(inbox)) == 100_000 - inbox.dropped
    assert (inbox.messages, inbox.bytes) == (0, 0)


@pytest.mark.parametrize("flooders", [1, 4, 40])
def test_whoever_fills_the_inbox_leaves_room_for_others(flooders: int) -> None:
    inbox = Inbox()
    payload = bytes(100 * 1024)
    for n in range(5000):
        inbox.offer(arrival(payload, device=f"flooder-{n % flooders}"))
    assert all(inbox.offer(arrival(bytes(2000), device=device)) for device in HONEST for _ in range(8))


def test_more_devices_than_queues_make_no_queue() -> None:
    inbox = Inbox()
    assert all(inbox.offer(arrival(device=f"d{n}")) for n in range(QUEUES_MAX))
    assert not inbox.offer(arrival(device="one-more"))
    assert inbox.offer(arrival(device="d0"))
    assert inbox.throttled() == {"one-more": 1}


def test_what_is_no_devices_shares_one_queue() -> None:
    inbox = Inbox()
    for n in range(1000):
        inbox.offer(Arrival(topic=f"a/{n}", payload=b"", retained=False, received_us=1))
    assert inbox.throttled() == {"": 1000 - DEVICE_MESSAGES_MAX}


def test_one_take_is_no_longer_than_its_bytes_allow() -> None:
    inbox = Inbox()
    for _ in range(8):
        inbox.offer(arrival(bytes(PAYLOAD_BYTES_MAX)))
    assert len(taken(inbox)) == TAKE_BYTES_MAX // PAYLOAD_BYTES_MAX


def test_nothing_passes_a_moment_of_the_connection_in_either_direction() -> None:
    """Who was online before is forgotten at Opened; the retained statuses that follow it must not be forgotten too."""
    inbox, rng = Inbox(), random.Random(2)
    sent: list[Entry] = []
    moments: dict[int, Opened | Listening] = {0: Opened(), 1: Listening()}
    for n in range(600):
        moment = moments.get(n % 60)
        if moment is not None:
            inbox.mark(moment)
            sent.append(moment)
        else:
            one = arrival(str(n).encode(), device=rng.choice(HONEST))
            inbox.offer(one)
            sent.append(one)
    assert stretches(all_of(inbox)) == stretches(sent)


def stretches(entries: list[Entry]) -> list[object]:
    """The moments in their order, and between them what was sent, in any order."""
    found: list[object] = [set()]
    for entry in entries:
        if isinstance(entry, Arrival):
            between = found[-1]
            assert isinstance(between, set)
            between.add(entry)
        else:
            found += [entry, set()]
    return found


def test_a_moment_keeps_its_place_even_when_full() -> None:
    inbox = Inbox()
    while inbox.offer(arrival()):
        pass
    inbox.mark(Opened())
    entries = all_of(inbox)
    assert (len(entries), entries[-1]) == (DEVICE_MESSAGES_MAX + 1, Opened())


def test_a_closed_inbox_gives_and_takes_nothing() -> None:
    inbox = Inbox()
    inbox.close()
    assert not inbox.offer(arrival())
    assert inbox.take() is None
