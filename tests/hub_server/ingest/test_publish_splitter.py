"""The splitter beside paho's own reading of the same bytes."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.ingest.publish_splitter import TAKEN_BYTES_MAX, PublishSplitter

Taken = tuple[str, bytes, bool]
PINGRESP, SUBACK, PUBACK = b"\xd0\x00", b"\x90\x03\x00\x01\x01", b"\x40\x02\x12\x34"
TOPIC = "shouwang/v1/demo/door-east/up"


def length(value: int) -> bytes:
    found = bytearray()
    while True:
        value, rest = divmod(value, 128)
        found.append(rest | (128 if value else 0))
        if not value:
            return bytes(found)


def publish(
    payload: bytes, *, mid: int | None = 1, topic: bytes = TOPIC.encode(), retained: bool = False, v5: bool = True
) -> bytes:
    head = 0x30 | (0 if mid is None else 2) | retained
    body = struct.pack("!H", len(topic)) + topic + (b"" if mid is None else struct.pack("!H", mid))
    body += (b"\x05\x01\x01\x02\x00\x00" if len(payload) % 2 else b"\x00") if v5 else b""
    return bytes([head]) + length(len(body) + len(payload)) + body + payload


def split(pieces: list[bytes], *, v5: bool = True) -> tuple[list[Taken], bytes, bytes]:
    """What was taken, what was left in the stream, what is to be sent."""
    taken: list[Taken] = []
    splitter = PublishSplitter(take=lambda *message: taken.append(message), speaks_v5=v5)
    left, acks = b"", b""
    for piece in pieces:
        more_left, more_acks = splitter.feed(piece)
        left, acks = left + more_left, acks + more_acks
    return taken, left, acks


@pytest.mark.parametrize("v5", [True, False])
def test_messages_are_taken_and_acknowledged_and_all_else_is_left_in_order(*, v5: bool) -> None:
    stream = SUBACK + publish(b"one", mid=0x0102, v5=v5) + PINGRESP + publish(b"", mid=0xFFFE, retained=True, v5=v5)
    taken, left, acks = split([stream + PUBACK], v5=v5)
    assert taken == [(TOPIC, b"one", False), (TOPIC, b"", True)]
    assert left == SUBACK + PINGRESP + PUBACK
    assert acks == b"\x40\x02\x01\x02" + b"\x40\x02\xff\xfe"


def test_quality_0_is_not_acknowledged_and_quality_2_is_left_to_who_can_do_it() -> None:
    exactly_once = bytes([publish(b"x")[0] ^ 6]) + publish(b"x")[1:]
    assert split([publish(b"x", mid=None) + exactly_once]) == ([(TOPIC, b"x", False)], exactly_once, b"")


@given(
    payloads=st.lists(st.binary(max_size=400), max_size=5),
    cuts=st.lists(st.integers(0, 2000), max_size=20),
    v5=st.booleans(),
)
def test_however_the_stream_is_cut_the_same_comes_out(payloads: list[bytes], cuts: list[int], *, v5: bool) -> None:
    stream = b"".join(publish(payload, mid=n + 1, v5=v5) + PINGRESP for n, payload in enumerate(payloads))
    at = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    taken, left, acks = split([stream[a:b] for a, b in pairwise(at)], v5=v5)
    assert taken == [(TOPIC, payload, False) for payload in payloads]
    assert left == PINGRESP * len(payloads)
    assert acks == b"".join(b"\x40\x02" + struct.pack("!H", n + 1) for n in range(len(payloads)))


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_of_rubbish_nothing_is_lost_and_nothing_raises(pieces: list[bytes]) -> None:
    """Every byte is left, taken in a message, or still waited for: never more comes out than went in."""
    taken, left, acks = split(pieces)
    assert len(left) + sum(len(payload) + 4 for _, payload, _ in taken) <= sum(map(len, pieces))
    assert len(acks) <= 4 * len(taken)


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"\x32\x01\x00", id="shorter than the length of a topic"),
        pytest.param(b"\x32\x05\x00\x09abc", id="a topic that goes on past the packet"),
        pytest.param(b"\x32\x05\x00\x01a\x00\x01", id="without the length of the properties"),
        pytest.param(b"\x32\x06\x00\x01a\x00\x01\x07", id="properties that go on past the packet"),
    ],
)
def test_a_message_that_is_not_right_is_left_for_paho_to_complain_of(packet: bytes) -> None:
    assert split([packet + PINGRESP]) == ([], packet + PINGRESP, b"")


def test_what_is_no_packet_at_all_is_left_at_once() -> None:
    assert split([b"\x32\xff\xff\xff\xff\xff"]) == ([], b"\x32\xff\xff\xff\xff\xff", b"")


def test_a_packet_past_the_limit_is_left_as_it_comes_and_not_kept() -> None:
    large = publish(bytes(TAKEN_BYTES_MAX + 1))
    pieces = [large[at : at + 65536] for at in range(0, len(large), 65536)]
    taken: list[Taken] = []
    splitter = PublishSplitter(take=lambda *message: taken.append(message), speaks_v5=True)
    for piece in pieces:
        assert splitter.feed(piece) == (piece, b"")
    assert splitter.feed(publish(b"next", mid=7)) == (b"", b"\x40\x02\x00\x07")
    assert taken == [(TOPIC, b"next", False)]


def test_a_topic_that_is_no_utf_8_becomes_one_that_nobody_has() -> None:
    ((topic, _, _),), _, _ = split([publish(b"", topic=b"a/\xff/b")])
    assert topic == "a/�/b"
