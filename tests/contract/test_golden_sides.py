"""The golden conversation: what each side answers to the other's golden message is the golden answer, byte for byte."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge_agent.uplink.belt import make_batch
from edge_agent.wire.codec import decode_down, decode_event, decode_up, encode_event, item
from edge_agent.wire.messages import Batch, Welcome, wire_bytes
from hub_server.ingest.apply import apply_up
from hub_server.store import devices
from hub_server.store.store import Store

GOLDEN = Path(__file__).parent / "golden"
DEVICE = "door-east"
NOW_US = 1_795_471_300_000_000


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "data", clock=lambda: NOW_US)
    store.write(lambda db: devices.create(db, id=DEVICE, place="", now_us=NOW_US))
    yield store
    store.close()


def answers(store: Store, payload: bytes) -> list[bytes]:
    message = decode_up(payload)
    said = store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))
    return [wire_bytes(answer) for answer in said]


def test_the_hub_answers_the_golden_hello_and_batch_with_the_golden_welcome_and_ack(store: Store) -> None:
    assert answers(store, golden("up-hello")) == [golden("down-welcome")]
    assert answers(store, golden("up-batch")) == [golden("down-ack")]
    assert answers(store, golden("up-batch")) == [golden("down-ack")], "a duplicate is acknowledged again"


def test_the_hub_asks_for_the_missing_place_with_the_golden_replay(store: Store) -> None:
    answers(store, golden("up-batch"))
    batch = decode_up(golden("up-batch"))
    assert isinstance(batch, Batch)
    ahead = msgspec.structs.replace(batch, items=[item(3, golden("event-passage-stranger"))])
    assert golden("down-replay") in answers(store, wire_bytes(ahead))


def test_the_hub_calls_another_event_in_a_taken_place_the_golden_conflict(store: Store) -> None:
    answers(store, golden("up-batch"))
    batch = decode_up(golden("up-batch"))
    assert isinstance(batch, Batch)
    other = msgspec.structs.replace(batch, items=[item(1, golden("event-passage-stranger"))])
    assert answers(store, wire_bytes(other)) == [golden("down-conflict")]


def test_the_agent_writes_the_golden_batch_of_the_golden_event() -> None:
    raw = encode_event(decode_event(golden("event-passage-resident")))
    welcome = decode_down(golden("down-welcome"))
    assert isinstance(welcome, Welcome)
    assert make_batch(DEVICE, welcome.epoch, [item(1, raw)]) == (golden("up-batch"), 1)
