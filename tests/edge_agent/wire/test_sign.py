"""What the hub signs for a device counts there, and nothing else does."""

import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.wire.sign import EVERY_DEVICE, Purpose, SignError, key_of_text, key_text, opened, public_key_of, sign

PURPOSE = Purpose(site="riverside", recipient="east-gate", kind="config", version=7)
KEY = bytes(range(32))


def test_what_was_signed_opens_with_the_public_key() -> None:
    assert (
        opened(sign(b"hello", private_key=KEY, purpose=PURPOSE), public_key=public_key_of(KEY), purpose=PURPOSE)
        == b"hello"
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(PURPOSE, site="lakeside"),
        replace(PURPOSE, recipient="west-gate"),
        replace(PURPOSE, recipient=EVERY_DEVICE),
        replace(PURPOSE, kind="model"),
        replace(PURPOSE, version=8),
    ],
)
def test_a_signature_for_something_else_is_refused(other: Purpose) -> None:
    signed = sign(b"hello", private_key=KEY, purpose=other)
    with pytest.raises(SignError, match="not signed by this hub"):
        opened(signed, public_key=public_key_of(KEY), purpose=PURPOSE)


def test_somebody_elses_signature_is_refused() -> None:
    signed = sign(b"hello", private_key=secrets.token_bytes(32), purpose=PURPOSE)
    with pytest.raises(SignError):
        opened(signed, public_key=public_key_of(KEY), purpose=PURPOSE)


@given(at=st.integers(min_value=0, max_value=69), bit=st.integers(min_value=0, max_value=7))
def test_one_changed_bit_anywhere_is_refused(at: int, bit: int) -> None:
    signed = bytearray(sign(b"hello", private_key=KEY, purpose=PURPOSE))
    signed[at] ^= 1 << bit
    with pytest.raises(SignError):
        opened(bytes(signed), public_key=public_key_of(KEY), purpose=PURPOSE)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(SignError):
        opened(noise, public_key=public_key_of(KEY), purpose=PURPOSE)


def test_the_form_stays_as_it_is() -> None:
    """RFC 8032 signatures are deterministic: a change of the format would change this."""
    assert sign(b"", private_key=KEY, purpose=PURPOSE)[:9].hex() == "01cd7bb5a87eac714c"


def test_a_key_survives_its_text_form() -> None:
    public = public_key_of(KEY)
    assert key_of_text(key_text(public) + "\n") == public
    for wrong in ("", "abc", "not base64 !", key_text(b"short")):
        with pytest.raises(SignError):
            key_of_text(wrong)


def test_what_is_no_name_cannot_be_a_purpose() -> None:
    for change in ({"site": "a\nb"}, {"recipient": "**"}, {"kind": "Config"}, {"version": 0}):
        with pytest.raises(SignError):
            replace(PURPOSE, **change)
