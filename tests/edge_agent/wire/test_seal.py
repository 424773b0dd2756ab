"""What is sealed for one device, kind and version opens there and nowhere else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.wire import seal
from edge_agent.wire.seal import Binding, SealError

EAST = seal.generate_key_pair()
WEST = seal.generate_key_pair()
BINDING = Binding(site="demo", device="door-east", kind="gallery", version=7)


@settings(max_examples=50)
@given(content=st.binary(max_size=5000), version=st.integers(1, 2**53 - 1))
def test_what_was_sealed_opens_again_and_has_a_known_size(content: bytes, version: int) -> None:
    binding = replace(BINDING, version=version)
    sealed = seal.seal(content, public_key=EAST.public, binding=binding)
    assert len(sealed) == len(content) + seal.OVERHEAD_BYTES
    assert seal.unseal(sealed, private_key=EAST.private, binding=binding) == content


@pytest.mark.parametrize(
    "other", [{"site": "demo2"}, {"device": "door-west"}, {"kind": "config"}, {"version": 8}], ids=str
)
def test_a_blob_for_another_site_device_kind_or_version_never_opens(other: dict[str, Any]) -> None:
    sealed = seal.seal(b"who may enter", public_key=EAST.public, binding=BINDING)
    with pytest.raises(SealError, match="sealed for something else"):
        seal.unseal(sealed, private_key=EAST.private, binding=replace(BINDING, **other))


def test_names_that_run_together_are_not_the_same_binding() -> None:
    one = Binding(site="a", device="b-c", kind="config", version=1)
    two = Binding(site="a-b", device="c", kind="config", version=1)
    assert one.associated_data() != two.associated_data()


def test_another_devices_key_does_not_open() -> None:
    sealed = seal.seal(b"who may enter", public_key=EAST.public, binding=BINDING)
    with pytest.raises(SealError):
        seal.unseal(sealed, private_key=WEST.private, binding=BINDING)


def test_the_same_content_is_sealed_differently_each_time() -> None:
    one, two = (seal.seal(b"who may enter", public_key=EAST.public, binding=BINDING) for _ in range(2))
    assert one[1:33] != two[1:33]
    assert one[33:] != two[33:]


@settings(max_examples=100)
@given(garbage=st.binary(max_size=200))
def test_garbage_is_one_named_error(garbage: bytes) -> None:
    with pytest.raises(SealError):
        seal.unseal(garbage, private_key=EAST.private, binding=BINDING)


@pytest.mark.parametrize("length", [0, 1, 48, 49, 60])
def test_a_truncated_seal_does_not_open(length: int) -> None:
    sealed = seal.seal(b"who may enter", public_key=EAST.public, binding=BINDING)
    with pytest.raises(SealError):
        seal.unseal(sealed[:length], private_key=EAST.private, binding=BINDING)


def test_a_later_format_is_named_and_not_guessed_at() -> None:
    sealed = seal.seal(b"who may enter", public_key=EAST.public, binding=BINDING)
    with pytest.raises(SealError, match="format 2"):
        seal.unseal(b"\x02" + sealed[1:], private_key=EAST.private, binding=BINDING)


@pytest.mark.parametrize("public", [b"", b"x" * 31, b"x" * 33, bytes(32), b"\x01" + bytes(31)], ids=repr)
def test_what_is_no_usable_public_key_is_refused(public: bytes) -> None:
    with pytest.raises(SealError):
        seal.seal(b"content", public_key=public, binding=BINDING)


def test_a_private_key_of_another_length_is_refused() -> None:
    with pytest.raises(SealError, match="32 bytes"):
        seal.public_key_of(b"short")


@pytest.mark.parametrize(
    "wrong",
    [{"site": "Demo"}, {"device": "a/b"}, {"kind": "gallery\n"}, {"kind": ""}, {"version": 0}, {"version": 2**53}],
    ids=str,
)
def test_a_binding_that_cannot_stand_on_the_wire_is_refused_at_birth(wrong: dict[str, Any]) -> None:
    with pytest.raises(SealError):
        replace(BINDING, **wrong)


def test_more_than_a_blob_may_hold_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "CONTENT_BYTES_MAX", 10)
    with pytest.raises(SealError, match="limit"):
        seal.seal(bytes(11), public_key=EAST.public, binding=BINDING)
    assert seal.seal(bytes(10), public_key=EAST.public, binding=BINDING)


def test_a_private_key_does_not_show_itself() -> None:
    assert repr(EAST.private) not in repr(EAST)
    assert "private" not in repr(EAST)
