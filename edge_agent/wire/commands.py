"""Commands: at most once, and never late (PROTOCOL.md, section 5). What is signed, what comes back in pieces.

A device says a random challenge now and then; a command quotes the newest one, is signed by the hub for this one
device, and is refused once its challenge is old, from another boot, or its id was used. So nothing that was held back,
stored, or said before opens anything.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge_agent.wire.blobs import CHUNK_BYTES, chunk_count
from edge_agent.wire.codec import WireError, decode
from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.messages import BootId, CommandKind, Hash, Label, Name, Random, RefusalReason, wire_bytes
from edge_agent.wire.seal import OVERHEAD_BYTES, Binding
from edge_agent.wire.sign import EVERY_DEVICE, Purpose, SignError, opened, sign
from edge_agent.wire.topics import Address

PICTURE: Final = "picture"
SELF_TEST: Final = "self_test"

COMMAND_BYTES_MAX: Final = 4 * 1024  # of a payload on `cmd`
ARGUMENTS_MAX: Final = 16
PICTURE_BYTES_MAX: Final = 180 * 1024  # of the JPEG
PICTURE_SIDE_PX_MAX: Final = 1280
PIECES_MAX: Final = chunk_count(PICTURE_BYTES_MAX + OVERHEAD_BYTES)

_SIGNED_KIND: Final = "command"
_FORMAT: Final = 1  # where other signed things have their version: a command's freshness is its challenge's affair
_VERSION_DIGITS: Final = 13  # of the id, in hex: 52 bits

Argument = Annotated[str, Meta(max_length=200)] | int | bool | None


class Command(Struct, frozen=True, kw_only=True, tag="command", tag_field="type"):
    """What the hub wants of one device, now. Who asked, and why, stays at the hub."""

    id: Random  # never used twice
    device: Name
    boot: BootId  # of the challenge
    challenge: Random
    kind: CommandKind
    arguments: Annotated[dict[Label, Argument], Meta(max_length=ARGUMENTS_MAX)]


class SignedCommand(Struct, frozen=True, kw_only=True, tag="signed_command", tag_field="type"):
    """Hub to device on `cmd`, QoS 0, never retained: a Command as JSON, signed (`sign.py`)."""

    signed: Annotated[bytes, Meta(max_length=COMMAND_BYTES_MAX)]


class Piece(Struct, frozen=True, kw_only=True, tag="piece", tag_field="type"):
    """Device to hub on `blob/up`: a part of the sealed picture that a command asked for. Lost is lost: ask again."""

    command: Random
    i: Annotated[int, Meta(ge=0, lt=PIECES_MAX)]
    n: Annotated[int, Meta(ge=1, le=PIECES_MAX)]
    sha256: Hash  # of the whole, as it travels
    data: Annotated[bytes, Meta(min_length=1, max_length=CHUNK_BYTES)]

    def __post_init__(self) -> None:
        if self.i >= self.n:
            raise ValueError(f"there is no piece {self.i} of {self.n}")


class Refusal(StrEnum):
    """Why a device has not even tried."""

    NOT_SIGNED = "not_signed"  # not by this hub, or for another device or site, or damaged
    MALFORMED = "malformed"  # signed, and no command
    OTHER_BOOT = "other_boot"
    STALE = "stale"  # its challenge is none of the last 15 s
    REPLAYED = "replayed"  # its id was used
    UNKNOWN_KIND = "unknown_kind"
    NOT_SET_UP = "not_set_up"  # this device lacks what it takes: the hub's key for pictures, say
    BUSY = "busy"  # more at once than it takes


_signed: msgspec.json.Decoder[SignedCommand] = msgspec.json.Decoder(SignedCommand)
_command: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_piece: msgspec.json.Decoder[Piece] = msgspec.json.Decoder(Piece)


class _Typed(Struct, frozen=True):
    type: str


_typed: msgspec.json.Decoder[_Typed] = msgspec.json.Decoder(_Typed)


def purpose(address: Address) -> Purpose:
    """What a command to this device is signed for. Raises SignError for every device at once: there is no such one."""
    if address.device == EVERY_DEVICE:
        raise SignError("a command names its device")
    return Purpose(site=address.site, recipient=address.device, kind=_SIGNED_KIND, version=_FORMAT)


def sign_command(command: Command, *, site: str, private_key: bytes) -> bytes:
    """The payload for the device's `cmd`. Raises WireError for what is no command, SignError for what is no key."""
    content = wire_bytes(command)
    decode_command(content)  # msgspec checks ranges when it reads, not when we build
    address = Address(site=site, device=command.device)
    payload = wire_bytes(SignedCommand(signed=sign(content, private_key=private_key, purpose=purpose(address))))
    if len(payload) > COMMAND_BYTES_MAX:
        raise WireError(RefusalReason.TOO_LARGE, f"a command of {len(payload)} bytes; {COMMAND_BYTES_MAX} is the limit")
    return payload


def decode_signed(payload: bytes) -> SignedCommand:
    """What came on `cmd`, whoever may have made it. Raises WireError."""
    return decode(_signed, payload, COMMAND_BYTES_MAX)


def decode_command(content: bytes) -> Command:
    """What was signed. Raises WireError."""
    return decode(_command, content, COMMAND_BYTES_MAX)


def open_command(payload: bytes, *, address: Address, public_key: bytes) -> Command | Refusal:
    """What came on `cmd`, if the hub has signed it for this device. Whether it is fresh, the device's book knows."""
    try:
        content = opened(decode_signed(payload).signed, public_key=public_key, purpose=purpose(address))
    except (WireError, SignError):
        return Refusal.NOT_SIGNED
    try:
        command = decode_command(content)
    except WireError:
        return Refusal.MALFORMED
    return command if command.device == address.device else Refusal.NOT_SIGNED


def picture_binding(*, site: str, device: str, command: str) -> Binding:
    """What a picture is sealed for: the answer to this command of this device opens as that of no other."""
    return Binding(site=site, device=device, kind=PICTURE, version=int(command[:_VERSION_DIGITS], 16) + 1)


def pieces_of(sealed: bytes, *, command: str) -> list[Piece]:
    """The sealed picture, cut for `blob/up`. Raises WireError for more than PIECES_MAX."""
    count = chunk_count(len(sealed))
    if not 1 <= count <= PIECES_MAX:
        raise WireError(RefusalReason.TOO_LARGE, f"{len(sealed)} bytes are no picture")
    digest = hashlib.sha256(sealed).hexdigest()
    parts = [sealed[at : at + CHUNK_BYTES] for at in range(0, len(sealed), CHUNK_BYTES)]
    return [Piece(command=command, i=i, n=count, sha256=digest, data=part) for i, part in enumerate(parts)]


def joined(pieces: Mapping[int, Piece]) -> bytes | None:
    """The whole, once all are there and are what they say; None before that, and for what was mixed up."""
    first = pieces.get(0)
    if first is None or len(pieces) != first.n:
        return None
    whole = b"".join(pieces[i].data for i in sorted(pieces))
    return whole if hashlib.sha256(whole).hexdigest() == first.sha256 else None


def is_piece(payload: bytes) -> bool:
    """Whether this, on `blob/up`, is for whoever asked for a picture."""
    try:
        return len(payload) <= PAYLOAD_BYTES_MAX and _typed.decode(payload).type == "piece"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def decode_piece(payload: bytes) -> Piece:
    """What a device sent on `blob/up`. Raises WireError."""
    return decode(_piece, payload, PAYLOAD_BYTES_MAX)
