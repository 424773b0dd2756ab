"""A command's signature, its bytes one by one, and a picture's binding: what others must get, too."""

import base64
from pathlib import Path

from edge_agent.wire import sign
from edge_agent.wire.commands import (
    Command,
    Refusal,
    decode_command,
    decode_signed,
    open_command,
    picture_binding,
    purpose,
    sign_command,
)
from edge_agent.wire.topics import Address

GOLDEN = Path(__file__).parent / "golden"
PRIVATE = bytes(range(1, 33))
PUBLIC = sign.key_of_text("ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=")
EAST = Address(site="demo", device="door-east")
PAYLOAD = (GOLDEN / "cmd-picture.json").read_bytes()
CONTENT = (GOLDEN / "command-picture.json").read_bytes()


def test_the_golden_payload_is_the_golden_command_signed_with_the_golden_key() -> None:
    assert sign.public_key_of(PRIVATE) == PUBLIC
    assert sign_command(decode_command(CONTENT), site="demo", private_key=PRIVATE) == PAYLOAD


def test_a_device_reads_the_golden_command_from_the_golden_payload() -> None:
    found = open_command(PAYLOAD, address=EAST, public_key=PUBLIC)
    assert isinstance(found, Command)
    assert found == decode_command(CONTENT)


def test_what_is_signed_are_these_very_bytes() -> None:
    signed = decode_signed(PAYLOAD).signed
    assert signed[0] == 1
    assert signed[65:] == CONTENT
    assert purpose(EAST).prefix() == b"shouwang/v1/sign/1\ndemo\ndoor-east\ncommand\n1\n"


def test_the_golden_command_is_nothing_for_anybody_else() -> None:
    for address in (Address(site="demo", device="door-west"), Address(site="other", device="door-east")):
        assert open_command(PAYLOAD, address=address, public_key=PUBLIC) is Refusal.NOT_SIGNED
    another = sign.public_key_of(bytes(range(2, 34)))
    assert open_command(PAYLOAD, address=EAST, public_key=another) is Refusal.NOT_SIGNED


def test_no_bit_of_the_golden_command_may_be_another() -> None:
    signed = decode_signed(PAYLOAD).signed
    for at in range(len(signed)):
        touched = bytearray(signed)
        touched[at] ^= 1
        payload = b'{"type":"signed_command","signed":"%s"}' % base64.b64encode(touched)
        assert open_command(payload, address=EAST, public_key=PUBLIC) is Refusal.NOT_SIGNED


def test_what_is_signed_as_something_else_is_no_command() -> None:
    for kind, recipient, version in (("config", "door-east", 1), ("command", "*", 1), ("command", "door-east", 2)):
        other = sign.Purpose(site="demo", recipient=recipient, kind=kind, version=version)
        payload = b'{"type":"signed_command","signed":"%s"}' % base64.b64encode(
            sign.sign(CONTENT, private_key=PRIVATE, purpose=other)
        )
        assert open_command(payload, address=EAST, public_key=PUBLIC) is Refusal.NOT_SIGNED


def test_a_picture_is_bound_to_its_command() -> None:
    binding = picture_binding(site="demo", device="door-east", command="5f0c1f7e9d2b4a63880e4c1d2a7b9e10")
    assert binding.associated_data() == b"shouwang/v1/seal/1\ndemo\ndoor-east\npicture\n1672090762203829\n"
