"""What is encrypted for one person, purpose and row opens there and nowhere else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_server.store import vault
from hub_server.store.vault import DataKey, KeyPurpose, VaultError

KEY = DataKey(id="a" * 32, person="p-1", purpose=KeyPurpose.TEMPLATE, secret=bytes(range(32)))
WRAPPING = bytes(range(32, 64))


@settings(max_examples=50)
@given(content=st.binary(max_size=2000))
def test_what_was_encrypted_opens_again_and_has_a_known_size(content: bytes) -> None:
    ciphertext = vault.encrypt(content, key=KEY, record="7")
    assert len(ciphertext) == len(content) + vault.OVERHEAD_BYTES
    assert vault.decrypt(ciphertext, key=KEY, record="7") == content


@pytest.mark.parametrize(
    "other",
    [{"person": "p-2"}, {"purpose": KeyPurpose.PHOTO}, {"id": "b" * 32}, {"secret": bytes(32)}],
    ids=lambda other: next(iter(other)),
)
def test_another_person_purpose_or_key_does_not_open(other: dict[str, Any]) -> None:
    ciphertext = vault.encrypt(b"template", key=KEY, record="7")
    with pytest.raises(VaultError):
        vault.decrypt(ciphertext, key=replace(KEY, **other), record="7")


def test_a_template_moved_into_another_row_does_not_open() -> None:
    ciphertext = vault.encrypt(b"template", key=KEY, record="7")
    with pytest.raises(VaultError):
        vault.decrypt(ciphertext, key=KEY, record="8")


def test_every_changed_bit_is_noticed() -> None:
    ciphertext = vault.encrypt(b"template", key=KEY, record="7")
    for position in range(len(ciphertext)):
        changed = bytearray(ciphertext)
        changed[position] ^= 1
        with pytest.raises(VaultError):
            vault.decrypt(bytes(changed), key=KEY, record="7")


@settings(max_examples=100)
@given(garbage=st.binary(max_size=100))
def test_garbage_is_one_named_error(garbage: bytes) -> None:
    with pytest.raises(VaultError):
        vault.decrypt(garbage, key=KEY, record="7")


def test_a_wrapped_key_opens_for_its_own_id_person_and_purpose_only() -> None:
    wrapped = vault.wrap(KEY, wrapping_key=WRAPPING)
    labels: dict[str, Any] = {"id": KEY.id, "person": KEY.person, "purpose": KEY.purpose}
    assert vault.unwrap(wrapped, wrapping_key=WRAPPING, **labels) == KEY
    for other in ({"id": "b" * 32}, {"person": "p-2"}, {"purpose": KeyPurpose.PHOTO}, {"wrapping_key": bytes(32)}):
        with pytest.raises(VaultError):
            vault.unwrap(wrapped, **({"wrapping_key": WRAPPING} | labels | other))


def test_a_wrapped_key_is_not_taken_for_a_template_nor_the_other_way_round() -> None:
    same = replace(KEY, secret=WRAPPING)
    with pytest.raises(VaultError):
        vault.decrypt(vault.wrap(KEY, wrapping_key=WRAPPING), key=same, record="7")


def test_both_secrets_and_the_use_make_the_key() -> None:
    keys = {
        vault.derive(site, epoch, use=use)
        for site in (bytes(32), WRAPPING)
        for epoch in (bytes(32), WRAPPING)
        for use in ("wrap/template", "wrap/photo", "ring")
    }
    assert len(keys) == 12


def test_a_derivation_is_the_same_for_ever() -> None:
    derived = vault.derive(bytes(32), bytes(range(32)), use="wrap/template")
    assert derived.hex() == "b95004cc1b44201a02d624450ecb80200b92480268f4951e4f4b0899e57e4cd6"


@pytest.mark.parametrize("record", ["", "x" * 129, "7\n8"])
def test_a_record_that_could_be_mistaken_for_another_is_refused(record: str) -> None:
    with pytest.raises(ValueError, match="label"):
        vault.encrypt(b"template", key=KEY, record=record)


@pytest.mark.parametrize("wrong", [{"person": ""}, {"person": "a\nb"}, {"id": ""}, {"secret": b"short"}], ids=str)
def test_a_key_is_checked_at_birth(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"label|32 bytes"):
        replace(KEY, **wrong)
    with pytest.raises(ValueError, match="32 bytes"):
        vault.derive(b"short", bytes(32), use="ring")


def test_too_much_is_refused_and_a_key_does_not_show_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "CONTENT_BYTES_MAX", 10)
    with pytest.raises(VaultError, match="limit"):
        vault.encrypt(bytes(11), key=KEY, record="7")
    assert "secret" not in repr(KEY)
