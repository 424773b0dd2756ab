"""The device's own key: made once, kept to itself, and refused when it cannot have been."""

from pathlib import Path

import pytest

from edge_agent.blobs.device_key import device_key
from edge_agent.blobs.store import BlobStoreError
from edge_agent.errors import DeviceKeyError
from edge_agent.wire.seal import public_key_of


def test_a_key_is_made_at_the_first_start_and_is_the_same_at_the_next(tmp_path: Path) -> None:
    first = device_key(tmp_path / "device.key")
    assert device_key(tmp_path / "device.key") == first
    assert first.public == public_key_of(first.private)
    assert (tmp_path / "device.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["device.key"]
    assert device_key(tmp_path / "other.key") != first


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_file_that_is_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "device.key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(DeviceKeyError, match="no file of 32 bytes"):
        device_key(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    device_key(tmp_path / "device.key")
    (tmp_path / "device.key").chmod(mode)
    with pytest.raises(DeviceKeyError, match="others may read"):
        device_key(tmp_path / "device.key")


def test_a_link_in_the_place_of_the_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "device.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeviceKeyError):
        device_key(tmp_path / "device.key")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BlobStoreError, match="nowhere"):
        device_key(tmp_path / "nowhere" / "device.key")
