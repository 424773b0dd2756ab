r"""Sealing bytes to one device: only the holder of its X25519 private key can open them. Format 1, also in BLOBS.md.

A sealed blob is

    offset  bytes  content
    0       1      format, 0x01
    1       32     ephemeral X25519 public key, made for this one blob
    33      n      AES-256-GCM ciphertext, as long as the content
    33 + n  16     GCM tag

with
    shared     = X25519(ephemeral private, device public)            RFC 7748; an all-zero result is refused
    key, nonce = HKDF-SHA256(ikm  = shared,                          RFC 5869, 44 bytes: 32 of key, 12 of nonce
                             salt = ephemeral public || device public,
                             info = "shouwang/v1/seal/1")
    associated = "shouwang/v1/seal/1\n<site>\n<device>\n<kind>\n<version>\n"   ASCII, version in decimal

The key is used once, so the nonce may come from the same derivation. What was sealed for another site, device, kind or
version has other associated data (names hold no line feed) and never opens.

A seal keeps secret; it does not say who sealed. Everybody who knows a device's public key can seal to it: that the hub
did is the business of the topic's access list and of the hub's signature.
"""

from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_agent.wire.blobs import BLOB_BYTES_MAX, is_kind
from edge_agent.wire.limits import INTEGER_MAX
from edge_agent.wire.topics import is_name

FORMAT: Final = 1
KEY_BYTES: Final = 32
OVERHEAD_BYTES: Final = 1 + KEY_BYTES + 16
CONTENT_BYTES_MAX: Final = BLOB_BYTES_MAX - OVERHEAD_BYTES
CONTEXT: Final = b"shouwang/v1/seal/1"

_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = 1 + KEY_BYTES


class SealError(Exception):
    """It cannot be sealed, or does not open: wrong key, wrong binding, damage, sizes. Never tells of the content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """What a sealed blob is for; it opens with the same four values only."""

    site: str
    device: str
    kind: str
    version: int

    def __post_init__(self) -> None:
        """Raise SealError for what cannot stand on the wire."""
        if not (is_name(self.site) and is_name(self.device) and is_kind(self.kind)):
            raise SealError(f"{self.site!r}, {self.device!r}, {self.kind!r}: a site, a device and a kind are names")
        if not 1 <= self.version <= INTEGER_MAX:
            raise SealError(f"version {self.version} is not from 1 to 2^53 - 1")

    def associated_data(self) -> bytes:
        """The exact bytes that GCM authenticates beside the content."""
        return b"%s\n%s\n" % (CONTEXT, "\n".join((self.site, self.device, self.kind, str(self.version))).encode())


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPair:
    """Raw X25519 keys, 32 bytes each. The private one never leaves the device."""

    public: bytes
    private: bytes = field(repr=False)


def generate_key_pair() -> KeyPair:
    """A new pair from the system's random source."""
    private = X25519PrivateKey.generate()
    return KeyPair(public=private.public_key().public_bytes_raw(), private=private.private_bytes_raw())


def public_key_of(private_key: bytes) -> bytes:
    """The public half, 32 bytes. Raises SealError unless `private_key` is 32 bytes."""
    return _private(private_key).public_key().public_bytes_raw()


def seal(content: bytes, *, public_key: bytes, binding: Binding) -> bytes:
    """`content` for the one device with this public key: `len(content) + OVERHEAD_BYTES` bytes, each time others.

    Raises SealError for more than CONTENT_BYTES_MAX and for what is no public key.
    """
    return _seal_with(X25519PrivateKey.generate(), content, public_key=public_key, binding=binding)


def unseal(sealed: bytes, *, private_key: bytes, binding: Binding) -> bytes:
    """The content. Raises SealError unless it was sealed for this key and this binding and not touched since."""
    if not OVERHEAD_BYTES <= len(sealed) <= BLOB_BYTES_MAX:
        raise SealError(f"{len(sealed)} bytes: a sealed blob has {OVERHEAD_BYTES} to {BLOB_BYTES_MAX}")
    if sealed[0] != FORMAT:
        raise SealError(f"sealed in format {sealed[0]}; this program reads {FORMAT}")
    private = _private(private_key)
    ephemeral = sealed[1:_HEADER_BYTES]
    shared = _exchange(private, ephemeral)
    cipher, nonce = _cipher(shared, ephemeral, private.public_key().public_bytes_raw())
    try:
        return cipher.decrypt(nonce, sealed[_HEADER_BYTES:], binding.associated_data())
    except InvalidTag as error:
        raise SealError(
            f"does not open as {binding.kind} {binding.version} for {binding.site}/{binding.device}: "
            "sealed for something else, or damaged"
        ) from error


def _seal_with(ephemeral: X25519PrivateKey, content: bytes, *, public_key: bytes, binding: Binding) -> bytes:
    """A given ephemeral key is for the golden vector only: to use one twice would give everything away."""
    if len(content) > CONTENT_BYTES_MAX:
        raise SealError(f"{len(content)} bytes; {CONTENT_BYTES_MAX} is the limit")
    ephemeral_public = ephemeral.public_key().public_bytes_raw()
    cipher, nonce = _cipher(_exchange(ephemeral, public_key), ephemeral_public, public_key)
    return bytes([FORMAT]) + ephemeral_public + cipher.encrypt(nonce, content, binding.associated_data())


def _private(raw: bytes) -> X25519PrivateKey:
    if len(raw) != KEY_BYTES:
        raise SealError(f"a private key has {KEY_BYTES} bytes, not {len(raw)}")
    return X25519PrivateKey.from_private_bytes(raw)


def _exchange(private: X25519PrivateKey, public_raw: bytes) -> bytes:
    if len(public_raw) != KEY_BYTES:
        raise SealError(f"a public key has {KEY_BYTES} bytes, not {len(public_raw)}")
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public_raw))
    except ValueError as error:  # a point of small order: the shared secret would be zero for everybody
        raise SealError("not a usable public key") from error


def _cipher(shared: bytes, ephemeral_public: bytes, device_public: bytes) -> tuple[AESGCM, bytes]:
    derivation = HKDF(
        algorithm=hashes.SHA256(), length=32 + _NONCE_BYTES, salt=ephemeral_public + device_public, info=CONTEXT
    )
    derived = derivation.derive(shared)
    return AESGCM(derived[:32]), derived[32:]
