"""What crashes and strangers leave in the folder of parts."""

import errno
from pathlib import Path
from typing import Any

import pytest

from edge_agent.blobs.file_store import FileBlobStore
from edge_agent.blobs.store import BlobStoreError, Part
from edge_agent.wire.blobs import CHUNK_BYTES, make_offer

CONTENT = b"a" * CHUNK_BYTES + b"tail"
OFFER = make_offer(kind="gallery", version=3, content=CONTENT)


def test_half_a_chunk_left_by_a_crash_is_written_over(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    store.begin(OFFER)
    (tmp_path / "gallery.part").write_bytes(b"half of a ch")
    assert FileBlobStore(tmp_path).kept() == {"gallery": Part(offer=OFFER, chunks=0)}
    store.write_chunk(OFFER, 0, CONTENT[:CHUNK_BYTES])
    store.write_chunk(OFFER, 1, CONTENT[CHUNK_BYTES:])
    assert store.read_whole("gallery") == CONTENT


def test_a_part_longer_than_its_offer_is_not_taken_for_whole(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    store.begin(OFFER)
    (tmp_path / "gallery.part").write_bytes(CONTENT + b"more")
    assert store.kept()["gallery"].chunks == 1


@pytest.mark.parametrize("suffix", ["offer", "held"])
@pytest.mark.parametrize(
    "record", [b"", b"{", b"\x00" * 100, b'{"type":"want","kind":"gallery","version":1,"from_i":0}']
)
def test_a_damaged_record_is_as_if_it_were_not_there(tmp_path: Path, suffix: str, record: bytes) -> None:
    store = FileBlobStore(tmp_path)
    store.begin(OFFER)
    store.hold(OFFER)
    (tmp_path / f"gallery.{suffix}").write_bytes(record)
    assert (store.kept() if suffix == "offer" else store.held()) == {}


def test_a_record_under_another_kinds_name_does_not_count(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path)
    store.hold(OFFER)
    (tmp_path / "gallery.held").rename(tmp_path / "config.held")
    assert store.held() == {}


def test_the_folder_is_for_its_user_only(tmp_path: Path) -> None:
    FileBlobStore(tmp_path / "blobs")
    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700


def test_a_full_disk_is_a_named_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileBlobStore(tmp_path)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BlobStoreError, match="No space left"):
        store.begin(OFFER)
    assert store.kept() == {}


def test_a_place_where_no_folder_can_be_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BlobStoreError):
        FileBlobStore(tmp_path / "file")
