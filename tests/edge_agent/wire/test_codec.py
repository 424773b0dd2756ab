"""The one decoder: a typed value or one WireError, whatever bytes come."""

import hashlib
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.wire import codec, limits
from edge_agent.wire.codec import WireError
from edge_agent.wire.messages import (
    Ack,
    Batch,
    Direction,
    Event,
    Hello,
    LossReason,
    Lost,
    Passage,
    PlateRead,
    PlateReading,
    PlateVerdict,
    RefusalReason,
    Sighting,
    Stamp,
    wire_bytes,
)
from edge_agent.wire.plate import LETTERS, PROVINCES, PlateKind

EPOCH = "0" * 32
microseconds = st.integers(0, limits.INTEGER_MAX)
stamps = st.builds(Stamp, boot=st.just("ab" * 16), mono_us=microseconds, wall_us=microseconds, synced=st.booleans())
sightings = st.builds(
    Sighting,
    person=st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", fullmatch=True),
    score=st.floats(-1, 1),
    margin=st.none() | st.floats(0, 2),
    frames=st.integers(1, 1000),
    strict=st.booleans(),
    embedder=st.text(min_size=1, max_size=32).filter(lambda text: text.isprintable()),
)
passages = st.builds(
    Passage,
    captured=stamps,
    camera=st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True),
    duration_ms=microseconds,
    frames=st.integers(1, 1000),
    sighting=st.none() | sightings,
)
losses = st.builds(
    lambda first, more, count: Lost(
        first_seq=first, last_seq=first + more, counts={"passage": count}, reason=LossReason.SPACE
    ),
    st.integers(1, 2**40),
    st.integers(0, 2**40),
    st.integers(0, 1000),
)
plate_texts = st.builds(
    lambda province, letter, number: f"{province}{letter}{number:05}",
    st.sampled_from(PROVINCES),
    st.sampled_from(LETTERS),
    st.integers(0, 99_999),
)
plate_readings = st.builds(
    lambda text, score, chars: PlateReading(
        text=text, kind=PlateKind.BLUE, score=score, chars=chars, verdict=PlateVerdict.UNSURE
    ),
    plate_texts,
    st.floats(0, 1),
    st.lists(st.floats(0, 1), min_size=7, max_size=7),
)
plate_reads = st.builds(
    PlateRead,
    captured=stamps,
    camera=st.just("lane"),
    direction=st.sampled_from(Direction),
    duration_ms=microseconds,
    frames=st.integers(100, 1000),
    reads=st.integers(1, 100),
    reading=st.none() | plate_readings,
)


@settings(deadline=None)  # the first example builds the strategies
@given(st.one_of(passages, losses, plate_reads))
def test_every_event_comes_back_as_it_went(event: Event) -> None:
    raw = codec.encode_event(event)
    assert codec.decode_event(raw) == event
    batch = Batch(device="a", epoch=EPOCH, items=[codec.item(1, raw)])
    back = codec.decode_up(wire_bytes(batch))
    assert isinstance(back, Batch)
    assert bytes(back.items[0].event) == raw


@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_a_value_or_a_wire_error(payload: bytes) -> None:
    for decode in (codec.decode_up, codec.decode_down, codec.decode_status, codec.decode_event):
        with pytest.raises(WireError):
            decode(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'{"type":"hello"}',
        b'{"type":"goodbye"}',
        b'{"type":"hello","device":"A B","epoch":"' + EPOCH.encode() + b'","oldest":1,"last":0,"agent":"x"}',
        b'{"type":"hello","device":"a\\n","epoch":"' + EPOCH.encode() + b'","oldest":1,"last":0,"agent":"x"}',
        b'{"type":"hello","device":"a","epoch":"' + EPOCH.encode() + b'","oldest":0,"last":0,"agent":"x"}',
        b'{"type":"hello","device":"a","epoch":"' + EPOCH.encode() + b'","oldest":1,"last":1e400,"agent":"x"}',
        b'{"type":"hello","device":"a","epoch":"' + EPOCH.encode() + b'","oldest":1,"last":9007199254740992}',
        b'{"type":"batch","device":"a","epoch":"' + EPOCH.encode() + b'","items":[]}',
        b"[" * 100_000,
        b'{"type":"batch","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\xff\xfe",
    ],
    ids=lambda payload: payload[:60].decode("latin-1"),
)
def test_what_is_no_message_is_malformed(payload: bytes) -> None:
    with pytest.raises(WireError) as caught:
        codec.decode_up(payload)
    assert caught.value.reason is RefusalReason.MALFORMED


def test_a_payload_past_the_limit_is_not_even_parsed() -> None:
    with pytest.raises(WireError) as caught:
        codec.decode_up(b" " * (limits.PAYLOAD_BYTES_MAX + 1))
    assert caught.value.reason is RefusalReason.TOO_LARGE


