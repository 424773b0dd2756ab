r"""Signing bytes for a device: only the hub can have made them, for this device, kind and version. Format 1.

A signed blob is

    offset  bytes  content
    0       1      format, 0x01
    1       64     Ed25519 signature (RFC 8032)
    65      n      the content

and the signature is over

    "shouwang/v1/sign/1\n<site>\n<recipient>\n<kind>\n<version>\n" + content       ASCII, version in decimal

`recipient` is a device, or `*` for what is the same for every device of the site. Names hold no line feed, so no part
passes for another. What was signed for another site, device, kind or version is refused. A signature does not say that
there is nothing newer: who holds a version refuses every older one. It hides nothing either: what is personal or secret
is sealed as well, the signed blob inside (`seal.py`).
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge_agent.wire.blobs import is_kind
from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.topics import is_name

FORMAT: Final = 1
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
OVERHEAD_BYTES: Final = 1 + SIGNATURE_BYTES
EVERY_DEVICE: Final = "*"
CONTEXT: Final = b"shouwang/v1/sign/1"


class SignError(Exception):
    """It cannot be signed, or was not signed by this hub for this. Never tells of the content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Purpose:
    """What a signature is for; it holds with the same four values only. Raises SignError for what is no name."""

    site: str
    recipient: str  # a device, or EVERY_DEVICE
    kind: str
    version: int

    def __post_init__(self) -> None:
        named = is_name(self.site) and (self.recipient == EVERY_DEVICE or is_name(self.recipient))
        if not named or not is_kind(self.kind):
            raise SignError(f"{self.site!r}, {self.recipient!r}, {self.kind!r}: a site, a device and a kind are names")
        if not 1 <= self.version <= INTEGER_MAX:
            raise SignError(f"version {self.version} is not from 1 to 2^53 - 1")

    def prefix(self) -> bytes:
        """The exact bytes that are signed before the content."""
        parts = (self.site, self.recipient, self.kind, str(self.version))
        return b"%s\n%s\n" % (CONTEXT, "\n".join(parts).encode())


def public_key_of(private: bytes) -> bytes:
    """The public key, 32 raw bytes. Raises SignError unless `private` has 32."""
    return _private(private).public_key().public_bytes_raw()


def sign(content: bytes, *, private_key: bytes, purpose: Purpose) -> bytes:
    """The signed blob. Raises SignError for what is no key."""
    return bytes([FORMAT]) + _private(private_key).sign(purpose.prefix() + content) + content


def opened(signed: bytes, *, public_key: bytes, purpose: Purpose) -> bytes:
    """The content. Raises SignError unless the holder of this key has signed it for this purpose."""
    if len(signed) < OVERHEAD_BYTES or signed[0] != FORMAT:
        raise SignError("no signed blob of a format that is known here")
    content = signed[OVERHEAD_BYTES:]
    try:
        _public(public_key).verify(signed[1:OVERHEAD_BYTES], purpose.prefix() + content)
    except InvalidSignature as error:
        raise SignError("not signed by this hub for this device, kind and version") from error
    return content


def key_text(public_key: bytes) -> str:
    """One line of base64, as the key stands in a file and in the answer to an enrolment."""
    return base64.b64encode(public_key).decode()


def key_of_text(text: str) -> bytes:
    """What `key_text` wrote. Raises SignError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignError("a signing key is one line of base64") from error
    if len(key) != KEY_BYTES:
        raise SignError(f"a signing key has {KEY_BYTES} bytes, not {len(key)}")
    return key


def _private(raw: bytes) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(raw)
    except ValueError as error:
        raise SignError(f"a signing key has {KEY_BYTES} bytes") from error


def _public(raw: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise SignError(f"a signing key has {KEY_BYTES} bytes") from error
