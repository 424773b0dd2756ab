"""The hub's own keys follow from the site key, and from nothing else."""

from pathlib import Path

import pytest

from edge_agent.wire.sign import Purpose, opened, public_key_of, sign
from hub_server.store.derived_keys import picture_key, signing_key
from hub_server.store.site_key import FILE_NAME, SiteKeyError, create_site_key


def test_a_restored_site_key_brings_the_same_keys_back(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    create_site_key(first)
    (second / FILE_NAME).write_bytes((first / FILE_NAME).read_bytes())
    (second / FILE_NAME).chmod(0o600)
    assert signing_key(first) == signing_key(second)
    assert picture_key(first) == picture_key(second)


def test_no_key_is_another_key_or_that_of_another_site(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    site_key = create_site_key(tmp_path)
    create_site_key(other)
    assert len({site_key, signing_key(tmp_path), picture_key(tmp_path), signing_key(other), picture_key(other)}) == 5


def test_the_derivation_stays_as_it_is(tmp_path: Path) -> None:
    """Devices have pinned the public key: another derivation would orphan every one of them."""
    path = tmp_path / FILE_NAME
    path.write_bytes(bytes(32))
    path.chmod(0o600)
    assert signing_key(tmp_path).hex()[:16] == "85f97c62399d5389"
    assert picture_key(tmp_path).hex()[:16] == "8cf98e073d86bc72"


def test_it_signs(tmp_path: Path) -> None:
    create_site_key(tmp_path)
    purpose = Purpose(site="riverside", recipient="east-gate", kind="config", version=1)
    key = signing_key(tmp_path)
    assert opened(sign(b"x", private_key=key, purpose=purpose), public_key=public_key_of(key), purpose=purpose) == b"x"


def test_without_a_site_key_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(SiteKeyError):
        signing_key(tmp_path)
