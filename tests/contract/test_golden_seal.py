"""The seal's test vector: what was sealed once opens for ever, and a stranger can check every step on the way."""

import hashlib
import hmac
from pathlib import Path
from typing import Final

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge_agent.wire import seal

VECTOR: Final = msgspec.json.decode((Path(__file__).parent / "golden_seal" / "format-1.json").read_bytes())
BINDING: Final = seal.Binding(
    site=VECTOR["site"], device=VECTOR["device"], kind=VECTOR["kind"], version=VECTOR["version"]
)


def hexed(name: str) -> bytes:
    return bytes.fromhex(VECTOR[name])


def test_the_golden_seal_opens_with_the_devices_key() -> None:
    opened = seal.unseal(hexed("sealed"), private_key=hexed("device_private"), binding=BINDING)
    assert opened == hexed("content")


def test_the_golden_seal_is_made_again_byte_for_byte() -> None:
    ephemeral = X25519PrivateKey.from_private_bytes(hexed("ephemeral_private"))
    sealed = seal._seal_with(ephemeral, hexed("content"), public_key=hexed("device_public"), binding=BINDING)
    assert sealed == hexed("sealed")
    assert seal.public_key_of(hexed("device_private")) == hexed("device_public")


def test_the_steps_of_the_document_lead_to_the_golden_seal_without_our_code() -> None:
    device = X25519PrivateKey.from_private_bytes(hexed("device_private"))
    shared = device.exchange(X25519PublicKey.from_public_bytes(hexed("ephemeral_public")))
    assert shared == hexed("shared")
    extracted = hmac.digest(hexed("ephemeral_public") + hexed("device_public"), shared, hashlib.sha256)
    info = b"shouwang/v1/seal/1"
    first = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    second = hmac.digest(extracted, first + info + b"\x02", hashlib.sha256)
    assert (first, second[:12]) == (hexed("key"), hexed("nonce"))
    associated = b"shouwang/v1/seal/1\ndemo\ndoor-east\ngallery\n7\n"
    assert associated == hexed("associated_data")
    ciphertext = AESGCM(first).encrypt(second[:12], hexed("content"), associated)
    assert b"\x01" + hexed("ephemeral_public") + ciphertext == hexed("sealed")


@pytest.mark.parametrize("position", range(len(bytes.fromhex(VECTOR["sealed"]))))
def test_a_golden_seal_with_one_bit_changed_does_not_open(position: int) -> None:
    sealed = bytearray(hexed("sealed"))
    sealed[position] ^= 0x01
    with pytest.raises(seal.SealError):
        seal.unseal(bytes(sealed), private_key=hexed("device_private"), binding=BINDING)