def test_a_full_batch_of_the_largest_ordinary_events_fits_into_a_payload() -> None:
    stamp = Stamp(boot="f" * 32, mono_us=limits.INTEGER_MAX, wall_us=limits.INTEGER_MAX, synced=True)
    who = Sighting(
        person="p" * 64,
        score=-0.1234567890123456,
        margin=0.1234567890123456,
        frames=10**9,
        strict=False,
        embedder="é" * 128,
    )
    passage = Passage(captured=stamp, camera="c" * 63, duration_ms=10**12, frames=10**9, sighting=who)
    raw = codec.encode_event(passage)
    items = [codec.item(limits.INTEGER_MAX, raw)] * limits.BATCH_EVENTS_MAX
    assert len(wire_bytes(Batch(device="d" * 63, epoch=EPOCH, items=items))) <= limits.PAYLOAD_BYTES_MAX


def test_an_item_whose_hash_is_not_that_of_its_bytes_is_refused() -> None:
    item = codec.item(1, b'{"type":"passage"}')
    lie = msgspec.structs.replace(item, event=msgspec.Raw(b'{"type":"Passage"}'))
    with pytest.raises(WireError) as caught:
        codec.decode_up(wire_bytes(Batch(device="a", epoch=EPOCH, items=[lie])))
    assert caught.value.reason is RefusalReason.WRONG_HASH


def test_a_body_nobody_understands_passes_the_envelope_and_fails_alone() -> None:
    batch = codec.decode_up(
        wire_bytes(Batch(device="a", epoch=EPOCH, items=[codec.item(1, b'{"type":"of tomorrow"}')]))
    )
    assert isinstance(batch, Batch)
    with pytest.raises(WireError):
        codec.decode_event(bytes(batch.items[0].event))


def test_an_event_past_the_limit_is_not_journaled() -> None:
    lost = Lost(first_seq=1, last_seq=2, counts={f"{i:0128}": 1 for i in range(200)}, reason=LossReason.SPACE)
    with pytest.raises(WireError) as caught:
        codec.encode_event(lost)
    assert caught.value.reason is RefusalReason.TOO_LARGE


def test_fields_of_tomorrow_are_ignored() -> None:
    hello = Hello(device="a", epoch=EPOCH, oldest=1, last=0, agent="x")
    assert codec.decode_up(wire_bytes(hello)[:-1] + b',"colour":"blue"}') == hello


def test_a_tombstone_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(WireError):
        codec.decode_event(b'{"type":"lost","first_seq":3,"last_seq":2,"counts":{},"reason":"space"}')


def test_the_hubs_messages_are_not_taken_from_a_device() -> None:
    with pytest.raises(WireError):
        codec.decode_up(wire_bytes(Ack(epoch=EPOCH, high=1, hash="0" * 64)))


def test_a_strangers_spaces_between_the_fields_do_not_change_the_hash() -> None:
    event = json.loads('{"type": "lost", "first_seq": 1, "last_seq": 2, "counts": {}, "reason": "space"}')
    digest = hashlib.sha256(json.dumps(event).encode()).hexdigest()
    batch = {"type": "batch", "device": "a", "epoch": EPOCH, "items": [{"seq": 1, "hash": digest, "event": event}]}
    assert isinstance(codec.decode_up(json.dumps(batch).encode()), Batch)


A_READING = {"text": "皖A12345", "kind": "blue", "score": 0.9, "chars": [0.9] * 7, "verdict": "unknown", "listed": None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "皖AI2345"},  # there is no letter I
        {"text": "皖A1234"},
        {"kind": "green"},  # eight characters
        {"chars": [0.9] * 8},
        {"chars": [1.1] + [0.9] * 6},
        {"verdict": "known"},  # and which one?
        {"listed": "皖A12345"},  # of an unknown one
    ],
)
def test_a_reading_that_contradicts_itself_is_no_event(wrong: dict[str, object]) -> None:
    stamp = {"boot": "ab" * 16, "mono_us": 1, "wall_us": 2, "synced": True}
    event = {"type": "plate_read", "captured": stamp, "camera": "lane", "direction": "in", "duration_ms": 5}
    event |= {"frames": 3, "reads": 2, "reading": A_READING}
    assert isinstance(codec.decode_event(json.dumps(event).encode()), PlateRead)
    with pytest.raises(WireError):
        codec.decode_event(json.dumps({**event, "reading": {**A_READING, **wrong}}).encode())


@pytest.mark.parametrize("wrong", [{"reads": 4}, {"reads": 0}, {"frames": 0}, {"direction": "up"}])
def test_a_passage_of_a_vehicle_that_contradicts_itself_is_no_event(wrong: dict[str, object]) -> None:
    stamp = {"boot": "ab" * 16, "mono_us": 1, "wall_us": 2, "synced": True}
    event = {"type": "plate_read", "captured": stamp, "camera": "lane", "direction": "in", "duration_ms": 5}
    event |= {"frames": 3, "reads": 2, "reading": A_READING} | wrong
    with pytest.raises(WireError):
        codec.decode_event(json.dumps(event).encode())
