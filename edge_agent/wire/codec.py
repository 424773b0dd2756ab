"""The one decoder: bytes from outside become a typed value or one WireError."""

import hashlib
from typing import TypeVar

import msgspec

from edge_agent.wire.limits import EVENT_BYTES_MAX, PASS_SHEET_BYTES_MAX, PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import (
    DownMessage,
    Event,
    Item,
    PassSheet,
    RefusalReason,
    Status,
    UpMessage,
    wire_bytes,
)

T = TypeVar("T")


class WireError(Exception):
    """The peer sent what is no message of the protocol. `reason` is the one word that goes back in Refused."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail[:500]
        super().__init__(f"{reason}: {self.detail}")


_up: msgspec.json.Decoder[UpMessage] = msgspec.json.Decoder(UpMessage)
_down: msgspec.json.Decoder[DownMessage] = msgspec.json.Decoder(DownMessage)
_status: msgspec.json.Decoder[Status] = msgspec.json.Decoder(Status)
_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def decode_up(payload: bytes) -> UpMessage:
    """What an agent sent on its `up` topic; each item's hash is checked. Raises WireError."""
    message = decode(_up, payload, PAYLOAD_BYTES_MAX)
    for item in getattr(message, "items", ()):
        if event_hash(bytes(item.event)) != item.hash:
            raise WireError(RefusalReason.WRONG_HASH, f"the item at seq {item.seq} has another SHA-256 than it says")
    return message


def decode_down(payload: bytes) -> DownMessage:
    """What the hub sent on the `ack` topic. Raises WireError."""
    return decode(_down, payload, PAYLOAD_BYTES_MAX)


def decode_status(payload: bytes) -> Status:
    """What stands on a `status` topic. Raises WireError."""
    return decode(_status, payload, PAYLOAD_BYTES_MAX)


def decode_event(raw: bytes) -> Event:
    """The body of an item, or a row of a journal. Raises WireError; the hub then quarantines the event."""
    event = decode(_event, raw, PASS_SHEET_BYTES_MAX)
    _check_size(event, len(raw))
    return event


def event_hash(raw: bytes) -> str:
    """SHA-256 of an event's bytes, lower-case hex."""
    return hashlib.sha256(raw).hexdigest()


def item(seq: int, raw: bytes) -> Item:
    """An event's stored bytes in their place. `raw` is not looked into."""
    return Item(seq=seq, hash=event_hash(raw), event=msgspec.Raw(raw))


def encode_event(event: Event) -> bytes:
    """The bytes that a journal stores, once. Raises WireError when they pass the limit."""
    raw = wire_bytes(event)
    _check_size(event, len(raw))
    return raw


def _check_size(event: Event, size_bytes: int) -> None:
    bytes_max = PASS_SHEET_BYTES_MAX if isinstance(event, PassSheet) else EVENT_BYTES_MAX
    if size_bytes > bytes_max:
        raise WireError(RefusalReason.TOO_LARGE, f"an event of {size_bytes} bytes; {bytes_max} is the limit")


def decode(decoder: msgspec.json.Decoder[T], payload: bytes, bytes_max: int) -> T:
    """What any decoder of the wire goes through. Raises WireError past the limit, and for what is not of its type."""
    if len(payload) > bytes_max:
        raise WireError(RefusalReason.TOO_LARGE, f"{len(payload)} bytes; {bytes_max} is the limit")
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(RefusalReason.MALFORMED, str(error)) from error
