"""The decoder of blob transfer: a typed value or one named error."""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.wire import blobs
from edge_agent.wire.blobs import CHUNK_BYTES, Chunk, Offer, decode_blob_down, decode_blob_up
from edge_agent.wire.codec import WireError
from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import RefusalReason, wire_bytes

CONTENT = b"a" * CHUNK_BYTES + b"tail"
OFFER = blobs.make_offer(kind="gallery", version=3, content=CONTENT)
CHUNK = blobs.make_chunk(offer=OFFER, i=1, data=b"tail")


def changed(message: Offer | Chunk, **fields: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(wire_bytes(message)) | fields)


def test_a_full_chunk_fits_into_a_payload() -> None:
    payload = wire_bytes(blobs.make_chunk(offer=OFFER, i=0, data=CONTENT[:CHUNK_BYTES]))
    assert len(payload) <= PAYLOAD_BYTES_MAX
    assert decode_blob_down(payload) == Chunk(
        kind="gallery", version=3, i=0, n=2, sha256=blobs.sha256_hex(CONTENT[:CHUNK_BYTES]), data=CONTENT[:CHUNK_BYTES]
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "Gallery"}, {"kind": "../x"}, {"kind": "gallery\n"}, {"kind": "x" * 33}, {"version": 0},
        {"version": 2**53}, {"version": 1.5}, {"version": True}, {"bytes": 0}, {"n": 1}, {"n": 3}, {"n": 4097},
        {"bytes": blobs.BLOB_BYTES_MAX + 1, "n": 4097}, {"sha256": "0" * 63}, {"sha256": "G" * 64}, {"type": "parcel"},
    ],
    ids=str,
)  # fmt: skip
def test_an_offer_that_cannot_be_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(WireError) as caught:
        decode_blob_down(changed(OFFER, **fields))
    assert caught.value.reason is RefusalReason.MALFORMED


@pytest.mark.parametrize(
    "fields",
    [
        {"i": -1}, {"i": 2}, {"i": 0}, {"n": 1}, {"n": 0}, {"data": ""}, {"data": "not base64!"}, {"data": None},
        {"data": base64.b64encode(b"x" * (CHUNK_BYTES + 1)).decode()},
    ],
    ids=lambda fields: str(fields)[:40],
)  # fmt: skip
def test_a_chunk_that_cannot_be_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(WireError) as caught:
        decode_blob_down(changed(CHUNK, **fields))
    assert caught.value.reason is RefusalReason.MALFORMED


def test_a_chunk_whose_bytes_are_not_those_of_its_hash_is_named_so() -> None:
    with pytest.raises(WireError) as caught:
        decode_blob_down(changed(CHUNK, data=base64.b64encode(b"tale").decode()))
    assert caught.value.reason is RefusalReason.WRONG_HASH


def test_a_payload_past_the_limit_is_not_even_parsed() -> None:
    for decode in (decode_blob_down, decode_blob_up):
        with pytest.raises(WireError) as caught:
            decode(b" " * (PAYLOAD_BYTES_MAX + 1))
        assert caught.value.reason is RefusalReason.TOO_LARGE


def test_a_device_cannot_say_what_only_the_hub_says() -> None:
    with pytest.raises(WireError):
        decode_blob_up(wire_bytes(OFFER))
    with pytest.raises(WireError):
        decode_blob_down(wire_bytes(blobs.Want(kind="gallery", version=3, from_i=0)))


def test_a_field_of_a_later_version_is_ignored() -> None:
    assert decode_blob_down(changed(OFFER, signature="later")) == OFFER


@settings(max_examples=200)
@given(payload=st.binary(max_size=300))
def test_any_bytes_are_a_message_or_one_named_error(payload: bytes) -> None:
    for decode in (decode_blob_down, decode_blob_up):
        with pytest.raises(WireError):
            decode(payload)


@pytest.mark.parametrize(("size", "count"), [(1, 1), (CHUNK_BYTES, 1), (CHUNK_BYTES + 1, 2), (2 * CHUNK_BYTES, 2)])
def test_the_pieces_of_a_blob_have_the_lengths_that_the_offer_implies(size: int, count: int) -> None:
    offer = blobs.make_offer(kind="model", version=1, content=bytes(size))
    assert offer.n == count
    assert [blobs.chunk_length(offer, i) for i in range(-1, count + 1)][0 :: count + 1] == [0, 0]
    assert sum(blobs.chunk_length(offer, i) for i in range(count)) == size


def test_what_cannot_be_offered_or_sent_is_refused_here_and_not_by_the_peer() -> None:
    for kind, version, content in (("gallery", 1, b""), ("Gallery", 1, b"x"), ("gallery", 0, b"x")):
        with pytest.raises(WireError):
            blobs.make_offer(kind=kind, version=version, content=content)
    with pytest.raises(WireError):
        blobs.make_chunk(offer=OFFER, i=1, data=b"tails")
    with pytest.raises(WireError):
        blobs.make_chunk(offer=OFFER, i=2, data=b"")
